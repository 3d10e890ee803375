//! The cluster that one YAML file declares: directors, real servers, clients and virtual services.

mod check;
mod cluster;
mod document;
mod host;
mod pattern;
mod read;

pub use check::OWN_NAMES;
pub use cluster::{Inventory, ServiceDeclaration, Time};
pub use host::{Host, Role, Ssh};
pub use pattern::{Pattern, PatternError};
pub use read::{read, read_in_part, schema};
