//! `deploy`, `run` and `plan`: the same engine with and without its last step.

use std::path::Path;
use std::time::Instant;

use super::args::{ApplyArgs, ClusterArgs, DeployArgs, HostArgs, RunArgs};
use super::context::Context;
use super::exit::{Exit, Stop};
use super::job::Prepared;
use super::load::Wanted;
use super::summary::summary;
use super::verify::curl_loops;
use crate::playbook::Engine;
use crate::run::{Applied, ApplyOptions, Seen};

/// What came of a deploy.
pub(super) struct Deployed {
    pub(super) exit: Exit,
    /// How many changes were made.
    pub(super) changed: usize,
}

pub(super) async fn deploy(args: DeployArgs, context: &Context) -> Result<Exit, Stop> {
    let engine = Engine::new();
    let prepared = Prepared::of_cluster(&args.cluster, &engine).await?;
    if args.apply.check {
        return Ok(show(&prepared, "plan", context).await);
    }
    let count = (!args.no_verify).then_some(args.curl.requests);
    Ok(apply(&prepared, "deploy", &args.apply, count, context).await.exit)
}

pub(super) async fn plan(args: ClusterArgs, context: &Context) -> Result<Exit, Stop> {
    let engine = Engine::new();
    let prepared = Prepared::of_cluster(&args, &engine).await?;
    Ok(show(&prepared, "plan", context).await)
}

pub(super) async fn run(args: RunArgs, context: &Context) -> Result<Exit, Stop> {
    let engine = Engine::new();
    let wanted = Wanted::File(&args.playbook);
    let prepared = Prepared::new(&args.inventory.inventory, wanted, &args.hosts, &engine).await?;
    if args.apply.check {
        return Ok(show(&prepared, "plan", context).await);
    }
    Ok(apply(&prepared, "run", &args.apply, None, context).await.exit)
}

/// A deploy of the inventory as `args` of no command line say it: what `rehearse` does.
pub(super) async fn deploy_with(
    inventory: &Path,
    playbook: Option<&Path>,
    hosts: &HostArgs,
    requests: Option<u16>,
    context: &Context,
) -> Result<Deployed, Stop> {
    let engine = Engine::new();
    let prepared = Prepared::new(inventory, Wanted::deploy(playbook), hosts, &engine).await?;
    let options = ApplyArgs { check: false, allow_route_change: false };
    Ok(apply(&prepared, "deploy", &options, Some(requests), context).await)
}

/// Observes and shows the plan.
async fn show(prepared: &Prepared<'_>, verb: &'static str, context: &Context) -> Exit {
    let start = Instant::now();
    context.report.hosts(prepared.hosts());
    let events = |event| context.report.run(event);
    let seen = prepared.job(&events).observe(false).await;
    show_plan(prepared, &seen, context);
    let plans = || seen.iter().map(|seen| seen.result.as_ref().ok().map(|observed| &observed.plan));
    let pending: Vec<usize> = plans().map(|plan| plan.map_or(0, |plan| plan.changes().count())).collect();
    let refused: Vec<usize> = plans().map(|plan| plan.map_or(0, |plan| plan.refusals().count())).collect();
    let exit = Exit::worst([
        Exit::of_failures(seen.iter().filter_map(|seen| seen.result.as_ref().err())),
        if refused.iter().any(|refusals| *refusals > 0) { Exit::Failed } else { Exit::Done },
        if pending.iter().any(|changes| *changes > 0) { Exit::Pending } else { Exit::Done },
    ]);
    let applied = Applied { changed: pending, failures: vec![None; seen.len()] };
    let mut summary = summary(verb, exit, &seen, &applied, start);
    for (host, refused) in summary.hosts.iter_mut().zip(refused) {
        // What a deploy would refuse is, to whoever plans one, a failure to come.
        host.failed += refused;
    }
    context.report.summary(&summary);
    exit
}

/// Observes, applies, and has the clients ask when `requests` is given.
async fn apply(
    prepared: &Prepared<'_>,
    verb: &'static str,
    args: &ApplyArgs,
    requests: Option<Option<u16>>,
    context: &Context,
) -> Deployed {
    let start = Instant::now();
    context.report.hosts(prepared.hosts());
    let events = |event| context.report.run(event);
    let job = prepared.job(&events);
    let mut seen = job.observe(true).await;
    if seen.iter().any(|seen| seen.result.as_ref().is_ok_and(|seen| !seen.plan.is_empty())) {
        show_plan(prepared, &seen, context);
    }
    let options = ApplyOptions { allow_route_change: args.allow_route_change };
    let applied = job.apply(&mut seen, options).await;
    let exit = match (Exit::of_failures(applied.failures.iter().flatten()), requests) {
        (Exit::Done, Some(count)) => curl_loops(prepared, &mut seen, count, context).await,
        (exit, _) => exit,
    };
    context.report.summary(&summary(verb, exit, &seen, &applied, start));
    Deployed { exit, changed: applied.changed.iter().sum() }
}

fn show_plan(prepared: &Prepared<'_>, seen: &[Seen<'_>], context: &Context) {
    let hosts: Vec<_> =
        seen.iter().map(|seen| (seen.name, seen.result.as_ref().ok().map(|seen| &seen.plan))).collect();
    context.report.plan(&prepared.stages(), &hosts);
}
