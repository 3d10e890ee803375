//! Who configures a guest's network, and the files that tell it how.

mod ifupdown;
mod network_manager;
mod networkd;

pub use ifupdown::IFUPDOWN;
pub use network_manager::NETWORK_MANAGER;
pub use networkd::NETWORKD;

use super::seed_file::SeedFile;
use super::topology::Blueprint;

/// One of those who configure a network.
#[derive(Clone, Copy)]
pub struct Owner {
    /// The packages that it comes in, beside those that every guest has.
    pub packages: &'static [&'static str],
    /// Its units that no package enables.
    pub units: &'static [&'static str],
    /// What it reads: every address of the blueprint, and every gateway on the interface that reaches it.
    pub files: fn(&Blueprint) -> Vec<SeedFile>,
}
