//! `deploy`, `run` and `plan`: the same engine with and without its last step.

use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use super::args::{ClusterArgs, DeployArgs, HostArgs, LoopArgs, RunArgs};
use super::context::Context;
use super::exit::{Exit, Stop};
use super::job::Prepared;
use super::load::Wanted;
use super::summary::{self, summary};
use super::undeclared::tell_undeclared;
use super::verify::curl_loops;
use crate::plan::{HostPlan, Plan};
use crate::playbook::Engine;
use crate::report::Summary;
use crate::run::{Failure, Links, Performed, Underway};

/// What came of a deploy.
pub(super) struct Deployed {
    pub(super) exit: Exit,
    /// How many changes were made.
    pub(super) changed: usize,
}

pub(super) async fn deploy(args: DeployArgs, context: &Context) -> Result<Exit, Stop> {
    let engine = Engine::new();
    let prepared = Prepared::of_cluster(&args.cluster, Some(&args.apply), &engine, context).await?;
    if args.apply.check {
        return Ok(show(&prepared, context).await);
    }
    let curl = (!args.no_verify).then_some(args.curl);
    Ok(apply(&prepared, "deploy", curl, context).await.exit)
}

pub(super) async fn plan(args: ClusterArgs, context: &Context) -> Result<Exit, Stop> {
    let engine = Engine::new();
    let prepared = Prepared::of_cluster(&args, None, &engine, context).await?;
    Ok(show(&prepared, context).await)
}

pub(super) async fn run(args: RunArgs, context: &Context) -> Result<Exit, Stop> {
    let engine = Engine::new();
    let wanted = Wanted::File(&args.playbook);
    let mut prepared =
        Prepared::new(args.inventory.path(), wanted, &args.hosts, Some(&args.apply), &engine, context)
            .await?;
    prepared.only_named();
    if args.apply.check {
        return Ok(show(&prepared, context).await);
    }
    Ok(apply(&prepared, "run", None, context).await.exit)
}

/// A deploy of the inventory as `args` of no command line say it: what `rehearse` does.
pub(super) async fn deploy_with(
    inventory: &Path,
    playbook: Option<&Path>,
    hosts: &HostArgs,
    curl: LoopArgs,
    context: &Context,
) -> Result<Deployed, Stop> {
    let engine = Engine::new();
    let prepared = Prepared::new(inventory, Wanted::deploy(playbook), hosts, None, &engine, context).await?;
    Ok(apply(&prepared, "deploy", Some(curl), context).await)
}

/// Observes and shows the plan.
async fn show(prepared: &Prepared<'_>, context: &Context) -> Exit {
    let start = Instant::now();
    context.begin(prepared.hosts(), false);
    let events = |event| context.tell(event);
    let job = prepared.job(&events);
    let observation = job.observe(&mut Links::default(), false).await;
    let plan = prepared.plan(observation.surveyed, context);
    tell_undeclared(&plan, context);
    show_plan(&plan, context);
    // No deploy brings these.
    let failures = merged(observation.failures, job.without_vips(&plan));
    end_of_plan("plan", &plan, failures, start, context)
}

/// The last line of a verb that only plans, and its exit code.
pub(super) fn end_of_plan(
    verb: &'static str,
    plan: &Plan,
    failures: Vec<Option<Rc<Failure>>>,
    start: Instant,
    context: &Context,
) -> Exit {
    let count =
        |of: fn(&HostPlan) -> usize| -> Vec<usize> { plan.hosts.iter().map(|host| of(&host.plan)).collect() };
    let (pending, refused) = (count(|plan| plan.changes().count()), count(|plan| plan.refusals().count()));
    let exit = Exit::worst([
        Exit::of_failures(failures.iter().flatten()),
        if plan.is_unable() || refused.iter().any(|refusals| *refusals > 0) {
            Exit::Failed
        } else {
            Exit::Done
        },
        if pending.iter().any(|changes| *changes > 0) { Exit::Pending } else { Exit::Done },
    ]);
    let performed = Performed { failures, ..Performed::default() };
    let mut summary = summary(verb, exit, plan, &performed, start);
    summary.left = summary::left_in_plan(plan);
    for ((host, pending), refused) in summary.hosts.iter_mut().zip(pending).zip(refused) {
        host.changed = pending;
        // What a deploy would refuse is, to whoever plans one, a failure to come.
        host.failed += refused;
    }
    context.summary(&summary);
    exit
}

/// Observes, applies, and has the clients ask when `curl` is given.
async fn apply(
    prepared: &Prepared<'_>,
    verb: &'static str,
    curl: Option<LoopArgs>,
    context: &Context,
) -> Deployed {
    let start = Instant::now();
    context.begin(prepared.hosts(), true);
    let events = |event| context.tell(event);
    let job = prepared.job(&events);
    let mut links = Links::default();
    let mut observation = job.observe(&mut links, true).await;
    let mut plan = Rc::new(prepared.plan(std::mem::take(&mut observation.surveyed), context));
    let locked = match job.lock(&plan, &observation, &mut links).await {
        Ok(locked) => locked,
        Err(failures) => {
            let failures = merged(observation.failures, failures);
            let performed = Underway::of(&plan, failures).so_far(&plan);
            let exit = Exit::of_failures(performed.failures.iter().flatten());
            context.summary(&summary(verb, exit, &plan, &performed, start));
            return Deployed { exit, changed: 0 };
        }
    };
    if locked.must_read_again {
        observation = job.observe(&mut links, true).await;
        plan = Rc::new(prepared.plan(std::mem::take(&mut observation.surveyed), context));
    }
    // Only now it is the plan that is performed: until the hosts were locked, another run could change them.
    tell_undeclared(&plan, context);
    if !plan.is_empty() {
        show_plan(&plan, context);
    }
    let underway = Rc::new(Underway::of(&plan, observation.failures));
    context.so_far.perform(&plan, &underway);
    job.perform(&plan, &mut links, &underway).await;
    job.unlock(&mut links).await;
    let mut performed = underway.so_far(&plan);
    job.left_without_vips(&plan, &mut links, &mut performed.failures).await;
    let exit = Exit::worst([
        Exit::of_failures(performed.failures.iter().flatten()),
        if performed.unanswered || plan.is_unable() { Exit::Failed } else { Exit::Done },
    ]);
    let not_verified = exit != Exit::Done && curl.is_some();
    let (exit, failures) = match (exit, curl) {
        (Exit::Done, Some(curl)) => curl_loops(prepared, &plan.hosts, &mut links, curl, context).await,
        (exit, _) => (exit, Vec::new()),
    };
    let mut summary = Summary { not_verified, ..summary(verb, exit, &plan, &performed, start) };
    summary::could_not_ask(&mut summary, &failures);
    context.summary(&summary);
    Deployed { exit, changed: performed.tallies.iter().map(|tally| tally.made).sum() }
}

/// The first failure of each host.
pub(super) fn merged<T>(one: Vec<Option<T>>, other: Vec<Option<T>>) -> Vec<Option<T>> {
    one.into_iter().zip(other).map(|(one, other)| one.or(other)).collect()
}

pub(super) fn show_plan(plan: &Plan, context: &Context) {
    let stages: Vec<String> = plan.stages.iter().map(|stage| stage.name.clone()).collect();
    context.report.plan(&stages, &plan.by_host());
}
