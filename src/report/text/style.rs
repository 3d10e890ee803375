//! Colours, by what they mean. Where they are not wanted, the streams take them out again.

use anstyle::{AnsiColor, Style};

/// What is new, and what is well.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What goes, and what failed.
pub(super) const BAD: Style = AnsiColor::Red.on_default();
/// What changes.
pub(super) const CHANGED: Style = AnsiColor::Yellow.on_default();
/// What is not known, or worth a look.
pub(super) const NOTE: Style = AnsiColor::Cyan.on_default();
/// What can be passed over.
pub(super) const FAINT: Style = Style::new().dimmed();
/// What a paragraph is about.
pub(super) const STRONG: Style = Style::new().bold();

/// The text in a style.
pub(super) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A heading.
pub(super) fn heading(text: &str) -> String {
    paint(STRONG, text)
}
