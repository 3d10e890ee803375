//! Texts from elsewhere, made fit for the terminal: indented, cut, wrapped, and without characters that move its cursor.

use crate::report::count::count;

/// How wide a line may become before it is wrapped.
pub(super) const WIDTH: usize = 100;

/// The text without control characters: escapes in what a host prints must not reach the operator's terminal. Of what
/// a progress bar wrote over itself, the last remains.
pub(super) fn printable(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let line = line.trim_end_matches('\r');
        let line = anstream::adapter::strip_str(line.rsplit('\r').next().unwrap_or(line)).to_string();
        line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect::<String>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Every line behind the indent, each with its newline; empty lines stay empty.
pub(super) fn indent(text: &str, indent: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".into() } else { format!("{indent}{line}\n") }).collect()
}

/// The last lines of a text, under a line that says how many are left out.
pub(super) fn tail(text: &str, lines: usize) -> String {
    let text = text.trim_end();
    let left_out = text.lines().count().saturating_sub(lines);
    let last: Vec<&str> = text.lines().skip(left_out).collect();
    let last = last.join("\n");
    if left_out == 0 { last } else { format!("... ({} before)\n{last}", count(left_out, "line")) }
}

/// The words with `separator` between, in lines of at most `width` characters where that can be. Every line but the
/// first is indented by `hang` spaces; `first` characters stand before the first line already.
pub(super) fn wrap<S: AsRef<str>>(
    words: &[S],
    separator: &str,
    first: usize,
    hang: usize,
    width: usize,
) -> String {
    let mut text = String::new();
    let mut column = first;
    let comma = separator.trim_end().len();
    for (index, word) in words.iter().enumerate() {
        let word = word.as_ref();
        let length = word.chars().count();
        if index > 0 {
            text.push_str(&separator[..comma]);
            let behind = if index + 1 < words.len() { comma } else { 0 };
            if column + separator.len() + length + behind > width {
                text.push('\n');
                text.push_str(&" ".repeat(hang));
                column = hang;
            } else {
                text.push_str(&separator[comma..]);
                column += separator.len();
            }
        }
        text.push_str(word);
        column += length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_is_taken_out() {
        assert_eq!(printable("a\x1b[2Jb\n10%\r50%\r100%\r\n\tc\u{85}d"), "ab\n100%\n\tc\u{fffd}d");
    }

    #[test]
    fn a_tail_says_what_it_leaves_out() {
        assert_eq!(tail("1\n2\n3\n", 2), "... (1 line before)\n2\n3");
        assert_eq!(tail("1\n2\n", 2), "1\n2");
    }

    #[test]
    fn words_are_wrapped_under_their_beginning() {
        assert_eq!(wrap(&["01", "02", "01", "02"], " ", 4, 4, 10), "01 02\n    01 02");
        assert_eq!(wrap(&["web1", "web2"], ", ", 0, 2, 8), "web1,\n  web2");
    }
}
