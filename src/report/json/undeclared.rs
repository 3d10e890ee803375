//! What is on a host beside what is declared.

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use crate::plan::Other;
use crate::report::undeclared::{prune, what, why};

/// `undeclared`
#[derive(Serialize)]
pub(super) struct Undeclared<'a> {
    host: &'a str,
    what: String,
    why: &'static str,
    /// What `prune` would do about it.
    prune: Option<&'static str>,
    /// The virtual service, or those that have the host's address.
    services: Vec<String>,
    real_servers: &'a [SocketAddr],
    /// The addresses that no declared host has.
    unknown: &'a [IpAddr],
    /// Whether it is in the kernel's table.
    running: Option<bool>,
    /// Whether it is in the rules file; `null` where that is not looked at.
    at_boot: Option<bool>,
    /// Whether an earlier run is known to have changed it.
    changed_before: bool,
}

impl<'a> Undeclared<'a> {
    pub(super) fn of(host: &'a str, other: &'a Other) -> Self {
        let (what, why, prune) = (what(other), why(other), prune(other));
        match other {
            Other::Service { service, strangers } => Undeclared {
                host,
                what,
                why,
                prune,
                services: vec![service.key.to_string()],
                real_servers: &service.real_servers,
                unknown: strangers,
                running: Some(service.running),
                at_boot: service.at_boot,
                changed_before: service.ours,
            },
            Other::Host { address, services } => Undeclared {
                host,
                what,
                why,
                prune,
                services: services.iter().map(ToString::to_string).collect(),
                real_servers: &[],
                unknown: std::slice::from_ref(address),
                running: None,
                at_boot: None,
                changed_before: false,
            },
        }
    }
}
