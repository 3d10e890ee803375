//! How many changes of a host came to which end.

use std::ops::AddAssign;

use super::cluster::{Plan, PlannedHost};
use super::progress::{Ending, Progress};
use super::took::Took;

/// How many changes came to which end. Each that was planned counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Made, and read back as planned. Of a command that nothing guards, nothing can be read back: it has run.
    pub made: usize,
    /// Begun, and failed: what was read after it is neither as it was before nor as planned.
    pub in_part: usize,
    /// Failed: it was not begun, or what was read after it is as it was before.
    pub failed: usize,
    /// Begun, as far as is known here; how far it got is not known.
    pub unknown: usize,
    /// Not begun, because something else was in the way or the run was interrupted.
    pub not_begun: usize,
}

impl Tally {
    /// Each host's, in the plan's order.
    pub fn of_hosts(plan: &Plan, progress: &Progress) -> Vec<Tally> {
        let planned = |host: &PlannedHost| host.plan.changes().count();
        let mut tallies: Vec<Tally> =
            plan.hosts.iter().map(|host| Tally { not_begun: planned(host), ..Tally::default() }).collect();
        for (id, step) in plan.ids() {
            let tally = &mut tallies[step.host];
            let count = match progress.of_step(id) {
                Some(Ending::Done | Ending::DoneInPart | Ending::Failed(Took::Whole)) => &mut tally.made,
                Some(Ending::Failed(Took::Part(_))) => &mut tally.in_part,
                Some(Ending::Failed(Took::Nothing)) => &mut tally.failed,
                Some(Ending::Unread | Ending::Failed(Took::Unknown)) => &mut tally.unknown,
                None if progress.has_begun(id) => &mut tally.unknown,
                None | Some(Ending::Left(_)) => continue,
            };
            *count += 1;
            tally.not_begun = tally.not_begun.saturating_sub(1);
        }
        tallies
    }

    /// Whether nothing was begun, as far as that is known.
    pub fn is_untouched(&self) -> bool {
        *self == Tally { not_begun: self.not_begun, ..Tally::default() }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.made += other.made;
        self.in_part += other.in_part;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.not_begun += other.not_begun;
    }
}
