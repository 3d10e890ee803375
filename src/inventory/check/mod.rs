//! What an inventory must hold to beyond its shape, one file a noun. A check that cannot be made, because what it
//! needs was wrong already, is left out.

mod address;
mod cast;
mod director;
mod group;
mod machine;
mod member;
mod name;
mod service;
mod service_check;
mod ssh;
mod sync_daemon;
mod taken;
mod timeout;
mod topology;

pub(super) use cast::{Cast, Defaults};
pub(super) use director::{directors, engine};
pub(super) use group::groups;
pub use name::OWN_NAMES;
pub(super) use name::{cluster, is_word};
pub(super) use service::services;
pub(super) use taken::addresses;
pub(super) use timeout::timeouts;
pub(super) use topology::topology;
