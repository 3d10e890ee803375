//! What a failure shows beside its message, the same for people and machines.

use crate::playbook::DeclareError;
use crate::run::Failure;

/// What the host or the tools themselves said: a command's output, ssh's stderr, what can't be rendered. It is empty
/// when the message says it all.
pub(super) fn evidence(failure: &Failure) -> String {
    match failure {
        Failure::Declare(errors) => errors.iter().map(declare_error).collect::<Vec<_>>().join("\n"),
        // What still differs when a change did not take is shown as a plan shows it.
        _ => failure.said().to_owned(),
    }
}

fn declare_error(error: &DeclareError) -> String {
    let error = &error.error;
    match error.place.as_deref() {
        Some((source, span)) => {
            let (line, column) = source.position(span.offset);
            format!("{}:{line}:{column}: {}; {}", source.name(), error.message, error.remedy)
        }
        None => format!("{}; {}", error.message, error.remedy),
    }
}
