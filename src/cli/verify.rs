//! `verify`: drift first, then the clients' curl loops.

use std::time::Instant;

use super::args::VerifyArgs;
use super::context::Context;
use super::exit::{Exit, Stop};
use super::job::Prepared;
use super::summary::summary;
use crate::plan::PlannedHost;
use crate::playbook::Engine;
use crate::run::{Links, Performed};
use crate::verify;

pub(super) async fn verify(args: VerifyArgs, context: &Context) -> Result<Exit, Stop> {
    let engine = Engine::new();
    let prepared = Prepared::of_cluster(&args.cluster, None, &engine).await?;
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
    let events = |event| context.report.tell(event);
    let mut links = Links::default();
    let observation = prepared.job(&events).observe(&mut links, true).await;
    let plan = prepared.plan(observation.surveyed);
    let read = plan.hosts.iter().filter(|host| host.survey.is_ok());
    let plans: Vec<_> = read.map(|host| (host.name.as_str(), &host.plan)).collect();
    let drift = plans.iter().any(|(_, plan)| plan.drifted().next().is_some());
    context.report.drift(&plans);
    // What the clients get is told even where a host drifted: it shows whether the drift is felt.
    let asked = curl_loops(prepared, &plan.hosts, &mut links, requests, context).await;
    let exit = Exit::worst([
        asked,
        Exit::of_failures(observation.failures.iter().flatten()),
        if drift { Exit::Unverified } else { Exit::Done },
    ]);
    let performed = Performed { failures: observation.failures, ..Performed::default() };
    let mut summary = summary("verify", exit, &plan, &performed, start);
    for (host, planned) in summary.hosts.iter_mut().zip(&plan.hosts) {
        // A resource that is not as declared is, to whoever verifies, one that failed.
        host.failed += planned.plan.drifted().count();
    }
    context.report.summary(&summary);
    exit
}

/// Has the clients that were read ask every service.
pub(super) async fn curl_loops(
    prepared: &Prepared<'_>,
    hosts: &[PlannedHost],
    links: &mut Links,
    requests: Option<u16>,
    context: &Context,
) -> Exit {
    let (run, events) = (|event| context.report.tell(event), |event| context.report.tell(event));
    let asked = verify::ask(&prepared.job(&run), hosts, links, requests.map(usize::from), &events).await;
    let passed = asked.judged.iter().all(|judged| judged.verdict.pass);
    Exit::worst([
        Exit::of_failures(asked.failures.iter().map(|(_, failure)| failure)),
        if passed { Exit::Done } else { Exit::Unverified },
    ])
}
