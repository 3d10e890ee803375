//! What interrupts a real server's service is done to one real server after another. Each one's turn begins with the
//! first file whose change its service restarts for, so that a mistake in it reaches the first of them alone; it ends
//! when the real server has answered its director again. What is to stop for good need not answer afterwards.
//!
//! Beside them, a real server whose service is down already has the first turn: to try there costs nobody anything, and
//! no other one is away before it is back.

use std::collections::BTreeSet;

use super::cluster::PlannedHost;
use super::host::Outcome;
use super::law::steps_of;
use super::order::Edge;
use super::step::{Proof, Step, StepId};
use crate::inventory::{Inventory, Role};
use crate::ipvs::{Protocol, ServiceKey};
use crate::resource::{Change, Query, Risk};

/// One real server's turn: its steps from the first that leads to the interruption to the one that is it.
struct Interruption {
    host: usize,
    steps: Vec<StepId>,
    /// Whether the service runs before it.
    runs: bool,
    /// Whether the service is down only for a moment.
    returns: bool,
}

/// Puts the turns one after another: each needs the one before to have ended well. Gives the edges that keep the order,
/// and moves the steps of an interruption into the slot of the interruption. What is `held` back in this run has no part
/// in it.
pub(super) fn chain(
    inventory: &Inventory,
    hosts: &[PlannedHost],
    steps: &mut [Step],
    held: &[StepId],
    slots: &mut [usize],
) -> Vec<Edge> {
    let mut turns: Vec<Interruption> =
        (0..hosts.len()).filter_map(|host| turn(host, inventory, hosts, steps)).collect();
    turns.iter_mut().for_each(|turn| turn.steps.retain(|id| !held.contains(id)));
    turns.retain(|turn| !turn.steps.is_empty());
    // Where none that runs is interrupted, those that are down start side by side.
    if turns.iter().all(|turn| !turn.runs) {
        return Vec::new();
    }
    let slot =
        |turn: &Interruption, slots: &[usize]| turn.steps.iter().map(|id| slots[id.0]).max().unwrap_or(0);
    turns.sort_by_key(|turn| (slot(turn, slots), turn.runs, turn.host));
    let mut edges = Vec::new();
    let mut before: Option<StepId> = None;
    for turn in &turns {
        let last = slot(turn, slots);
        for (index, id) in turn.steps.iter().enumerate() {
            slots[id.0] = last;
            let needed = if index == 0 { before } else { Some(turn.steps[index - 1]) };
            if let Some(earlier) = needed {
                steps[id.0].needs.push(earlier);
                edges.push(Edge { later: *id, earlier });
            }
        }
        before = turn.steps.last().copied();
        if let Some(id) = before.filter(|_| turn.returns) {
            steps[id.0].proof = proof(turn.host, inventory, hosts);
        }
    }
    edges
}

fn turn(host: usize, inventory: &Inventory, hosts: &[PlannedHost], steps: &[Step]) -> Option<Interruption> {
    if !matches!(inventory.hosts[hosts[host].host].role, Role::RealServer { .. }) {
        return None;
    }
    let survey = hosts[host].survey.as_ref().ok()?;
    let own = steps_of(host, steps);
    let item = |id: &StepId| steps[id.0].item;
    let change = |id: &StepId| match &hosts[host].plan.items[item(id)].outcome {
        Outcome::Change(change) => Some(change),
        _ => None,
    };
    let interrupts = |id: &&StepId| change(id).is_some_and(|change| change.interrupts() || change.revives);
    let last = *own.iter().rev().find(interrupts)?;
    let files: Vec<&String> = own
        .iter()
        .filter(interrupts)
        .flat_map(|id| survey.declared[item(id)].resource.restarts_for())
        .collect();
    let leads = |id: &StepId| {
        let path = survey.declared[item(id)].resource.path();
        path.is_some_and(|path| files.iter().any(|file| *file == path))
    };
    let first = own.iter().find(|id| leads(id) || interrupts(id))?;
    let steps: Vec<StepId> = own.iter().filter(|id| (*first..=last).contains(id)).copied().collect();
    let runs = steps.iter().filter_map(change).any(Change::interrupts);
    let stops = |risk: &Risk| matches!(risk, Risk::Stop { .. });
    let returns = !steps.iter().filter_map(change).flat_map(|change| &change.risks).any(stops);
    Some(Interruption { host, steps, runs, returns })
}

/// What the real server's services are asked by a director that can be read, when one holds any of them.
fn proof(host: usize, inventory: &Inventory, hosts: &[PlannedHost]) -> Option<Proof> {
    let name = &inventory.hosts[hosts[host].host].name;
    hosts.iter().enumerate().find_map(|(from, director)| {
        director.survey.as_ref().ok()?;
        let services = inventory.services_of(&inventory.hosts[director.host]);
        let tcp =
            services.filter(|declared| matches!(declared.service.key, ServiceKey::Address(Protocol::Tcp, _)));
        let queries: BTreeSet<Query> = tcp
            .flat_map(|declared| declared.hosts.iter().map(move |entry| (declared, entry)))
            .filter(|(declared, (address, real_server))| {
                let serves =
                    declared.service.real_servers.get(address).is_some_and(|server| server.weight > 0);
                real_server == name && address.port() != 0 && serves
            })
            .filter_map(|(declared, (address, _))| {
                Some(Query { address: *address, check: declared.check.of_director()? })
            })
            .collect();
        (!queries.is_empty()).then_some(Proof { from, queries })
    })
}
