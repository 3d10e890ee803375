//! When a step may begin, and why it may not.

use super::super::cluster::{PlannedHost, Stage};
use super::super::host::{HostPlan, Item, Outcome};
use super::super::step::Step;
use super::super::tally::Tally;
use super::super::unfinished::Unfinished;
use super::*;
use crate::resource::{Aspect, Change};

/// A plan of one play. Each step is given by its host, its batch and what it needs.
fn plan(max_failures: Option<usize>, steps: &[(usize, usize, &[usize])]) -> Plan {
    let mut hosts: Vec<PlannedHost> = (0..=steps.iter().map(|step| step.0).max().unwrap_or(0))
        .map(|host| PlannedHost {
            host,
            name: format!("h{host}"),
            survey: Err(Absence::Failed),
            plan: HostPlan::default(),
            records: Vec::new(),
        })
        .collect();
    let mut made = Vec::new();
    for (number, (host, batch, needs)) in steps.iter().enumerate() {
        let items = &mut hosts[*host].plan.items;
        made.push(Step {
            host: *host,
            item: items.len(),
            stage: 0,
            batch: *batch,
            needs: needs.iter().copied().map(StepId).collect(),
            parts: Vec::new(),
            guarded: false,
            proof: None,
        });
        items.push(Item {
            stage: 0,
            task: None,
            module: "file",
            subject: format!("/{number}"),
            named: None,
            outcome: Outcome::Change(Change::new(Vec::new(), "")),
        });
    }
    let stage = Stage { name: "a play".into(), max_failures, batches: Vec::new() };
    Plan { stages: vec![stage], hosts, steps: made, ..Plan::default() }
}

fn after(plan: &Plan, endings: &[(usize, Ending)]) -> Progress {
    let mut progress = Progress::of(plan);
    for (step, ending) in endings {
        progress.end(plan, StepId(*step), ending.clone());
    }
    progress
}

#[test]
fn a_step_begins_when_all_that_it_needs_has_ended_well() {
    let plan = plan(None, &[(0, 0, &[]), (1, 0, &[]), (2, 0, &[0, 1])]);
    let may = |endings: &[(usize, Ending)]| after(&plan, endings).may_begin(&plan, StepId(2), &[]);
    assert_eq!(may(&[]), Err(Reason::Step(StepId(0))), "it has not ended");
    assert_eq!(may(&[(0, Ending::Done)]), Err(Reason::Step(StepId(1))));
    assert_eq!(may(&[(0, Ending::Done), (1, Ending::DoneInPart)]), Ok(()));
    assert_eq!(may(&[(0, Ending::Done), (1, Ending::Failed(Took::Nothing))]), Err(Reason::Step(StepId(1))));
    let left = Ending::Left(Reason::Ended);
    assert_eq!(may(&[(0, left), (1, Ending::Done)]), Err(Reason::Step(StepId(0))));
}

#[test]
fn what_comes_right_before_it_on_its_host_need_not_have_ended() {
    let plan = plan(None, &[(0, 0, &[]), (1, 0, &[0]), (1, 0, &[1])]);
    let progress = after(&plan, &[]);
    assert_eq!(progress.may_begin(&plan, StepId(2), &[StepId(1)]), Ok(()));
    assert_eq!(progress.may_begin(&plan, StepId(2), &[]), Err(Reason::Step(StepId(1))));
}

#[test]
fn after_a_failure_its_host_is_left_and_the_others_go_on() {
    let plan = plan(None, &[(0, 0, &[]), (0, 0, &[]), (1, 0, &[])]);
    let progress = after(&plan, &[(0, Ending::Failed(Took::Nothing))]);
    assert_eq!(progress.may_begin(&plan, StepId(1), &[]), Err(Reason::Ended));
    assert_eq!(progress.may_begin(&plan, StepId(2), &[]), Ok(()));
    // What is only left leaves the rest of its host alone.
    let progress = after(&plan, &[(0, Ending::Left(Reason::Step(StepId(2))))]);
    assert_eq!(progress.may_begin(&plan, StepId(1), &[]), Ok(()));
}

