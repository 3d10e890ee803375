//! What a run is about, and one host of it.

use crate::inventory::{Host, Inventory};
use crate::playbook::{Engine, Playbook, Variables};
use crate::transport::{Settings, Target};

use super::Event;

/// Everything that a run needs to know, valid and rendered as far as that goes without the hosts.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The cluster.
    pub inventory: &'a Inventory,
    /// What is to be done.
    pub playbook: &'a Playbook<'a>,
    /// What the playbook was compiled by.
    pub engine: &'a Engine,
    /// The inventory's variables.
    pub variables: &'a Variables,
    /// The hosts that take part, in the inventory's order.
    pub machines: &'a [Machine],
    /// `--tags`; empty for all.
    pub tags: &'a [String],
    /// How to connect.
    pub settings: &'a Settings,
    /// How many hosts are worked on at once.
    pub forks: usize,
    /// A word that nobody can guess, new for each run.
    pub mark: &'a str,
    /// Is told what happens.
    pub events: &'a dyn Fn(Event),
}

/// A host that takes part.
#[derive(Clone, Debug)]
pub struct Machine {
    /// An index into [`Inventory::hosts`].
    pub host: usize,
    /// How it is reached.
    pub target: Target,
    /// For each play, whether it is for this host.
    pub plays: Vec<bool>,
}

impl Job<'_> {
    /// The machine's host.
    pub fn host(&self, machine: &Machine) -> &Host {
        &self.inventory.hosts[machine.host]
    }

    pub(super) fn emit(&self, event: Event) {
        (self.events)(event);
    }
}
