//! One host's part of a wave: its steps in as few exchanges as may be, each read back.

use std::time::Duration;

use super::perform::Doing;
use super::probe::{Probe, output};
use super::{Event, Failure, Job, observe};
use crate::plan::{Chunk, Ending, Left, Plan, Reason, StepId};
use crate::resource::{Change, Facts, Observed, Resource};
use crate::transport::{Exchange, Link, Progress as Way, Reply};

/// How long reading back may take, beside the changes' own deadlines.
const READ_BACK: Duration = Duration::from_secs(60);

/// How long something that is about to settle by itself is read again.
const SETTLING: Duration = Duration::from_secs(20);

/// A step as it is made: without what is left out of it.
pub(super) struct Making {
    pub(super) step: StepId,
    pub(super) change: Change,
    pub(super) resource: Resource,
    /// The text that is run, with what goes before and after it.
    pub(super) script: String,
    /// How it ends when it ends well.
    pub(super) ending: Ending,
}

impl Job<'_> {
    /// Makes a chunk's steps. Gives the shell back when it is still of use.
    pub(super) async fn perform_chunk(
        &self,
        doing: &Doing<'_>,
        chunk: &Chunk,
        mut link: Option<Link>,
    ) -> Option<Link> {
        let plan = doing.plan;
        let mut together: Vec<Making> = Vec::new();
        let mut made = 0;
        for step in &chunk.steps {
            let before: Vec<StepId> = together.iter().map(|making| making.step).collect();
            let may = doing.progress.borrow().may_begin(plan, *step, &before);
            if let Err(reason) = may {
                self.leave_step(doing, *step, reason);
                continue;
            }
            if link.is_none() {
                match self.open_locked(chunk.host).await {
                    Ok(open) => link = Some(open),
                    Err(failure) => self.fail_step(doing, *step, failure),
                }
            }
            let Some(open) = &mut link else { continue };
            let alone = !plan.steps[step.0].parts.is_empty() || plan.steps[step.0].guarded;
            if alone {
                // What comes before it must have ended well, or it is left.
                made += self.make(doing, open, std::mem::take(&mut together), chunk.steps.len()).await;
                if let Err(reason) = { doing.progress.borrow().may_begin(plan, *step, &[]) } {
                    self.leave_step(doing, *step, reason);
                    continue;
                }
            }
            let making = match self.making(doing, *step, open).await {
                Ok(Some(making)) => making,
                Ok(None) => continue,
                Err(failure) => {
                    self.fail_step(doing, *step, failure);
                    continue;
                }
            };
            together.push(making);
            if alone || plan.steps[step.0].proof.is_some() {
                made += self.make(doing, open, std::mem::take(&mut together), chunk.steps.len()).await;
                self.prove(doing, *step).await;
            }
        }
        if let Some(open) = &mut link {
            made += self.make(doing, open, together, chunk.steps.len()).await;
        }
        let failed =
            chunk.steps.iter().any(|step| doing.progress.borrow().of_step(*step) == Some(&Ending::Failed));
        if made > 0 && !failed {
            self.emit(Event::StageDone { host: self.name(chunk.host).to_owned(), changed: made });
        }
        link.filter(|_| !failed)
    }

    fn leave_step(&self, doing: &Doing<'_>, step: StepId, reason: Reason) {
        doing.progress.borrow_mut().end(doing.plan, step, Ending::Left(reason.clone()));
        // That its host ended early has been told, with the reason.
        if reason != Reason::Ended {
            let (host, what) = (doing.plan.steps[step.0].host, doing.plan.label(step));
            self.leave(doing, &Left { host, what, reason });
        }
    }

    /// A step as it is to be made now: its gates are asked, its live part is made under guard. `None` when all of it is
    /// left out.
    async fn making(
        &self,
        doing: &Doing<'_>,
        step: StepId,
        link: &mut Link,
    ) -> Result<Option<Making>, Failure> {
        let plan = doing.plan;
        let shut = self.shut(doing, step, link).await?;
        let shut: Vec<_> = shut.iter().collect();
        let change =
            if shut.is_empty() { Some(plan.change(step).clone()) } else { plan.narrowed(step, &shut) };
        let (Some(change), Some(resource)) = (change, plan.resource(step, &shut)) else {
            let ending = Ending::Left(Reason::Unanswered(plan.change(step).gates[0].address));
            doing.progress.borrow_mut().end(plan, step, ending);
            return Ok(None);
        };
        let body = if plan.steps[step.0].guarded {
            self.guard(doing, step, &change, link).await?;
            change.script.reveal()
        } else {
            change.unguarded()
        };
        let script = plan.with_record(step) + &body;
        let ending = if shut.is_empty() { Ending::Done } else { Ending::DoneInPart };
        Ok(Some(Making { step, change, resource, script, ending }))
    }

    /// Makes steps in one exchange and reads them back. Gives how many were made.
    async fn make(&self, doing: &Doing<'_>, link: &mut Link, steps: Vec<Making>, of: usize) -> usize {
        let Some(first) = steps.first() else { return 0 };
        let host = doing.plan.steps[first.step.0].host;
        let Ok(survey) = &doing.plan.hosts[host].survey else { return 0 };
        let deadlines: Duration = steps.iter().map(|making| making.change.deadline).sum();
        let mut exchange = Exchange::changing(deadlines + READ_BACK);
        let ids: Vec<StepId> = steps.iter().map(|making| making.step).collect();
        let records = doing.plan.records(&ids);
        let ahead = usize::from(!records.is_empty());
        if ahead > 0 {
            exchange.push_step(records.reveal());
        }
        for making in &steps {
            exchange.push_step(making.script.as_str());
        }
        let resources: Vec<&Resource> = steps.iter().map(|making| &making.resource).collect();
        let probe = Probe::of(&resources, &survey.facts);
        let at = probe.push(&mut exchange);
        let stays = exchange.push_inline(doing.plan.stays(&ids));

        let mut done = 0;
        let place = |step: StepId| {
            let mut all = doing.plan.waves.iter().flat_map(|wave| &wave.chunks);
            let chunk = all.find(|chunk| chunk.steps.contains(&step));
            chunk.and_then(|chunk| chunk.steps.iter().position(|id| *id == step)).unwrap_or(0) + 1
        };
        let numbers: Vec<usize> = steps.iter().map(|making| place(making.step)).collect();
        let label = |index: usize| doing.plan.label(steps[index].step);
        let name = || self.name(host).to_owned();
        let of_step = |section: usize| section.checked_sub(ahead).filter(|index| *index < steps.len());
        let told = |way| match way {
            Way::Began(section) => {
                if let Some(index) = of_step(section) {
                    let number = numbers[index];
                    self.emit(Event::StepBegan { host: name(), label: label(index), number, of });
                }
            }
            Way::Ended(section, 0) => {
                if let Some(index) = of_step(section) {
                    done += 1;
                    self.emit(Event::StepDone { host: name(), label: label(index) });
                }
            }
            Way::Note(_, text) => self.emit(Event::Noted { host: name(), text }),
            _ => {}
        };
        let reply = link.exchange(&exchange, told).await;
        doing.performed.borrow_mut().changed[host] += done;
        for making in &steps[..done] {
            doing.progress.borrow_mut().end(doing.plan, making.step, making.ending.clone());
        }
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => {
                let last = &steps[done.min(steps.len() - 1)];
                self.fail_step(doing, last.step, error.into());
                return done;
            }
        };
        if let Some((making, failure)) = failed(doing.plan, &steps, &reply, ahead) {
            self.fail_step(doing, making.step, failure);
            return done;
        }
        let stays = staying(output(&reply, stays));
        for (number, why) in &stays {
            if let Some(making) = steps.get(*number) {
                let (what, reason) = (doing.plan.label(making.step), Reason::Stays(why.clone()));
                self.leave(doing, &Left { host, what, reason });
            }
        }
        let taken = |number: usize| stays.iter().all(|(other, _)| *other != number);
        let read = probe.parse(&resources, &survey.facts, &reply, at);
        let observed = match read {
            Ok(observed) => self.settled(doing.plan, link, &steps, &survey.facts, observed, &taken).await,
            Err(error) => Err((steps[0].step, error.into())),
        };
        if let Err((step, failure)) = observed {
            self.fail_step(doing, step, failure);
            return done;
        }
        let taken: Vec<StepId> =
            ids.iter().enumerate().filter(|(number, _)| taken(*number)).map(|(_, id)| *id).collect();
        if let Err(failure) = forget(doing.plan, link, &taken).await {
            self.fail_step(doing, taken[0], failure);
        }
        done
    }

    /// Whether everything that was `taken`, by its place, reads as planned. What is about to change by itself is read
    /// again for a while.
    async fn settled(
        &self,
        plan: &Plan,
        link: &mut Link,
        steps: &[Making],
        facts: &Facts,
        mut observed: Vec<Observed>,
        taken: &dyn Fn(usize) -> bool,
    ) -> Result<(), (StepId, Failure)> {
        let begun = tokio::time::Instant::now();
        let resources: Vec<&Resource> = steps.iter().map(|making| &making.resource).collect();
        loop {
            let Some((step, failure)) =
                steps.iter().zip(&observed).enumerate().filter(|(number, _)| taken(*number)).find_map(
                    |(_, (making, observed))| Some((making.step, not_taken(plan, making, observed)?)),
                )
            else {
                return Ok(());
            };
            if !observed.iter().any(Resource::unsettled) || begun.elapsed() > SETTLING {
                return Err((step, failure));
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
            observed = observe::read(link, &resources, facts).await.map_err(|failure| (step, failure))?;
        }
    }
}

