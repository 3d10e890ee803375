//! Exit codes, which are part of the contract, and what ends a verb early.

use std::rc::Rc;

use super::context::Context;
use crate::document::Complaints;
use crate::lab::LabError;
use crate::run::Failure;

/// How a verb ended. The codes are part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, and everything is as declared.
    Done,
    /// A host failed.
    Failed,
    /// Bad usage, inventory, playbook or template: nothing was touched.
    Usage,
    /// Changes are pending.
    Pending,
    /// A host was unreachable, and nothing else went wrong.
    Unreachable,
    /// Verification failed.
    Unverified,
    /// Interrupted by the operator.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Pending => 3,
            Exit::Unreachable => 4,
            Exit::Unverified => 5,
            Exit::Interrupted => 130,
        }
    }

    /// What the hosts' failures come to; `None` when there are none.
    pub fn of_failures<'a>(failures: impl IntoIterator<Item = &'a Rc<Failure>>) -> Option<Exit> {
        failures.into_iter().fold(None, |worst, failure| match (worst, failure.is_unreachable()) {
            (Some(Exit::Failed), _) | (_, false) => Some(Exit::Failed),
            (_, true) => Some(Exit::Unreachable),
        })
    }
}

/// What ends a verb before it has a result of its own.
#[derive(Debug)]
pub(super) enum Stop {
    /// The documents are not valid.
    Complaints(Vec<Complaints>),
    /// Something else is wrong with how it was called.
    Usage { message: String, remedy: String },
    /// The lab.
    Lab(LabError),
}

impl Stop {
    pub(super) fn usage(message: impl Into<String>, remedy: impl Into<String>) -> Stop {
        Stop::Usage { message: message.into(), remedy: remedy.into() }
    }

    /// Shows it, and gives the exit code.
    pub(super) fn report(self, context: &Context) -> Exit {
        match self {
            Stop::Complaints(complaints) => {
                context.report.complaints(&complaints);
                Exit::Usage
            }
            Stop::Usage { message, remedy } => {
                context.report.usage(&message, &remedy);
                Exit::Usage
            }
            Stop::Lab(error) => {
                context.report.error(&error.to_string(), "");
                Exit::Failed
            }
        }
    }
}

impl From<Complaints> for Stop {
    fn from(complaints: Complaints) -> Self {
        Stop::Complaints(vec![complaints])
    }
}

impl From<LabError> for Stop {
    fn from(error: LabError) -> Self {
        Stop::Lab(error)
    }
}
