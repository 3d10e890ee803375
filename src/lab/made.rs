//! What a lab has already, against what an inventory asks for.

use std::net::IpAddr;

use super::error::LabError;
use super::topology::Blueprint;

/// What a machine that was made by the one blueprint cannot change into when the other one is asked for.
pub fn difference(made: &Blueprint, asked: &Blueprint) -> Option<&'static str> {
    if (&made.cards, made.port) != (&asked.cards, asked.port) {
        Some("other addresses")
    } else if made.image != asked.image {
        Some("another image")
    } else if made.user != asked.user {
        Some("another user")
    } else {
        None
    }
}

/// The machines that the lab has for hosts of another name, or for none any more, and whose addresses are now other
/// hosts': what a renamed host leaves behind. None of them may run, or the two would be in each other's way.
pub fn retired(made: &[Blueprint], asked: &[Blueprint], running: &[String]) -> Result<Vec<String>, LabError> {
    let mut retired = Vec::new();
    for old in made.iter().filter(|old| asked.iter().all(|blueprint| blueprint.host != old.host)) {
        let own: Vec<IpAddr> = old.addresses().map(|net| net.addr()).collect();
        let taken = asked.iter().find_map(|blueprint| {
            let address = blueprint.addresses().map(|net| net.addr()).find(|address| own.contains(address));
            address.map(|address| (blueprint, address))
        });
        let Some((blueprint, address)) = taken else { continue };
        if running.contains(&old.host) {
            let (host, old) = (blueprint.host.clone(), old.host.clone());
            return Err(LabError::AddressTaken { host, old, address });
        }
        retired.push(old.host.clone());
    }
    Ok(retired)
}

#[cfg(test)]
mod tests {
    use super::super::topology::Topology;
    use super::super::topology::tests::tutorial;
    use super::*;
    use crate::inventory::Image;

    fn blueprints() -> Vec<Blueprint> {
        Topology::of(&tutorial()).unwrap().blueprints
    }

    #[test]
    fn what_makes_a_machine_another_one() {
        let made = blueprints().remove(0);
        let with = |change: fn(&mut Blueprint)| {
            let mut asked = made.clone();
            change(&mut asked);
            difference(&made, &asked)
        };
        assert_eq!(with(|asked| asked.cards[0].addresses.clear()), Some("other addresses"));
        assert_eq!(with(|asked| asked.port = 2222), Some("other addresses"));
        assert_eq!(with(|asked| asked.image = Image::Debian13), Some("another image"));
        assert_eq!(with(|asked| asked.user = Some("ops".to_owned())), Some("another user"));
        assert_eq!(with(|asked| asked.index = 7), None);
    }

    #[test]
    fn a_renamed_hosts_old_machine_is_retired_when_it_is_off() {
        let (made, mut asked) = (blueprints(), blueprints());
        asked[1].host = "web1".to_owned();
        assert_eq!(retired(&made, &asked, &[]).unwrap(), ["lvs_real_server01"]);
        let error = retired(&made, &asked, &["lvs_real_server01".to_owned()]).unwrap_err().to_string();
        for word in ["`lvs_real_server01`", "192.168.40.101", "`web1`", "lvsprov lab off lvs_real_server01"] {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_host_that_left_and_is_in_nobodys_way_stays() {
        let (made, mut asked) = (blueprints(), blueprints());
        asked.remove(2);
        let running = ["lvs_real_server02".to_owned()];
        assert_eq!(retired(&made, &asked, &running).unwrap(), [""; 0]);
        assert_eq!(retired(&made, &made, &running).unwrap(), [""; 0]);
    }
}
