//! What is on the host: the probe, and the parser of what it prints.

use super::super::{Facts, Unreadable};
use super::boot_restore::{Boot, Ways};
use super::engine::{self, Live};
use super::sections::Sections;
use super::touched::Touched;
use crate::ipvs::{Connections, Table};

/// `su`, `sudo` and some shells leave these out.
pub(super) const PATH: &str = "PATH=$PATH:/usr/sbin:/sbin\n";

/// Beside how many declared services it is read what earlier runs have changed.
const FEW: usize = 16;

/// What a host has of virtual services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The live table with its thresholds; empty when IPVS is not loaded.
    pub(super) live: Table,
    /// What the next boot will bring.
    pub(super) boot: Boot,
    /// The live table's connections; `None` where nobody has counted them.
    pub(super) connections: Option<Connections>,
    /// What was changed in earlier runs; not read where many services are declared.
    pub(super) touched: Touched,
}

impl Observed {
    /// POSIX sh that prints what is there, for a host of which these services are declared.
    pub(super) fn probe(declared: &Table, facts: &Facts) -> String {
        let boot = Ways::of(facts).map(|ways| Boot::probe(declared, &ways)).unwrap_or_default();
        let touched = match declared.services.len() {
            0 => Touched::probe(),
            1..=FEW => Touched::probe_if_there(),
            _ => String::new(),
        };
        format!("{PATH}{}{boot}{touched}", engine::of_hosts().probe(declared))
    }

    /// Reads what the probe printed.
    pub(super) fn parse(declared: &Table, facts: &Facts, output: &[u8]) -> Result<Observed, Unreadable> {
        // A rules file need not be UTF-8; what is not becomes U+FFFD in a comment, or a line that does not read.
        let output = String::from_utf8_lossy(output);
        let printed = Sections::of(&output)?;
        let Live { table: live, connections } = engine::of_hosts().parse(&printed)?;
        let touched = match Touched::parse(&printed) {
            // Beside declared services it only tells whose the others are.
            Err(_) if !declared.services.is_empty() => Touched::default(),
            touched => touched?,
        };
        let boot = Boot::parse(declared, Ways::of(facts).as_ref(), &printed)?;
        Ok(Observed { live, connections, boot, touched })
    }
}
