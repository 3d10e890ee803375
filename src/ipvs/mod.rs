//! The kernel's virtual server table as values, ipvsadm's grammar both ways, and the edits from one table to another.

mod check;
mod connections;
mod diff;
mod difference;
mod edit;
mod listing;
mod names;
mod option;
mod proc;
mod rule;
mod rules;
mod scheduler;
mod sync_daemon;
mod table;
mod text;
mod timeouts;

#[cfg(test)]
pub(crate) mod arbitrary;

pub use check::{Check, Page, Scheme, Talk};
pub use connections::Connections;
pub use diff::TableDiff;
pub use difference::{Difference, Entry};
pub use edit::Edit;
pub use names::{Names, named};
pub use rules::{Rejected, Rules};
pub use scheduler::{Scheduler, UnknownFlag, UnknownScheduler};
pub use sync_daemon::{SyncDaemon, SyncState};
pub use table::{
    Forwarding, Protocol, RealServer, ServiceKey, Table, Tunnel, TunnelChecksum, VirtualService,
};
pub use timeouts::{LONGEST_TIMEOUT, Timeouts};
