//! The cluster that one YAML file declares: directors, real servers, clients and virtual services.

mod cluster;
mod host;
mod pattern;

pub use cluster::{Inventory, ServiceDeclaration, Time};
pub use host::{Host, Role, Ssh};
pub use pattern::{Pattern, PatternError};
