//! The plan of the whole cluster.

use std::collections::BTreeSet;

use super::host::{HostPlan, Outcome};
use super::left::{self, Left, Reason};
use super::step::{Step, StepId, Wave};
use super::survey::{Absence, Survey};
use super::undeclared::Undeclared;
use crate::inventory::Inventory;
use crate::playbook::Play;
use crate::resource::{
    Change, Context, Gate, Observed, RECORDS, Record, Refusal, Resource, Script, Stored, of_tasks,
};

/// What is done, where, in which order, and what each part of it depends on.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The plays, in their order.
    pub stages: Vec<Stage>,
    /// The hosts that take part, in the inventory's order.
    pub hosts: Vec<PlannedHost>,
    /// Every change, host after host, each host's in their order.
    pub steps: Vec<Step>,
    /// The steps in the order in which they are made.
    pub waves: Vec<Wave>,
    /// What is left, as far as that is known before anything is done.
    pub left: Vec<Left>,
    /// What is on the hosts beside what is declared, and stays.
    pub undeclared: Vec<Undeclared>,
    /// The hosts that change more than can be told of each by itself, because of something on another.
    pub grown: Vec<usize>,
    /// Which way it goes.
    pub(super) direction: Direction,
}

/// Which way a plan goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Direction {
    /// To what is declared.
    #[default]
    Forward,
    /// To what is on record.
    Back,
}

/// A play as the plan needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// How many hosts may fail in earlier batches, for a further one to begin; without one, any number.
    pub max_failures: Option<usize>,
    /// How many hosts each batch has.
    pub batches: Vec<usize>,
}

/// A host that takes part.
#[derive(Clone, Debug)]
pub struct PlannedHost {
    /// An index into the inventory's hosts.
    pub host: usize,
    /// Its name.
    pub name: String,
    /// What was read of it.
    pub survey: Result<Survey, Absence>,
    /// Its part; empty when nothing was read.
    pub plan: HostPlan,
    /// Where the plan goes back, the record of each item.
    pub(super) records: Vec<Stored>,
}

impl PlannedHost {
    /// Whether changes are made on it: it was read, and no part of its plan is refused.
    pub fn can_change(&self) -> bool {
        self.survey.is_ok() && self.plan.refusals().next().is_none()
    }
}

impl Stage {
    /// Of a play, which `hosts` of those that were read take part in. Who has a play go batch by batch wants it to stop
    /// where a batch fails: without `max_failures`, none may fail then.
    pub fn of(play: &Play<'_>, hosts: usize) -> Stage {
        let batches = play.batches.batches(hosts);
        let max_failures = play.max_failures.or((batches.len() > 1).then_some(0));
        Stage { name: play.name.clone(), max_failures, batches }
    }
}

impl Plan {
    /// All steps, each with its place.
    pub fn ids(&self) -> impl Iterator<Item = (StepId, &Step)> {
        self.steps.iter().enumerate().map(|(index, step)| (StepId(index), step))
    }

    /// Each host's part by its name; none where it could not be read.
    pub fn by_host(&self) -> Vec<(&str, Option<&HostPlan>)> {
        let hosts = self.hosts.iter();
        hosts.map(|host| (host.name.as_str(), host.survey.is_ok().then_some(&host.plan))).collect()
    }

    /// What a step is called.
    pub fn label(&self, step: StepId) -> String {
        let step = &self.steps[step.0];
        self.hosts[step.host].plan.items[step.item].label()
    }

    /// A step as its module, what it is about and its task: `file /etc/page (task `The page`)`.
    pub fn full_label(&self, step: StepId) -> String {
        let step = &self.steps[step.0];
        let item = &self.hosts[step.host].plan.items[step.item];
        format!("{} {}{}", item.module, item.subject, of_tasks(item.task.as_slice()))
    }

    /// What the task of a step is called.
    pub fn task(&self, step: StepId) -> Option<String> {
        let step = &self.steps[step.0];
        self.hosts[step.host].plan.items[step.item].task.clone()
    }

    /// A step's change.
    ///
    /// # Panics
    /// The plan was taken apart: its step is of an item that does not change.
    pub fn change(&self, step: StepId) -> &Change {
        let step = &self.steps[step.0];
        match &self.hosts[step.host].plan.items[step.item].outcome {
            Outcome::Change(change) => change,
            Outcome::Ok | Outcome::Refused(_) => panic!("a step is a change"),
        }
    }

    /// A step's change without what is behind the gates that are shut; `None` when nothing is left of it.
    pub fn narrowed(&self, step: StepId, shut: &[&Gate]) -> Option<Change> {
        let Step { host, item, .. } = self.steps[step.0];
        let survey = self.hosts[host].survey.as_ref().ok()?;
        narrowed(survey, item, shut)
    }

    /// What enters which services through a gate.
    pub fn entering(&self, inventory: &Inventory, gate: &Gate) -> String {
        left::entering(inventory, gate)
    }

    /// What a step is about, without what is behind the gates that are shut: what is read back after it.
    pub fn resource(&self, step: StepId, shut: &[&Gate]) -> Option<Resource> {
        let Step { host, item, .. } = self.steps[step.0];
        let survey = self.hosts[host].survey.as_ref().ok()?;
        Some(survey.declared.get(item)?.resource.without(shut))
    }

