//! One change of the plan, with all that has to be known to make it.

use std::collections::BTreeSet;

use crate::resource::{Gate, Query};

/// Which step of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub usize);

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which host: an index into [`super::Plan::hosts`].
    pub host: usize,
    /// Which of the host's items.
    pub item: usize,
    /// Which stage it belongs to.
    pub stage: usize,
    /// Which batch of the stage.
    pub batch: usize,
    /// The steps of other hosts that must have ended well before it begins.
    pub needs: Vec<StepId>,
    /// The parts of it that have gates: each is left out by itself.
    pub parts: Vec<Part>,
    /// Whether its live part is armed to undo itself.
    pub guarded: bool,
    /// What shows that the host serves after it, before the next one's turn.
    pub proof: Option<Proof>,
}

/// A part of a change that is only made when its gate is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its gate.
    pub gate: Gate,
    /// The host that the gate is about, when it takes part.
    pub host: Option<usize>,
    /// The steps of that host, all of which must have ended well.
    pub needs: Vec<StepId>,
}

/// What must be answered to a director.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The director: an index into [`super::Plan::hosts`].
    pub from: usize,
    /// What it asks, of which addresses.
    pub queries: BTreeSet<Query>,
}

/// Steps that go side by side on their hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    /// The stage of its first step.
    pub stage: usize,
    /// One a host.
    pub chunks: Vec<Chunk>,
}

/// A host's steps within a wave, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Which host: an index into [`super::Plan::hosts`].
    pub host: usize,
    /// Its steps.
    pub steps: Vec<StepId>,
}
