//! What was begun, and of which not all is known to have been made.

use super::block::printable;
use super::change;
use super::style::{BAD, FAINT, NOTE, paint};
use crate::plan::{Took, Unfinished};
use crate::report::count::count;
use crate::report::name::few;
use crate::resource::Aspect;

/// So many different changes are told.
const CHANGES: usize = 20;

/// So many aspects of a change are told.
const ASPECTS: usize = 10;

/// A line a change, those of several hosts together, and what is known of it.
pub(super) fn unfinished(all: &[Unfinished]) -> String {
    let mut alike: Vec<(&Unfinished, Vec<&str>)> = Vec::new();
    for one in all {
        match alike.iter_mut().find(|(other, _)| other.what == one.what && other.took == one.took) {
            Some((_, hosts)) => hosts.push(one.host.as_str()),
            None => alike.push((one, vec![one.host.as_str()])),
        }
    }
    let line = |word: &str, style, (one, hosts): &(&Unfinished, Vec<&str>)| {
        format!("{} {}: {}\n", paint(style, word), few(hosts), printable(&one.what))
    };
    let mut text = String::new();
    let more = alike.len().saturating_sub(CHANGES);
    alike.truncate(CHANGES);
    for group in &alike {
        if let Took::Part(aspects) = &group.0.took {
            text += &line("in part", BAD, group);
            text += "     when it was read back, this was not as planned:\n";
            text += &differing(aspects);
        }
    }
    let ways = [
        (Took::Nothing, "failed", BAD, "when it was read back, it was as before"),
        (
            Took::Unknown,
            "unknown",
            NOTE,
            "how far it got is not known: the same again reads the host anew, and goes on",
        ),
    ];
    for (took, word, style, why) in ways {
        let lines: String =
            alike.iter().filter(|(one, _)| one.took == took).map(|one| line(word, style, one)).collect();
        if !lines.is_empty() {
            text += &format!("{lines}     {why}\n");
        }
    }
    if more > 0 {
        text += &format!("{}\n", paint(FAINT, &format!("     and of {} more", count(more, "change"))));
    }
    text
}

fn differing(aspects: &[Aspect]) -> String {
    let told = &aspects[..aspects.len().min(ASPECTS)];
    let more = aspects.len() - told.len();
    let rest = format!("     and {more} more; `lvsprov plan` shows them\n");
    change::aspects(told, false) + if more > 0 { &rest } else { "" }
}
