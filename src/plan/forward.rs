//! The plan that brings the cluster to its declared state.

use super::cluster::{Plan, PlannedHost, Stage, narrowed};
use super::host::{HostPlan, Outcome};
use super::interruption;
use super::law::{self, Met};
use super::left::{Left, Reason, entering};
use super::order::{self, Edge};
use super::step::StepId;
use super::survey::Surveyed;
use super::undeclared::undeclared;
use super::yielding;
use crate::inventory::Inventory;
use crate::playbook::Play;
use crate::resource::Gate;

impl Plan {
    /// Plans for what was read of the hosts. `guarded` tells whether a change that could cut the controller off is
    /// armed to undo itself.
    pub fn new(inventory: &Inventory, plays: &[Play<'_>], surveyed: Vec<Surveyed>, guarded: bool) -> Plan {
        let mut hosts: Vec<PlannedHost> =
            surveyed.into_iter().map(|surveyed| PlannedHost::of(inventory, surveyed)).collect();
        let (left, grown) = yielding::make_way(&mut hosts);
        for host in &mut hosts {
            if let Ok(survey) = &host.survey {
                host.plan.name(&survey.declared, inventory);
            }
        }
        let in_stage = |stage: usize, host: &PlannedHost| {
            let declared = host.survey.iter().flat_map(|survey| &survey.declared);
            declared.into_iter().any(|declaration| declaration.stage == stage)
        };
        let stages: Vec<Stage> = plays
            .iter()
            .enumerate()
            .map(|(stage, play)| Stage::of(play, hosts.iter().filter(|host| in_stage(stage, host)).count()))
            .collect();
        let undeclared = undeclared(inventory, hosts.iter().map(|host| host.survey.as_ref().ok()));
        let mut plan = Plan { stages, hosts, undeclared, left, grown, ..Plan::default() };
        plan.shut_gates(inventory);
        plan.steps = plan.changes(guarded, &in_stage);
        plan.arrange(inventory);
        plan
    }

    /// Leaves out what can't come in this run: new real servers on hosts that nothing is known of.
    fn shut_gates(&mut self, inventory: &Inventory) {
        for host in 0..self.hosts.len() {
            for item in 0..self.hosts[host].plan.items.len() {
                self.shut_gates_of(inventory, host, item);
            }
        }
    }

    fn shut_gates_of(&mut self, inventory: &Inventory, host: usize, item: usize) {
        let Outcome::Change(change) = &self.hosts[host].plan.items[item].outcome else { return };
        let without: Vec<(Gate, Reason)> = change
            .gates
            .iter()
            .filter_map(|gate| Some((gate.clone(), law::part(gate, inventory, &self.hosts, &[]).err()?)))
            .collect();
        if without.is_empty() {
            return;
        }
        let gates: Vec<&Gate> = without.iter().map(|(gate, _)| gate).collect();
        let Ok(survey) = &mut self.hosts[host].survey else { return };
        let outcome = narrowed(survey, item, &gates).map_or(Outcome::Ok, Outcome::Change);
        // What is read back after the step is held to what the step was to do.
        let declared = &mut survey.declared[item];
        declared.resource = declared.resource.without(&gates);
        self.hosts[host].plan.items[item].outcome = outcome;
        for (gate, reason) in without {
            self.left.push(Left { host, what: entering(inventory, &gate), reason });
        }
    }

    /// Puts the steps in order: plays and batches first, then what the laws ask.
    fn arrange(&mut self, inventory: &Inventory) {
        let mut slots: Vec<usize> = self.steps.iter().map(|step| self.slot(step)).collect();
        let (mut edges, mut first): (Vec<Edge>, Vec<StepId>) = (Vec::new(), Vec::new());
        let mut tables: Vec<(StepId, usize)> = Vec::new();
        let mut held: Vec<StepId> = Vec::new();
        for index in 0..self.steps.len() {
            let (id, host, item) = (StepId(index), self.steps[index].host, self.steps[index].item);
            let Ok(survey) = &self.hosts[host].survey else { continue };
            let need = survey.declared[item].resource.needs();
            match need.map(|need| law::met(need, inventory, &self.hosts, &self.steps)) {
                None | Some(Met::Already) => {}
                Some(Met::By(by)) => {
                    edges.extend(by.iter().map(|earlier| Edge { later: id, earlier: *earlier }));
                    first.extend(&by);
                    self.steps[index].needs.extend(by);
                }
                Some(Met::Not(reason)) => {
                    held.push(id);
                    self.left.push(Left { host, what: self.label(id), reason });
                }
            }
            let gates = self.change(id).gates.clone();
            if !gates.is_empty() {
                let part = |gate| law::part(gate, inventory, &self.hosts, &self.steps).ok();
                let parts: Vec<_> = gates.iter().filter_map(part).collect();
                edges.extend(law::after_real_servers(id, &parts, &self.steps));
                self.steps[index].parts = parts;
            }
            if self.hosts[host].plan.items[item].module == crate::resource::VIRTUAL_SERVICES {
                tables.push((id, host));
            }
        }
        let directors = law::one_director_after_another(&tables, inventory, &self.hosts);
        for edge in &directors {
            self.steps[edge.later.0].needs.push(edge.earlier);
        }
        edges.extend(directors);
        edges.extend(interruption::chain(inventory, &self.hosts, &mut self.steps, &held, &mut slots));
        self.waves = order::waves(&self.steps, &slots, &edges, &first);
        self.drop(&held);
    }
}

impl PlannedHost {
    fn of(inventory: &Inventory, surveyed: Surveyed) -> PlannedHost {
        let plan = match &surveyed.result {
            Ok(survey) => survey.plan.clone(),
            Err(_) => HostPlan::default(),
        };
        PlannedHost {
            host: surveyed.host,
            name: inventory.hosts[surveyed.host].name.clone(),
            survey: surveyed.result,
            plan,
            records: Vec::new(),
        }
    }
}
