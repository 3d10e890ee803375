//! A director's virtual services: the live table, the rules file, and the unit that restores it at boot.
//!
//! Three truths are compared, as parsed tables and never as text: what is declared, what the kernel holds, and what
//! the next boot will bring. The table is changed by the fewest edits; the unit is never stopped or restarted, and
//! started only where the table is empty, because each of these flushes it.

mod boot_restore;
mod drain;
mod engine;
mod gates;
mod observed;
mod revert;
mod sections;
mod touched;
mod undeclared;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::boot_restore::{BootDiff, Ways};
use self::observed::{Observed, PATH};
use self::revert::Prior;
use self::touched::Touched;
use super::{
    Aspect, Change, Context, Facts, Gate, Kind, Refusal, Script, TableEntry, Undeclared, Unreadable,
};
use crate::ipvs::{Check, Difference, Names, Rejected, Rules, ServiceKey, Table, TableDiff};

/// How many services are named where there are many.
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
    /// The seconds that connections of what leaves are given to end, of the services that say how many.
    #[serde(skip)]
    pub drain: BTreeMap<ServiceKey, u32>,
    /// What the real servers of a service are asked before they enter, where the inventory says it.
    #[serde(skip)]
    pub checks: BTreeMap<ServiceKey, Check>,
    /// The real servers that do not enter, each with its service. Where they are already, they stay.
    #[serde(skip)]
    pub held: BTreeSet<(ServiceKey, SocketAddr)>,
    /// What services and real servers are told by.
    #[serde(skip)]
    pub names: Arc<Names>,
}

impl Kind for VirtualServices {
    const MODULE: &'static str = "virtual_services";

    type Observed = Observed;
    type Prior = Prior;

    fn subject(&self) -> String {
        let mut keys = self.table.services.keys();
        match (keys.len(), keys.next()) {
            (1, Some(key)) => self.names.service(key),
            (0, _) => "all".into(),
            _ => named(self.table.services.keys(), &self.names),
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
        let diff = TableDiff::between(&observed.live, &wanted, self.prune).with_names(&self.names);
        let mut aspects = told("", &diff);
        let mut touched = Touched { live: diff.keys().collect(), ..Touched::default() };
        let drain = |key: ServiceKey| self.drain_of(key);
        let live = engine::of_hosts().change(&diff, &drain);
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
            let boot = BootDiff::between(&ways, &observed.boot, &rules, self.prune).with_names(&self.names);
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
        let gates = gates::gates(&diff, &observed.boot.rules.table, &self.checks);
        let deadline = Duration::from_secs(60) + live.longest;
        let risks = drain::risks(&diff, observed.connections.as_ref(), &drain, &self.names);
        Ok(Some(Change { deadline, risks, gates, ..Change::new(aspects, whole) }))
    }

    fn closer(&self, observed: &Observed) -> Option<String> {
        if observed.connections.is_some() {
            return None;
        }
        let (live, wanted) = (&observed.live, self.without_held(&observed.live));
        let mut leaving: Vec<_> = TableDiff::between(live, &wanted, self.prune).leavers().collect();
        // As a trace it is taken back: then what was changed may leave.
        let touched = observed.touched.live.iter().filter(|_| self.table.services.is_empty());
        for service in touched.filter_map(|key| live.services.get(key)) {
            leaving.extend(service.real_servers.keys().map(|address| (service.key, *address)));
        }
        (!leaving.is_empty()).then(|| PATH.to_owned() + &engine::of_hosts().count(&leaving))
    }

    fn learn(observed: &mut Observed, output: &[u8]) {
        observed.connections = engine::of_hosts().counted(&String::from_utf8_lossy(output));
    }

    fn undeclared(&self, observed: &Observed, as_declared: bool) -> Vec<Undeclared> {
        self.beside(observed, as_declared)
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
            None => Ok(prior.reversal(observed, Ways::of(context.facts).as_ref(), self)),
        }
    }
}

impl VirtualServices {
    /// The seconds that the connections of what leaves this service are given to end.
    fn drain_of(&self, service: ServiceKey) -> u32 {
        self.drain.get(&service).copied().unwrap_or(drain::DEFAULT)
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

/// Some services, the first few by name.
fn named<'a>(keys: impl ExactSizeIterator<Item = &'a ServiceKey>, names: &Names) -> String {
    let more = keys.len().saturating_sub(NAMED);
    let name = |key: &ServiceKey| names.of_service(key).map_or_else(|| key.to_string(), str::to_owned);
    let first: Vec<String> = keys.take(NAMED).map(name).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    first.join(", ") + &more
}

/// What differs between two tables, with a prefix before each.
fn told(prefix: &str, diff: &TableDiff<'_>) -> Vec<Aspect> {
    let aspect = |found: Difference| {
        let entry = Some(TableEntry { at_boot: !prefix.is_empty(), entry: found.entry });
        Aspect { entry, ..Aspect::value(format!("{prefix}{}", found.what), found.old, found.new) }
    };
    diff.differences().into_iter().map(aspect).collect()
}

#[cfg(test)]
mod tests;
