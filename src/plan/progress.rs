//! What has come of the steps so far, and whether a step may begin.

use std::collections::BTreeMap;

use super::cluster::Plan;
use super::left::Reason;
use super::step::StepId;
use super::survey::Absence;
use super::took::Took;
use crate::resource::Ability;

/// What has come of each step.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    endings: Vec<Option<Ending>>,
    begun: Vec<bool>,
    /// The step at which each host ended early.
    failed: BTreeMap<usize, StepId>,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// It was made, read back, and is as planned.
    Done,
    /// Its part behind open gates was made; some of it was left out.
    DoneInPart,
    /// Its script ended well, and then nothing could be read back.
    Unread,
    /// It failed, or what it did is not known.
    Failed(Took),
    /// It was not begun.
    Left(Reason),
}

impl Progress {
    /// Nothing has begun.
    pub fn of(plan: &Plan) -> Progress {
        let steps = plan.steps.len();
        Progress { endings: vec![None; steps], begun: vec![false; steps], failed: BTreeMap::new() }
    }

    /// Notes that the steps are being made from now on, as far as is known here. Gives those that were not before.
    pub fn begin(&mut self, steps: &[StepId]) -> Vec<StepId> {
        let new = steps.iter().copied().filter(|step| !self.begun[step.0]).collect();
        steps.iter().for_each(|step| self.begun[step.0] = true);
        new
    }

    /// Notes that a step turned out not to have been begun.
    pub fn not_begun(&mut self, step: StepId) {
        self.begun[step.0] = false;
    }

    /// Whether the step was begun, as far as is known here.
    pub fn has_begun(&self, step: StepId) -> bool {
        self.begun.get(step.0).copied().unwrap_or(false)
    }

    /// Notes what came of a step.
    pub fn end(&mut self, plan: &Plan, step: StepId, ending: Ending) {
        if matches!(ending, Ending::Failed(_)) {
            self.failed.entry(plan.steps[step.0].host).or_insert(step);
        }
        self.endings[step.0] = Some(ending);
    }

    /// What came of a step; `None` while it has not ended.
    pub fn of_step(&self, step: StepId) -> Option<&Ending> {
        self.endings.get(step.0).and_then(Option::as_ref)
    }

    /// Whether the step was made, read back, and is as planned.
    pub fn is_made(&self, step: StepId) -> bool {
        matches!(self.of_step(step), Some(Ending::Done | Ending::DoneInPart))
    }

    /// Whether the step has ended well: what its host said of its script counts, where nothing could be read back.
    pub fn ended_well(&self, step: StepId) -> bool {
        matches!(self.of_step(step), Some(Ending::Done | Ending::DoneInPart | Ending::Unread))
    }

    /// Whether the step may begin, right behind those `before` it, which end the host's part when they don't end well.
    ///
    /// # Errors
    /// Why it is left.
    pub fn may_begin(&self, plan: &Plan, id: StepId, before: &[StepId]) -> Result<(), Reason> {
        let step = &plan.steps[id.0];
        if self.failed.contains_key(&step.host) {
            return Err(Reason::Ended);
        }
        if let Some(need) = step.needs.iter().find(|need| !before.contains(need) && !self.ended_well(**need))
        {
            return Err(Reason::Step(*need));
        }
        if let Some(allowed) = plan.stages[step.stage].max_failures {
            let failed = self.failed.values().map(|id| &plan.steps[id.0]);
            let before = failed.filter(|other| other.stage == step.stage && other.batch < step.batch);
            if before.count() > allowed {
                return Err(Reason::MaxFailures { allowed });
            }
        }
        Ok(())
    }

    /// Whether a part of a step may be tried: its host's own steps have all ended well.
    ///
    /// # Errors
    /// Which of them did not.
    pub fn may_enter(&self, needs: &[StepId]) -> Result<(), Reason> {
        match needs.iter().find(|need| !self.ended_well(**need)) {
            Some(need) => Err(Reason::Step(*need)),
            None => Ok(()),
        }
    }
}

impl Plan {
    /// Why something is left, in words.
    pub fn why(&self, reason: &Reason, progress: &Progress) -> String {
        match reason {
            Reason::Host(host) => self.about(*host),
            Reason::Unable { host, ability } => {
                let lacks = match ability {
                    Ability::Forwards { ipv6: false } => "does not forward IPv4".to_owned(),
                    Ability::Forwards { ipv6: true } => "does not forward IPv6".to_owned(),
                    Ability::Has { address } => format!("does not have {address}"),
                };
                format!(
                    "it waits for {}, which {lacks}: nothing in this run changes that",
                    self.hosts[*host].name
                )
            }
            Reason::Step(id) => {
                let step = &self.steps[id.0];
                let name = &self.hosts[step.host].name;
                match progress.of_step(*id) {
                    // What that one waits for itself is what has to be mended.
                    Some(Ending::Left(reason)) if !matches!(reason, Reason::Ended) => {
                        self.why(reason, progress)
                    }
                    _ => format!("it waits for {name}, where `{}` did not end well", self.label(*id)),
                }
            }
            Reason::Unanswered(address) => {
                format!("nothing accepts a connection from its director on {address}")
            }
            Reason::FailsCheck { address, said } => {
                format!("{address} does not pass the check that its director makes: {said}")
            }
            Reason::MaxFailures { allowed } => {
                format!("more than {allowed} of its play's hosts failed (max_failures)")
            }
            Reason::Stays(why) | Reason::NotOurs(why) => why.clone(),
            Reason::Ended => "its host ended early".into(),
        }
    }

    fn about(&self, host: usize) -> String {
        let host = &self.hosts[host];
        let state = match &host.survey {
            Err(Absence::Unreachable) => "which can't be reached",
            Err(Absence::Failed) => "which could not be read",
            Ok(_) => "of whose plan a part is refused",
        };
        format!("it waits for {}, {state}", host.name)
    }
}

#[cfg(test)]
mod tests;
