//! What is not done in a run, and why.

use std::net::SocketAddr;

use super::step::StepId;
use crate::inventory::Inventory;
use crate::resource::{Ability, Gate};

/// Why something was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It depends on a host that can't be read, or of which nothing is changed because a part of its plan is refused.
    Host(usize),
    /// It depends on a host that is not able to do something, and that nothing in this run makes able.
    Unable {
        /// An index into the plan's hosts.
        host: usize,
        /// What it is not able to do.
        ability: Ability,
    },
    /// It depends on a step that did not end well.
    Step(StepId),
    /// A real server does not answer its director.
    Unanswered(SocketAddr),
    /// A real server does not answer its director as its check says.
    FailsCheck {
        /// The real server.
        address: SocketAddr,
        /// What was got instead, in words.
        said: String,
    },
    /// More hosts of its play have failed than it allows.
    MaxFailures {
        /// The play's bound.
        allowed: usize,
    },
    /// It is taken back as far as others do not use it by now, in words.
    Stays(String),
    /// What is there is somebody else's, in words.
    NotOurs(String),
    /// Its host ended early.
    Ended,
}

/// Something that was planned, and left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The host that it would have changed.
    pub host: usize,
    /// What: a step's label, or a real server in its services.
    pub what: String,
    /// Why.
    pub reason: Reason,
}

/// What enters which services: `real server rs3 (10.0.0.3:80) of web`.
pub(super) fn entering(inventory: &Inventory, gate: &Gate) -> String {
    let services: Vec<&str> = inventory
        .virtual_services
        .iter()
        .filter(|declared| gate.services.contains(&declared.service.key))
        .map(|declared| declared.name.as_str())
        .collect();
    let name = inventory.hosts.iter().find(|host| host.has(gate.address.ip()));
    let name = name.map_or_else(String::new, |host| format!("{} ", host.name));
    format!("real server {name}({}) of {}", gate.address, services.join(", "))
}
