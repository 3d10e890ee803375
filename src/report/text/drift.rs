//! Where hosts differ from what is declared, for who compares and changes nothing.

use std::collections::HashMap;

use super::block::{WIDTH, indent, printable, wrap};
use super::diff::Diff;
use super::style::{BAD, FAINT, GOOD, NOTE, STRONG, paint};
use crate::plan::{HostPlan, Item, Outcome};
use crate::report::count::count;
use crate::report::name::{few, those_read};
use crate::resource::Aspect;

/// One paragraph a difference, that of several hosts once, and a last line with their number. What only running it can
/// tell is mentioned, but is no difference. A host that could not be read has no plan.
pub(super) fn drift(hosts: &[(&str, Option<&HostPlan>)], diff: bool) -> String {
    let (mut told, mut found) = (Alike::default(), Count::default());
    for (host, plan) in hosts {
        let Some(plan) = plan else {
            found.unread.push(host);
            continue;
        };
        found.read += 1;
        let before = found.differences;
        for item in &plan.items {
            match &item.outcome {
                Outcome::Ok => found.ok += 1,
                Outcome::Change(change) if change.unknown => {
                    found.unknown += 1;
                    told.add(
                        host,
                        line(item, &paint(NOTE, "only running it tells whether it is as declared")),
                    );
                }
                Outcome::Change(change) => {
                    for aspect in &change.aspects {
                        found.differences += 1;
                        told.add(host, line(item, &difference(item, aspect, diff)));
                    }
                }
                Outcome::Refused(refusal) => {
                    found.differences += 1;
                    let help = format!("  {} {}\n", paint(NOTE, "help:"), printable(&refusal.remedy));
                    told.add(host, line(item, &printable(&refusal.reason)) + &help);
                }
            }
        }
        found.drifted += usize::from(found.differences > before);
    }
    told.text() + &found.last_line()
}

/// What differs, each with the hosts on which it does.
#[derive(Default)]
struct Alike<'a> {
    all: Vec<(String, Vec<&'a str>)>,
    index: HashMap<String, usize>,
}

impl<'a> Alike<'a> {
    fn add(&mut self, host: &'a str, text: String) {
        let place = *self.index.entry(text.clone()).or_insert(self.all.len());
        match self.all.get_mut(place) {
            // A host may have the same twice.
            Some((_, hosts)) if !hosts.contains(&host) => hosts.push(host),
            _ => self.all.push((text, vec![host])),
        }
    }

    fn text(&self) -> String {
        let told = |(text, hosts): &(String, Vec<&str>)| {
            format!("{}: {text}", paint(STRONG, &wrap(hosts, ", ", 0, 2, WIDTH)))
        };
        self.all.iter().map(told).collect()
    }
}

/// What was found.
#[derive(Default)]
struct Count<'a> {
    differences: usize,
    drifted: usize,
    ok: usize,
    unknown: usize,
    read: usize,
    unread: Vec<&'a str>,
}

impl Count<'_> {
    /// It claims nothing of a host that was not read.
    fn last_line(&self) -> String {
        let all = self.read + self.unread.len();
        if self.read == 0 {
            let none = format!("drift is not known: none of {} could be read", count(all, "host"));
            return paint(BAD, &none) + "\n";
        }
        let (resources, read) = (count(self.ok, "resource"), those_read(self.read, all));
        let unknown = if self.unknown > 0 { format!("; {} unknown", self.unknown) } else { String::new() };
        let unread = match self.unread.as_slice() {
            [] => String::new(),
            names => format!("; {} could not be read", few(names)),
        };
        let are = if self.ok == 1 { "is" } else { "are" };
        let (style, found) = match (self.differences, unread.is_empty()) {
            (0, true) => (GOOD, format!("no drift: {resources} on {read} {are} as declared")),
            (0, false) => (BAD, format!("no drift on {read}: {resources} {are} as declared")),
            _ => (
                BAD,
                format!("drift: {} on {} of {read}", count(self.differences, "difference"), self.drifted),
            ),
        };
        paint(style, &format!("{found}{unknown}{unread}")) + "\n"
    }
}

fn line(item: &Item, what: &str) -> String {
    let subject = printable(item.told());
    format!("{} {subject}: {what}\n", item.module)
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
