//! What the last line of a run tells.

use std::time::Instant;

use super::exit::Exit;
use crate::plan::{Plan, Progress};
use crate::report::{HostSummary, LeftOver, Summary};
use crate::run::Performed;

/// What is told of each host.
pub(super) fn summary(
    verb: &'static str,
    exit: Exit,
    plan: &Plan,
    performed: &Performed,
    start: Instant,
) -> Summary {
    let hosts = plan
        .hosts
        .iter()
        .enumerate()
        .map(|(index, host)| {
            let failure = performed.failures.get(index).and_then(Option::as_ref);
            let unreachable = failure.is_some_and(|failure| failure.is_unreachable());
            HostSummary {
                host: host.name.clone(),
                ok: host.plan.ok(),
                changed: performed.changed.get(index).copied().unwrap_or(0),
                failed: usize::from(failure.is_some() && !unreachable),
                unreachable,
            }
        })
        .collect();
    let left = performed
        .left
        .iter()
        .map(|(host, what, why)| LeftOver { host: host.clone(), what: what.clone(), why: why.clone() })
        .collect();
    Summary { verb, exit: exit.code(), hosts, left, not_verified: false, elapsed: start.elapsed() }
}

/// What a plan leaves, before anything is done.
pub(super) fn left_in_plan(plan: &Plan) -> Vec<LeftOver> {
    let progress = Progress::of(plan);
    let of = |left: &crate::plan::Left| LeftOver {
        host: plan.hosts[left.host].name.clone(),
        what: left.what.clone(),
        why: plan.why(&left.reason, &progress),
    };
    plan.left.iter().map(of).collect()
}
