//! `destroy`: gives every host back its recorded prior state.

use std::rc::Rc;
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
use crate::run::{Links, Underway};

pub(super) async fn destroy(args: DestroyArgs, context: &Context) -> Result<Exit, Stop> {
    let start = Instant::now();
    let engine = Engine::new();
    let path = args.inventory.path();
    let wanted = Wanted::deploy(None);
    let prepared = Prepared::new(path, wanted, &args.hosts, Some(&args.apply), &engine, context).await?;
    context.begin(prepared.hosts(), !args.apply.check);
    let events = |event| context.tell(event);
    let job = prepared.job(&events);
    let mut links = Links::default();
    let (recorded, mut observation) = job.recorded(&mut links).await;
    let mut plan = Rc::new(Plan::back(job.inventory, recorded, job.guard.is_some()));
    if args.apply.check {
        show_plan(&plan, context);
        return Ok(end_of_plan("plan", &plan, observation.failures, start, context));
    }
    let locked = match job.lock(&plan, &observation, &mut links).await {
        Ok(locked) => locked,
        Err(failures) => {
            let failures = merged(observation.failures, failures);
            let performed = Underway::of(&plan, failures).so_far(&plan);
            let exit = Exit::of_failures(performed.failures.iter().flatten());
            context.summary(&summary("destroy", exit, &plan, &performed, start));
            return Ok(exit);
        }
    };
    if locked.must_read_again {
        let (recorded, again) = job.recorded(&mut links).await;
        observation = again;
        plan = Rc::new(Plan::back(job.inventory, recorded, job.guard.is_some()));
    }
    if !plan.is_empty() {
        show_plan(&plan, context);
    }
    let underway = Rc::new(Underway::of(&plan, observation.failures));
    context.so_far.perform(&plan, &underway);
    job.perform(&plan, &mut links, &underway).await;
    job.unlock(&mut links).await;
    let performed = underway.so_far(&plan);
    let exit = Exit::of_failures(performed.failures.iter().flatten());
    context.summary(&summary("destroy", exit, &plan, &performed, start));
    Ok(exit)
}
