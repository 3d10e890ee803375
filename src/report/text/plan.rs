//! A plan: what would change, stage by stage and host by host.

use std::collections::HashMap;

use super::block::{WIDTH, indent, wrap};
use super::change;
use super::style::{BAD, CHANGED, GOOD, STRONG, heading, paint};
use crate::plan::HostPlan;
use crate::report::count::count;

/// The whole plan. Its last line has the exact number of changes.
pub(super) fn plan(stages: &[String], hosts: &[(&str, Option<&HostPlan>)], diff: bool) -> String {
    let mut text = String::new();
    for (index, name) in stages.iter().enumerate() {
        let groups = groups(index, hosts, diff);
        if groups.is_empty() {
            continue;
        }
        text += &format!("{}\n", heading(name));
        for (names, changes) in groups {
            text += &format!(
                "  {}\n{}",
                paint(STRONG, &wrap(&names, ", ", 2, 4, WIDTH)),
                indent(&changes, "    ")
            );
        }
        text.push('\n');
    }
    text + &last_line(hosts)
}

/// What changes in one stage, with the hosts that change alike.
fn groups<'a>(
    stage: usize,
    hosts: &[(&'a str, Option<&HostPlan>)],
    diff: bool,
) -> Vec<(Vec<&'a str>, String)> {
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    // Thousands of hosts may each differ in a detail: looking each one's group up keeps that quick.
    let mut index: HashMap<String, usize> = HashMap::new();
    for (host, plan) in hosts {
        let Some(plan) = plan else { continue };
        let items = plan.items.iter().filter(|item| item.stage == stage);
        let changes: String = items.map(|item| change::item(item, diff)).collect();
        if changes.is_empty() {
            continue;
        }
        match index.get(&changes) {
            Some(&group) => groups[group].0.push(host),
            None => {
                index.insert(changes.clone(), groups.len());
                groups.push((vec![host], changes));
            }
        }
    }
    groups
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
    let unread = hosts.len() - plans.len();

    let (style, mut line) = if changes > 0 {
        let unknown = if unknown > 0 { format!(" ({unknown} unknown)") } else { String::new() };
        let changes = count(changes, "change");
        let line = format!("Plan: {changes}{unknown} on {changing} of {}", count(hosts.len(), "host"));
        (CHANGED, line)
    } else {
        let (resources, read) = (count(ok, "resource"), count(plans.len(), "host"));
        let line = if plans.is_empty() {
            "No plan".into()
        } else {
            format!("Plan: nothing to change ({resources} on {read})")
        };
        (GOOD, line)
    };
    if refused > 0 {
        line += &format!("; {refused} refused");
    }
    if unread > 0 {
        line += &format!("; {} could not be read", count(unread, "host"));
    }
    let style = if refused + unread > 0 { BAD } else { style };
    paint(style, &format!("{line}.")) + "\n"
}
