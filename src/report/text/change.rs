//! One change, as it is shown in a plan.

use anstyle::Style;

use super::aspect::{aspect, common, is_line, sign, values};
use super::block::{indent, printable};
use super::services::{services, signs};
use super::style::{BAD, CHANGED, FAINT, NOTE, paint};
use crate::plan::{Item, Outcome};
use crate::report::count::count;
use crate::resource::{Aspect, Change, FirewallOpening, Kind, Refusal, Risk, VirtualServices};

/// A resource that changes or should, in lines; empty when it is as declared.
pub(super) fn item(item: &Item, diff: bool) -> String {
    let task = item.task.as_ref().map(|task| paint(FAINT, &format!("  ({})", printable(task))));
    let task = task.unwrap_or_default();
    let head = |symbol: &str, style: Style, rest: &str| {
        let subject = printable(item.told());
        format!("{} {} {subject}{rest}{task}\n", paint(style, symbol), item.module)
    };
    match &item.outcome {
        Outcome::Ok => String::new(),
        Outcome::Refused(refusal) => head("!", BAD, "") + &self::refusal(refusal),
        Outcome::Change(change) => {
            let (symbol, style) = symbol(item, change);
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
    let others = aspects.iter().filter(|aspect| aspect.entry.is_none()).map(|one| {
        let (sign, style) = sign(one);
        let sign = if signed { paint(style, sign) + " " } else { String::new() };
        indent(&(sign + &aspect(one, diff)), "    ")
    });
    indent(&services(aspects), "    ") + &others.collect::<String>()
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
        Risk::ClockStep => {
            "chrony steps the clock to its servers' time, once they answer; where it is the controller's \
                            clock that is wrong, correct that one"
                .into()
        }
        Risk::Restart { service } => format!("restarts {service}"),
        Risk::Stop { service } => format!("stops {service}"),
        Risk::Drain { connections, seconds, services } => {
            let open = connections.map_or("whatever connections there are".to_owned(), |open| {
                count(usize::try_from(open).unwrap_or(usize::MAX), "connection")
            });
            let of = services.as_ref().map_or_else(String::new, |services| format!(" of {services}"));
            match seconds {
                0 => format!("cuts {open}{of} at once"),
                _ => format!("drains {open}{of}, at most {seconds} s"),
            }
        }
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
fn symbol(item: &Item, change: &Change) -> (&'static str, Style) {
    if change.unknown {
        return ("?", NOTE);
    }
    let mut signs = signs(&change.aspects);
    signs.extend(change.aspects.iter().filter(|aspect| aspect.entry.is_none()).map(sign));
    let stays =
        [FirewallOpening::MODULE, VirtualServices::MODULE].contains(&item.module) && item.subject != "all";
    match common(&signs) {
        // What goes is none of the services or openings that the subject names: those stay.
        ("-", _) if stays => ("~", CHANGED),
        sign => sign,
    }
}
