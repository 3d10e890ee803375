//! What the last line of a run tells.

use std::rc::Rc;
use std::time::Instant;

use super::exit::Exit;
use crate::plan::{Plan, Progress, Reason};
use crate::report::{HostSummary, LeftOver, Summary};
use crate::run::{Failure, Performed};

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
            let changes = performed.tallies.get(index).copied();
            HostSummary {
                host: host.name.clone(),
                ok: host.plan.ok(),
                changed: changes.unwrap_or_default().made,
                failed: usize::from(failure.is_some() && !unreachable),
                unreachable,
                unread: host.survey.is_err(),
                changes,
            }
        })
        .collect();
    let left = performed
        .left
        .iter()
        .map(|(host, what, why)| LeftOver { host: host.clone(), what: what.clone(), why: why.clone() })
        .collect();
    let unfinished = performed.unfinished.clone();
    let elapsed = start.elapsed();
    Summary { verb, exit: exit.code(), hosts, left, unfinished, not_verified: false, elapsed }
}

/// The clients that could not ask have failed, or are gone by now.
pub(super) fn could_not_ask(summary: &mut Summary, failures: &[(usize, Rc<Failure>)]) {
    for (client, failure) in failures {
        let Some(host) = summary.hosts.get_mut(*client) else { continue };
        if failure.is_unreachable() {
            host.unreachable = true;
        } else {
            host.failed += 1;
        }
    }
}

/// What is somebody else's, and stays as it is whatever is done.
pub(super) fn not_ours(plan: &Plan) -> Vec<LeftOver> {
    left_in(plan, |reason| matches!(reason, Reason::NotOurs(_)))
}

/// What a plan leaves, before anything is done.
pub(super) fn left_in_plan(plan: &Plan) -> Vec<LeftOver> {
    left_in(plan, |_| true)
}

fn left_in(plan: &Plan, such: impl Fn(&Reason) -> bool) -> Vec<LeftOver> {
    let progress = Progress::of(plan);
    let of = |left: &crate::plan::Left| LeftOver {
        host: plan.hosts[left.host].name.clone(),
        what: left.what.clone(),
        why: plan.why(&left.reason, &progress),
    };
    plan.left.iter().filter(|left| such(&left.reason)).map(of).collect()
}
