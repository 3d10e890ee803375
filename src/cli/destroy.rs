//! `destroy`: gives every host back its recorded prior state.

use std::time::Instant;

use super::args::DestroyArgs;
use super::context::Context;
use super::deploy::{end_of_plan, merged, show_plan};
use super::exit::{Exit, Stop};
use super::job::Prepared;
use super::load::Wanted;
use super::summary::summary;
use crate::plan::Plan;
use crate::playbook::Engine;
use crate::run::{Links, Performed};

pub(super) async fn destroy(args: DestroyArgs, context: &Context) -> Result<Exit, Stop> {
    let start = Instant::now();
    let engine = Engine::new();
    let path = &args.inventory.inventory;
    let wanted = Wanted::deploy(None);
    let prepared = Prepared::new(path, wanted, &args.hosts, Some(&args.apply), &engine).await?;
    context.report.hosts(prepared.hosts());
    let events = |event| context.report.tell(event);
    let job = prepared.job(&events);
    let mut links = Links::default();
    let (recorded, mut observation) = job.recorded(&mut links).await;
    let mut plan = Plan::back(job.inventory, recorded, job.guard.is_some());
    if args.apply.check {
        show_plan(&plan, context);
        return Ok(end_of_plan("plan", &plan, observation.failures, start, context));
    }
    let locked = match job.lock(&plan, &observation, &mut links).await {
        Ok(locked) => locked,
        Err(failures) => {
            let failures = merged(observation.failures, failures);
            let performed =
                Performed { changed: vec![0; plan.hosts.len()], failures, ..Performed::default() };
            let exit = Exit::of_failures(performed.failures.iter().flatten());
            context.report.summary(&summary("destroy", exit, &plan, &performed, start));
            return Ok(exit);
        }
    };
    if locked.must_read_again {
        let (recorded, again) = job.recorded(&mut links).await;
        observation = again;
        plan = Plan::back(job.inventory, recorded, job.guard.is_some());
    }
    if !plan.is_empty() {
        show_plan(&plan, context);
    }
    let performed = job.perform(&plan, &mut links, observation.failures).await;
    job.unlock(&mut links).await;
    let exit = Exit::of_failures(performed.failures.iter().flatten());
    context.report.summary(&summary("destroy", exit, &plan, &performed, start));
    Ok(exit)
}
