//! One thing that differs, in words.

use anstyle::Style;

use super::block::{indent, printable};
use super::diff::Diff;
use super::style::{BAD, CHANGED, FAINT, GOOD, paint};
use crate::resource::Aspect;

/// Whether it is new, goes or changes.
pub(super) fn sign(aspect: &Aspect) -> (&'static str, Style) {
    match (&aspect.old, &aspect.new) {
        (None, Some(_)) => ("+", GOOD),
        (Some(_), None) => ("-", BAD),
        _ => ("~", CHANGED),
    }
}

/// The sign that all have, else that of a change.
pub(super) fn common(signs: &[(&'static str, Style)]) -> (&'static str, Style) {
    match signs {
        [first, rest @ ..] if rest.iter().all(|sign| sign == first) => *first,
        _ => ("~", CHANGED),
    }
}

/// Its name and values, in one line or more.
pub(super) fn aspect(aspect: &Aspect, diff: bool) -> String {
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
pub(super) fn is_line(aspect: &Aspect) -> bool {
    let line = |value: &Option<String>| value.as_ref().is_none_or(|value| !value.contains('\n'));
    !aspect.text && line(&aspect.old) && line(&aspect.new)
}

/// `old → new`, or the one that there is.
pub(super) fn values(aspect: &Aspect) -> String {
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
