//! What a run is about, and one host of it.

use std::time::Duration;

use crate::inventory::{Host, Inventory};
use crate::playbook::{Engine, Playbook, Variables};
use crate::resource::Facts;
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
    pub participants: &'a [Participant],
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
    /// How long a new connection has to confirm a change that could cut us off; `None` where it need not.
    pub guard: Option<Duration>,
    /// How this run is called on the hosts that it locks: `ann@desk`.
    pub holder: &'a str,
    /// How long another run's lock is waited for.
    pub lock_wait: Duration,
    /// What earlier runs knew of the hosts.
    pub memory: &'a dyn Memory,
}

/// The facts of hosts from one run to the next. They are only a guess: what a host says itself counts.
pub trait Memory {
    /// The host's facts as they were last read.
    fn recall(&self, host: &str) -> Option<Facts>;

    /// Keeps the host's facts for the next run.
    fn remember(&self, host: &str, facts: &Facts);
}

/// No memory at all.
impl Memory for () {
    fn recall(&self, _: &str) -> Option<Facts> {
        None
    }

    fn remember(&self, _: &str, _: &Facts) {}
}

/// A host that takes part.
#[derive(Clone, Debug)]
pub struct Participant {
    /// An index into [`Inventory::hosts`].
    pub host: usize,
    /// How it is reached.
    pub target: Target,
    /// For each play, whether it is for this host.
    pub plays: Vec<bool>,
}

impl Job<'_> {
    /// The participant's host.
    pub fn host(&self, participant: &Participant) -> &Host {
        &self.inventory.hosts[participant.host]
    }

    /// The name of the participant at that place.
    pub(super) fn name(&self, participant: usize) -> &str {
        &self.host(&self.participants[participant]).name
    }

    pub(super) fn emit(&self, event: Event) {
        (self.events)(event);
    }
}
