//! How an inventory's hosts hang together: subnets, bridges, network cards, addresses.

use std::collections::{BTreeSet, HashSet};
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::LabError;
use crate::inventory::{Host, Image, Inventory, Role, same_family};

/// The whole of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    /// In the order in which the inventory's hosts name them.
    pub subnets: Vec<Subnet>,
    /// In the inventory's order.
    pub blueprints: Vec<Blueprint>,
}

/// A subnet, which is a bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Its addresses.
    pub net: IpNet,
    /// The bridge's interface name.
    pub bridge: String,
    /// The controller's address in it, the "old router's": the first usable that no host has.
    pub router: IpAddr,
}

/// What a machine is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blueprint {
    /// Its place in the inventory, from 0.
    pub index: usize,
    /// The host's name.
    pub host: String,
    /// What its disk begins as.
    pub image: Image,
    /// Whom ssh logs in as, when that is not root: a user who may become root through sudo, without a password.
    pub user: Option<String>,
    /// Where ssh connects to: one of its addresses.
    pub address: IpAddr,
    /// sshd's port.
    pub port: u16,
    /// Other names that the inventory connects to it by.
    pub aliases: Vec<String>,
    /// One a subnet, in the order of the host's addresses: vec0, vec1.
    pub cards: Vec<Card>,
    /// Its first default gateways: a real server's old router, and what leads a client and a director to each other that
    /// share no subnet. Other hosts have none.
    pub gateways: Vec<IpAddr>,
}

/// A network card: a tap on this machine's side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The tap's interface name.
    pub tap: String,
    /// The bridge that the tap is a port of.
    pub bridge: String,
    /// The guest's hardware address.
    pub mac: String,
    /// The guest's addresses on it.
    pub addresses: Vec<IpNet>,
}

impl Topology {
    /// Lays an inventory's cluster out. A subnet that lies within another one is part of that, and the subnets of one
    /// list of addresses, IPv4 and IPv6, are on one bridge.
    pub fn of(inventory: &Inventory) -> Result<Topology, LabError> {
        let lists: Vec<Vec<IpNet>> = inventory.hosts.iter().flat_map(lists).collect();
        let taken: HashSet<IpAddr> = lists.iter().flatten().map(IpNet::addr).collect();
        let declared: BTreeSet<IpNet> = lists.iter().flatten().map(IpNet::trunc).collect();
        // The widest that holds it: a VIP/32 in the DIP's subnet is on the same wire.
        let widest = |net: &IpNet| {
            let holding = declared.iter().filter(|other| other.contains(net));
            holding.min_by_key(|other| other.prefix_len()).copied().unwrap_or(*net).trunc()
        };
        let mut subnets: Vec<Subnet> = Vec::new();
        for list in &lists {
            let nets: BTreeSet<IpNet> = list.iter().map(widest).collect();
            for net in list.iter().map(widest) {
                if subnets.iter().any(|subnet| subnet.net == net) {
                    continue;
                }
                let router = net
                    .hosts()
                    .find(|address| *address != net.network() && !taken.contains(address))
                    .ok_or(LabError::NoFreeAddress { subnet: net })?;
                subnets.push(Subnet { net, bridge: format!("b{}", digest(&[&net.to_string()], 4)), router });
            }
            // Those that were on different bridges so far come together on the first one.
            let joined: Vec<String> = subnets
                .iter()
                .filter(|subnet| nets.contains(&subnet.net))
                .map(|subnet| subnet.bridge.clone())
                .collect();
            for subnet in subnets.iter_mut().filter(|subnet| joined.contains(&subnet.bridge)) {
                subnet.bridge.clone_from(&joined[0]);
            }
        }
        let hosts = &inventory.hosts;
        let impossible = |host: &Host| login(host).filter(|user| !can_be(user)).map(str::to_owned);
        if let Some((host, user)) = hosts.iter().find_map(|host| Some((host.name.clone(), impossible(host)?)))
        {
            return Err(LabError::Login { host, user });
        }
        let blueprints = hosts
            .iter()
            .enumerate()
            .map(|(index, host)| Blueprint::of(index, host, hosts, &subnets))
            .collect();
        Ok(Topology { subnets, blueprints })
    }
}

