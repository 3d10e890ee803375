//! What the last line of a run tells.

use std::time::Instant;

use super::exit::Exit;
use crate::report::{HostSummary, Summary};
use crate::run::{Applied, Seen};

/// What is told of each host.
pub(super) fn summary(
    verb: &'static str,
    exit: Exit,
    seen: &[Seen<'_>],
    applied: &Applied,
    start: Instant,
) -> Summary {
    let hosts = seen
        .iter()
        .enumerate()
        .map(|(index, seen)| {
            let failure = applied.failures.get(index).and_then(Option::as_ref).or(seen.result.as_ref().err());
            let unreachable = failure.is_some_and(|failure| failure.is_unreachable());
            HostSummary {
                host: seen.name.to_owned(),
                ok: seen.result.as_ref().map_or(0, |seen| seen.plan.ok()),
                changed: applied.changed.get(index).copied().unwrap_or(0),
                failed: usize::from(failure.is_some() && !unreachable),
                unreachable,
            }
        })
        .collect();
    Summary { verb, exit: exit.code(), hosts, elapsed: start.elapsed() }
}
