//! Where hosts differ from what is declared, for who compares and changes nothing.

use super::block::{indent, printable};
use super::diff::Diff;
use super::style::{BAD, FAINT, GOOD, NOTE, STRONG, paint};
use crate::plan::{HostPlan, Item, Outcome};
use crate::report::count::count;
use crate::resource::Aspect;

/// One paragraph a difference, and a last line with their number. What only running it can tell is mentioned, but is
/// no difference.
pub(super) fn drift(hosts: &[(&str, &HostPlan)], diff: bool) -> String {
    let (mut text, mut differences, mut unknown, mut drifted, mut ok) = (String::new(), 0, 0, 0, 0);
    for (host, plan) in hosts {
        let before = differences;
        for item in &plan.items {
            match &item.outcome {
                Outcome::Ok => ok += 1,
                Outcome::Change(change) if change.unknown => {
                    unknown += 1;
                    text +=
                        &line(host, item, &paint(NOTE, "only running it tells whether it is as declared"));
                }
                Outcome::Change(change) => {
                    for aspect in &change.aspects {
                        differences += 1;
                        text += &line(host, item, &difference(item, aspect, diff));
                    }
                }
                Outcome::Refused(refusal) => {
                    differences += 1;
                    text += &line(host, item, &printable(&refusal.reason));
                    text += &format!("  {} {}\n", paint(NOTE, "help:"), printable(&refusal.remedy));
                }
            }
        }
        drifted += usize::from(differences > before);
    }
    text + &last_line([differences, drifted, hosts.len(), ok, unknown])
}

fn last_line([differences, drifted, hosts, ok, unknown]: [usize; 5]) -> String {
    let unknown = if unknown > 0 { format!("; {unknown} unknown") } else { String::new() };
    let (resources, all) = (count(ok, "resource"), count(hosts, "host"));
    if differences == 0 {
        let are = if ok == 1 { "is" } else { "are" };
        return paint(GOOD, &format!("no drift: {resources} on {all} {are} as declared{unknown}")) + "\n";
    }
    let summary = format!("drift: {} on {drifted} of {all}{unknown}", count(differences, "difference"));
    paint(BAD, &summary) + "\n"
}

fn line(host: &str, item: &Item, what: &str) -> String {
    let subject = printable(&item.subject);
    format!("{}: {} {subject}: {what}\n", paint(STRONG, host), item.module)
}

/// `running 0, declared 1`
fn difference(item: &Item, aspect: &Aspect, all: bool) -> String {
    // `package chrony: chrony missing` says it twice.
    let what =
        if aspect.what == item.subject { String::new() } else { format!("{} ", printable(&aspect.what)) };
    let (old, new) = (aspect.old.as_deref(), aspect.new.as_deref());
    if aspect.text {
        return text(&what, old, new, all);
    }
    let value = |value: Option<&str>| value.map_or_else(|| paint(FAINT, "missing"), printable);
    match (old, new) {
        (Some(old), Some(new)) if old == new => format!("{what}is not as declared"),
        (Some(old), Some(new)) if old.contains('\n') || new.contains('\n') => {
            format!("{what}is\n{}  declared\n{}", block(old), block(new).trim_end())
        }
        (old, None) => format!("{what}{}, declared absent", value(old)),
        (old, new) => format!("{what}{}, declared {}", value(old), value(new)),
    }
}

fn block(text: &str) -> String {
    indent(&printable(text), "    ")
}

fn text(what: &str, old: Option<&str>, new: Option<&str>, all: bool) -> String {
    let differs = match (old, new) {
        (None, _) => "missing",
        (_, None) => "there, declared absent",
        _ => "differs",
    };
    let diff = Diff::of(old.unwrap_or_default(), new.unwrap_or_default());
    if all || diff.is_short() {
        let legend = if diff.hunks.is_empty() { "" } else { " (- found, + declared)" };
        format!("{what}{differs}{legend}\n{}", indent(&diff.hunks, "  ")).trim_end().to_owned()
    } else {
        let (missing, more) = (count(diff.added, "line"), diff.removed);
        format!("{what}{differs}: {missing} missing, {more} too many; --diff shows them")
    }
}
