//! Why something failed, in one paragraph.

use super::block::{indent, printable, tail};
use super::change;
use super::style::{BAD, FAINT, NOTE, STRONG, paint};
use crate::report::evidence::evidence;
use crate::run::Failure;

/// How many lines of a command's output are shown: its last ones, where what went wrong stands.
const LINES: usize = 20;

/// Why a host's part ended early: what failed, what was said, and what to do about it.
pub(super) fn failure(host: &str, failure: &Failure, verbose: bool) -> String {
    let message = printable(&failure.to_string());
    let mut text = format!("{}: {message}\n", paint(BAD.bold(), host));
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
