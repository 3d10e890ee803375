//! ifupdown: Debian's interfaces(5).

use ipnet::IpNet;

use super::Owner;
use crate::lab::seed_file::SeedFile;
use crate::lab::topology::Blueprint;

/// Its package enables its unit.
pub const IFUPDOWN: Owner = Owner { packages: &["ifupdown"], units: &[], files };

fn files(blueprint: &Blueprint) -> Vec<SeedFile> {
    vec![SeedFile::readable("etc/network/interfaces", interfaces(blueprint))]
}

/// A stanza an address.
fn interfaces(blueprint: &Blueprint) -> String {
    let mut text = "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n".to_owned();
    for (number, card) in blueprint.cards.iter().enumerate() {
        text.push_str(&format!("\nauto vec{number}\n"));
        for address in &card.addresses {
            let (family, extra) = match address {
                IpNet::V4(_) => ("inet", ""),
                // Nobody else is on this wire; waiting for the doubt to clear would slow every boot.
                IpNet::V6(_) => ("inet6", "    dad-attempts 0\n"),
            };
            text.push_str(&format!("iface vec{number} {family} static\n    address {address}\n{extra}"));
            for gateway in blueprint.gateways_at(*address) {
                text.push_str(&format!("    gateway {gateway}\n"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::topology::Topology;
    use crate::lab::topology::tests::{director, host, inventory, tutorial};

    #[test]
    fn a_real_server_begins_with_the_old_router() {
        let topology = Topology::of(&tutorial()).unwrap();
        assert_eq!(
            interfaces(&topology.blueprints[1]),
            "source /etc/network/interfaces.d/*\n\n\
             auto lo\niface lo inet loopback\n\n\
             auto vec0\niface vec0 inet static\n    address 192.168.40.101/24\n    gateway 192.168.40.1\n"
        );
    }

    #[test]
    fn a_director_has_two_cards_and_no_gateway() {
        let topology = Topology::of(&tutorial()).unwrap();
        let text = interfaces(&topology.blueprints[0]);
        assert!(text.contains("auto vec0\niface vec0 inet static\n    address 192.168.175.100/24\n"));
        assert!(text.contains("auto vec1\niface vec1 inet static\n    address 192.168.40.100/24\n"));
        assert!(!text.contains("gateway"));
    }

    #[test]
    fn two_addresses_on_one_card_are_two_stanzas() {
        let d = director(&["10.0.0.1/32"], &["10.0.0.2/24"], &[]);
        let topology = Topology::of(&inventory(vec![host("d", d)])).unwrap();
        let text = interfaces(&topology.blueprints[0]);
        assert_eq!(text.matches("iface vec0 inet static").count(), 2);
        assert_eq!(text.matches("auto vec0").count(), 1);
    }
}
