//! The difference of two texts.

use similar::{ChangeTag, TextDiff};

use super::block::printable;
use super::style::{BAD, FAINT, GOOD, paint};
use crate::report::count::count;

/// How many changed lines are shown without being asked for.
const SHORT: usize = 12;

/// The difference of two texts, line by line.
pub(super) struct Diff {
    /// How many lines come.
    pub(super) added: usize,
    /// How many go.
    pub(super) removed: usize,
    /// The hunks of a unified diff, with colours. Of a text that is new or goes there is but one, which needs no
    /// heading.
    pub(super) hunks: String,
}

impl Diff {
    /// From the old text to the new one.
    pub(super) fn of(old: &str, new: &str) -> Diff {
        let diff = TextDiff::from_lines(old, new);
        let (mut added, mut removed, mut hunks) = (0, 0, String::new());
        for hunk in diff.unified_diff().iter_hunks() {
            if !old.is_empty() && !new.is_empty() {
                hunks.push_str(&paint(FAINT, hunk.header().to_string().trim_end()));
                hunks.push('\n');
            }
            for change in hunk.iter_changes() {
                let text = change.value();
                let line = printable(text.strip_suffix('\n').unwrap_or(text));
                let line = match change.tag() {
                    ChangeTag::Insert => {
                        added += 1;
                        paint(GOOD, &format!("+{line}"))
                    }
                    ChangeTag::Delete => {
                        removed += 1;
                        paint(BAD, &format!("-{line}"))
                    }
                    ChangeTag::Equal => format!(" {line}"),
                };
                hunks.push_str(&line);
                hunks.push('\n');
                if change.missing_newline() {
                    hunks.push_str(&paint(FAINT, "\\ no newline at the end"));
                    hunks.push('\n');
                }
            }
        }
        Diff { added, removed, hunks }
    }

    /// Whether it is shown without being asked for.
    pub(super) fn is_short(&self) -> bool {
        self.added + self.removed <= SHORT
    }

    /// `3 lines added, 1 removed`
    pub(super) fn size(&self) -> String {
        format!("{} added, {} removed", count(self.added, "line"), self.removed)
    }
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;

    use super::Diff;

    #[test]
    fn lines_are_counted_and_shown() {
        let diff = Diff::of("a\nb\nc\n", "a\nB\nc\nd");
        assert_eq!(diff.size(), "2 lines added, 1 removed");
        let shown = strip_str(&diff.hunks).to_string();
        assert_eq!(shown, "@@ -1,3 +1,4 @@\n a\n-b\n+B\n c\n+d\n\\ no newline at the end\n");
    }

    #[test]
    fn a_new_text_needs_no_heading() {
        assert_eq!(strip_str(&Diff::of("", "a\nb\n").hunks).to_string(), "+a\n+b\n");
    }
}
