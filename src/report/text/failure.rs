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
            text += &indent(&printable(&without_contents(script)), "    ");
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

/// The script with the contents of the files that it writes left out: one may be a secret, and the plan shows the
/// others.
fn without_contents(script: &str) -> String {
    const WRITES: &str = "printf %s ";
    let mut shown = String::new();
    let mut rest = script;
    while let Some(at) = rest.find(WRITES) {
        let (before, word) = rest.split_at(at + WRITES.len());
        shown += before;
        shown += "(content)";
        rest = &word[word_length(word)..];
    }
    shown + rest
}

/// How long the shell word is that the text begins with: plain, or in single quotes with `'\''` for one within.
fn word_length(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (offset, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\'' => quoted = !quoted,
            '\\' if !quoted => escaped = true,
            c if c.is_whitespace() && !quoted => return offset,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::without_contents;
    use crate::resource::quote;

    #[test]
    fn contents_of_files_are_not_shown_with_their_script() {
        for content in ["it's\na secret; printf %s other\n", "plain", ""] {
            let script = format!("umask 077\nprintf %s {} >\"$t\"\nmv \"$t\" \"$p\"\n", quote(content));
            assert_eq!(
                without_contents(&script),
                "umask 077\nprintf %s (content) >\"$t\"\nmv \"$t\" \"$p\"\n"
            );
        }
    }
}
