//! A plan: what would change, stage by stage and host by host.

use super::alike::{Told, alike};
use super::block::{WIDTH, indent, wrap};
use super::change;
use super::style::{BAD, CHANGED, GOOD, STRONG, heading, paint};
use crate::plan::HostPlan;
use crate::report::count::count;
use crate::report::name::{few, those_read};

/// The whole plan. Its last line has the exact number of changes.
pub(super) fn plan(stages: &[String], hosts: &[(&str, Option<&HostPlan>)], diff: bool) -> String {
    let mut text = String::new();
    let names: Vec<&str> = hosts.iter().map(|(name, _)| *name).collect();
    for (index, stage) in stages.iter().enumerate() {
        let told = told(index, &names, hosts, diff);
        if told.is_empty() {
            continue;
        }
        text += &format!("{}\n", heading(stage));
        for Told { hosts, text: changes } in told {
            let hosts: Vec<&str> = hosts.into_iter().map(|host| names[host]).collect();
            let hosts = paint(STRONG, &wrap(&hosts, ", ", 2, 4, WIDTH));
            text += &format!("  {hosts}\n{}", indent(&changes, "    "));
        }
        text.push('\n');
    }
    text + &last_line(hosts)
}

/// What changes in one stage, each change once, with the hosts that it is made on.
fn told(stage: usize, names: &[&str], hosts: &[(&str, Option<&HostPlan>)], diff: bool) -> Vec<Told> {
    let changes = hosts.iter().enumerate().filter_map(|(host, (_, plan))| {
        let items = plan.as_ref()?.items.iter().filter(|item| item.stage == stage);
        let texts = items.map(|item| change::item(item, diff)).filter(|text| !text.is_empty());
        Some((host, texts.collect()))
    });
    alike(names, &changes.collect::<Vec<(usize, Vec<String>)>>())
}

/// `Plan: 7 changes on 2 of 4 hosts.`
fn last_line(hosts: &[(&str, Option<&HostPlan>)]) -> String {
    let plans: Vec<&HostPlan> = hosts.iter().filter_map(|(_, plan)| *plan).collect();
    let changes: usize = plans.iter().map(|plan| plan.changes().count()).sum();
    let unknown: usize =
        plans.iter().map(|plan| plan.changes().filter(|(.., change)| change.unknown).count()).sum();
    let changing = plans.iter().filter(|plan| plan.changes().next().is_some()).count();
    let refused: usize = plans.iter().map(|plan| plan.refusals().count()).sum();
    let ok: usize = plans.iter().map(|plan| plan.ok()).sum();
    let unread: Vec<&str> = hosts.iter().filter(|(_, plan)| plan.is_none()).map(|(host, _)| *host).collect();

    let (style, mut line) = if changes > 0 {
        let unknown = if unknown > 0 { format!(" ({unknown} unknown)") } else { String::new() };
        let changes = count(changes, "change");
        let line = format!("Plan: {changes}{unknown} on {changing} of {}", count(hosts.len(), "host"));
        (CHANGED, line)
    } else {
        let (resources, read) = (count(ok, "resource"), those_read(plans.len(), hosts.len()));
        let line = match () {
            () if plans.is_empty() => "No plan".into(),
            // What is refused should change.
            () if refused > 0 => format!("Plan: no change, {resources} on {read} as declared"),
            () if plans.len() < hosts.len() => format!("Plan: nothing to change on {read} ({resources})"),
            () => format!("Plan: nothing to change ({resources} on {read})"),
        };
        (GOOD, line)
    };
    if refused > 0 {
        line += &format!("; {refused} refused");
    }
    if !unread.is_empty() {
        line += &format!("; {} could not be read", few(&unread));
    }
    let style = if refused + unread.len() > 0 { BAD } else { style };
    paint(style, &format!("{line}.")) + "\n"
}
