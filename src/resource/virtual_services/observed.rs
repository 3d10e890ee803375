//! What is on the host: the probe, and the parser of what it prints.

use super::super::{Facts, Unreadable};
use super::boot_restore::{Boot, Ways};
use super::engine;
use super::sections::Sections;
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
    /// What was changed in earlier runs; read only where no service is declared, as when it is taken back.
    pub(super) touched: Touched,
}

impl Observed {
    /// POSIX sh that prints what is there, for a host of which these services are declared.
    pub(super) fn probe(declared: &Table, facts: &Facts) -> String {
        let boot = Ways::of(facts).map(|ways| Boot::probe(declared, &ways)).unwrap_or_default();
        let touched = if declared.services.is_empty() { Touched::probe() } else { String::new() };
        format!("{PATH}{}{boot}{touched}", engine::of_hosts().probe(declared))
    }

    /// Reads what the probe printed.
    pub(super) fn parse(declared: &Table, facts: &Facts, output: &[u8]) -> Result<Observed, Unreadable> {
        // A rules file need not be UTF-8; what is not becomes U+FFFD in a comment, or a line that does not read.
        let output = String::from_utf8_lossy(output);
        let printed = Sections::of(&output)?;
        Ok(Observed {
            live: engine::of_hosts().parse(&printed)?,
            boot: Boot::parse(declared, Ways::of(facts).as_ref(), &printed)?,
            touched: Touched::parse(&printed)?,
        })
    }
}
