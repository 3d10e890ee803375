//! What is known of the hosts while a verb is at work: it is told where the verb is interrupted.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use super::exit::Exit;
use super::summary::summary;
use crate::plan::{Plan, Tally};
use crate::report::{HostSummary, Summary};
use crate::run::{Event, Underway};

/// What is known of the hosts so far.
#[derive(Default)]
pub(super) struct SoFar {
    /// By what was told of reading them, in the inventory's order.
    hosts: RefCell<Vec<HostSummary>>,
    /// Once their plan is performed.
    performing: RefCell<Option<(Rc<Plan>, Rc<Underway>)>>,
}

impl SoFar {
    /// These hosts are read from now on, to be changed or not.
    pub(super) fn begin<'a>(&self, names: impl IntoIterator<Item = &'a str>, changes: bool) {
        self.end();
        let unread = |name: &str| HostSummary {
            host: name.to_owned(),
            unread: true,
            changes: changes.then(Tally::default),
            ..HostSummary::default()
        };
        *self.hosts.borrow_mut() = names.into_iter().map(unread).collect();
    }

    /// Takes note of what happens while they are read.
    pub(super) fn note(&self, event: &Event) {
        let (Event::Planned { host, .. } | Event::Failed { host, .. }) = event else { return };
        let mut hosts = self.hosts.borrow_mut();
        let Some(known) = hosts.iter_mut().find(|known| known.host == *host) else { return };
        match event {
            Event::Planned { ok, changes, .. } => {
                known.ok = *ok;
                known.unread = false;
                if let Some(tally) = &mut known.changes {
                    tally.not_begun = *changes;
                }
            }
            Event::Failed { failure, .. } => {
                known.unreachable = failure.is_unreachable();
                known.failed = usize::from(!known.unreachable);
            }
            _ => {}
        }
    }

    /// This plan is performed from now on.
    pub(super) fn perform(&self, plan: &Rc<Plan>, underway: &Rc<Underway>) {
        *self.performing.borrow_mut() = Some((Rc::clone(plan), Rc::clone(underway)));
    }

    /// All of it has been told, or is of no matter any more.
    pub(super) fn end(&self) {
        self.hosts.borrow_mut().clear();
        self.performing.borrow_mut().take();
    }

    /// What is to be told of it. Of the hosts there is nothing where none was at work.
    pub(super) fn summary(&self, verb: &'static str, exit: Exit, start: Instant) -> Summary {
        match &*self.performing.borrow() {
            Some((plan, underway)) => summary(verb, exit, plan, &underway.so_far(plan), start),
            None => Summary {
                verb,
                exit: exit.code(),
                hosts: self.hosts.borrow().clone(),
                elapsed: start.elapsed(),
                ..Summary::default()
            },
        }
    }
}
