//! Which step of another host a step depends on, whatever the playbook's order.
//!
//! - A director forwards before a gateway moves to it.
//! - A real server serves before it enters a table.
//! - Directors that hold the same service go one after another.

use std::net::IpAddr;

use super::cluster::PlannedHost;
use super::host::Outcome;
use super::left::Reason;
use super::order::Edge;
use super::step::{Part, Step, StepId};
use crate::inventory::{Host, Inventory};
use crate::resource::{Ability, Gate, Need};

/// What a law says of one need.
pub(super) enum Met {
    /// It is met, or nothing is known that could meet it.
    Already,
    /// Once these steps have ended well.
    By(Vec<StepId>),
    /// Not in this run.
    Not(Reason),
}

/// The steps of one host, in their order.
pub(super) fn steps_of(host: usize, steps: &[Step]) -> Vec<StepId> {
    let of_host = steps.iter().enumerate().filter(|(_, step)| step.host == host);
    of_host.map(|(index, _)| StepId(index)).collect()
}

/// Whether, and by what, another host meets a need. Of a host that takes no part nothing is known.
pub(super) fn met(need: Need, inventory: &Inventory, hosts: &[PlannedHost], steps: &[Step]) -> Met {
    let Need::Forwarding { by } = need;
    let Some(index) = host_with(by, inventory, hosts) else { return Met::Already };
    let host = &hosts[index];
    let Ok(survey) = &host.survey else { return Met::Not(Reason::Host(index)) };
    for ability in need.abilities() {
        let mut providing = items(host, |provided| provided == ability).peekable();
        if providing.peek().is_none() && !survey.facts.can(ability) {
            return Met::Not(Reason::Unable { host: index, ability });
        }
        let is_as_declared = |item: usize| matches!(host.plan.items[item].outcome, Outcome::Ok);
        if !host.can_change() && !providing.all(is_as_declared) {
            return Met::Not(Reason::Host(index));
        }
    }
    let by = providing(need, inventory, hosts, steps);
    if by.is_empty() { Met::Already } else { Met::By(by) }
}

/// The steps of another host that provide a part of a need.
pub(super) fn providing(
    need: Need,
    inventory: &Inventory,
    hosts: &[PlannedHost],
    steps: &[Step],
) -> Vec<StepId> {
    let Need::Forwarding { by } = need;
    let Some(index) = host_with(by, inventory, hosts) else { return Vec::new() };
    let items: Vec<usize> = items(&hosts[index], |provided| need.abilities().contains(&provided)).collect();
    let of_items = |id: &StepId| items.contains(&steps[id.0].item);
    steps_of(index, steps).into_iter().filter(of_items).collect()
}

/// The items of a host that provide such an ability.
fn items(host: &PlannedHost, such: impl Fn(Ability) -> bool) -> impl Iterator<Item = usize> {
    let declared = host.survey.iter().flat_map(|survey| &survey.declared).enumerate();
    declared.filter(move |(_, of)| of.resource.provides().is_some_and(&such)).map(|(item, _)| item)
}

/// The part of a director's change that is behind a gate; an error where it is shut for this run.
pub(super) fn part(
    gate: &Gate,
    inventory: &Inventory,
    hosts: &[PlannedHost],
    steps: &[Step],
) -> Result<Part, Reason> {
    let host = host_with(gate.address.ip(), inventory, hosts);
    if let Some(index) = host
        && !gate.known
        && !hosts[index].can_change()
    {
        return Err(Reason::Host(index));
    }
    let needs =
        if gate.known { Vec::new() } else { host.map(|host| steps_of(host, steps)).unwrap_or_default() };
    Ok(Part { gate: gate.clone(), host, needs })
}

/// The parts' real servers are done before the step begins.
pub(super) fn after_real_servers(id: StepId, parts: &[Part], steps: &[Step]) -> Vec<Edge> {
    let last = |part: &Part| part.host.and_then(|host| steps_of(host, steps).pop());
    parts.iter().filter_map(last).map(|earlier| Edge { later: id, earlier }).collect()
}

/// Of directors that hold the same service, each one's table waits for the one before.
pub(super) fn one_director_after_another(
    tables: &[(StepId, usize)],
    inventory: &Inventory,
    hosts: &[PlannedHost],
) -> Vec<Edge> {
    let holds = |host: usize| -> Vec<&str> {
        let director: &Host = &inventory.hosts[hosts[host].host];
        inventory.services_of(director).map(|declared| declared.name.as_str()).collect()
    };
    let mut edges = Vec::new();
    for (index, (later, host)) in tables.iter().enumerate() {
        let own = holds(*host);
        let before = tables[..index]
            .iter()
            .rev()
            .find(|(_, other)| other != host && holds(*other).iter().any(|service| own.contains(service)));
        edges.extend(before.map(|(earlier, _)| Edge { later: *later, earlier: *earlier }));
    }
    edges
}

/// The host that takes part and has the address.
pub(super) fn host_with(address: IpAddr, inventory: &Inventory, hosts: &[PlannedHost]) -> Option<usize> {
    hosts.iter().position(|host| inventory.hosts[host.host].has(address))
}
