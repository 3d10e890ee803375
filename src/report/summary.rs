//! How a run ended.

use std::time::Duration;

use crate::plan::{Tally, Unfinished};

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// What was asked for: `deploy`. After `plan` the plan itself is the last word, unless something failed.
    pub verb: &'static str,
    /// The exit code.
    pub exit: u8,
    /// The hosts that took part, in the inventory's order.
    pub hosts: Vec<HostSummary>,
    /// What was planned, and left.
    pub left: Vec<LeftOver>,
    /// What was begun, and of which not all is known to have been made.
    pub unfinished: Vec<Unfinished>,
    /// Whether the clients were to ask the services, and did not.
    pub not_verified: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// Something that was planned, and left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOver {
    /// The host that it would have changed.
    pub host: String,
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

/// How a run ended on one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostSummary {
    /// Its name.
    pub host: String,
    /// How many resources were as declared.
    pub ok: usize,
    /// How many were changed, for certain; after `plan`, how many are to change.
    pub changed: usize,
    /// How many things failed: a change, or what its part ended with.
    pub failed: usize,
    /// Whether it could not be reached.
    pub unreachable: bool,
    /// Whether nothing was read of it: it could not be, or the run was interrupted before.
    pub unread: bool,
    /// What came of each change that was planned; `None` where none was to be made, as of `plan` and `verify`.
    pub changes: Option<Tally>,
}

impl HostSummary {
    /// Whether it could be reached and nothing failed.
    pub(super) fn is_good(&self) -> bool {
        let tally = self.changes.unwrap_or_default();
        self.failed + tally.failed + tally.in_part + tally.unknown == 0 && !self.unreachable
    }

    /// Whether it is good and nothing of it is left to be done or read.
    pub(super) fn is_done(&self) -> bool {
        self.is_good() && !self.unread && self.changes.unwrap_or_default().not_begun == 0
    }
}

impl Summary {
    /// The changes of all hosts; `None` where none was to be made.
    pub(super) fn changes(&self) -> Option<Tally> {
        let tallies = self.hosts.iter().filter_map(|host| host.changes);
        tallies.reduce(|mut all, one| {
            all += one;
            all
        })
    }

    /// The names of the hosts of which that is so.
    pub(super) fn names(&self, is: impl Fn(&HostSummary) -> bool) -> Vec<&str> {
        self.hosts.iter().filter(|host| is(host)).map(|host| host.host.as_str()).collect()
    }
}
