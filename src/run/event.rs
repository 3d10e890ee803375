//! What has happened, for whoever shows it.

use std::rc::Rc;

use super::Failure;
use crate::resource::LASTING_NOTE;

/// Something that has happened in a run. Hosts are named as in the inventory.
#[derive(Clone, Debug)]
pub enum Event {
    /// A connection to the host is being opened.
    Connecting {
        /// The host.
        host: String,
    },
    /// Its shell answers, and its facts are read.
    Connected {
        /// The host.
        host: String,
    },
    /// Its resources were read and compared.
    Planned {
        /// The host.
        host: String,
        /// How many resources are as declared.
        ok: usize,
        /// How many are to change.
        changes: usize,
    },
    /// A stage began: the hosts that have something to change in it go side by side.
    StageBegan {
        /// The play's name.
        name: String,
        /// These hosts.
        hosts: Vec<String>,
    },
    /// A change began.
    StepBegan {
        /// The host.
        host: String,
        /// What is being changed.
        label: String,
        /// Which of the host's changes in this stage it is, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// A change was made.
    StepDone {
        /// The host.
        host: String,
        /// What was changed.
        label: String,
    },
    /// The host's part of a stage was made and read back.
    StageDone {
        /// The host.
        host: String,
        /// How many changes were made.
        changed: usize,
    },
    /// Something else has to end first.
    Waiting {
        /// The host.
        host: String,
        /// What is waited for.
        what: String,
    },
    /// What the host is at takes over a second.
    Slow {
        /// The host.
        host: String,
        /// What is waited for.
        what: String,
    },
    /// A running change tells what it is at.
    Noted {
        /// The host.
        host: String,
        /// Its words.
        text: String,
    },
    /// A running change tells what is to be read after it as well.
    Told {
        /// The host.
        host: String,
        /// Its words.
        text: String,
    },
    /// A change that could cut the controller off is armed to undo itself, and is being made.
    Guarded {
        /// The host.
        host: String,
        /// What is being changed.
        label: String,
        /// The time that a new connection has to confirm it.
        seconds: u64,
    },
    /// Something that was planned is left.
    Left {
        /// The host that it would have changed.
        host: String,
        /// What.
        what: String,
        /// Why.
        why: String,
    },
    /// Nothing more is done on the host.
    Failed {
        /// The host.
        host: String,
        /// Why.
        failure: Rc<Failure>,
    },
}

impl Event {
    /// What a running change says.
    pub(super) fn said(host: String, text: String) -> Event {
        match text.strip_prefix(LASTING_NOTE) {
            Some(text) => Event::Told { host, text: text.to_owned() },
            None => Event::Noted { host, text },
        }
    }
}
