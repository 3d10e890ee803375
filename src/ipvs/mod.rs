//! The kernel's virtual server table as values, ipvsadm's grammar both ways, and the edits from one table to another.

mod edit;
mod option;
mod rule;
mod rules;
mod scheduler;
mod table;
mod text;
mod thresholds;

#[cfg(test)]
pub(crate) mod arbitrary;

pub use edit::{Edit, edits};
pub use rules::{Rejected, Rules};
pub use scheduler::{Scheduler, UnknownFlag, UnknownScheduler};
pub use table::{
    Forwarding, Protocol, RealServer, ServiceKey, Table, Tunnel, TunnelChecksum, VirtualService,
};
