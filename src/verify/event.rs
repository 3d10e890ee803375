//! What has happened while a cluster is verified, for whoever shows it.

use std::rc::Rc;

use super::Verdict;
use crate::run::Failure;

/// Something that has happened. Hosts and services are named as in the inventory.
#[derive(Clone, Debug)]
pub enum Event {
    /// A client began to ask.
    Asking {
        /// The client.
        client: String,
        /// How many requests it makes, over all services.
        requests: usize,
    },
    /// A service's answers to one client were judged.
    Judged(Rc<Judged>),
    /// No client among the hosts that take part can ask these services: nothing is known of them.
    NotTried {
        /// The virtual services.
        services: Vec<String>,
    },
    /// A client could not ask.
    Failed {
        /// The client.
        client: String,
        /// Why.
        failure: Rc<Failure>,
    },
}

/// A verdict, and what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The virtual service's name.
    pub service: String,
    /// The client that asked.
    pub client: String,
    /// How many requests it made.
    pub requests: usize,
    /// What came of them.
    pub verdict: Verdict,
}