    /// What still has to change when `observed` is read after a step; `None` when it is as planned, or nobody can tell.
    ///
    /// # Errors
    /// It can't be changed safely.
    pub fn remaining(
        &self,
        step: StepId,
        resource: &Resource,
        observed: &Observed,
    ) -> Result<Option<Change>, Refusal> {
        let Step { host, item, .. } = self.steps[step.0];
        let Ok(survey) = &self.hosts[host].survey else { return Ok(None) };
        let context = Context { facts: &survey.facts, changing: &BTreeSet::new() };
        match self.direction {
            Direction::Forward if resource.settles() => resource.differ(observed, context),
            Direction::Forward => Ok(None),
            Direction::Back => resource.revert(&self.hosts[host].records[item].record, observed, context),
        }
    }

    /// POSIX sh that records the prior state of what these steps of one host change; empty where nothing is to record.
    pub fn records(&self, steps: &[StepId]) -> Script {
        if self.direction == Direction::Back {
            return Script::new();
        }
        let record = |id: &StepId| -> Option<(Record, String)> {
            let Step { host, item, .. } = self.steps[id.0];
            let survey = self.hosts[host].survey.as_ref().ok()?;
            survey.declared.get(item)?.resource.record(survey.observed.get(item)?)
        };
        let records: Vec<(Record, String)> = steps.iter().filter_map(record).collect();
        if records.is_empty() { Script::new() } else { Record::write_all(&records) }
    }

    /// POSIX sh that goes before a step's script: the folder of its record is in `$record`, which is empty where there is
    /// none.
    pub fn with_record(&self, step: StepId) -> String {
        let Step { host, item, .. } = self.steps[step.0];
        match self.direction {
            Direction::Back => {
                let name = &self.hosts[host].records[item].name;
                format!("record={RECORDS}/{name}\nrm -f \"$record/stays\"\n")
            }
            Direction::Forward => {
                let survey = self.hosts[host].survey.as_ref().ok();
                let record = survey.and_then(|survey| {
                    survey.declared.get(item)?.resource.record(survey.observed.get(item)?)
                });
                record.map(|(record, _)| record.find()).unwrap_or_default()
            }
        }
    }

    /// POSIX sh that prints what the reverses of steps of one host have left to others, a line each behind the step's place
    /// among them. Empty where the plan makes records.
    pub fn stays(&self, steps: &[StepId]) -> String {
        let stored = |(number, id): (usize, &StepId)| {
            let Step { host, item, .. } = self.steps[id.0];
            self.hosts[host].records.get(item).map(|stored| stored.stays(number))
        };
        steps.iter().enumerate().filter_map(stored).collect()
    }

    /// POSIX sh that forgets the records of steps of one host, once they were read back: a reverse that did not take must
    /// find its record again. Empty where the plan makes records.
    pub fn forget(&self, steps: &[StepId]) -> String {
        let stored = |id: &StepId| {
            let Step { host, item, .. } = self.steps[id.0];
            self.hosts[host].records.get(item).map(Stored::forget)
        };
        steps.iter().filter_map(stored).collect()
    }

    /// Whether nothing is to be done and nothing is in the way. What is somebody else's is not.
    pub fn is_empty(&self) -> bool {
        let in_the_way = self.left.iter().any(|left| !matches!(left.reason, Reason::NotOurs(_)));
        !in_the_way && self.hosts.iter().all(|host| host.plan.is_empty())
    }

    /// Whether something is left because a host that was read is not able to do what it needs.
    pub fn is_unable(&self) -> bool {
        self.left.iter().any(|left| matches!(left.reason, Reason::Unable { .. }))
    }

    /// Every change on hosts that can change, with its stage and batch.
    pub(super) fn changes(&self, guarded: bool, in_stage: &dyn Fn(usize, &PlannedHost) -> bool) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut places = vec![0; self.stages.len()];
        for (host, planned) in self.hosts.iter().enumerate() {
            let batches: Vec<usize> = self
                .stages
                .iter()
                .enumerate()
                .map(|(stage, of)| {
                    let place = places[stage];
                    places[stage] += usize::from(in_stage(stage, planned));
                    batch(place, &of.batches)
                })
                .collect();
            if !planned.can_change() {
                continue;
            }
            steps.extend(planned.plan.changes().map(|(index, item, change)| Step {
                host,
                item: index,
                stage: item.stage,
                batch: batches.get(item.stage).copied().unwrap_or(0),
                needs: Vec::new(),
                parts: Vec::new(),
                guarded: guarded && change.moves_route() && change.live.is_some(),
                proof: None,
            }));
        }
        steps
    }

    /// A step's play and batch as one number.
    pub(super) fn slot(&self, step: &Step) -> usize {
        let before: usize = self.stages[..step.stage].iter().map(|stage| stage.batches.len().max(1)).sum();
        before + step.batch
    }

    /// Takes steps out of the waves that are not made in this run.
    pub(super) fn drop(&mut self, held: &[StepId]) {
        for wave in &mut self.waves {
            for chunk in &mut wave.chunks {
                chunk.steps.retain(|id| !held.contains(id));
            }
            wave.chunks.retain(|chunk| !chunk.steps.is_empty());
        }
        self.waves.retain(|wave| !wave.chunks.is_empty());
    }
}

/// A resource's change without what is behind the gates that are shut.
pub(super) fn narrowed(survey: &Survey, item: usize, shut: &[&Gate]) -> Option<Change> {
    let resource = survey.declared.get(item)?.resource.without(shut);
    let changing = Default::default();
    let context = Context { facts: &survey.facts, changing: &changing };
    // What was no refusal as a whole is none in part.
    resource.differ(survey.observed.get(item)?, context).ok().flatten()
}

/// In which batch the host at that place is.
fn batch(place: usize, sizes: &[usize]) -> usize {
    let mut end = 0;
    sizes
        .iter()
        .position(|size| {
            end += size;
            place < end
        })
        .unwrap_or(0)
}
