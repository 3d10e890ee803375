//! Who owns the live table: how it is read, and how it is changed.
//!
//! An engine is one file beside this one, and one line in [`of_hosts`].

mod ipvsadm;

use std::time::Duration;

use super::super::{Script, Unreadable};
use super::sections::Sections;
use crate::ipvs::{Table, TableDiff};

/// One owner of the live table.
pub(super) trait Engine: Sync {
    /// POSIX sh that prints the live table in sections; which services are declared tells how large it may be. It must not
    /// load IPVS.
    fn probe(&self, declared: &Table) -> String;

    /// The live table from what the probe printed; empty when IPVS is not loaded.
    fn parse(&self, printed: &Sections<'_>) -> Result<Table, Unreadable>;

    /// What makes the difference while connections run. Those of what leaves have `drain` to end, all together.
    fn change(&self, diff: &TableDiff<'_>, drain: Duration) -> LiveChange;
}

/// A change of the live table.
pub(super) struct LiveChange {
    /// POSIX sh that makes it, and may be started again.
    pub(super) script: Script,
    /// How long it may take.
    pub(super) longest: Duration,
}

/// The engine of all hosts: there is one.
pub(super) fn of_hosts() -> &'static dyn Engine {
    &ipvsadm::Ipvsadm
}
