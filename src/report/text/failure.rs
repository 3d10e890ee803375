//! Why something failed, in one paragraph.

use std::rc::Rc;

use super::alike::{Told, alike};
use super::block::{WIDTH, indent, printable, tail, wrap};
use super::change;
use super::style::{BAD, FAINT, NOTE, STRONG, paint};
use crate::report::evidence::evidence;
use crate::run::Failure;

/// How many lines of a command's output are shown: its last ones, where what went wrong stands.
const LINES: usize = 20;

/// Why the hosts' parts ended early, a paragraph for those of which it is the same.
pub(super) fn failures(all: &[(String, Rc<Failure>)], verbose: bool) -> Vec<String> {
    let names: Vec<&str> = all.iter().map(|(host, _)| host.as_str()).collect();
    let why = |(place, (_, why)): (usize, &(String, Rc<Failure>))| (place, vec![failure(why, verbose)]);
    let told = alike(&names, &all.iter().enumerate().map(why).collect::<Vec<_>>());
    let paragraph = |told: Told| {
        let hosts: Vec<&str> = told.hosts.into_iter().map(|place| names[place]).collect();
        format!("{}: {}", paint(BAD.bold(), &wrap(&hosts, ", ", 0, 2, WIDTH)), told.text)
    };
    told.into_iter().map(paragraph).collect()
}

/// What failed, what was said, and what to do about it.
fn failure(failure: &Failure, verbose: bool) -> String {
    let mut text = printable(&failure.to_string()) + "\n";
    text += &indent(&tail(&printable(&evidence(failure)), LINES), "    ");
    match failure {
        Failure::NotTaken { aspects, .. } => {
            text += &format!("  {}\n", paint(FAINT, "it still differs:"));
            text += &change::aspects(aspects, false);
        }
        Failure::Step { script, .. } if verbose => {
            text += &format!("  {}\n", paint(FAINT, "its script:"));
            text += &indent(&printable(&script.to_string()), "    ");
        }
        _ => {}
    }
    text + &help(&failure.remedy())
}

/// What went wrong, when it concerns no single host.
pub(super) fn error(message: &str, remedy: &str) -> String {
    let message = printable(message);
    let (first, rest) = message.split_once('\n').unwrap_or((&message, ""));
    let text = format!("{} {}\n{}", paint(BAD.bold(), "error:"), paint(STRONG, first), indent(rest, "    "));
    text + &help(remedy)
}

fn help(remedy: &str) -> String {
    if remedy.is_empty() { String::new() } else { format!("  {} {remedy}\n", paint(NOTE, "help:")) }
}
