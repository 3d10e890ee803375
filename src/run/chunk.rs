//! One host's part of a wave: its steps in as few exchanges as may be, each read back.

use std::time::Duration;

use super::making::Making;
use super::overrun::{At, Overrun};
use super::perform::Doing;
use super::probe::{Probe, output};
use super::wait::{LONG, Since};
use super::{Event, Failure, Job, observe, space};
use crate::plan::{Chunk, Ending, Left, Plan, Reason, StepId, Took};
use crate::resource::{Facts, Observed, Resource};
use crate::transport::{Exchange, Link, LinkError, Progress as Way, Reply};

/// How long something that is about to settle by itself is read again.
const SETTLING: Duration = Duration::from_secs(20);

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
                    Err(failure) => self.fail_step(doing, *step, Took::Nothing, failure),
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
                    let took = self.took_under_guard(doing, *step, &failure, open).await;
                    self.fail_step(doing, *step, took, failure);
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
            |step: &StepId| matches!(doing.progress.borrow().of_step(*step), Some(Ending::Failed(_)));
        let failed = chunk.steps.iter().any(failed);
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
        let behind = self.shut(doing, step, link).await?;
        let shut: Vec<_> = behind.iter().map(|(gate, _)| gate).collect();
        let change =
            if shut.is_empty() { Some(plan.change(step).clone()) } else { plan.narrowed(step, &shut) };
        let (Some(change), Some(resource)) = (change, plan.resource(step, &shut)) else {
            let reason = behind.first().map_or(Reason::Ended, |(_, reason)| reason.clone());
            doing.progress.borrow_mut().end(plan, step, Ending::Left(reason));
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

    /// Makes steps in one exchange and reads them back. Gives how many were made and read back.
    async fn make(&self, doing: &Doing<'_>, link: &mut Link, steps: Vec<Making>, of: usize) -> usize {
        let Some(first) = steps.first() else { return 0 };
        let host = doing.plan.steps[first.step.0].host;
        let Ok(survey) = &doing.plan.hosts[host].survey else { return 0 };
        let deadlines: Duration = steps.iter().map(|making| making.change.deadline).sum();
        let mut exchange = Exchange::changing(deadlines + link.read_timeout());
        if steps.iter().all(|making| making.change.brief) {
            exchange = exchange.brief();
        }
        let ids: Vec<StepId> = steps.iter().map(|making| making.step).collect();
        let records = doing.plan.records(&ids);
        let ahead = usize::from(!records.is_empty());
        if ahead > 0 {
            exchange.push_step(records.reveal());
        }
        for making in &steps {
            let section = exchange.push_step(making.script.as_str());
            let (step, script) = (making.step, &making.change.script);
            // The script as it is shown to people, without contents.
            tracing::debug!(
                host = self.name(host),
                section,
                step = doing.plan.label(step),
                ?script,
                "changes"
            );
        }
        let resources: Vec<&Resource> = steps.iter().map(|making| &making.resource).collect();
        let tasks = ids.iter().map(|id| doing.plan.task(*id)).collect();
        let probe = Probe::of(&resources, &survey.facts).with_tasks(tasks);
        let first = probe.push(&mut exchange);
        let stays = exchange.push_inline(doing.plan.stays(&ids));

        let (mut done, reading_back, mut at) = (0, Since::default(), At::begin());
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
            Way::Reading => at = At::files(),
            Way::Began(section) => {
                at = At::section(section);
                if let Some(index) = of_step(section) {
                    reading_back.end();
                    let number = numbers[index];
                    self.emit(Event::StepBegan { host: name(), label: label(index), number, of });
                }
            }
            Way::Ended(section, 0) => {
                if let Some(index) = of_step(section) {
                    done += 1;
                    self.emit(Event::StepDone { host: name(), label: label(index) });
                    if done == steps.len() {
                        reading_back.begin();
                    }
                }
            }
            Way::Note(_, text) => self.emit(Event::said(name(), text)),
            _ => {}
        };
        let new = doing.progress.borrow_mut().begin(&ids);
        let work = link.exchange(&exchange, told);
        let what = "what was changed to be read back";
        let reply = self.telling_since(&reading_back, host, what, work).await;
        let end = |making: &Making, ending| {
            doing.progress.borrow_mut().end(doing.plan, making.step, ending);
        };
        let reply = match reply {
            Ok(reply) => reply,
            Err(LinkError::Deadline(_)) => {
                let steps = &steps;
                let overrun = Overrun { steps, new: &new, done, ahead, probe: &probe, first, at };
                // Apart, as what is seldom needed must not make every chunk's work larger.
                Box::pin(self.overran(doing, link, &overrun)).await;
                return 0;
            }
            Err(error) => {
                // What the host said that it had made was not read back; whether it began what comes after is not known.
                steps[..done].iter().for_each(|making| end(making, Ending::Unread));
                let last = &steps[done.min(steps.len() - 1)];
                self.fail_step(doing, last.step, Took::Unknown, error.into());
                return 0;
            }
        };
        // What comes after one that failed was not run.
        for (index, step) in ids.iter().enumerate().filter(|(_, step)| new.contains(step)) {
            if reply.sections.get(ahead + index).is_none_or(Option::is_none) {
                doing.progress.borrow_mut().not_begun(*step);
            }
        }
        let mut stays = staying(output(&reply, stays));
        // What is told of others was kept by an earlier run.
        stays.retain(|(number, _)| *number < done);
        for (number, why) in &stays {
            let (what, reason) = (doing.plan.label(ids[*number]), Reason::Stays(why.clone()));
            self.leave(doing, &Left { host, what, reason });
        }
        let taken = |number: usize| stays.iter().all(|(other, _)| *other != number);
        let read = probe.parse(&resources, &survey.facts, &reply, first);
        if let Some((number, failure)) = failed(doing.plan, &steps, &reply, ahead) {
            let making = &steps[number];
            let failure = space::explained(link, making.resource.path(), making.script.len(), failure).await;
            let observed = read.ok();
            let of = |index: usize| observed.as_ref().and_then(|observed| observed.get(index));
            for (index, making) in steps[..number].iter().enumerate() {
                let ending =
                    if taken(index) { making.ended(doing.plan, of(index)) } else { making.ending.clone() };
                end(making, ending);
            }
            let begun = doing.progress.borrow().has_begun(making.step);
            let took = match of(number) {
                _ if !begun => Took::Nothing,
                Some(observed) => making.took(doing.plan, observed),
                None => Took::Unknown,
            };
            self.fail_step(doing, making.step, took, failure);
            return steps[..number]
                .iter()
                .filter(|making| doing.progress.borrow().is_made(making.step))
                .count();
        }
        let observed = match read {
            Ok(observed) => observed,
            Err(error) => {
                steps[1..].iter().for_each(|making| end(making, Ending::Unread));
                self.fail_step(doing, steps[0].step, Took::Unknown, error.into());
                return 0;
            }
        };
        let (observed, lost) = self.settled(doing.plan, link, &steps, &survey.facts, observed, &taken).await;
        let open = self.end_read(doing, &steps, &observed, lost, &taken);
        if open > 0 {
            return steps.len() - open;
        }
        let taken: Vec<StepId> =
            ids.iter().enumerate().filter(|(number, _)| taken(*number)).map(|(_, id)| *id).collect();
        if let Err(failure) = forget(doing.plan, link, &taken).await {
            self.fail_step(doing, taken[0], Took::Whole, failure);
        }
        steps.len()
    }

    /// Notes how steps have ended whose scripts ended well, as `observed` was read after them; of what was not `taken`, by
    /// its place, that is no matter. Gives how many of them were not as planned. Where reading was `lost`, those may have
    /// become so since.
    fn end_read(
        &self,
        doing: &Doing<'_>,
        steps: &[Making],
        observed: &[Observed],
        mut lost: Option<Failure>,
        taken: &dyn Fn(usize) -> bool,
    ) -> usize {
        let (plan, is_lost) = (doing.plan, lost.is_some());
        let mut open = 0;
        for (number, (making, observed)) in steps.iter().zip(observed).enumerate() {
            let why = if taken(number) { making.not_taken(plan, observed) } else { None };
            let Some(why) = why else {
                doing.progress.borrow_mut().end(plan, making.step, making.ending.clone());
                continue;
            };
            open += 1;
            match lost.take() {
                Some(failure) => self.fail_step(doing, making.step, Took::Unknown, failure),
                None if is_lost => doing.progress.borrow_mut().end(plan, making.step, Ending::Unread),
                None => self.fail_step(doing, making.step, making.took(plan, observed), why),
            }
        }
        open
    }

    /// Reads again, for a while, what is not as planned yet, was `taken`, by its place, and is about to change by itself.
    /// Gives what was read last, and why no more could be read.
    async fn settled(
        &self,
        plan: &Plan,
        link: &mut Link,
        steps: &[Making],
        facts: &Facts,
        mut observed: Vec<Observed>,
        taken: &dyn Fn(usize) -> bool,
    ) -> (Vec<Observed>, Option<Failure>) {
        let (begun, mut told) = (tokio::time::Instant::now(), false);
        let resources: Vec<&Resource> = steps.iter().map(|making| &making.resource).collect();
        loop {
            let open = |(number, (making, observed)): (usize, (&Making, &Observed))| {
                taken(number) && making.not_taken(plan, observed).is_some()
            };
            let open = steps.iter().zip(&observed).enumerate().any(open);
            let unsettled = observed.iter().any(Resource::unsettled);
            if !open || !unsettled || begun.elapsed() > SETTLING {
                return (observed, None);
            }
            if begun.elapsed() > LONG && !std::mem::replace(&mut told, true) {
                let host = self.name(plan.steps[steps[0].step.0].host).to_owned();
                self.emit(Event::Slow { host, what: "what was changed to settle".into() });
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
            match observe::read(link, &resources, facts).await {
                Ok(read) => observed = read,
                Err(failure) => return (observed, Some(failure)),
            }
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
    let mut exchange = Exchange::changing(link.read_timeout());
    exchange.push_step(script.as_str());
    const WHAT: &str = "forgetting the record of the prior state";
    let reply = match link.exchange(&exchange, |_| ()).await {
        Err(LinkError::Deadline(within)) => {
            let hung = Box::pin(link.end()).await;
            return Err(Failure::hung(WHAT.into(), within, hung, true));
        }
        reply => reply?,
    };
    match reply.sections.into_iter().next().flatten() {
        Some(output) if output.code != 0 => Err(Failure::Step {
            label: WHAT.into(),
            code: output.code,
            output: String::from_utf8_lossy(&output.bytes).into_owned(),
            script: script.into(),
        }),
        _ => Ok(()),
    }
}

/// The place of the first step whose script failed, and why.
fn failed(plan: &Plan, steps: &[Making], reply: &Reply, ahead: usize) -> Option<(usize, Failure)> {
    let of_steps = reply.sections.iter().take(ahead + steps.len()).enumerate();
    of_steps.into_iter().find_map(|(section, output)| {
        let output = output.as_ref().filter(|output| output.code != 0)?;
        // Where the records could not be written, nothing was changed.
        let number = section.saturating_sub(ahead);
        let making = &steps[number];
        let label =
            if section < ahead { "the record of the prior state".into() } else { plan.label(making.step) };
        let failure = Failure::Step {
            label,
            code: output.code,
            output: String::from_utf8_lossy(&output.bytes).into_owned(),
            script: making.change.script.clone(),
        };
        Some((number, failure))
    })
}
