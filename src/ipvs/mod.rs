//! The kernel's virtual server table as values.

mod scheduler;
mod table;

pub use scheduler::{Scheduler, UnknownScheduler};
pub use table::{Forwarding, Protocol, RealServer, ServiceKey, Table, VirtualService};
