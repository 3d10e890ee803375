//! What is on the host: the probe, and the parser of what it prints.

use super::super::{Facts, Unreadable};
use super::boot_restore::{Boot, Ways};
use super::engine;
use super::touched::Touched;
use crate::ipvs::Table;

/// `su`, `sudo` and some shells leave these out.
pub(super) const PATH: &str = "PATH=$PATH:/usr/sbin:/sbin\n";

/// What a host has of virtual services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The live table with its thresholds; empty when IPVS is not loaded.
    pub(super) live: Table,
    /// What the next boot will bring.
    pub(super) boot: Boot,
    /// What was changed in earlier runs.
    pub(super) touched: Touched,
}

/// What the probe printed: sections, each headed by `@NAME` in the first column, where no other line has a `@`.
pub(super) struct Sections<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Sections<'a> {
    const NAMES: [&'static str; 7] = ["running", "saved", "services", "unit", "rules", "switch", "touched"];

    pub(super) fn of(text: &'a str) -> Result<Self, Unreadable> {
        let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
        for line in text.lines() {
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

impl Observed {
    /// POSIX sh that prints what is there.
    pub(super) fn probe(facts: &Facts) -> String {
        let boot = Ways::of(facts).map(|ways| Boot::probe(&ways)).unwrap_or_default();
        format!("{PATH}{}{boot}{}", engine::of_hosts().probe(), Touched::probe())
    }

    /// Reads what the probe printed.
    pub(super) fn parse(facts: &Facts, output: &[u8]) -> Result<Observed, Unreadable> {
        // A rules file need not be UTF-8; what is not becomes U+FFFD in a comment, or a line that does not read.
        let output = String::from_utf8_lossy(output);
        let printed = Sections::of(&output)?;
        Ok(Observed {
            live: engine::of_hosts().parse(&printed)?,
            boot: Boot::parse(Ways::of(facts).as_ref(), &printed)?,
            touched: Touched::parse(&printed)?,
        })
    }
}
