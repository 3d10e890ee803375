//! How it ended.

use std::time::Duration;

use super::block::printable;
use super::style::{BAD, CHANGED, FAINT, GOOD, NOTE, paint};
use crate::report::count::count;
use crate::report::{HostSummary, Summary};

/// With more hosts than these, only those with something to tell have a line.
const EACH: usize = 24;

/// A line a host and one for all. `None` when the plan's own last line has said it.
pub(super) fn summary(summary: &Summary) -> Option<String> {
    let good = summary.left.is_empty() && summary.hosts.iter().all(HostSummary::is_good);
    if summary.verb == "plan" && good && matches!(summary.exit, 0 | 3) {
        return None;
    }
    // The complaints have said it.
    if summary.exit == 2 && summary.hosts.is_empty() {
        return None;
    }
    let longest = summary.hosts.iter().map(|host| host.host.chars().count()).max().unwrap_or(0);
    let worth = |host: &&HostSummary| summary.hosts.len() <= EACH || host.changed > 0 || !host.is_good();
    let (told, quiet): (Vec<&HostSummary>, Vec<&HostSummary>) = summary.hosts.iter().partition(worth);
    let mut text: String = told.iter().map(|host| line(host, longest)).collect();
    if !quiet.is_empty() {
        let all = if told.is_empty() { "all" } else { "the other" };
        text += &format!("{}\n", paint(FAINT, &format!("  {all} {}: ok", count(quiet.len(), "host"))));
    }
    text += &left(summary);
    if summary.not_verified {
        text += &format!("{}: `lvsprov verify` asks the services\n", paint(NOTE, "not verified"));
    }
    Some(text + &last_line(summary))
}

/// What was left, a line each, those with the same reason together.
fn left(summary: &Summary) -> String {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for left in &summary.left {
        let what = format!("{}: {}", left.host, printable(&left.what));
        match reasons.iter_mut().find(|(why, _)| *why == left.why) {
            Some((_, all)) => all.push(what),
            None => reasons.push((&left.why, vec![what])),
        }
    }
    let mut text = String::new();
    for (why, all) in reasons {
        for what in all {
            text += &format!("{} {what}\n", paint(NOTE, "left"));
        }
        text += &format!("     {}\n", printable(why));
    }
    text
}

fn line(host: &HostSummary, longest: usize) -> String {
    let tick = if host.is_good() { paint(GOOD, "✔") } else { paint(BAD, "✘") };
    let numbers = if host.unreachable {
        paint(BAD, "unreachable")
    } else {
        let part = |number: usize, what: &str, style| match number {
            0 => format!("{number} {what}"),
            _ => paint(style, &format!("{number} {what}")),
        };
        let (ok, changed) = (part(host.ok, "ok", GOOD), part(host.changed, "changed", CHANGED));
        format!("{ok}, {changed}, {}", part(host.failed, "failed", BAD))
    };
    format!("{tick} {:longest$}  {numbers}\n", host.host)
}

/// `deploy: done in 12.3 s, 9 changes on 3 of 4 hosts`
fn last_line(summary: &Summary) -> String {
    let all = count(summary.hosts.len(), "host");
    let on = |is: fn(&HostSummary) -> bool| summary.hosts.iter().filter(|host| is(host)).count();
    let (failed, unreachable) =
        (on(|host| host.failed > 0 && !host.unreachable), on(|host| host.unreachable));
    let (style, how) = match summary.exit {
        0 => (GOOD, "done".to_owned()),
        1 if failed > 0 => (BAD, format!("failed on {failed} of {all}")),
        2 => (BAD, "nothing was touched".to_owned()),
        3 => (CHANGED, "changes are pending".to_owned()),
        4 => (BAD, format!("{unreachable} of {all} could not be reached")),
        5 => (BAD, "verification failed".to_owned()),
        130 => (BAD, "interrupted".to_owned()),
        _ => (BAD, "failed".to_owned()),
    };
    let changes: usize = summary.hosts.iter().map(|host| host.changed).sum();
    let changes = match (changes, summary.hosts.len()) {
        // The plan has said how many there would be.
        _ if summary.verb == "plan" => String::new(),
        (_, 0) => String::new(),
        (0, _) => format!(", nothing changed on {all}"),
        _ => format!(", {} on {} of {all}", count(changes, "change"), on(|host| host.changed > 0)),
    };
    let text = format!("{}: {how} in {}{changes}", summary.verb, seconds(summary.elapsed));
    paint(style.bold(), &text) + "\n"
}

/// `1.2 s`, `2 min 5 s`
pub(super) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
