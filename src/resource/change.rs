//! What has to change on a host, why it may be dangerous, and the words that do it.

use std::net::IpAddr;
use std::time::Duration;

/// A resource's whole change: what a plan shows and what apply runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What differs, each with its old and new value.
    pub aspects: Vec<Aspect>,
    /// POSIX sh that makes the change, run as root in a subshell under `set -eu` with no standard input. It may be
    /// killed at any point and started again, and what it prints is shown only when it fails. The exit code tells
    /// whether it succeeded.
    pub script: String,
    /// How long the script may take. The scripts of one stage share the sum of theirs, and are ended after it.
    pub deadline: Duration,
    /// What the change risks.
    pub risks: Vec<Risk>,
    /// Whether only running it can tell what it changes (a command).
    pub unknown: bool,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aspect {
    /// Which: `running`, `at boot`, `weight of 192.168.40.102:80`.
    pub what: String,
    /// What is there; `None` when nothing is.
    pub old: Option<String>,
    /// What will be there; `None` when it is to go.
    pub new: Option<String>,
    /// Whether `old` and `new` are whole texts, to be shown as a diff.
    pub text: bool,
}

/// What a change may do beside what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Risk {
    /// The host's own way back to the controller moves.
    RouteChange {
        /// The controller's address as the host sees it.
        controller: IpAddr,
        /// The gateway by which the host answers it now; `None` when it has none.
        old: Option<IpAddr>,
        /// The gateway by which it would answer.
        new: IpAddr,
    },
    /// The service is down for a moment.
    Restart {
        /// The unit.
        service: String,
    },
}

/// A change that can't be made safely.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// What is in the way.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

impl Change {
    /// A change whose script ends within a minute and risks nothing.
    pub fn new(aspects: Vec<Aspect>, script: impl Into<String>) -> Self {
        Change {
            aspects,
            script: script.into(),
            deadline: Duration::from_secs(60),
            risks: Vec::new(),
            unknown: false,
        }
    }
}

impl Aspect {
    /// A value that changes, appears (`old` is `None`) or goes (`new` is `None`).
    pub fn value(what: impl Into<String>, old: Option<String>, new: Option<String>) -> Self {
        Aspect { what: what.into(), old, new, text: false }
    }

    /// A text that changes, to be shown as a diff.
    pub fn text(what: impl Into<String>, old: Option<String>, new: Option<String>) -> Self {
        Aspect { what: what.into(), old, new, text: true }
    }
}
