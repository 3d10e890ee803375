//! VIPs that clients ask, and that are on no interface of their director.

use super::cluster::{Plan, PlannedHost};
use crate::inventory::{Host, Inventory, Vip};
use crate::resource::{Ability, Facts, VIRTUAL_SERVICES};

/// The VIPs of a director's services that it has on no interface, though they are its own already. None where its
/// addresses are not known, and none that `lvsprov` puts there: of those the plan tells.
pub fn missing_vips(inventory: &Inventory, director: &Host, facts: &Facts) -> Vec<Vip> {
    if facts.addresses.is_empty() {
        return Vec::new();
    }
    let put = director.to_configure();
    let serves = |vip: &Vip| inventory.services_of(director).any(|declared| declared.vip() == Some(vip.ip()));
    let missing =
        |vip: &&Vip| !put.contains(&vip.0) && serves(vip) && !facts.can(Ability::Has { address: vip.ip() });
    director.vips().iter().filter(missing).copied().collect()
}

impl Plan {
    /// By host, what [`missing_vips`] gives for those whose table is a matter of this plan. What a step of the plan puts there
    /// is not missing.
    pub fn missing_vips(&self, inventory: &Inventory) -> Vec<(usize, Vec<Vip>)> {
        let of_host = |(index, host): (usize, &PlannedHost)| {
            let survey = host.survey.as_ref().ok()?;
            let declared = || survey.declared.iter().map(|declaration| &declaration.resource);
            if !declared().any(|resource| resource.module() == VIRTUAL_SERVICES) {
                return None;
            }
            let mut missing = missing_vips(inventory, &inventory.hosts[host.host], &survey.facts);
            let is_put = |vip: &Vip| {
                declared().any(|resource| resource.provides() == Some(Ability::Has { address: vip.ip() }))
            };
            missing.retain(|vip| !is_put(vip));
            (!missing.is_empty()).then_some((index, missing))
        };
        self.hosts.iter().enumerate().filter_map(of_host).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;
    use crate::inventory;

    fn missing(inventory: &str, director: &str, addresses: &[&str]) -> Vec<String> {
        let inventory = inventory::read(Source::new("inventory.yaml", inventory)).unwrap();
        let addresses = addresses.iter().map(|net| ("eth0".to_owned(), net.parse().unwrap())).collect();
        let facts = Facts { addresses, ..Facts::example() };
        let missing = missing_vips(&inventory, inventory.host(director).unwrap(), &facts);
        missing.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_vip_that_is_used_as_it_is_must_be_there() {
        let tutorial = include_str!("../../inventories/tutorial.yaml");
        let vip = ["192.168.175.100/24"];
        assert_eq!(missing(tutorial, "lvs_director", &["192.168.40.100/24"]), vip);
        assert_eq!(missing(tutorial, "lvs_director", &["192.168.40.100/24", "192.168.175.100/32"]), [""; 0]);
        assert_eq!(missing(tutorial, "lvs_director", &[]), [""; 0], "what it has is not known");
        assert_eq!(missing(tutorial, "client", &["192.168.175.50/24"]), [""; 0]);
        let two =
            tutorial.replace("vip: 192.168.175.100/24", "vip: [192.168.175.100/24, 192.168.175.101/24]");
        assert_eq!(missing(&two, "lvs_director", &["192.168.40.100/24"]), vip, "no service is on the other");
    }

    #[test]
    fn what_is_put_there_by_a_deploy_is_the_plans_to_tell() {
        let whole = include_str!("../../tests/cases/whole.yaml");
        assert_eq!(missing(whole, "alone", &["10.30.0.2/24"]), [""; 0]);
        assert_eq!(missing(whole, "lb1", &["10.20.0.2/24"]), [""; 0]);
    }
}
