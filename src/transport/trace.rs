//! What is written down of connections and exchanges for whoever looks for a fault: when, how long and how much, and never
//! what was said, which may hold secrets. While nobody listens, nothing of it is made.

use std::time::Duration;

use tracing::debug;

use super::{Exchange, LinkError, Reply, Target, Way};

/// A connection is being opened.
pub(super) fn opening(target: &Target, anew: bool) {
    let (host, sudo) = (target.name.as_str(), target.r#become.is_some());
    match &target.way {
        Way::Local(_) => debug!(host, sudo, "opens a shell on this machine"),
        Way::Ssh { destination, user, port, jump, .. } => {
            debug!(host, sudo, destination, user, port, jump, anew, "opens a connection");
        }
    }
}

/// A connection is open, or could not be opened.
pub(super) fn opened(host: &str, took: Duration, error: Option<&LinkError>) {
    match error {
        None => debug!(host, ?took, "the shell is there"),
        // ssh's and sudo's own words, which are about the way to the host.
        Some(LinkError::Unreachable { why, stderr }) => debug!(host, ?took, %why, stderr, "can't be reached"),
        Some(error) => debug!(host, ?took, %error, "no shell came up"),
    }
}

/// An exchange begins.
pub(super) fn asks(host: &str, number: u64, exchange: &Exchange, sent: usize) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let (sections, changes, deadline) = (exchange.len(), exchange.changes(), exchange.deadline);
    debug!(host, exchange = number, sections, changes, sent, ?deadline, "asks");
    for (section, (name, size)) in exchange.sizes().enumerate() {
        debug!(host, exchange = number, section, name, size, "asks with");
    }
}

/// A section has ended.
pub(super) fn ended(host: &str, number: u64, section: usize, code: i32, after: Duration) {
    debug!(host, exchange = number, section, code, ?after, "ended");
}

/// An exchange is over.
pub(super) fn answered(
    host: &str,
    number: u64,
    received: usize,
    took: Duration,
    outcome: Result<&Reply, &LinkError>,
) {
    match outcome {
        Ok(reply) => {
            let run = reply.sections.iter().flatten().count();
            debug!(host, exchange = number, received, run, ?took, "has answered");
        }
        Err(error) => debug!(host, exchange = number, received, ?took, %error, "has not answered to the end"),
    }
}