/// Which steps, by their place, have left something to others, and why: from what [`Plan::stays`] printed.
fn staying(printed: &[u8]) -> Vec<(usize, String)> {
    let text = String::from_utf8_lossy(printed);
    let read = |line: &str| {
        let (number, why) = line.split_once(' ')?;
        Some((number.parse().ok()?, why.to_owned()))
    };
    text.lines().filter_map(read).collect()
}

/// Forgets the records that have served.
async fn forget(plan: &Plan, link: &mut Link, steps: &[StepId]) -> Result<(), Failure> {
    let script = plan.forget(steps);
    if script.is_empty() {
        return Ok(());
    }
    let mut exchange = Exchange::changing(READ_BACK);
    exchange.push_step(script.as_str());
    let reply = link.exchange(&exchange, |_| ()).await?;
    match reply.sections.into_iter().next().flatten() {
        Some(output) if output.code != 0 => Err(Failure::Step {
            label: "forgetting the record of the prior state".into(),
            code: output.code,
            output: String::from_utf8_lossy(&output.bytes).into_owned(),
            script: script.into(),
        }),
        _ => Ok(()),
    }
}

/// The first step whose script failed.
fn failed<'s>(
    plan: &Plan,
    steps: &'s [Making],
    reply: &Reply,
    ahead: usize,
) -> Option<(&'s Making, Failure)> {
    let of_steps = reply.sections.iter().take(ahead + steps.len()).enumerate();
    of_steps.into_iter().find_map(|(section, output)| {
        let output = output.as_ref().filter(|output| output.code != 0)?;
        // Where the records could not be written, nothing was changed.
        let making = &steps[section.saturating_sub(ahead)];
        let label =
            if section < ahead { "the record of the prior state".into() } else { plan.label(making.step) };
        let failure = Failure::Step {
            label,
            code: output.code,
            output: String::from_utf8_lossy(&output.bytes).into_owned(),
            script: making.change.script.clone(),
        };
        Some((making, failure))
    })
}

/// What still differs after a step.
fn not_taken(plan: &Plan, making: &Making, observed: &Observed) -> Option<Failure> {
    let label = format!("{} {}", making.resource.module(), making.resource.subject());
    match plan.remaining(making.step, &making.resource, observed) {
        Ok(None) => None,
        Ok(Some(change)) => Some(Failure::NotTaken { label, aspects: change.aspects }),
        Err(refusal) => Some(Failure::Refused { label, refusal }),
    }
}
