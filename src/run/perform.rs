//! Performs a plan: wave by wave, the hosts of a wave side by side. What may begin is the plan's to say.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::StreamExt;

use super::{Event, Failure, Job, Links, Performed, Underway};
use crate::plan::{Ending, Left, Plan, Progress, StepId, Took, Wave};

/// A run's part of a chunk.
pub(super) struct Doing<'a> {
    pub(super) plan: &'a Plan,
    pub(super) progress: &'a RefCell<Progress>,
    pub(super) performed: &'a RefCell<Performed>,
}

impl Job<'_> {
    /// Makes the changes of the plan. What comes of them is told to `underway` as it happens.
    pub async fn perform(&self, plan: &Plan, links: &mut Links, underway: &Underway) {
        let doing = Doing { plan, progress: &underway.progress, performed: &underway.performed };
        for (index, host) in plan.hosts.iter().enumerate() {
            if let Some((item, refusal)) = host.plan.refusals().next() {
                let failure = Failure::Refused { label: item.label(), refusal: refusal.clone() };
                self.fail(&doing, index, failure);
            }
        }
        for left in &plan.left {
            self.leave(&doing, left);
        }
        let mut stage = None;
        for wave in &plan.waves {
            if stage != Some(wave.stage) {
                stage = Some(wave.stage);
                self.emit(Event::StageBegan {
                    name: plan.stages[wave.stage].name.clone(),
                    hosts: hosts(plan, wave),
                });
            }
            self.perform_wave(&doing, wave, links).await;
        }
    }

    async fn perform_wave(&self, doing: &Doing<'_>, wave: &Wave, links: &mut Links) {
        let work: Vec<_> = wave.chunks.iter().map(|chunk| (chunk, links.take(chunk.host))).collect();
        let work = work
            .into_iter()
            .map(|(chunk, link)| async move { (chunk.host, self.perform_chunk(doing, chunk, link).await) });
        let mut work = futures_util::stream::iter(work).buffer_unordered(self.forks.max(1));
        while let Some((host, link)) = work.next().await {
            links.hold(host, link);
        }
    }

    /// Notes that a host's part has failed.
    pub(super) fn fail(&self, doing: &Doing<'_>, host: usize, failure: Failure) {
        let failure = Rc::new(failure);
        self.emit(Event::Failed { host: self.name(host).to_owned(), failure: Rc::clone(&failure) });
        doing.performed.borrow_mut().failures[host].get_or_insert(failure);
    }

    /// Notes that a step failed, and what of it took all the same: nothing more is done on its host.
    pub(super) fn fail_step(&self, doing: &Doing<'_>, step: StepId, took: Took, failure: Failure) {
        doing.progress.borrow_mut().end(doing.plan, step, Ending::Failed(took));
        self.fail(doing, doing.plan.steps[step.0].host, failure);
    }

    /// Notes that something was left.
    pub(super) fn leave(&self, doing: &Doing<'_>, left: &Left) {
        let why = doing.plan.why(&left.reason, &doing.progress.borrow());
        let host = self.name(left.host).to_owned();
        self.emit(Event::Left { host: host.clone(), what: left.what.clone(), why: why.clone() });
        doing.performed.borrow_mut().left.push((host, left.what.clone(), why));
    }
}

fn hosts(plan: &Plan, wave: &Wave) -> Vec<String> {
    let mut hosts: Vec<usize> = plan
        .waves
        .iter()
        .filter(|other| other.stage == wave.stage)
        .flat_map(|wave| wave.chunks.iter().map(|chunk| chunk.host))
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts.into_iter().map(|host| plan.hosts[host].name.clone()).collect()
}
