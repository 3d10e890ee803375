//! Why a host's part of a run ended early.

use std::net::SocketAddr;

use crate::playbook::DeclareError;
use crate::resource::{Aspect, Refusal, Script, Unreadable};
use crate::transport::LinkError;

/// Why a host's part of a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The connection.
    #[error("{0}")]
    Link(#[from] LinkError),
    /// What a probe printed does not read.
    #[error("what was read from the host makes no sense: {0}")]
    Unreadable(#[from] Unreadable),
    /// The playbook can't be rendered with this host's facts.
    #[error("the playbook can't be rendered with this host's facts")]
    Declare(Vec<DeclareError>),
    /// A change can't be made safely.
    #[error("{label}: {}", refusal.reason)]
    Refused {
        /// Which.
        label: String,
        /// Why, and what to do.
        refusal: Refusal,
    },
    /// A change that could cut the controller off was not confirmed in time, and the host has taken it back.
    #[error("{label} was not confirmed by a new connection within {seconds} s")]
    TakenBack {
        /// The change.
        label: String,
        /// How long it had.
        seconds: u64,
        /// Whether the host was seen to have taken it back.
        seen: bool,
    },
    /// A real server does not answer its director after a change that interrupted it.
    #[error("after {label}, its director gets no answer from {}", list(addresses))]
    Unproved {
        /// The change.
        label: String,
        /// What does not answer.
        addresses: Vec<SocketAddr>,
    },
    /// Another run changes the host.
    #[error("another run changes this host: {by}")]
    Locked {
        /// Who, from where and since when.
        by: String,
    },
    /// The host can't be locked.
    #[error("this host can't be locked against other runs: {why}")]
    Unlockable {
        /// Why.
        why: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Something else was at work on the host for too long.
    #[error("{what}: it has not ended")]
    Busy {
        /// What it is.
        what: String,
    },
    /// A change's script failed.
    #[error("{label} failed with exit code {code}")]
    Step {
        /// Which.
        label: String,
        /// The script's exit code.
        code: i32,
        /// What it printed.
        output: String,
        /// The script itself.
        script: Script,
    },
    /// A change's script succeeded, but what was read back is not as declared.
    #[error("{label} did not take")]
    NotTaken {
        /// Which.
        label: String,
        /// What still differs.
        aspects: Vec<Aspect>,
    },
}

impl Failure {
    /// Whether the host could not be reached at all, as opposed to having failed.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Failure::Link(LinkError::Unreachable { .. }))
    }

    /// What the host or the tools themselves said, where the message does not say it: a command's output, ssh's
    /// standard error. Empty when nothing was said.
    pub fn said(&self) -> &str {
        match self {
            Failure::Link(LinkError::Unreachable { stderr, .. } | LinkError::Lost { stderr }) => stderr,
            Failure::Step { output, .. } => output,
            // Sudo's words are its message.
            Failure::Link(LinkError::Become { .. } | LinkError::Deadline(_) | LinkError::Start { .. })
            | Failure::Unreadable(_)
            | Failure::Declare(_)
            | Failure::Refused { .. }
            | Failure::TakenBack { .. }
            | Failure::Unproved { .. }
            | Failure::Locked { .. }
            | Failure::Unlockable { .. }
            | Failure::Busy { .. }
            | Failure::NotTaken { .. } => "",
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        const AGAIN: &str =
            "what it did is unknown: run the same again, which reads the host anew and goes on";
        match self {
            Failure::Link(LinkError::Unreachable { why, .. }) => why.remedy().into(),
            Failure::Link(LinkError::Become { password_wanted: true, .. }) => {
                "give the password with --ask-become-pass, --become-password-file or $LVSPROV_BECOME_PASSWORD"
                    .into()
            }
            Failure::Link(LinkError::Become { stderr, .. }) if stderr.contains("try again") => {
                "the password was wrong: give sudo's password for the login user on that host".into()
            }
            Failure::Link(LinkError::Become { .. }) => {
                "see whether `sudo -v` works for that user on the host".into()
            }
            Failure::Link(LinkError::Lost { .. } | LinkError::Deadline(_)) => AGAIN.into(),
            Failure::Link(LinkError::Start { remedy, .. }) => (*remedy).into(),
            Failure::Unreadable(_) => {
                "run the same again; if it stays, report it with the line above and the host's distribution"
                    .into()
            }
            Failure::Declare(_) => "define what is missing under the host's `vars`".into(),
            Failure::Refused { refusal, .. } => refusal.remedy.clone(),
            Failure::TakenBack { seen: true, .. } => {
                "the host has taken the change back by itself: make sure that the new way leads to this machine, or \
                 give --allow-route-change to make it without confirmation"
                    .into()
            }
            Failure::TakenBack { seen: false, .. } => {
                "whether the change was made is not known: if it was, the host's own watchdog takes it back; look at it \
                 by another way"
                    .into()
            }
            Failure::Unproved { .. } => {
                "look at its service there; the real servers after it were left as they are".into()
            }
            Failure::Locked { .. } => {
                "nothing was changed; run again when it has ended, or wait for it with --lock-wait SECONDS".into()
            }
            Failure::Unlockable { remedy, .. } => (*remedy).into(),
            Failure::Busy { .. } => "look what it waits for on the host, and run again when it has ended".into(),
            Failure::Step { .. } => "correct what it complains of, and run the same again".into(),
            Failure::NotTaken { .. } => {
                "see what else on the host sets it: another tool, a second file, a service that puts it back"
                    .into()
            }
        }
    }
}

fn list(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