impl Blueprint {
    fn of(index: usize, host: &Host, hosts: &[Host], subnets: &[Subnet]) -> Blueprint {
        let mut cards: Vec<Card> = Vec::new();
        for address in host.standing() {
            let Some(subnet) = subnet_of(address, subnets) else { continue };
            if let Some(card) = cards.iter_mut().find(|card| card.bridge == subnet.bridge) {
                card.addresses.push(address);
                continue;
            }
            let number = cards.len();
            cards.push(Card {
                // Interface names end at 15 characters, host names do not: hence the digest.
                tap: format!("t{}-{number}", digest(&[&host.name], 4)),
                bridge: subnet.bridge.clone(),
                mac: hardware_address(&digest(&[&host.name, &number.to_string()], 4)),
                addresses: vec![address],
            });
        }
        let own: Vec<IpAddr> = host.standing().iter().map(IpNet::addr).collect();
        // A name or address that leads elsewhere in the real network is an alias here.
        let connect_to = host.connect_to();
        let address = connect_to.parse().ok().filter(|address| own.contains(address)).or(host.ip());
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let mut aliases: Vec<String> = own.iter().map(IpAddr::to_string).collect();
        if !aliases.contains(&connect_to) && connect_to != host.name {
            aliases.push(connect_to);
        }
        Blueprint {
            index,
            host: host.name.clone(),
            image: host.image.unwrap_or_default(),
            user: login(host).map(str::to_owned),
            address,
            port: host.ssh.port.unwrap_or(22),
            aliases,
            cards,
            gateways: gateways(host, hosts, subnets),
        }
    }

    /// The gateways that are told beside an address: each once, with the first that has it in its subnet.
    pub fn gateways_at(&self, address: IpNet) -> impl Iterator<Item = IpAddr> {
        let first = move |gateway: IpAddr| self.addresses().find(|net| net.contains(&gateway));
        self.gateways.iter().copied().filter(move |gateway| first(*gateway) == Some(address))
    }

    /// All addresses of the machine, each with its subnet.
    pub fn addresses(&self) -> impl Iterator<Item = IpNet> + '_ {
        self.cards.iter().flat_map(|card| card.addresses.iter().copied())
    }
}

/// Whom a host's ssh logs in as, when the inventory names somebody and that is not root.
pub fn login(host: &Host) -> Option<&str> {
    host.ssh.user.as_deref().filter(|user| *user != "root")
}

/// Whether a machine can have a user of that name: neither useradd nor sudoers(5) take all that ssh takes.
fn can_be(user: &str) -> bool {
    user.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter))
}

fn subnet_of(address: IpNet, subnets: &[Subnet]) -> Option<&Subnet> {
    subnets.iter().find(|subnet| subnet.net.contains(&address))
}

/// The addresses that a host has and gets: a list those that are on one wire.
fn lists(host: &Host) -> Vec<Vec<IpNet>> {
    match &host.role {
        Role::Director { vips, dips, own, .. } => {
            let shared = [vips.iter().map(|vip| vip.0).collect(), dips.iter().map(|dip| dip.0).collect()];
            shared.into_iter().chain(own.iter().map(|net| vec![*net])).collect()
        }
        Role::RealServer { rips } => vec![rips.iter().map(|rip| rip.0).collect()],
        Role::Client { cips } => vec![cips.iter().map(|cip| cip.0).collect()],
    }
}

/// The routers by which a machine reaches what is in none of its subnets, when it has to: IPv4 and IPv6 one each at most.
fn gateways(host: &Host, hosts: &[Host], subnets: &[Subnet]) -> Vec<IpAddr> {
    let (near, far): (Vec<IpNet>, Vec<IpNet>) = match &host.role {
        // Whoever a real server has to reach, it is by way of a router.
        Role::RealServer { rips } => (rips.iter().map(|rip| rip.0).collect(), Vec::new()),
        Role::Client { cips } => (
            cips.iter().map(|cip| cip.0).collect(),
            hosts.iter().flat_map(Host::vips).map(|vip| vip.0).collect(),
        ),
        Role::Director { vips, .. } => (
            vips.iter().map(|vip| vip.0).collect(),
            hosts.iter().flat_map(Host::cips).map(|cip| cip.0).collect(),
        ),
    };
    let near: Vec<&Subnet> = near.iter().filter_map(|net| subnet_of(*net, subnets)).collect();
    let is_near = |net: &IpNet| near.iter().any(|subnet| subnet.net.contains(net));
    let mut routers: Vec<IpAddr> = Vec::new();
    for subnet in &near {
        let like = |ip: IpAddr| same_family(ip, subnet.router);
        let stands = host.standing().iter().any(|net| subnet.net.contains(net));
        let leaves = matches!(host.role, Role::RealServer { .. })
            || far.iter().any(|net| like(net.addr()) && !is_near(net));
        if stands && leaves && !routers.iter().any(|router| like(*router)) {
            routers.push(subnet.router);
        }
    }
    routers
}