#[test]
fn max_failures_counts_hosts_over_all_earlier_batches() {
    let four = [(0, 0, &[][..]), (1, 0, &[]), (2, 1, &[]), (3, 2, &[])];
    let may = |max_failures, failed: &[usize], step| {
        let plan = plan(max_failures, &four);
        let endings: Vec<_> = failed.iter().map(|step| (*step, Ending::Failed(Took::Nothing))).collect();
        after(&plan, &endings).may_begin(&plan, StepId(step), &[])
    };
    let passed = |allowed| Err(Reason::MaxFailures { allowed });
    assert_eq!(may(Some(0), &[0], 1), Ok(()), "it is of the same batch, and has begun");
    assert_eq!(may(Some(0), &[0], 2), passed(0));
    assert_eq!(may(Some(1), &[0], 2), Ok(()));
    assert_eq!(may(Some(1), &[0, 2], 3), passed(1), "one in each of two batches");
    assert_eq!(may(Some(1), &[0, 1], 3), passed(1));
    assert_eq!(may(None, &[0, 1, 2], 3), Ok(()));
}

#[test]
fn a_real_server_enters_when_all_its_steps_have_ended_well() {
    let plan = plan(None, &[(0, 0, &[]), (0, 0, &[])]);
    let needs = [StepId(0), StepId(1)];
    assert_eq!(after(&plan, &[]).may_enter(&[]), Ok(()), "nothing was to be done");
    let progress = after(&plan, &[(0, Ending::Done)]);
    assert_eq!(progress.may_enter(&needs), Err(Reason::Step(StepId(1))));
    let progress = after(&plan, &[(0, Ending::Done), (1, Ending::Done)]);
    assert_eq!(progress.may_enter(&needs), Ok(()));
}

#[test]
fn why_names_what_has_to_be_mended() {
    let plan = plan(None, &[(0, 0, &[]), (1, 0, &[0]), (2, 0, &[1])]);
    let mut progress = after(&plan, &[(0, Ending::Failed(Took::Nothing))]);
    let first = progress.may_begin(&plan, StepId(1), &[]).unwrap_err();
    assert_eq!(plan.why(&first, &progress), "it waits for h0, where `file /0` did not end well");
    progress.end(&plan, StepId(1), Ending::Left(first));
    let second = progress.may_begin(&plan, StepId(2), &[]).unwrap_err();
    assert_eq!(plan.why(&second, &progress), "it waits for h0, where `file /0` did not end well");
    let address = Reason::Unanswered("10.0.0.1:80".parse().unwrap());
    assert_eq!(
        plan.why(&address, &progress),
        "nothing accepts a connection from its director on 10.0.0.1:80"
    );
}

#[test]
fn every_change_counts_once_as_what_is_known_of_it() {
    let steps: Vec<(usize, usize, &[usize])> = [0, 0, 0, 0, 1, 1, 1, 1].map(|host| (host, 0, &[][..])).into();
    let plan = plan(None, &steps);
    let part = Took::Part(vec![Aspect::value("at boot", None, Some("1".into()))]);
    let mut progress = Progress::of(&plan);
    let begun: Vec<StepId> = [0, 1, 2, 4, 5, 6].map(StepId).into();
    assert_eq!(progress.begin(&begun), begun);
    progress.end(&plan, StepId(0), Ending::Done);
    progress.end(&plan, StepId(1), Ending::Failed(Took::Whole));
    progress.end(&plan, StepId(2), Ending::Failed(part.clone()));
    progress.end(&plan, StepId(3), Ending::Left(Reason::Ended));
    progress.end(&plan, StepId(4), Ending::Unread);
    progress.end(&plan, StepId(5), Ending::Failed(Took::Nothing));
    let tallies = Tally::of_hosts(&plan, &progress);
    assert_eq!(tallies[0], Tally { made: 2, in_part: 1, not_begun: 1, ..Tally::default() });
    assert_eq!(tallies[1], Tally { failed: 1, unknown: 2, not_begun: 1, ..Tally::default() });
    let unfinished: Vec<_> =
        Unfinished::all(&plan, &progress).into_iter().map(|one| (one.host, one.what, one.took)).collect();
    let of = |host: &str, number: usize, took| (host.to_owned(), format!("file /{number}"), took);
    let expected = [
        of("h0", 2, part),
        of("h1", 4, Took::Unknown),
        of("h1", 5, Took::Nothing),
        of("h1", 6, Took::Unknown),
    ];
    assert_eq!(unfinished, expected);

    progress.not_begun(StepId(6));
    assert_eq!(Tally::of_hosts(&plan, &progress)[1].not_begun, 2);
    assert!(Tally { not_begun: 2, ..Tally::default() }.is_untouched() && !tallies[1].is_untouched());
}
