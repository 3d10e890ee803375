//! Who owns the live table: how it is read, and how it is changed.
//!
//! An engine is one file beside this one, and one line in [`of_hosts`].

mod ipvsadm;

use std::net::SocketAddr;
use std::time::Duration;

use super::super::{Script, Unreadable};
use super::sections::Sections;
use crate::ipvs::{Connections, ServiceKey, Table, TableDiff};

/// One owner of the live table.
pub(super) trait Engine: Sync {
    /// POSIX sh that prints the live table in sections; which services are declared tells how large it may be. It must not
    /// load IPVS.
    fn probe(&self, declared: &Table) -> String;

    /// What runs, from what the probe printed; nothing when IPVS is not loaded.
    fn parse(&self, printed: &Sections<'_>) -> Result<Live, Unreadable>;

    /// POSIX sh that prints how many connections these real servers have, where the probe does not tell it.
    fn count(&self, leaving: &[(ServiceKey, SocketAddr)]) -> String;

    /// The connections, from what [`Engine::count`]'s text printed; `None` where it did not come to its end.
    fn counted(&self, printed: &str) -> Option<Connections>;

    /// What makes the difference while connections run. Those of what leaves have the seconds to end that `drain` has for
    /// their service, which begin for all at the same time.
    fn change(&self, diff: &TableDiff<'_>, drain: &dyn Fn(ServiceKey) -> u32) -> LiveChange;
}

/// What runs.
pub(super) struct Live {
    /// The table.
    pub(super) table: Table,
    /// Its connections; `None` where the probe does not tell them, as of a large table.
    pub(super) connections: Option<Connections>,
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
