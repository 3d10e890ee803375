//! How it ended.

use std::time::Duration;

use super::block::{WIDTH, printable, wrap};
use super::counted::{counted, unread};
use super::style::{BAD, CHANGED, FAINT, GOOD, NOTE, paint};
use super::unfinished::unfinished;
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
    let (told, rest): (Vec<&HostSummary>, Vec<&HostSummary>) = summary.hosts.iter().partition(worth);
    let mut text: String = told.iter().map(|host| line(host, longest)).collect();
    text += &quiet(&rest, told.is_empty());
    text += &unfinished(&summary.unfinished);
    text += &left(summary);
    if summary.not_verified {
        text += &format!("{}: `lvsprov verify` asks the services\n", paint(NOTE, "not verified"));
    }
    Some(text + &last_line(summary))
}

/// The hosts without a line of their own.
fn quiet(hosts: &[&HostSummary], all: bool) -> String {
    let number = |is: fn(&HostSummary) -> bool| hosts.iter().filter(|host| is(host)).count();
    let ways = [
        ("ok", number(|host| host.is_done())),
        ("nothing begun", number(|host| !host.unread && !host.is_done())),
        ("not read", number(|host| host.unread)),
    ];
    let mut text = String::new();
    for (how, number) in ways.into_iter().filter(|(_, number)| *number > 0) {
        let which = match () {
            () if number < hosts.len() => "",
            () if all => "all ",
            () => "the other ",
        };
        text += &format!("{}\n", paint(FAINT, &format!("  {which}{}: {how}", count(number, "host"))));
    }
    text
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
            let what = wrap(&what.split(", ").collect::<Vec<_>>(), ", ", 5, 7, WIDTH);
            text += &format!("{} {what}\n", paint(NOTE, "left"));
        }
        text += &format!("     {}\n", printable(why));
    }
    text
}

fn line(host: &HostSummary, longest: usize) -> String {
    let tick = match () {
        () if host.is_done() => paint(GOOD, "✔"),
        () if host.is_good() => paint(NOTE, "-"),
        () => paint(BAD, "✘"),
    };
    format!("{tick} {:longest$}  {}\n", host.host, numbers(host))
}

/// `5 ok, 3 changed, 1 changed in part, 2 not begun`. Of what failed or is not known, nothing is counted twice.
fn numbers(host: &HostSummary) -> String {
    match () {
        () if !host.unread => {}
        () if host.unreachable => return paint(BAD, "unreachable"),
        () if host.failed > 0 => return paint(BAD, "could not be read"),
        () => return paint(NOTE, "not read"),
    }
    let tally = host.changes.unwrap_or_default();
    let more = tally.in_part + tally.unknown + tally.not_begun;
    let failed = if tally.in_part + tally.unknown > 0 { tally.failed } else { host.failed.max(tally.failed) };
    // Who only plans has changed nothing.
    let changed = if host.changes.is_none() && host.changed > 0 { "to change" } else { "changed" };
    let parts = [
        (host.ok, "ok", GOOD, true),
        (host.changed, changed, CHANGED, true),
        (tally.in_part, "changed in part", BAD, false),
        (tally.unknown, "unknown", BAD, false),
        (failed, "failed", BAD, more == 0 && !host.unreachable),
        (tally.not_begun, "not begun", NOTE, false),
    ];
    let told = parts.into_iter().filter(|(number, _, _, always)| *always || *number > 0);
    let told: Vec<String> = told
        .map(|(number, what, style, _)| match number {
            0 => format!("{number} {what}"),
            _ => paint(style, &format!("{number} {what}")),
        })
        .chain(host.unreachable.then(|| paint(BAD, "then unreachable")))
        .collect();
    told.join(", ")
}

/// `deploy: done in 12.3 s, 9 changes on 3 of 4 hosts`
fn last_line(summary: &Summary) -> String {
    let failed = summary.names(|host| host.failed > 0 && !host.unreachable).len();
    let (style, how) = match summary.exit {
        0 => (GOOD, "done".to_owned()),
        1 if failed > 0 => (BAD, format!("failed on {failed} of {}", count(summary.hosts.len(), "host"))),
        2 => (BAD, "nothing was touched".to_owned()),
        3 => (CHANGED, "changes are pending".to_owned()),
        4 => (BAD, "ended".to_owned()),
        5 => (BAD, "verification failed".to_owned()),
        130 => (BAD, "interrupted".to_owned()),
        _ => (BAD, "failed".to_owned()),
    };
    let time = seconds(summary.elapsed);
    let text = format!("{}: {how} in {time}{}{}", summary.verb, counted(summary), unread(summary));
    paint(style.bold(), &text) + "\n"
}

/// `1.2 s`, `2 min 5 s`
pub(super) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
