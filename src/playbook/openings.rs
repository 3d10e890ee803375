//! What a host's firewall has to let in, so that the cluster works.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;

use crate::inventory::Inventory;
use crate::ipvs::{Forwarding, Protocol, ServiceKey};
use crate::resource::Opening;

/// Where chrony answers.
const NTP: u16 = 123;

/// By host, each once, services before time:
///
/// - A director takes what clients send to the services on its VIPs: IPVS sees a packet only after the firewall has let it
///   in. Who asks it for the time is in the subnets of its DIPs.
/// - A real server takes what its services send there, from anywhere, as a client's address stays as it is: to its RIP under
///   nat, to the VIP under dr and tun.
///
/// A service by firewall mark has no address that could be opened: who sets the mark lets the packets in.
pub(super) fn of(inventory: &Inventory) -> BTreeMap<&str, Vec<Opening>> {
    let mut all: BTreeMap<&str, Vec<Opening>> = BTreeMap::new();
    let mut known = HashSet::new();
    let mut add = |host, opening| {
        if known.insert((host, opening)) {
            all.entry(host).or_default().push(opening);
        }
    };
    for director in inventory.directors() {
        for declared in inventory.services_of(director) {
            if let ServiceKey::Address(protocol, to) = declared.service.key {
                add(director.name.as_str(), Opening { to, protocol, from: None });
            }
        }
        for dip in director.dips() {
            let to = SocketAddr::new(dip.ip(), NTP);
            add(director.name.as_str(), Opening { to, protocol: Protocol::Udp, from: Some(dip.subnet()) });
        }
    }
    for declared in inventory.virtual_services.iter() {
        let ServiceKey::Address(protocol, vip) = declared.service.key else { continue };
        for (at, host) in &declared.hosts {
            let by_nat = declared
                .service
                .real_servers
                .get(at)
                .is_none_or(|server| server.forwarding == Forwarding::Nat);
            add(host.as_str(), Opening { to: if by_nat { *at } else { vip }, protocol, from: None });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;
    use crate::inventory;

    fn opened(inventory: &str, host: &str) -> Vec<String> {
        let inventory = inventory::read(Source::new("inventory.yaml", inventory)).unwrap();
        let all = of(&inventory);
        all.get(host).into_iter().flatten().map(ToString::to_string).collect()
    }

    #[test]
    fn a_director_takes_what_clients_send_and_who_asks_for_the_time() {
        assert_eq!(
            opened(include_str!("../../tests/cases/whole.yaml"), "lb1"),
            [
                "203.0.113.10:80/tcp",
                "[2001:db8::10]:80/tcp",
                "10.20.0.1:123/udp from 10.20.0.0/24",
                "[fd00:20::1]:123/udp from fd00:20::/64"
            ]
        );
    }

    #[test]
    fn a_real_server_takes_what_its_services_send_there_each_once() {
        let inventory = include_str!("../../inventories/tutorial.yaml");
        assert_eq!(opened(inventory, "lvs_real_server01"), ["192.168.40.101:80/tcp"]);
        let twice = inventory.replace(
            "virtual_services:\n",
            "virtual_services:\n  - { name: b, address: \"192.168.175.100:8080\", scheduler: rr, forwarding: nat, \
             real_servers: [{ host: lvs_real_server01, port: 80 }] }\n",
        );
        assert_eq!(opened(&twice, "lvs_real_server01"), ["192.168.40.101:80/tcp"]);
    }

    #[test]
    fn where_the_address_stays_the_virtual_one_it_is_that() {
        let text = include_str!("../../inventories/tutorial.yaml");
        let mut inventory = inventory::read(Source::new("inventory.yaml", text)).unwrap();
        let mut services = inventory.virtual_services.to_vec();
        let real_servers =
            services.iter_mut().flat_map(|declared| declared.service.real_servers.values_mut());
        real_servers.for_each(|server| server.forwarding = Forwarding::Dr);
        inventory.virtual_services = services.into();
        assert_eq!(of(&inventory)["lvs_real_server01"][0].to_string(), "192.168.175.100:80/tcp");
    }
}
