//! One file for each kind of thing on a host: its declaration, its probe, the parser of what the probe prints,
//! the difference and the change, side by side.
//!
//! To add a kind: write its file with an `impl` of [`Kind`], and name it in the list at the end of `registry.rs`.

mod ability;
mod args;
pub mod asking;
mod change;
mod clock;
mod command;
mod distribution;
mod drop_in;
mod facts;
mod file;
mod firewall;
mod firewall_opening;
mod gate;
mod ipvs_settings;
mod kernel_module;
mod kind;
mod login;
mod named_line;
mod network;
mod package;
mod real_server_page;
mod record;
mod registry;
mod script;
mod selinux_port;
mod service;
mod shell;
mod space;
mod sysctl;
mod undeclared;
mod unreadable;
mod virtual_services;
mod word;

pub use ability::{Ability, Need};
pub use args::{Mode, Names, Scalar, text_or_integer_schema};
pub use change::{Aspect, Change, Live, Refusal, Risk, TableEntry};
pub use clock::Clock;
pub use command::Command;
pub use distribution::{Chrony, Distribution, Family, Httpd, Ipvsadm, Os};
pub use facts::{Connection, Facts};
pub use file::{File, FileState};
pub use firewall::Firewall;
pub use firewall_opening::{FirewallOpening, Opening};
pub use gate::{Answers, Gate, Query};
pub use ipvs_settings::IpvsSettings;
pub use kernel_module::KernelModule;
pub use kind::{Context, Kind};
pub use login::Login;
pub use named_line::by_itself;
pub use network::{Address, AddressState, DefaultGateway};
pub use package::{Package, Presence};
pub use real_server_page::REAL_SERVER_PAGE;
pub use record::{FOLDER as RECORDS, Record, Stored};
pub use registry::{Declared, Observed, Resource, Section};
pub use script::Script;
pub use selinux_port::{PortProtocol, SelinuxPort};
pub use service::{Effect, Service, ServiceState};
pub use shell::LASTING as LASTING_NOTE;
pub use space::Full;
pub use sysctl::Sysctl;
pub use undeclared::{Undeclared, UndeclaredService};
pub use unreadable::{Unreadable, of_tasks};
pub use virtual_services::VirtualServices;
pub use word::quote;

/// The module that brings a director's table.
pub const VIRTUAL_SERVICES: &str = <VirtualServices as Kind>::MODULE;
