//! A machine that is not the host that the inventory means.

use std::net::IpAddr;

use crate::inventory::{Host, Inventory};
use crate::resource::{Ability, Facts, Resource};

/// A machine that answers in a host's place, and has none of the addresses that the inventory gives the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// What ssh was told to connect to.
    pub reached: String,
    /// What the host is to have.
    pub declared: Vec<IpAddr>,
    /// What the machine has, each with its interface; without what every machine has.
    pub found: Vec<(String, IpAddr)>,
    /// Of the addresses that it has, the first that the inventory gives to another host, and that host's name.
    pub other: Option<(IpAddr, String)>,
}

impl Stranger {
    /// The machine as a stranger; `None` where it may be the host: it has one of its addresses, or what it has is not known.
    pub fn of(inventory: &Inventory, host: &Host, facts: &Facts) -> Option<Stranger> {
        let of_host: Vec<IpAddr> =
            host.standing().iter().chain(&host.to_configure()).map(|net| net.addr()).collect();
        let has = |address: &IpAddr| facts.can(Ability::Has { address: *address });
        if facts.addresses.is_empty() || of_host.iter().any(has) {
            return None;
        }
        let found: Vec<(String, IpAddr)> = facts
            .addresses
            .iter()
            .map(|(interface, net)| (interface.clone(), net.addr()))
            .filter(|(_, address)| !address.is_loopback() && !is_of_a_link(*address))
            .collect();
        let other = found.iter().find_map(|(_, address)| {
            let owner = inventory.hosts.iter().find(|other| other.has(*address))?;
            Some((*address, owner.name.clone()))
        });
        Some(Stranger { reached: host.connect_to(), declared: of_host, found, other })
    }
}

/// Whether this is what gives a machine one of the addresses that it must have before anything else is done: without it,
/// the machine that lacks them is the host all the same.
pub fn makes_it_the_host(host: &Host, resource: &Resource) -> bool {
    let standing = host.standing();
    match resource.provides() {
        Some(Ability::Has { address }) => standing.iter().any(|net| net.addr() == address),
        _ => false,
    }
}

/// Whether it is one that IPv6 gives each interface by itself.
fn is_of_a_link(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;
    use crate::inventory;

    const WHOLE: &str = include_str!("../../tests/cases/whole.yaml");

    /// A machine with these addresses that answers as a host of the inventory.
    fn stranger(inventory: &str, host: &str, addresses: &[&str]) -> Option<Stranger> {
        let inventory = inventory::read(Source::new("inventory.yaml", inventory)).unwrap();
        let addresses = addresses.iter().map(|net| ("eth0".to_owned(), net.parse().unwrap())).collect();
        let facts = Facts { addresses, ..Facts::example() };
        Stranger::of(&inventory, inventory.host(host).unwrap(), &facts)
    }

    #[test]
    fn one_of_its_addresses_makes_a_machine_the_host() {
        let tutorial = include_str!("../../inventories/tutorial.yaml");
        for (host, address) in [
            ("lvs_director", "192.168.40.100/24"),
            ("lvs_director", "192.168.175.100/32"),
            ("lvs_real_server01", "192.168.40.101/16"),
            ("client", "192.168.175.50/24"),
        ] {
            assert_eq!(stranger(tutorial, host, &["127.0.0.1/8", "10.9.9.1/24", address]), None, "{host}");
        }
        assert_eq!(stranger(WHOLE, "web1", &["fd00:20::11/64"]), None, "one of the two families");
        assert_eq!(stranger(WHOLE, "lb2", &["10.20.0.3/24"]), None, "an own address");
        assert_eq!(stranger(WHOLE, "lb2", &["10.20.0.1/24"]), None, "a shared one");
        assert_eq!(stranger(tutorial, "lvs_director", &[]), None, "what it has is not known");
    }

    #[test]
    fn a_machine_without_any_is_told_with_what_it_has_and_whose_that_is() {
        let tutorial = include_str!("../../inventories/tutorial.yaml");
        let has = ["127.0.0.1/8", "::1/128", "fe80::1/64", "10.9.9.1/24", "192.168.40.102/24"];
        let told = stranger(tutorial, "lvs_real_server01", &has).unwrap();
        assert_eq!(told.declared, ["192.168.40.101".parse::<IpAddr>().unwrap()]);
        let found: Vec<String> = told.found.iter().map(|(_, address)| address.to_string()).collect();
        assert_eq!(found, ["10.9.9.1", "192.168.40.102"]);
        assert_eq!(told.other.unwrap().1, "lvs_real_server02");
        let moved = stranger(WHOLE, "lb1", &["10.20.0.99/24"]).unwrap();
        assert!(moved.other.is_none() && moved.declared.len() > 2, "{moved:?}");
    }

    #[test]
    fn what_puts_the_address_there_makes_it_the_host() {
        let inventory = inventory::read(Source::new("inventory.yaml", WHOLE)).unwrap();
        let puts = |host: &str, address: &str| {
            let args = serde_json::json!({ "address": address, "interface": "eth0" });
            let resource = Resource::read::<crate::resource::Address>(args).unwrap();
            makes_it_the_host(inventory.host(host).unwrap(), &resource)
        };
        assert!(puts("web1", "10.20.0.11/24") && !puts("web1", "10.20.0.12/24"));
        assert!(puts("lb1", "10.20.0.2/24"), "an own address");
        assert!(!puts("lb1", "10.20.0.1/24"), "a shared one comes to whatever machine it is");
    }
}
