//! `verify`: drift first, then the clients' curl loops.

use std::time::Instant;

use super::args::VerifyArgs;
use super::context::Context;
use super::exit::{Exit, Stop};
use super::job::Prepared;
use super::summary::summary;
use crate::playbook::Engine;
use crate::run::{Applied, Seen};
use crate::verify;

pub(super) async fn verify(args: VerifyArgs, context: &Context) -> Result<Exit, Stop> {
    let engine = Engine::new();
    let prepared = Prepared::of_cluster(&args.cluster, &engine).await?;
    Ok(verify_prepared(&prepared, args.curl.requests, context).await)
}

/// Compares every host with its declaration, then has the clients ask.
pub(super) async fn verify_prepared(
    prepared: &Prepared<'_>,
    requests: Option<u16>,
    context: &Context,
) -> Exit {
    let start = Instant::now();
    context.report.hosts(prepared.hosts());
    let events = |event| context.report.run(event);
    let mut seen = prepared.job(&events).observe(true).await;
    let plans: Vec<_> =
        seen.iter().filter_map(|seen| Some((seen.name, &seen.result.as_ref().ok()?.plan))).collect();
    let drift = plans.iter().any(|(_, plan)| plan.drifted().next().is_some());
    context.report.drift(&plans);
    // What the clients get is told even where a host drifted: it shows whether the drift is felt.
    let asked = curl_loops(prepared, &mut seen, requests, context).await;
    let exit = Exit::worst([asked, if drift { Exit::Unverified } else { Exit::Done }]);
    let mut summary = summary("verify", exit, &seen, &Applied::default(), start);
    for (host, seen) in summary.hosts.iter_mut().zip(&seen) {
        // A resource that is not as declared is, to whoever verifies, one that failed.
        host.failed += seen.result.as_ref().map_or(0, |seen| seen.plan.drifted().count());
    }
    context.report.summary(&summary);
    exit
}

/// Has the clients that were seen ask every service. A host that was not seen counts as well.
pub(super) async fn curl_loops(
    prepared: &Prepared<'_>,
    seen: &mut [Seen<'_>],
    requests: Option<u16>,
    context: &Context,
) -> Exit {
    let events = |event| context.report.verify(event);
    let inventory = &prepared.loaded.inventory;
    let judged = verify::ask(inventory, seen, requests.map(usize::from), &events).await;
    let passed = judged.iter().all(|judged| judged.verdict.pass);
    Exit::worst([
        Exit::of_failures(seen.iter().filter_map(|seen| seen.result.as_ref().err())),
        if passed { Exit::Done } else { Exit::Unverified },
    ])
}
