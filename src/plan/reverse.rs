//! The plan that takes the recorded changes back: each host's in the reverse of their order, tables first, and what a
//! gateway needs last.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cluster::{Direction, Plan, PlannedHost, Stage};
use super::host::{HostPlan, Item, Outcome};
use super::law;
use super::left::{Left, Reason};
use super::order::{self, Edge};
use super::step::StepId;
use super::survey::{Absence, Survey};
use crate::inventory::{Dip, Host, Inventory};
use crate::ipvs::{Names, ServiceKey};
use crate::resource::{Ability, Aspect, Change, Context, Need, Stored};

/// What a host has on record, with what there is now.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// An index into the inventory's hosts.
    pub host: usize,
    /// The records, the last one first; of each, the survey has the declaration and the observation.
    pub result: Result<(Survey, Vec<Stored>), Absence>,
}

impl Plan {
    /// Plans the reverses of everything on record.
    pub fn back(inventory: &Inventory, recorded: Vec<Recorded>, guarded: bool) -> Plan {
        let (names, drain) = (inventory.table_names(), inventory.drain());
        let hosts: Vec<PlannedHost> =
            recorded.into_iter().map(|recorded| planned(inventory, (&names, &drain), recorded)).collect();
        let stage = Stage {
            name: "Take back what was changed".into(),
            max_failures: None,
            batches: vec![hosts.len().max(1)],
        };
        let mut plan = Plan { stages: vec![stage], hosts, direction: Direction::Back, ..Plan::default() };
        plan.steps = plan.changes(guarded, &|_, _| true);
        let mut edges = Vec::new();
        let mut held = Vec::new();
        plan.tables_first(inventory, &mut edges, &mut held);
        plan.gateways_before_forwarding(inventory, &mut edges, &mut held);
        for edge in &edges {
            plan.steps[edge.later.0].needs.push(edge.earlier);
        }
        let slots = vec![0; plan.steps.len()];
        plan.waves = order::waves(&plan.steps, &slots, &edges, &[]);
        plan.drop(&held);
        plan
    }

    /// Nothing of a real server is taken back before it has left every table; where nothing of a director is changed, as
    /// it can't be read or a part of its plan is refused, it does not.
    fn tables_first(&mut self, inventory: &Inventory, edges: &mut Vec<Edge>, held: &mut Vec<StepId>) {
        for (director, planned) in self.hosts.iter().enumerate() {
            let real_servers: BTreeSet<&str> = inventory
                .services_of(&inventory.hosts[planned.host])
                .flat_map(|declared| declared.hosts.iter().map(|(_, name)| name.as_str()))
                .collect();
            let is_table = |id: &StepId| {
                planned.plan.items[self.steps[id.0].item].module == crate::resource::VIRTUAL_SERVICES
            };
            let table = law::steps_of(director, &self.steps).into_iter().find(is_table);
            let behind = self.hosts.iter().enumerate().filter(|(other, planned)| {
                *other != director && real_servers.contains(planned.name.as_str())
            });
            for (other, _) in behind {
                let steps = law::steps_of(other, &self.steps);
                if !planned.can_change() && !steps.is_empty() {
                    self.left.push(Left {
                        host: other,
                        what: "what is on record".into(),
                        reason: Reason::Host(director),
                    });
                    held.extend(steps);
                } else if let Some(earlier) = table {
                    edges.extend(steps.into_iter().map(|later| Edge { later, earlier }));
                }
            }
        }
    }

    /// A director forwards for as long as a real server's gateway is its DIP.
    fn gateways_before_forwarding(
        &mut self,
        inventory: &Inventory,
        edges: &mut Vec<Edge>,
        held: &mut Vec<StepId>,
    ) {
        for (index, step) in self.steps.iter().enumerate() {
            let Ok(survey) = &self.hosts[step.host].survey else { continue };
            let Some(need) = survey.declared[step.item].resource.needs() else { continue };
            let providing = law::providing(need, inventory, &self.hosts, &self.steps);
            edges.extend(providing.into_iter().map(|later| Edge { later, earlier: StepId(index) }));
        }
        let unchanged: Vec<usize> = self
            .hosts
            .iter()
            .enumerate()
            .filter(|(_, host)| !host.can_change())
            .map(|(index, _)| index)
            .collect();
        for (index, step) in self.steps.iter().enumerate() {
            let Ok(survey) = &self.hosts[step.host].survey else { continue };
            let Some(ability) = survey.declared[step.item].resource.provides() else { continue };
            let director = &inventory.hosts[self.hosts[step.host].host];
            let behind =
                |other: &usize| uses(&inventory.hosts[self.hosts[*other].host], director, ability, inventory);
            if let Some(other) = unchanged.iter().find(|other| behind(other)) {
                held.push(StepId(index));
                let what = self.label(StepId(index));
                self.left.push(Left { host: step.host, what, reason: Reason::Host(*other) });
            }
        }
    }
}

/// Whether a real server has the director as a gateway, and needs this of it.
fn uses(real_server: &Host, director: &Host, ability: Ability, inventory: &Inventory) -> bool {
    let needs = |dip: &Dip| Need::Forwarding { by: dip.ip() }.abilities().contains(&ability);
    inventory.dips_for(real_server).iter().any(|dip| director.dips().contains(dip) && needs(dip))
}

fn planned(
    inventory: &Inventory,
    (names, drain): (&Arc<Names>, &BTreeMap<ServiceKey, u32>),
    recorded: Recorded,
) -> PlannedHost {
    let (survey, records, plan) = match recorded.result {
        Err(absence) => (Err(absence), Vec::new(), HostPlan::default()),
        Ok((mut survey, records)) => {
            for declared in &mut survey.declared {
                declared.resource = declared.resource.clone().with_inventory(names, drain);
            }
            let items = (0..records.len()).map(|index| item(&survey, &records[index], index)).collect();
            let mut plan = HostPlan { items };
            plan.name(&survey.declared, inventory);
            (Ok(survey), records, plan)
        }
    };
    let name = inventory.hosts[recorded.host].name.clone();
    PlannedHost { host: recorded.host, name, survey, plan, records }
}

fn item(survey: &Survey, stored: &Stored, index: usize) -> Item {
    let resource = &survey.declared[index].resource;
    let context = Context { facts: &survey.facts, changing: &BTreeSet::new() };
    let outcome = match resource.revert(&stored.record, &survey.observed[index], context) {
        Ok(Some(change)) => Outcome::Change(change),
        // It is as it was; what is left to do is to forget it.
        Ok(None) => Outcome::Change(Change::new(
            vec![Aspect::value("record of its prior state", Some("kept".into()), None)],
            "",
        )),
        Err(refusal) => Outcome::Refused(refusal),
    };
    let (module, subject) = (resource.module(), resource.subject());
    Item { stage: 0, task: None, module, subject, named: None, outcome }
}