/// The first `bytes` bytes of the words' digest, in hexadecimal.
pub fn digest(words: &[&str], bytes: usize) -> String {
    let mut hasher = Sha256::new();
    for word in words {
        hasher.update((word.len() as u64).to_le_bytes());
        hasher.update(word.as_bytes());
    }
    hasher.finalize().iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// A locally administered one, from eight hexadecimal digits.
fn hardware_address(digits: &str) -> String {
    format!("02:00:{}:{}:{}:{}", &digits[0..2], &digits[2..4], &digits[4..6], &digits[6..8])
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::Map;

    use super::*;
    use crate::inventory::{Cip, DEFAULT_PRIORITY, Dip, Rip, Ssh, TableOwner, Time, Vip};

    pub fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    pub fn host(name: &str, role: Role) -> Host {
        Host {
            name: name.to_owned(),
            role,
            address: None,
            ssh: Ssh::default(),
            vars: Map::new(),
            image: None,
        }
    }

    pub fn director(vips: &[&str], dips: &[&str], own: &[&str]) -> Role {
        Role::Director {
            vips: vips.iter().map(|text| Vip(net(text))).collect(),
            dips: dips.iter().map(|text| Dip(net(text))).collect(),
            own: own.iter().map(|text| net(text)).collect(),
            priority: DEFAULT_PRIORITY,
            sync_daemons: Vec::new(),
        }
    }

    pub fn real_server(rips: &[&str]) -> Role {
        Role::RealServer { rips: rips.iter().map(|text| Rip(net(text))).collect() }
    }

    pub fn client(cips: &[&str]) -> Role {
        Role::Client { cips: cips.iter().map(|text| Cip(net(text))).collect() }
    }

    pub fn inventory(hosts: Vec<Host>) -> Inventory {
        let (engine, time) = (TableOwner::default(), Time::default());
        Inventory::new("web".to_owned(), hosts, Vec::new(), engine, time, Map::new(), [].into())
    }

    pub fn tutorial() -> Inventory {
        inventory(vec![
            host("lvs_director", director(&["192.168.175.100/24"], &["192.168.40.100/24"], &[])),
            host("lvs_real_server01", real_server(&["192.168.40.101/24"])),
            host("lvs_real_server02", real_server(&["192.168.40.102/24"])),
            host("client", client(&["192.168.175.50/24"])),
        ])
    }

    #[test]
    fn the_tutorial_is_two_bridges_and_five_cards() {
        let topology = Topology::of(&tutorial()).unwrap();
        let routers: Vec<_> = topology.subnets.iter().map(|subnet| subnet.router.to_string()).collect();
        assert_eq!(routers, ["192.168.175.1", "192.168.40.1"]);
        let cards: Vec<_> = topology.blueprints.iter().map(|blueprint| blueprint.cards.len()).collect();
        assert_eq!(cards, [2, 1, 1, 1]);
        let gateways: Vec<_> =
            topology.blueprints.iter().map(|blueprint| blueprint.gateways.clone()).collect();
        assert_eq!(gateways[0], [] as [IpAddr; 0]);
        assert_eq!(gateways[1], ["192.168.40.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(topology.blueprints[0].address.to_string(), "192.168.40.100");
        for blueprint in &topology.blueprints {
            assert!(blueprint.cards.iter().all(|card| card.tap.len() <= 15 && card.bridge.len() <= 15));
        }
    }

    #[test]
    fn a_client_elsewhere_and_its_director_reach_each_other_through_routers() {
        let mut far = tutorial();
        far.hosts[3] = host("client", client(&["192.0.2.50/24"]));
        let blueprints = Topology::of(&far).unwrap().blueprints;
        let gateways: Vec<_> = blueprints.iter().map(|blueprint| blueprint.gateways[0].to_string()).collect();
        assert_eq!(gateways, ["192.168.175.1", "192.168.40.1", "192.168.40.1", "192.0.2.1"]);
    }

    #[test]
    fn addresses_of_one_subnet_share_a_card() {
        let d = director(&["10.0.0.1/32"], &["10.0.0.2/29"], &[]);
        let topology = Topology::of(&inventory(vec![host("d", d)])).unwrap();
        assert_eq!(topology.subnets.len(), 1);
        assert_eq!(topology.subnets[0].router.to_string(), "10.0.0.3");
        assert_eq!(topology.blueprints[0].cards.len(), 1);
        assert_eq!(topology.blueprints[0].cards[0].addresses, [net("10.0.0.1/32"), net("10.0.0.2/29")]);
    }

    #[test]
    fn a_full_subnet_is_refused_and_ipv6_is_not() {
        let full = inventory(vec![host("c", client(&["10.0.0.1/32"]))]);
        assert!(matches!(Topology::of(&full), Err(LabError::NoFreeAddress { .. })));
        let six = inventory(vec![host("r", real_server(&["fd00::1/64"]))]);
        assert_eq!(Topology::of(&six).unwrap().subnets[0].router.to_string(), "fd00::2");
    }

    #[test]
    fn who_logs_in() {
        let of = |user: Option<&str>| {
            let mut c = host("c", client(&["10.0.0.9/24"]));
            c.ssh.user = user.map(str::to_owned);
            Topology::of(&inventory(vec![c])).map(|topology| topology.blueprints[0].user.clone())
        };
        assert_eq!((of(None).unwrap(), of(Some("root")).unwrap()), (None, None));
        assert_eq!(of(Some("j.doe")).unwrap().as_deref(), Some("j.doe"));
        assert!(of(Some("EXAMPLE\\doe")).unwrap_err().to_string().contains("`EXAMPLE\\doe`"));
    }

    #[test]
    fn an_address_elsewhere_becomes_an_alias() {
        let mut c = host("c", client(&["10.0.0.9/24"]));
        c.address = Some("c.example".to_owned());
        c.ssh.port = Some(2222);
        let blueprint = &Topology::of(&inventory(vec![c])).unwrap().blueprints[0];
        assert_eq!((blueprint.address.to_string().as_str(), blueprint.port), ("10.0.0.9", 2222));
        assert_eq!(blueprint.aliases, ["10.0.0.9", "c.example"]);
    }

    #[test]
    fn a_list_is_one_card_with_a_router_of_each_family() {
        let (vips, dips) = (["203.0.113.10/24", "2001:db8::10/64"], ["10.20.0.1/24", "fd00:20::1/64"]);
        let hosts = vec![
            host("lb1", director(&vips, &dips, &["203.0.113.11/24", "10.20.0.2/24"])),
            host("lb2", director(&vips, &dips, &["203.0.113.12/24", "10.20.0.3/24"])),
            host("web1", real_server(&["10.20.0.11/24", "fd00:20::11/64"])),
            host("web2", real_server(&["192.0.2.12/24", "10.20.0.12/24"])),
            host("probe", client(&["203.0.113.50/24", "2001:db8::50/64"])),
        ];
        let topology = Topology::of(&inventory(hosts)).unwrap();
        let cards = |name: &str| -> String {
            let blueprint = topology.blueprints.iter().find(|blueprint| blueprint.host == name).unwrap();
            let card =
                |card: &Card| card.addresses.iter().map(IpNet::to_string).collect::<Vec<_>>().join(" ");
            let cards: Vec<String> = blueprint.cards.iter().map(card).collect();
            let gateways: Vec<String> = blueprint.gateways.iter().map(IpAddr::to_string).collect();
            format!("{} | {} via {}", blueprint.address, cards.join(" | "), gateways.join(" "))
        };
        assert_eq!(cards("web1"), "10.20.0.11 | 10.20.0.11/24 fd00:20::11/64 via 10.20.0.4 fd00:20::2");
        assert_eq!(cards("probe"), "203.0.113.50 | 203.0.113.50/24 2001:db8::50/64 via ");
        let web2 = topology.blueprints.iter().find(|blueprint| blueprint.host == "web2").unwrap();
        let told: Vec<usize> = web2.addresses().map(|net| web2.gateways_at(net).count()).collect();
        assert_eq!(told, [1, 0], "one default route, though it has two subnets");
        // What moves between two directors, or is yet to be configured, is no guest's when it boots.
        assert_eq!(cards("lb1"), "203.0.113.11 | 203.0.113.11/24 | 10.20.0.2/24 via ");
        let bridge =
            |net: &str| &topology.subnets.iter().find(|subnet| subnet.net == self::net(net)).unwrap().bridge;
        assert_eq!(
            bridge("203.0.113.0/24"),
            bridge("2001:db8::/64"),
            "where the director's IPv6 VIP will be"
        );
        assert_ne!(bridge("203.0.113.0/24"), bridge("10.20.0.0/24"));
    }
}
