//! What templates and conditions may name.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;
use minijinja::Value;
use minijinja::value::{Serde, merge_maps};

use crate::inventory::{Host, Inventory, Role, ServiceDeclaration};
use crate::ipvs::{Forwarding, ServiceKey};
use crate::resource::Facts;

/// The variables that are the same for all hosts of an inventory, made once.
#[derive(Clone, Debug)]
pub struct Variables {
    shared: Value,
    hosts: BTreeMap<String, Value>,
    /// The real servers that a service forwards to by nat.
    by_nat: HashSet<IpAddr>,
}

impl Variables {
    /// Those of the inventory.
    pub fn new(inventory: &Inventory) -> Self {
        let hosts: BTreeMap<String, Value> =
            inventory.hosts.iter().map(|host| (host.name.clone(), of_host(inventory, host))).collect();
        let group = |name: &str| -> Value {
            let members = inventory.hosts.iter().filter(|host| host.group() == name);
            members.filter_map(|host| hosts.get(&host.name).cloned()).collect()
        };
        let groups: BTreeMap<&str, Value> = inventory
            .groups
            .iter()
            .map(|(name, members)| (name.as_str(), members.iter().map(|m| Value::from(m.as_str())).collect()))
            .collect();
        let services: Value = inventory.virtual_services.iter().map(of_service).collect();
        let by_nat = inventory
            .virtual_services
            .iter()
            .flat_map(|declared| &declared.service.real_servers)
            .filter(|(_, real_server)| real_server.forwarding == Forwarding::Nat)
            .map(|(at, _)| at.ip())
            .collect();
        let shared = minijinja::context! {
            cluster => inventory.cluster.as_str(),
            directors => group("directors"),
            real_servers => group("real_servers"),
            clients => group("clients"),
            groups => Value::from_pairs(groups),
            virtual_services => services,
            time => minijinja::context! { servers => Value::from(Serde(&inventory.time.servers)) },
        };
        Variables { shared, hosts, by_nat }
    }

    /// Whether a variable of this name is made of hosts, addresses and services, of which an invalid inventory may lack
    /// some.
    pub(super) fn may_be_in_part(name: &str) -> bool {
        let whole = ["directors", "real_servers", "clients", "groups", "virtual_services"];
        let addresses = ["vip", "dip", "rip", "cip", "addres"];
        let plain = name.strip_suffix("_network").or(name.strip_suffix("_networks")).unwrap_or(name);
        whole.contains(&name) || addresses.contains(&plain.strip_suffix('s').unwrap_or(plain))
    }

    /// Whether a host takes part in a service that forwards by nat.
    pub(super) fn forwards_by_nat(&self, host: &Host) -> bool {
        match &host.role {
            Role::RealServer { rips } => rips.iter().any(|rip| self.by_nat.contains(&rip.ip())),
            _ => !self.by_nat.is_empty(),
        }
    }

    /// Those of one host. Where a name is defined more than once, the host's part in the cluster comes before its
    /// `vars`, and those before its facts.
    pub fn of(&self, host: &Host, facts: &Facts) -> Value {
        let own = self.hosts.get(&host.name).cloned().unwrap_or_default();
        let part = minijinja::context! {
            inventory_hostname => host.name.as_str(),
            host => own,
            forwards_by_nat => self.forwards_by_nat(host),
        };
        let vars = Value::from(Serde(&host.vars));
        first_counts([part, own_fields(&self.hosts, host), self.shared.clone(), vars, of_facts(facts)])
    }
}

/// The variables of all these maps: where more than one has a name, the first.
pub(super) fn first_counts<const N: usize>(mut maps: [Value; N]) -> Value {
    // For minijinja it is the last that counts.
    maps.reverse();
    merge_maps(maps)
}

fn own_fields(hosts: &BTreeMap<String, Value>, host: &Host) -> Value {
    hosts.get(&host.name).cloned().unwrap_or_default()
}

/// A virtual service, with every key that the inventory has for it.
fn of_service(declared: &ServiceDeclaration) -> Value {
    let service = &declared.service;
    let (protocol, address) = match service.key {
        ServiceKey::Address(protocol, address) => (Value::from(Serde(protocol)), address.to_string()),
        mark => (Value::from(()), mark.to_string()),
    };
    let real_servers: Value = declared
        .hosts
        .iter()
        .filter_map(|(at, host)| {
            let weight = service.real_servers.get(at)?.weight;
            let address = at.ip().to_string();
            Some(minijinja::context! { host => host.as_str(), address, port => at.port(), weight })
        })
        .collect();
    minijinja::context! {
        name => declared.name.as_str(),
        address,
        protocol,
        scheduler => service.scheduler.name(),
        forwarding => Value::from(Serde(declared.forwarding)),
        persistent => service.persistence,
        check => Value::from(Serde(declared.check)),
        real_servers,
    }
}

