//! Changes whose time was up: what was at work is named and ended on the host, and what has come of them is read.

use tokio::time::Instant;

use super::making::Making;
use super::perform::Doing;
use super::probe::Probe;
use super::{Failure, Job, observe};
use crate::plan::{Ending, StepId, Took};
use crate::resource::{Observed, Resource};
use crate::transport::{Ended, Link};

/// How far an exchange is.
#[derive(Clone, Copy)]
pub(super) struct At {
    /// The section that is at work; `None` while the files are read that the sections named.
    section: Option<usize>,
    since: Instant,
}

/// Changes whose time was up, as they went to the host.
pub(super) struct Overrun<'a> {
    pub(super) steps: &'a [Making],
    /// Those that were not begun before.
    pub(super) new: &'a [StepId],
    /// How many of the scripts have ended well.
    pub(super) done: usize,
    /// How many sections stand before them.
    pub(super) ahead: usize,
    pub(super) probe: &'a Probe,
    /// The first section of the probe.
    pub(super) first: usize,
    pub(super) at: At,
}

impl At {
    /// Before the first section.
    pub(super) fn begin() -> At {
        At::section(0)
    }

    pub(super) fn section(section: usize) -> At {
        At { section: Some(section), since: Instant::now() }
    }

    pub(super) fn files() -> At {
        At { section: None, since: Instant::now() }
    }
}

impl Overrun<'_> {
    /// The place of the step that was at work, or was about to be; `None` where all were made, and were being read back.
    fn number(&self) -> Option<usize> {
        let section = self.at.section?;
        Some(section.saturating_sub(self.ahead)).filter(|number| *number < self.steps.len())
    }

    /// What was at work, and whether what it runs is not to be shown.
    fn what(&self, doing: &Doing<'_>) -> (String, bool) {
        match (self.at.section, self.number()) {
            (Some(section), _) if section < self.ahead => {
                ("keeping the record of the prior state".into(), false)
            }
            (_, Some(number)) => {
                let making = &self.steps[number];
                let what = format!("the change of {}", doing.plan.full_label(making.step));
                (what, making.resource.is_secret())
            }
            (Some(section), None) => match self.probe.question(section, self.first) {
                Some(asked) => (format!("reading back {}", asked.told()), asked.is_secret()),
                None => ("reading back what was changed".into(), false),
            },
            (None, None) => ("reading back the files that were asked for".into(), false),
        }
    }
}

impl Job<'_> {
    /// Names what was at work and ends it on the host. Where it has ended, what has come of the steps is read once more.
    pub(super) async fn overran(&self, doing: &Doing<'_>, link: &Link, overrun: &Overrun<'_>) {
        let Overrun { steps, new, done, at, .. } = *overrun;
        let (plan, within) = (doing.plan, at.since.elapsed());
        let host = plan.steps[steps[0].step.0].host;
        let (what, secret) = overrun.what(doing);
        let hung = self.telling(host, "what did not end to be ended", link.end()).await.told(secret);
        let number = overrun.number().filter(|_| hung.ended == Ended::All);
        let observed = match number {
            Some(_) => self.telling(host, "what was changed to be read back", self.again(doing, steps)).await,
            None => None,
        };
        let goes_on = observed.iter().flatten().find_map(Resource::busy);
        let failure = Failure::hung(what, within, hung, true).going_on(goes_on.clone());
        let (Some(number), Some(observed)) = (number, observed) else {
            // As where the connection is lost: whether what comes after it was begun is not known.
            let end = |making: &Making| {
                doing.progress.borrow_mut().end(plan, making.step, Ending::Unread);
            };
            steps[..done].iter().for_each(end);
            self.fail_step(doing, steps[done.min(steps.len() - 1)].step, Took::Unknown, failure);
            return;
        };
        for (index, (making, observed)) in steps.iter().zip(&observed).enumerate() {
            let mut progress = doing.progress.borrow_mut();
            if index < number {
                progress.end(plan, making.step, making.ended(plan, Some(observed)));
            } else if index > number
                && new.contains(&making.step)
                && making.took(plan, observed) == Took::Nothing
            {
                progress.not_begun(making.step);
            }
        }
        let took = match goes_on {
            Some(_) => Took::Unknown,
            None => steps[number].took(plan, &observed[number]),
        };
        self.fail_step(doing, steps[number].step, took, failure);
    }

    /// What there is of the steps' resources now, by another shell; `None` where it could not be read.
    async fn again(&self, doing: &Doing<'_>, steps: &[Making]) -> Option<Vec<Observed>> {
        let host = doing.plan.steps[steps.first()?.step.0].host;
        let survey = doing.plan.hosts[host].survey.as_ref().ok()?;
        let resources: Vec<&Resource> = steps.iter().map(|making| &making.resource).collect();
        let mut link = self.open(host).await.ok()?;
        observe::read(&mut link, &resources, &survey.facts).await.ok()
    }
}
