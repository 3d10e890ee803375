//! How a run ended.

use std::time::Duration;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What was asked for: `deploy`. After `plan` the plan itself is the last word, unless something failed.
    pub verb: &'static str,
    /// The exit code.
    pub exit: u8,
    /// The hosts that took part, in the inventory's order.
    pub hosts: Vec<HostSummary>,
    /// What was planned, and left.
    pub left: Vec<LeftOver>,
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
    /// How many were changed; after `plan`, how many are to change.
    pub changed: usize,
    /// How many things failed.
    pub failed: usize,
    /// Whether it could not be reached.
    pub unreachable: bool,
}

impl HostSummary {
    /// Whether it could be reached and nothing failed.
    pub(super) fn is_good(&self) -> bool {
        self.failed == 0 && !self.unreachable
    }
}