/// A host's part in the cluster: `name`, `role`, `address` and its addresses, each with its subnet.
fn of_host(inventory: &Inventory, host: &Host) -> Value {
    let mut fields: BTreeMap<&'static str, Value> = BTreeMap::new();
    let mut nets = |[one, network, all, networks]: [&'static str; 4], nets: Vec<IpNet>| {
        let (mut ips, mut subnets) = (Vec::new(), Vec::new());
        for net in nets {
            ips.push(Value::from(net.addr().to_string()));
            subnets.push(Value::from(net.trunc().to_string()));
        }
        if let (Some(ip), Some(subnet)) = (ips.first(), subnets.first()) {
            fields.insert(one, ip.clone());
            fields.insert(network, subnet.clone());
            fields.insert(all, Value::from(ips));
            fields.insert(networks, Value::from(subnets));
        }
    };
    // A real server has its directors' DIPs.
    let dips = inventory.dips_for(host);
    nets(VIP, host.vips().iter().map(|vip| vip.0).collect());
    nets(DIP, host.dips().iter().chain(&dips).map(|dip| dip.0).collect());
    nets(RIP, host.rips().iter().map(|rip| rip.0).collect());
    nets(CIP, host.cips().iter().map(|cip| cip.0).collect());
    let role = match host.role {
        Role::Director { .. } => "director",
        Role::RealServer { .. } => "real_server",
        Role::Client { .. } => "client",
    };
    fields.insert("name", Value::from(host.name.as_str()));
    fields.insert("role", Value::from(role));
    fields.insert("address", Value::from(host.connect_to()));
    Value::from_pairs(fields)
}

/// What the addresses of a kind are called: the first, its subnet, all of them, all of their subnets.
const VIP: [&str; 4] = ["vip", "vip_network", "vips", "vip_networks"];
const DIP: [&str; 4] = ["dip", "dip_network", "dips", "dip_networks"];
const RIP: [&str; 4] = ["rip", "rip_network", "rips", "rip_networks"];
const CIP: [&str; 4] = ["cip", "cip_network", "cips", "cip_networks"];

/// The facts: `facts`, `os`, and what the distribution calls things.
fn of_facts(facts: &Facts) -> Value {
    let mut fields: BTreeMap<&'static str, Value> = BTreeMap::new();
    fields.insert("facts", Value::from(Serde(facts)));
    fields.insert("os", Value::from(Serde(&facts.os)));
    if let Some(names) = facts.os.family.distribution() {
        fields.insert(
            "httpd",
            minijinja::context! {
                package => names.httpd_package,
                service => names.httpd_service,
                docroot => names.httpd_docroot,
            },
        );
        fields.insert(
            "chrony",
            minijinja::context! { service => names.chrony_service, conf => names.chrony_conf },
        );
    }
    Value::from_pairs(fields)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::document::Source;
    use crate::inventory::{self, OWN_NAMES};

    #[test]
    fn the_first_map_that_has_a_name_counts() {
        let [a, b] = [[("x", 1), ("y", 1)], [("y", 2), ("z", 2)]].map(Value::from_pairs);
        let both = first_counts([a, b]);
        let seen = ["x", "y", "z"].map(|name| both.get_attr(name).unwrap().to_string());
        assert_eq!(seen, ["1", "1", "2"]);
    }

    #[test]
    fn the_inventory_reserves_exactly_the_names_that_would_hide_a_variable() {
        let text = include_str!("../../inventories/tutorial.yaml");
        let inventory = inventory::read(Source::new("tutorial.yaml", text)).unwrap();
        let variables = Variables::new(&inventory);
        let facts = Facts::example();
        let names = |value: &Value| -> BTreeSet<String> {
            value.try_iter().unwrap().map(|name| name.to_string()).collect()
        };
        let all = inventory.hosts.iter().flat_map(|host| names(&variables.of(host, &facts)));
        // A variable goes before the facts; and a loop's `item` before it.
        let of_facts = names(&of_facts(&facts));
        let mut hiding: BTreeSet<String> = all.filter(|name| !of_facts.contains(name)).collect();
        hiding.insert("item".into());
        assert_eq!(hiding, OWN_NAMES.map(str::to_owned).into());
    }
}
