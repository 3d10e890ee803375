//! A director's virtual services: the live table, the rules file, and the unit that restores it at boot.
//!
//! Three truths are compared, as parsed tables and never as text: what is declared, what the kernel holds, and what
//! the next boot will bring. The table is changed by the fewest edits; the unit is never stopped or restarted, and
//! started only where the table is empty, because each of these flushes it.

mod boot_restore;
mod engine;
mod gates;
mod observed;
mod revert;
mod sections;
mod touched;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::boot_restore::{BootDiff, Ways};
use self::observed::{Observed, PATH};
use self::revert::Prior;
use self::touched::Touched;
use super::{Aspect, Change, Context, Facts, Gate, Kind, Refusal, Script, Unreadable};
use crate::ipvs::{Rejected, Rules, ServiceKey, Table, TableDiff};

/// How long the connections of what leaves have to end, all together.
const DRAIN: Duration = Duration::from_secs(10);

/// How many services a subject names.
const NAMED: usize = 3;

/// All virtual services of one director. A host has one declaration of this kind, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualServices {
    /// The services, each owning its whole list of real servers.
    pub table: Table,
    /// Whether the next boot is to bring the same table.
    pub persist: bool,
    /// Whether services that are not declared leave the table and the rules file.
    pub prune: bool,
    /// The services whose real servers enter unasked.
    #[serde(skip)]
    pub ungated: BTreeSet<ServiceKey>,
    /// The real servers that do not enter, each with its service. Where they are already, they stay.
    #[serde(skip)]
    pub held: BTreeSet<(ServiceKey, SocketAddr)>,
}

impl Kind for VirtualServices {
    const MODULE: &'static str = "virtual_services";

    type Observed = Observed;
    type Prior = Prior;

    fn subject(&self) -> String {
        let keys: Vec<_> = self.table.services.keys().take(NAMED).map(ToString::to_string).collect();
        match self.table.services.len() {
            0 => "all".into(),
            all if all > NAMED => format!("{} and {} more", keys.join(", "), all - NAMED),
            _ => keys.join(", "),
        }
    }

    fn probe(batch: &[&Self], facts: &Facts) -> String {
        batch.first().map(|declared| Observed::probe(&declared.table, facts)).unwrap_or_default()
    }

    fn parse(batch: &[&Self], facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        batch.iter().map(|declared| Observed::parse(&declared.table, facts, output)).collect()
    }

    fn differ(&self, observed: &Observed, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        let wanted = self.without_held(&observed.live);
        let diff = TableDiff::between(&observed.live, &wanted, self.prune);
        let mut aspects = told("", &diff);
        let mut touched = Touched { live: diff.keys().collect(), ..Touched::default() };
        let live = engine::of_hosts().change(&diff, DRAIN);
        let mut script = live.script;

        if self.persist {
            let ways = Ways::of(context.facts).ok_or_else(|| Refusal {
                reason: format!(
                    "how {} {} restores a virtual server table at boot is not known to this version",
                    context.facts.os.id, context.facts.os.version
                ),
                remedy: "set `persist: false` and have the table restored at boot by other means".into(),
            })?;
            if let Some(refusal) = observed.boot.refusal() {
                return Err(refusal);
            }
            if let Some(refusal) = observed.boot.unit.refusal() {
                return Err(refusal);
            }
            let rules = self.rules(observed, ways.comments());
            let boot = BootDiff::between(&ways, &observed.boot, &rules, self.prune);
            aspects.extend(boot.aspects());
            boot.touch(&mut touched);
            // A start flushes the live table, and brings the whole file: there must be nothing in the one, and nothing
            // else in the other than is to run. Somebody's services, or a real server that has to wait, stay out.
            let starts = observed.live.services.is_empty() && rules.table == *wanted;
            let start = if starts { boot.start() } else { "" };
            if start.is_empty() {
                script += boot.script();
            } else {
                let edits = std::mem::replace(&mut script, boot.script());
                script += start;
                script += edits;
            }
        }
        if aspects.is_empty() {
            return Ok(None);
        }
        let mut whole = Script::from(PATH);
        whole += touched.script();
        whole += script;
        let gates = gates::gates(&diff, &observed.boot.rules.table, &self.ungated);
        let deadline = Duration::from_secs(60) + live.longest;
        Ok(Some(Change { deadline, gates, ..Change::new(aspects, whole) }))
    }

