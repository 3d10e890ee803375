//! Why a service does not answer, where that is known already.

use std::rc::Rc;

use super::{Event, Judged};
use crate::inventory::Inventory;
use crate::plan::{PlannedHost, missing_vips};

/// The event; of a verdict on a service that answered nothing, with the cause before all other findings, where what was read
/// of the hosts shows it: no director has the VIP.
pub fn with_known_cause(event: Event, inventory: &Inventory, hosts: &[PlannedHost]) -> Event {
    match event {
        Event::Judged(judged) if nobody_answered(judged.verdict.pass, &judged.verdict.sequence) => {
            let causes = causes(&judged.service, inventory, hosts);
            if causes.is_empty() {
                return Event::Judged(judged);
            }
            let mut judged = Judged::clone(&judged);
            judged.verdict.findings.splice(0..0, causes);
            Event::Judged(Rc::new(judged))
        }
        other => other,
    }
}

fn nobody_answered(pass: bool, sequence: &[String]) -> bool {
    !pass && !sequence.is_empty() && sequence.iter().all(|answered| answered == "-")
}

/// A line for each director that is to have the service's VIP, where all of them were read and none has it.
fn causes(service: &str, inventory: &Inventory, hosts: &[PlannedHost]) -> Vec<String> {
    let declared = inventory.virtual_services.iter().find(|declared| declared.name == service);
    let Some(vip) = declared.and_then(|declared| declared.vip()) else { return Vec::new() };
    let directors =
        inventory.directors().filter(|director| director.vips().iter().any(|own| own.ip() == vip));
    let cause = |director: &crate::inventory::Host| {
        let read = hosts.iter().find(|host| host.name == director.name)?.survey.as_ref().ok()?;
        let missing = missing_vips(inventory, director, &read.facts);
        let is_missing = missing.iter().any(|missing| missing.ip() == vip);
        is_missing.then(|| format!("{} has the VIP {vip} on no interface", director.name))
    };
    directors.map(cause).collect::<Option<Vec<_>>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;
    use crate::inventory;
    use crate::plan::{Absence, Plan, Survey, Surveyed};
    use crate::resource::Facts;

    /// The causes that are known where the director has these addresses, or could not be read.
    fn known(addresses: Option<&[&str]>) -> Vec<String> {
        let text = include_str!("../../inventories/tutorial.yaml");
        let inventory = inventory::read(Source::new("tutorial.yaml", text)).unwrap();
        let survey = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|net| ("eth0".to_owned(), net.parse().unwrap())).collect();
            Survey::new(Facts { addresses, ..Facts::example() }, Vec::new(), Vec::new())
        };
        let host = inventory.index_of("lvs_director").unwrap();
        let surveyed = Surveyed { host, result: addresses.map(survey).ok_or(Absence::Failed) };
        let plan = Plan::new(&inventory, &[], vec![surveyed], true);
        causes("web", &inventory, &plan.hosts)
    }

    #[test]
    fn a_vip_that_is_nowhere_is_a_known_cause() {
        let (dip, vip) = ("192.168.40.100/24", "192.168.175.100/24");
        assert_eq!(known(Some(&[dip])), ["lvs_director has the VIP 192.168.175.100 on no interface"]);
        assert_eq!(known(Some(&[dip, vip])), [""; 0]);
        assert_eq!(known(Some(&[])), [""; 0], "what it has is not known");
        assert_eq!(known(None), [""; 0], "it could not be read");
    }

    #[test]
    fn it_explains_a_service_that_answers_nothing_and_no_other() {
        let answered = |sequence: &[&str]| {
            let sequence: Vec<String> = sequence.iter().map(|&answered| answered.to_owned()).collect();
            nobody_answered(false, &sequence)
        };
        assert!(answered(&["-", "-"]) && !answered(&["-", "web1"]) && !answered(&[]));
        assert!(!nobody_answered(true, &["-".to_owned()]), "as it must be");
    }
}
