//! Why a host's part of a run ended early.

use std::net::IpAddr;

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
    /// The host's own way back to the controller would move.
    #[error("{label} would move this host's own way back to the controller")]
    RouteChange {
        /// The change.
        label: String,
        /// The controller as the host sees it.
        controller: Option<IpAddr>,
        /// The gateway by which the host would answer it.
        new: IpAddr,
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
        matches!(self, Failure::Link(LinkError::Unreachable { .. } | LinkError::Start { .. }))
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
            | Failure::RouteChange { .. }
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
            Failure::RouteChange { new, .. } => format!(
                "make sure that {new} routes to the controller, then give --allow-route-change; or reach the host by \
                 an address in a subnet of its own"
            ),
            Failure::Step { .. } => "correct what it complains of, and run the same again".into(),
            Failure::NotTaken { .. } => {
                "see what else on the host sets it: another tool, a second file, a service that puts it back"
                    .into()
            }
        }
    }
}
