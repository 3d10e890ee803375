//! The parts of what the probe printed.

/// Sections, each headed by a line `=NAME`.
pub struct Sections<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Sections<'a> {
    /// Reads the probe's output; what stands before the first heading belongs to none.
    pub fn of(text: &'a str) -> Sections<'a> {
        let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
        // not `lines`: whether a file's lines end as on other systems may matter
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            match (line.strip_prefix('='), sections.last_mut()) {
                (Some(name), _) => sections.push((name, Vec::new())),
                (None, Some((_, lines))) => lines.push(line),
                (None, None) => {}
            }
        }
        Sections(sections)
    }

    /// The lines of the section of that name; `None` where the probe did not get there.
    pub fn lines(&self, name: &str) -> Option<&[&'a str]> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, lines)| lines.as_slice())
    }
}
