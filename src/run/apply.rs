//! Makes the planned changes, stage by stage, and reads each back.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;

use super::observe::Probe;
use super::{Event, Failure, Job, Observation, Seen};
use crate::plan::{Item, Outcome};
use crate::resource::{Change, Context, Resource, Risk};
use crate::transport::{Exchange, LinkError, Progress};

/// How long reading back may take, beside the changes' own deadlines.
const READ_BACK: Duration = Duration::from_secs(60);

/// What was done on the machines, in their order.
#[derive(Debug, Default)]
pub struct Applied {
    /// How many changes were made on each.
    pub changed: Vec<usize>,
    /// Why a machine's part ended early.
    pub failures: Vec<Option<Rc<Failure>>>,
}

/// What the operator allows.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplyOptions {
    /// `--allow-route-change`: a host's own way back to the controller may move.
    pub allow_route_change: bool,
}

impl Job<'_> {
    /// Makes every planned change. A stage begins when the one before it has ended on all machines, and none begins
    /// after one that failed, or when a machine can't be read or its plan is in part refused.
    pub async fn apply(&self, seen: &mut [Seen<'_>], options: ApplyOptions) -> Applied {
        let mut applied = Applied {
            changed: vec![0; seen.len()],
            failures: seen.iter().map(|seen| hindrance(seen, options)).collect(),
        };
        for (seen, failure) in seen.iter().zip(&applied.failures) {
            if let (Ok(_), Some(failure)) = (&seen.result, failure) {
                self.emit(Event::Failed { host: seen.name.to_owned(), failure: Rc::clone(failure) });
            }
        }
        for (stage, play) in self.playbook.plays.iter().enumerate() {
            if applied.failures.iter().any(Option::is_some) {
                break;
            }
            let changes = |seen: &Seen| seen.result.as_ref().is_ok_and(|seen| !steps(seen, stage).is_empty());
            let hosts: Vec<String> =
                seen.iter().filter(|seen| changes(seen)).map(|seen| seen.name.to_owned()).collect();
            if hosts.is_empty() {
                continue;
            }
            self.emit(Event::StageBegan { name: play.name.clone(), hosts });
            let work = seen.iter_mut().enumerate().filter(|(_, seen)| changes(seen)).map(
                |(index, seen)| async move {
                    let name = seen.name;
                    let result = match &mut seen.result {
                        Ok(observation) => self.apply_stage(name, observation, stage).await,
                        Err(failure) => (0, Some(Rc::clone(failure))),
                    };
                    (index, name, result)
                },
            );
            let mut work = futures_util::stream::iter(work).buffer_unordered(self.forks.max(1));
            while let Some((index, name, (changed, failure))) = work.next().await {
                applied.changed[index] += changed;
                match failure {
                    None => self.emit(Event::StageDone { host: name.to_owned(), changed }),
                    Some(failure) => {
                        self.emit(Event::Failed { host: name.to_owned(), failure: Rc::clone(&failure) });
                        applied.failures[index] = Some(failure);
                    }
                }
            }
        }
        applied
    }

    /// One host's part of a stage. Gives how many changes were made, and why it ended early if it did.
    async fn apply_stage(
        &self,
        name: &str,
        seen: &mut Observation,
        stage: usize,
    ) -> (usize, Option<Rc<Failure>>) {
        let Some(mut link) = seen.link.take() else {
            let lost = LinkError::Lost { stderr: "the connection was closed before".into() };
            return (0, Some(Rc::new(lost.into())));
        };
        let steps = steps(seen, stage);
        let mut exchange =
            Exchange::changing(steps.iter().map(|(_, change)| change.deadline).sum::<Duration>() + READ_BACK);
        for (_, change) in &steps {
            exchange.push_step(change.unguarded());
        }
        let declared = seen.declared.iter().filter(|declaration| declaration.stage == stage);
        let resources: Vec<&Resource> = declared.map(|declaration| &declaration.resource).collect();
        let probe = Probe::of(&resources, &seen.facts);
        let first = probe.push(&mut exchange);

        let mut done = 0;
        let told = |progress| match progress {
            Progress::Began(index) if index < steps.len() => self.emit(Event::StepBegan {
                host: name.to_owned(),
                label: steps[index].0.label(),
                number: index + 1,
                of: steps.len(),
            }),
            Progress::Ended(index, 0) if index < steps.len() => {
                done += 1;
                self.emit(Event::StepDone { host: name.to_owned(), label: steps[index].0.label() });
            }
            _ => {}
        };
        let reply = match link.exchange(&exchange, told).await {
            Ok(reply) => reply,
            Err(error) => return (done, Some(Rc::new(error.into()))),
        };
        for (index, (item, change)) in steps.iter().enumerate() {
            if let Some(output) = reply.sections.get(index).and_then(Option::as_ref)
                && output.code != 0
            {
                let failure = Failure::Step {
                    label: item.label(),
                    code: output.code,
                    output: String::from_utf8_lossy(&output.bytes).into_owned(),
                    script: change.script.clone(),
                };
                return (done, Some(Rc::new(failure)));
            }
        }
        let observed = match probe.parse(&resources, &seen.facts, &reply, first) {
            Ok(observed) => observed,
            Err(error) => return (done, Some(Rc::new(error.into()))),
        };
        let context = Context { facts: &seen.facts, changing: &BTreeSet::new() };
        for (resource, observed) in resources.iter().zip(&observed).filter(|(resource, _)| resource.settles())
        {
            let label = format!("{} {}", resource.module(), resource.subject());
            match resource.differ(observed, context) {
                Ok(None) => {}
                Ok(Some(change)) => {
                    return (done, Some(Rc::new(Failure::NotTaken { label, aspects: change.aspects })));
                }
                Err(refusal) => return (done, Some(Rc::new(Failure::Refused { label, refusal }))),
            }
        }
        seen.link = Some(link);
        (done, None)
    }
}

/// The changes of one stage.
fn steps(seen: &Observation, stage: usize) -> Vec<(&Item, &Change)> {
    let of_stage = seen.plan.items.iter().filter(|item| item.stage == stage);
    of_stage
        .filter_map(|item| match &item.outcome {
            Outcome::Change(change) => Some((item, change)),
            _ => None,
        })
        .collect()
}

/// What keeps a host's plan from being applied. A change of the route by which the host answers us is the one that
/// could lock its user out; a guard that takes such a change back by itself will have its place here.
fn hindrance(seen: &Seen<'_>, options: ApplyOptions) -> Option<Rc<Failure>> {
    let observation = match &seen.result {
        Ok(observation) => observation,
        Err(failure) => return Some(Rc::clone(failure)),
    };
    if let Some((item, refusal)) = observation.plan.refusals().next() {
        let failure = Failure::Refused { label: item.label(), refusal: refusal.clone() };
        return Some(Rc::new(failure));
    }
    match observation.plan.route_change() {
        Some((item, Risk::RouteChange { controller, new, .. })) if !options.allow_route_change => {
            let (controller, new) = (*controller, *new);
            Some(Rc::new(Failure::RouteChange { label: item.label(), controller, new }))
        }
        _ => None,
    }
}
