//! What templates and conditions may name.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use minijinja::Value;
use minijinja::value::{Serde, merge_maps};

use crate::inventory::{Host, Inventory, Role};
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
        let services: Value = inventory
            .virtual_services
            .iter()
            .map(|declared| {
                let address = match declared.service.key {
                    ServiceKey::Address(_, address) => address.to_string(),
                    mark => mark.to_string(),
                };
                minijinja::context! {
                    name => declared.name.as_str(),
                    address => address,
                    scheduler => declared.service.scheduler.name(),
                }
            })
            .collect();
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
        let hosts = ["directors", "real_servers", "clients", "groups", "virtual_services"];
        let addresses = ["vip", "dip", "rip", "cip", "address"];
        hosts.contains(&name) || addresses.contains(&name.trim_end_matches("_network"))
    }

    /// Whether a host takes part in a service that forwards by nat.
    pub(super) fn forwards_by_nat(&self, host: &Host) -> bool {
        match host.role {
            Role::RealServer { rip } => self.by_nat.contains(&rip.addr()),
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

/// A host's part in the cluster: `name`, `role`, `address` and its addresses, each with its subnet.
fn of_host(inventory: &Inventory, host: &Host) -> Value {
    let mut fields: BTreeMap<&'static str, Value> = BTreeMap::new();
    let mut net = |name: &'static str, network: &'static str, net: ipnet::IpNet| {
        fields.insert(name, Value::from(net.addr().to_string()));
        fields.insert(network, Value::from(net.trunc().to_string()));
    };
    match host.role {
        Role::Director { vip, dip } => {
            net("vip", "vip_network", vip);
            net("dip", "dip_network", dip);
        }
        Role::RealServer { rip } => {
            net("rip", "rip_network", rip);
            if let Some(dip) = inventory.dip_for(host) {
                net("dip", "dip_network", dip);
            }
        }
        Role::Client { cip } => net("cip", "cip_network", cip),
    }
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