    fn without(&self, shut: &[&Gate]) -> Self {
        let held = shut.iter().flat_map(|gate| gate.services.iter().map(|key| (*key, gate.address)));
        VirtualServices { held: self.held.iter().copied().chain(held).collect(), ..self.clone() }
    }

    fn prior(&self, observed: &Observed) -> Option<Prior> {
        Some(Prior::of(observed))
    }

    /// What was declared first tells nothing about what was changed since. An empty table has the probe read that.
    fn trace(&self) -> Self {
        VirtualServices::default()
    }

    fn keep(&self) -> String {
        revert::keep()
    }

    fn revert(
        &self,
        prior: &Prior,
        observed: &Observed,
        context: Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        match observed.boot.refusal() {
            Some(refusal) => Err(refusal),
            None => Ok(prior.reversal(observed, Ways::of(context.facts).as_ref())),
        }
    }
}

impl VirtualServices {
    /// The services on the host, in the kernel or in the rules file, that are not declared: for reports. Unless
    /// `prune`, they stay as they are and are no difference.
    pub fn undeclared(&self, observed: &Observed) -> Vec<ServiceKey> {
        let there = [&observed.live, &observed.boot.rules.table];
        let keys: BTreeSet<_> = there.iter().flat_map(|table| table.services.keys().copied()).collect();
        keys.into_iter().filter(|key| !self.table.services.contains_key(key)).collect()
    }

    /// What a table is to hold in which `there` is now: a real server that is held does not enter it.
    fn without_held(&self, there: &Table) -> Cow<'_, Table> {
        if self.held.is_empty() {
            return Cow::Borrowed(&self.table);
        }
        let mut table = self.table.clone();
        for (key, address) in &self.held {
            let stays = there.services.get(key).is_some_and(|there| there.real_servers.contains_key(address));
            if let Some(service) = table.services.get_mut(key).filter(|_| !stays) {
                service.real_servers.remove(address);
            }
        }
        Cow::Owned(table)
    }

    /// What the rules file is to hold: what is declared, what is not but stays, and the comments. A line that stops
    /// the restore becomes a comment, so that nothing that somebody wrote is lost; where the file may have no `comments`,
    /// the record of the prior state has it alone. What names stood for, no file tells: where there are any, the kernel's
    /// undeclared services are written, as the file was saved from its table.
    fn rules(&self, observed: &Observed, comments: bool) -> Rules {
        let there = &observed.boot.rules;
        let table = self.without_held(&there.table).into_owned();
        let mut rules = Rules { table, ..Rules::default() };
        if comments {
            rules.comments.clone_from(&there.comments);
        }
        if self.prune {
            return rules;
        }
        let mut kept = Cow::Borrowed(&there.table);
        if there.rejected.iter().any(Rejected::has_name) {
            for (key, running) in &observed.live.services {
                let service = kept.to_mut().services.entry(*key).or_insert_with(|| running.bare());
                for (address, server) in &running.real_servers {
                    service.real_servers.entry(*address).or_insert(*server);
                }
            }
        }
        for (key, service) in &kept.services {
            rules.table.services.entry(*key).or_insert_with(|| service.clone());
        }
        if !comments {
            return rules;
        }
        rules.comments.extend(there.rejected.iter().map(|line| format!("# {}: {}", line.reason, line.text)));
        rules
    }
}

/// What differs between two tables, with a prefix before each.
fn told(prefix: &str, diff: &TableDiff<'_>) -> Vec<Aspect> {
    let differences = diff.differences().into_iter();
    differences.map(|found| Aspect::value(format!("{prefix}{}", found.what), found.old, found.new)).collect()
}

#[cfg(test)]
mod tests;
