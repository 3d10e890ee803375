//! What the last line says of the changes, and of the hosts of which nothing is known.

use crate::plan::Tally;
use crate::report::count::count;
use crate::report::name::{few, those_read};
use crate::report::{HostSummary, Summary};

/// `, 9 changes on 3 of 4 hosts, 1 change made in part on web2`. That nothing changed is only said where nothing was
/// begun.
pub(super) fn counted(summary: &Summary) -> String {
    let Some(all) = summary.changes() else { return String::new() };
    let on = |is: fn(&Tally) -> bool| few(&summary.names(|host| host.changes.as_ref().is_some_and(is)));
    let mut parts = Vec::new();
    if all.is_untouched() {
        let hosts = summary.hosts.len();
        let read = summary.names(|host| !host.unread).len();
        let on = if read > 0 { format!(" on {}", those_read(read, hosts)) } else { String::new() };
        parts.push(format!("nothing changed{on}"));
    }
    if all.made > 0 {
        let changed = summary.names(|host| host.changes.is_some_and(|tally| tally.made > 0)).len();
        let hosts = count(summary.hosts.len(), "host");
        parts.push(format!("{} on {changed} of {hosts}", count(all.made, "change")));
    }
    let more = [
        (all.in_part, "made in part", on(|tally| tally.in_part > 0)),
        (all.failed, "failed", on(|tally| tally.failed > 0)),
        (all.unknown, "unknown", on(|tally| tally.unknown > 0)),
        (all.not_begun, "not begun", on(|tally| tally.not_begun > 0)),
    ];
    for (number, what, hosts) in more.into_iter().filter(|(number, ..)| *number > 0) {
        parts.push(format!("{} {what} on {hosts}", count(number, "change")));
    }
    parts.into_iter().map(|part| format!(", {part}")).collect()
}

/// `; lvs_director could not be reached`
pub(super) fn unread(summary: &Summary) -> String {
    let failed = |host: &HostSummary| host.failed > 0;
    let unread = |host: &HostSummary| host.unread && !host.unreachable;
    let not_yet = summary.names(|host| unread(host) && !failed(host));
    let was = if not_yet.len() == 1 { "was not read" } else { "were not read" };
    let ways = [
        (summary.names(|host| host.unreachable), "could not be reached"),
        (summary.names(|host| unread(host) && failed(host)), "could not be read"),
        (not_yet, was),
    ];
    let told = ways.iter().filter(|(names, _)| !names.is_empty());
    told.map(|(names, what)| format!("; {} {what}", few(names))).collect()
}
