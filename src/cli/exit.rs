//! Exit codes, which are part of the contract, and what ends a verb early.

use std::rc::Rc;

use crate::document::Complaints;
use crate::lab::LabError;
use crate::report::Report;
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

    /// What the hosts' failures come to.
    pub fn of_failures<'a>(failures: impl IntoIterator<Item = &'a Rc<Failure>>) -> Exit {
        let of =
            |failure: &Rc<Failure>| if failure.is_unreachable() { Exit::Unreachable } else { Exit::Failed };
        Exit::worst(failures.into_iter().map(of))
    }

    /// What several ends come to: the worst of them. That a host was unreachable is told only when nothing else went wrong.
    pub fn worst(exits: impl IntoIterator<Item = Exit>) -> Exit {
        exits.into_iter().max_by_key(|exit| exit.gravity()).unwrap_or(Exit::Done)
    }

    fn gravity(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Pending => 1,
            Exit::Unreachable => 2,
            Exit::Unverified => 3,
            Exit::Failed => 4,
            Exit::Usage => 5,
            Exit::Interrupted => 6,
        }
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
    pub(super) fn tell(self, report: &Report) -> Exit {
        match self {
            Stop::Complaints(complaints) => {
                report.complaints(&complaints);
                Exit::Usage
            }
            Stop::Usage { message, remedy } => {
                report.usage(&message, &remedy);
                Exit::Usage
            }
            Stop::Lab(error) => {
                report.error(&error.to_string(), "");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreachable_is_the_end_only_when_nothing_else_went_wrong() {
        assert_eq!(Exit::worst([]), Exit::Done);
        assert_eq!(Exit::worst([Exit::Pending, Exit::Unreachable]), Exit::Unreachable);
        assert_eq!(Exit::worst([Exit::Unreachable, Exit::Unverified]), Exit::Unverified);
        assert_eq!(Exit::worst([Exit::Unverified, Exit::Failed, Exit::Unreachable]), Exit::Failed);
    }
}
