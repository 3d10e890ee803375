//! `verify`: drift first, then the clients' curl loops.

use std::rc::Rc;
use std::time::Instant;

use super::args::{LoopArgs, VerifyArgs};
use super::context::Context;
use super::exit::{Exit, Stop};
use super::job::Prepared;
use super::summary::{could_not_ask, not_ours, summary};
use super::undeclared::tell_undeclared;
use crate::plan::PlannedHost;
use crate::playbook::Engine;
use crate::run::{Failure, Links, Performed};
use crate::verify::{self, Asked};

pub(super) async fn verify(args: VerifyArgs, context: &Context) -> Result<Exit, Stop> {
    let engine = Engine::new();
    let prepared = Prepared::of_cluster(&args.cluster, None, &engine, context).await?;
    Ok(verify_prepared(&prepared, args.curl, context).await)
}

/// Compares every host with its declaration, then has the clients ask.
pub(super) async fn verify_prepared(prepared: &Prepared<'_>, curl: LoopArgs, context: &Context) -> Exit {
    let start = Instant::now();
    context.begin(prepared.hosts(), false);
    let events = |event| context.tell(event);
    let mut links = Links::default();
    let job = prepared.job(&events);
    let observation = job.observe(&mut links, true).await;
    let plan = prepared.plan(observation.surveyed, context);
    let drift = plan.hosts.iter().any(|host| host.plan.drifted().next().is_some());
    tell_undeclared(&plan, context);
    context.report.drift(&plan.by_host());
    let without_vips = job.without_vips(&plan);
    // What the clients get is told even where a host drifted: it shows whether the drift is felt.
    let (asked, failures) = curl_loops(prepared, &plan.hosts, &mut links, curl, context).await;
    let exit = Exit::worst([
        asked,
        Exit::of_failures(observation.failures.iter().flatten()),
        if drift || without_vips.iter().any(Option::is_some) { Exit::Unverified } else { Exit::Done },
    ]);
    let performed = Performed { failures: observation.failures, ..Performed::default() };
    let mut summary = summary("verify", exit, &plan, &performed, start);
    summary.left = not_ours(&plan);
    for ((host, planned), without_vips) in summary.hosts.iter_mut().zip(&plan.hosts).zip(without_vips) {
        // A resource that is not as declared is, to whoever verifies, one that failed; so is a VIP that is not there.
        host.failed += planned.plan.drifted().count() + usize::from(without_vips.is_some());
    }
    could_not_ask(&mut summary, &failures);
    context.summary(&summary);
    exit
}

/// Has the clients that were read ask every service. Gives the failures of those that could not, too, by participant.
pub(super) async fn curl_loops(
    prepared: &Prepared<'_>,
    hosts: &[PlannedHost],
    links: &mut Links,
    curl: LoopArgs,
    context: &Context,
) -> (Exit, Vec<(usize, Rc<Failure>)>) {
    let inventory = &prepared.loaded.inventory;
    let count = curl.requests.map(usize::from);
    let run = |event| context.report.tell(event);
    let events = |event| context.report.tell(verify::with_known_cause(event, inventory, hosts));
    let asked = verify::ask(&prepared.job(&run), hosts, links, count, &events).await;
    let exit = Exit::worst([
        Exit::of_failures(asked.failures.iter().map(|(_, failure)| failure)),
        of_verdicts(&asked, curl.strict),
    ]);
    (exit, asked.failures)
}

/// What the verdicts come to. What can't be told is no failure, unless the operator is strict.
fn of_verdicts(asked: &Asked, strict: bool) -> Exit {
    let verdicts = || asked.judged.iter().map(|judged| &judged.verdict);
    let failed = verdicts().any(|verdict| verdict.judged && !verdict.pass);
    let untold = !asked.not_tried.is_empty() || verdicts().any(|verdict| !verdict.judged);
    if failed || strict && untold { Exit::Unverified } else { Exit::Done }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::verify::{Judged, Verdict};

    fn asked(judged: bool, pass: bool) -> Asked {
        let verdict = Verdict { judged, pass, ..Verdict::default() };
        let judged = Judged { service: "web".into(), client: "client".into(), requests: 6, verdict };
        Asked { judged: vec![Rc::new(judged)], ..Asked::default() }
    }

    #[test]
    fn what_can_not_be_judged_is_no_failure_unless_one_is_strict() {
        let not_tried = || Asked { not_tried: vec!["web".into()], ..Asked::default() };
        for (asked, lenient, strict) in [
            (asked(true, true), Exit::Done, Exit::Done),
            (asked(true, false), Exit::Unverified, Exit::Unverified),
            (asked(false, false), Exit::Done, Exit::Unverified),
            (not_tried(), Exit::Done, Exit::Unverified),
            (Asked::default(), Exit::Done, Exit::Done),
        ] {
            assert_eq!(
                (of_verdicts(&asked, false), of_verdicts(&asked, true)),
                (lenient, strict),
                "{asked:?}"
            );
        }
    }
}
