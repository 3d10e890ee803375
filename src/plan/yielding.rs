//! What is left as it is because it is somebody else's, and what takes its place on all hosts.

use super::cluster::PlannedHost;
use super::host::HostPlan;
use super::left::{Left, Reason};
use crate::playbook::Declaration;

/// Leaves what gives way to somebody else's. As soon as one host has such a thing, every host gets what stands in for it: the
/// hosts must still be alike to whoever asks them. Gives what is left, and which hosts change more by that.
pub(super) fn make_way(hosts: &mut [PlannedHost]) -> (Vec<Left>, Vec<usize>) {
    let left: Vec<Left> = hosts.iter().enumerate().flat_map(|(index, host)| left_on(index, host)).collect();
    let mut grown = Vec::new();
    if !left.is_empty() {
        for (index, host) in hosts.iter_mut().enumerate() {
            let before = host.plan.changes().count();
            stand_in(host);
            if host.plan.changes().count() > before {
                grown.push(index);
            }
        }
    }
    (left, grown)
}

fn left_on(index: usize, host: &PlannedHost) -> Vec<Left> {
    let Ok(survey) = &host.survey else { return Vec::new() };
    let pairs = survey.declared.iter().zip(&survey.observed);
    let left = pairs.filter_map(|(Declaration { resource, .. }, observed)| {
        let what = format!("{} {}", resource.module(), resource.subject());
        Some(Left { host: index, what, reason: Reason::NotOurs(resource.yields(observed)?) })
    });
    left.collect()
}

/// Declares what stands in for things: instead of what gives way, and right after what does not.
fn stand_in(host: &mut PlannedHost) {
    let Ok(survey) = &mut host.survey else { return };
    let (mut declared, mut observed) = (Vec::new(), Vec::new());
    for (declaration, there) in survey.declared.drain(..).zip(survey.observed.drain(..)) {
        let gives_way = declaration.resource.yields(&there).is_some();
        let instead = declaration.resource.stand_in(&there);
        let instead = instead.map(|(resource, at)| (Declaration { resource, ..declaration.clone() }, at));
        let own = Some((declaration, there)).filter(|_| !gives_way);
        for (declaration, there) in own.into_iter().chain(instead) {
            declared.push(declaration);
            observed.push(there);
        }
    }
    survey.plan = HostPlan::new(&declared, &observed, &survey.facts);
    (survey.declared, survey.observed) = (declared, observed);
    host.plan = survey.plan.clone();
}
