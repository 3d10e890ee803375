//! What was read of a host, or that it could not be read.

use super::host::HostPlan;
use crate::playbook::Declaration;
use crate::resource::{Facts, Observed};

/// One host that takes part.
#[derive(Clone, Debug)]
pub struct Surveyed {
    /// An index into the inventory's hosts.
    pub host: usize,
    /// What was read of it.
    pub result: Result<Survey, Absence>,
}

/// What a host is and should be.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Its facts.
    pub facts: Facts,
    /// What is declared for it, in the playbook's order.
    pub declared: Vec<Declaration>,
    /// What there is, for each declaration.
    pub observed: Vec<Observed>,
    /// What is to happen to each, as far as this host alone tells.
    pub plan: HostPlan,
}

impl Survey {
    /// Compares what is declared with what was observed; both are in the same order.
    pub fn new(facts: Facts, declared: Vec<Declaration>, observed: Vec<Observed>) -> Survey {
        let plan = HostPlan::new(&declared, &observed, &facts);
        Survey { facts, declared, observed, plan }
    }
}

/// Why nothing is known of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It can't be reached.
    Unreachable,
    /// It was reached, but what it is or should be could not be told.
    Failed,
}
