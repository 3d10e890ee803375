//! The cluster that one YAML file declares: directors, real servers, clients and virtual services.

mod address;
mod ansible;
mod check;
mod cluster;
mod document;
mod host;
mod image;
mod pages;
mod pattern;
mod read;
mod service;

pub use address::{Cip, Dip, Rip, Vip, same_family};
pub use check::OWN_NAMES;
pub use cluster::{Inventory, TableOwner, Time};
pub use host::{DEFAULT_PRIORITY, Host, Role, Ssh, SyncDeclaration};
pub use image::Image;
pub(crate) use image::images;
pub use pages::Pages;
pub use pattern::{Pattern, PatternError};
pub use read::{read, read_in_part, schema};
pub use service::ServiceDeclaration;
