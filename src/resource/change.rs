//! What has to change on a host, why it may be dangerous, and the words that do it.

use std::net::IpAddr;
use std::time::Duration;

use super::{Gate, Script};
use crate::ipvs::Entry;

/// A resource's whole change: what a plan shows and what apply runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What differs, each with its old and new value.
    pub aspects: Vec<Aspect>,
    /// The part that comes first, where it could cut the controller off from the host.
    pub live: Option<Live>,
    /// POSIX sh that makes the change, run as root in a subshell under `set -eu` with no standard input. It may be
    /// killed at any point and started again, and what it prints is shown only when it fails. The exit code tells
    /// whether it succeeded.
    pub script: Script,
    /// How long the script may take. The scripts of one stage share the sum of theirs, and are ended after it.
    pub deadline: Duration,
    /// Whether the script waits for nothing, neither another program nor a server, and needs nobody to end it.
    pub brief: bool,
    /// What the change risks.
    pub risks: Vec<Risk>,
    /// Whether it starts what is there, does not run, and counts for what the host serves.
    pub revives: bool,
    /// Whether only running it can tell what it changes (a command).
    pub unknown: bool,
    /// What must be true just before. The part of the change behind a gate that is shut is left out.
    pub gates: Vec<Gate>,
}

/// The part of a change that acts on the running system at once, and could cut the controller off. It does not outlive
/// a reboot: what the next boot brings is changed by [`Change::script`], after a new connection has shown that there
/// is a way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// POSIX sh like [`Change::script`].
    pub script: Script,
    /// POSIX sh that takes it back. It runs on the host by itself, so that it must not need anything from here.
    pub undo: Script,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aspect {
    /// Which: `running`, `at boot`, `weight of web2 (192.168.40.102:80)`.
    pub what: String,
    /// What is there; `None` when nothing is.
    pub old: Option<String>,
    /// What will be there; `None` when it is to go.
    pub new: Option<String>,
    /// Whether `old` and `new` are whole texts, to be shown as a diff.
    pub text: bool,
    /// Where it is about a virtual server table, the entry of that.
    pub entry: Option<TableEntry>,
}

/// An entry of one of a director's two tables, for reports that tell alike ones together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableEntry {
    /// Whether it is of the table that the next boot brings, not of the one that runs.
    pub at_boot: bool,
    /// Which, and what of it.
    pub entry: Entry,
}

/// What a change may do beside what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Risk {
    /// The host's own way back to the controller moves.
    RouteChange {
        /// The controller's address as the host sees it; `None` when the host does not know it.
        controller: Option<IpAddr>,
        /// The gateway by which the host answers it now; `None` when it has none.
        old: Option<IpAddr>,
        /// The gateway by which it would answer.
        new: IpAddr,
    },
    /// The host's own way back to the controller may go, and no other is known.
    CutOff {
        /// The controller's address as the host sees it; `None` when the host does not know it.
        controller: Option<IpAddr>,
        /// What it goes with: `address 192.168.40.101/24 (eth0) goes`.
        what: String,
    },
    /// The clock jumps.
    ClockStep,
    /// The service is down for a moment.
    Restart {
        /// The unit.
        service: String,
    },
    /// The service is down from then on.
    Stop {
        /// The unit.
        service: String,
    },
    /// What leaves a table has connections: they are waited for, and those that have not ended then are cut.
    Drain {
        /// How many there were when they were counted; `None` where nobody could count them.
        connections: Option<u64>,
        /// How many seconds they are given; with 0, they are cut at once.
        seconds: u32,
        /// The services that it leaves, where the same change gives others another time.
        services: Option<String>,
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
    pub fn new(aspects: Vec<Aspect>, script: impl Into<Script>) -> Self {
        Change {
            aspects,
            live: None,
            script: script.into(),
            deadline: Duration::from_secs(60),
            brief: false,
            risks: Vec::new(),
            revives: false,
            unknown: false,
            gates: Vec::new(),
        }
    }

    /// The whole of it as one text for the host's shell: what is done where nothing has to be guarded.
    pub fn unguarded(&self) -> String {
        self.live.as_ref().map(|live| live.script.reveal()).unwrap_or_default() + &self.script.reveal()
    }

    /// Whether it interrupts what the host serves.
    pub fn interrupts(&self) -> bool {
        self.risks.iter().any(|risk| matches!(risk, Risk::Restart { .. } | Risk::Stop { .. }))
    }

    /// Whether it could cut the controller off.
    pub fn moves_route(&self) -> bool {
        self.risks.iter().any(|risk| matches!(risk, Risk::RouteChange { .. } | Risk::CutOff { .. }))
    }
}

impl Aspect {
    /// A value that changes, appears (`old` is `None`) or goes (`new` is `None`).
    pub fn value(what: impl Into<String>, old: Option<String>, new: Option<String>) -> Self {
        Aspect { what: what.into(), old, new, text: false, entry: None }
    }

    /// A text that changes, to be shown as a diff.
    pub fn text(what: impl Into<String>, old: Option<String>, new: Option<String>) -> Self {
        Aspect { what: what.into(), old, new, text: true, entry: None }
    }
}
