//! One change, as it is shown in a plan.

use anstyle::Style;

use super::block::{indent, printable};
use super::diff::Diff;
use super::style::{BAD, CHANGED, FAINT, GOOD, NOTE, paint};
use crate::plan::{Item, Outcome};
use crate::resource::{Aspect, Change, Refusal, Risk};

/// A resource that changes or should, in lines; empty when it is as declared.
pub(super) fn item(item: &Item, diff: bool) -> String {
    let task = item.task.as_ref().map(|task| paint(FAINT, &format!("  ({})", printable(task))));
    let task = task.unwrap_or_default();
    let head = |symbol: &str, style: Style, rest: &str| {
        let subject = printable(&item.subject);
        format!("{} {} {subject}{rest}{task}\n", paint(style, symbol), item.module)
    };
    match &item.outcome {
        Outcome::Ok => String::new(),
        Outcome::Refused(refusal) => head("!", BAD, "") + &self::refusal(refusal),
        Outcome::Change(change) => {
            let (symbol, style) = symbol(change);
            let mut text = match change.aspects.as_slice() {
                // `+ package chrony: installed` says it in one line.
                [aspect] if aspect.what == item.subject && is_line(aspect) => {
                    head(symbol, style, &format!(": {}", values(aspect)))
                }
                // What a command runs neither comes nor goes.
                aspects if change.unknown => head(symbol, style, "") + &listed(aspects, diff, false),
                aspects => head(symbol, style, "") + &listed(aspects, diff, true),
            };
            if change.unknown {
                text += &note("only running it tells what it changes");
            }
            for risk in &change.risks {
                text += &note(&self::risk(risk));
            }
            text
        }
    }
}

/// What differs, one below the other, indented.
pub(super) fn aspects(aspects: &[Aspect], diff: bool) -> String {
    listed(aspects, diff, true)
}

fn listed(aspects: &[Aspect], diff: bool, signed: bool) -> String {
    let lines = aspects.iter().map(|aspect| {
        let (sign, style) = sign(aspect);
        let sign = if signed { paint(style, sign) + " " } else { String::new() };
        indent(&(sign + &self::aspect(aspect, diff)), "    ")
    });
    lines.collect()
}

/// What a change may do beside what it is for.
fn risk(risk: &Risk) -> String {
    match risk {
        Risk::RouteChange { controller, old, new } => {
            let old = old.map_or_else(String::new, |old| format!("from {old} "));
            let controller = controller.map_or_else(String::new, |address| format!(" ({address})"));
            format!("moves this host's own way back to the controller{controller} {old}to {new}")
        }
        Risk::CutOff { controller, what } => {
            let controller = controller.map_or_else(String::new, |address| format!(" ({address})"));
            format!("may take away this host's own way back to the controller{controller}: {what}")
        }
        Risk::Restart { service } => format!("restarts {service}"),
        Risk::Stop { service } => format!("stops {service}"),
    }
}

fn note(text: &str) -> String {
    format!("    {} {text}\n", paint(NOTE, "note:"))
}

fn refusal(refusal: &Refusal) -> String {
    let help = paint(NOTE, "help:");
    let reason = indent(&printable(&refusal.reason), "    ");
    format!("{reason}    {help} {}\n", printable(&refusal.remedy))
}

/// What its aspects have in common: something new, something that goes, or something that changes; or nobody knows.
fn symbol(change: &Change) -> (&'static str, Style) {
    if change.unknown {
        return ("?", NOTE);
    }
    let signs: Vec<_> = change.aspects.iter().map(sign).collect();
    match signs.as_slice() {
        [first, rest @ ..] if rest.iter().all(|sign| sign == first) => *first,
        _ => ("~", CHANGED),
    }
}

fn sign(aspect: &Aspect) -> (&'static str, Style) {
    match (&aspect.old, &aspect.new) {
        (None, Some(_)) => ("+", GOOD),
        (Some(_), None) => ("-", BAD),
        _ => ("~", CHANGED),
    }
}

fn aspect(aspect: &Aspect, diff: bool) -> String {
    let what = printable(&aspect.what);
    if aspect.text {
        return text(&what, aspect, diff);
    }
    if is_line(aspect) {
        return format!("{what}: {}", values(aspect));
    }
    let mut text = format!("{what}:\n");
    for (value, sign, style) in [(&aspect.old, "-", BAD), (&aspect.new, "+", GOOD)] {
        for line in printable(value.as_deref().unwrap_or_default()).lines() {
            text += &format!("  {}\n", paint(style, &format!("{sign} {line}")));
        }
    }
    text
}

/// Whether both values fit behind their name.
fn is_line(aspect: &Aspect) -> bool {
    let line = |value: &Option<String>| value.as_ref().is_none_or(|value| !value.contains('\n'));
    !aspect.text && line(&aspect.old) && line(&aspect.new)
}

/// `old → new`, or the one that there is.
fn values(aspect: &Aspect) -> String {
    let old = aspect.old.as_deref().map(printable);
    let new = aspect.new.as_deref().map(printable);
    match (old, new) {
        // A masked value that changes must not look as if it stayed.
        (Some(old), Some(new)) if old == new => format!("{} (another one)", paint(GOOD, &new)),
        (Some(old), Some(new)) => format!("{} → {}", paint(BAD, &old), paint(GOOD, &new)),
        (None, Some(new)) => paint(GOOD, &new),
        (Some(old), None) => paint(BAD, &old),
        (None, None) => paint(FAINT, "none"),
    }
}

fn text(what: &str, aspect: &Aspect, all: bool) -> String {
    let diff = Diff::of(aspect.old.as_deref().unwrap_or_default(), aspect.new.as_deref().unwrap_or_default());
    match () {
        () if diff.added + diff.removed == 0 => format!("{what}: empty"),
        () if all || diff.is_short() => format!("{what}:\n{}", indent(&diff.hunks, "  ")),
        () => format!("{what}: {}; --diff shows them", diff.size()),
    }
}
