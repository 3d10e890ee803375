//! The network's kinds, and those who configure a host's interfaces.
//!
//! To add an owner: write its file with an `impl` of [`owner::Owner`], and name it here and in the list in `owners.rs`.

mod address;
mod cloud_init;
mod conf_file;
mod default_gateway;
mod edit;
mod gateway;
mod ifcfg;
mod ifupdown;
mod interface;
mod lease;
mod netplan;
mod network_manager;
mod network_scripts;
mod networkd;
mod owner;
mod owners;
mod patch;
mod reverse;
mod route;
mod running;
mod sysconfig;
mod wicked;

pub use address::{Address, AddressState};
pub use default_gateway::DefaultGateway;

use ifupdown::Ifupdown;
use netplan::Netplan;
use network_manager::NetworkManager;
use network_scripts::NetworkScripts;
use networkd::Networkd;
use wicked::Wicked;

#[cfg(test)]
mod tests;
