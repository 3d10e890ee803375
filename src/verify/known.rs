//! What is known of a service that can't be judged, and why it can't be.

use std::fmt;

use super::Request;
use crate::inventory::ServiceDeclaration;
use crate::ipvs::{Check, Scheduler};

/// Why it can't be told whether a service balances as it must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// The order in which this scheduler picks real servers is not known to this version.
    Scheduler(Scheduler),
    /// A real server may have been full.
    Threshold,
    /// The answers do not tell who gave them.
    Anonymous,
    /// Nothing was said of what to ask, and a page is not it: this came.
    NoHttp(String),
    /// The loop's time was up.
    Time {
        /// How many requests were made.
        made: usize,
        /// How many were to be.
        planned: usize,
        /// The time.
        seconds: u64,
    },
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unknown::Scheduler(scheduler) => {
                write!(f, "this version does not know in which order {scheduler} picks real servers")
            }
            Unknown::Threshold => f.write_str(
                "a real server at its upper threshold is passed over, and whether one was is not known",
            ),
            Unknown::Anonymous => f.write_str("the answers do not tell which real server they are from"),
            Unknown::NoHttp(came) => {
                write!(f, "it does not speak HTTP ({came}): say with `check` what to ask")
            }
            Unknown::Time { made, planned, seconds } => {
                write!(f, "its time of {seconds} s was up after {made} of {planned} requests")
            }
        }
    }
}

/// What is known all the same of requests none of which went wrong, in words, a thought each.
pub(super) fn known(declared: &ServiceDeclaration, requests: &[Request]) -> Vec<String> {
    let connections = declared.check == Check::Connection || requests.iter().any(|request| request.no_http);
    let mut known = vec![match (requests.len(), connections) {
        (1, true) => "the only connection was taken".to_owned(),
        (count, true) => format!("all {count} connections were taken"),
        (1, false) => "the only request was answered".to_owned(),
        (count, false) => format!("all {count} requests were answered"),
    }];
    let idle = declared.service.real_servers.values().any(|server| server.weight == 0);
    let named = requests.iter().all(|request| request.real_server.is_some());
    // Who answered though it must not is a finding; under persistence it may.
    if idle && named && declared.service.persistence.is_none() {
        known.push("none by a real server whose weight is 0".into());
    }
    known
}
