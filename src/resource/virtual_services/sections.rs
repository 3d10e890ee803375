//! The parts of what the probe printed.

use super::super::Unreadable;

/// What the probe printed: sections, each headed by `@NAME` in the first column, where no other line has a `@`.
pub(super) struct Sections<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Sections<'a> {
    const NAMES: [&'static str; 9] =
        ["running", "saved", "services", "unit", "rules", "declared", "switch", "irregular", "touched"];

    pub(super) fn of(text: &'a str) -> Result<Self, Unreadable> {
        let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
        // A carriage return at a line's end is a part of it.
        for line in text.split_terminator('\n') {
            match (line.strip_prefix('@').filter(|name| Self::NAMES.contains(name)), sections.last_mut()) {
                (Some(name), _) => sections.push((name, Vec::new())),
                (None, Some((_, lines))) => lines.push(line),
                (None, None) => return Err(Unreadable::new("virtual services", line)),
            }
        }
        Ok(Sections(sections))
    }

    /// The lines of the section of that name.
    pub(super) fn lines(&self, name: &str) -> Option<&[&'a str]> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, lines)| lines.as_slice())
    }
}
