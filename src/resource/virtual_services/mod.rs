//! A director's virtual services: the kernel's table, the rules file, and the unit that restores it at boot.
//!
//! Three truths are compared, as parsed tables and never as text: what is declared, what the kernel holds, and what
//! the next boot will bring. The table is changed by the fewest edits; the unit is never started, stopped or
//! restarted, because each of these flushes the table.

mod aspects;
mod boot;
mod observed;
mod script;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::aspects::{aspects, boot_aspects};
use self::boot::RulesUnit;
use self::observed::Observed;
use super::{Change, Context, Facts, Kind, Refusal, Unreadable};
use crate::ipvs::{Rejected, Rules, ServiceKey, Table, edits};

/// All virtual services of one director. A host has one declaration of this kind, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualServices {
    /// The services, each owning its whole list of real servers.
    pub table: Table,
    /// Whether the next boot is to bring the same table.
    pub persist: bool,
    /// Whether services that are not declared leave the table and the rules file.
    pub prune: bool,
}

impl Kind for VirtualServices {
    const MODULE: &'static str = "virtual_services";

    type Observed = Observed;
    type Prior = ();

    fn subject(&self) -> String {
        let keys: Vec<_> = self.table.services.keys().map(ToString::to_string).collect();
        if keys.is_empty() { "none".into() } else { keys.join(", ") }
    }

    fn probe(_batch: &[&Self], facts: &Facts) -> String {
        observed::probe(RulesUnit::of(facts))
    }

    fn parse(batch: &[&Self], facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        let observed = observed::parse(RulesUnit::of(facts), output)?;
        Ok(vec![observed; batch.len()])
    }

    fn differ(&self, observed: &Observed, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        let edits = edits(&observed.kernel, &self.table, self.prune);
        let mut found = aspects("", &observed.kernel, &self.table, self.prune);
        let mut script = script::PATH.to_owned();
        if !edits.is_empty() {
            script += &script::kernel(&edits);
        }

        if self.persist {
            let unit = RulesUnit::of(context.facts).ok_or_else(|| Refusal {
                reason: format!(
                    "how {} {} restores a virtual server table at boot is not known to this version",
                    context.facts.os.id, context.facts.os.version
                ),
                remedy: "set `persist: false` and have the table restored at boot by other means".into(),
            })?;
            if observed.boot.unit == boot::UnitState::Masked {
                return Err(Refusal {
                    reason: "the unit ipvsadm is masked, so that no boot restores the table".into(),
                    remedy: "run `systemctl unmask ipvsadm` on the host, or set `persist: false`".into(),
                });
            }
            let rules = self.rules(observed);
            let at_boot = boot_aspects(&observed.boot, &rules, self.prune);
            if !at_boot.is_empty() {
                script += &script::boot(unit, &observed.boot, &rules);
                found.extend(at_boot);
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        let deadline = Duration::from_secs(60) + script::longest_wait(&edits);
        Ok(Some(Change { deadline, ..Change::new(found, script) }))
    }
}

impl VirtualServices {
    /// The services on the host, in the kernel or in the rules file, that are not declared: for reports. Unless
    /// `prune`, they stay as they are and are no difference.
    pub fn undeclared(&self, observed: &Observed) -> Vec<ServiceKey> {
        let there = [&observed.kernel, &observed.boot.rules.table];
        let keys: BTreeSet<_> = there.iter().flat_map(|table| table.services.keys().copied()).collect();
        keys.into_iter().filter(|key| !self.table.services.contains_key(key)).collect()
    }

    /// What the rules file is to hold: what is declared, what is not but stays, and the comments. A line that stops
    /// the restore becomes a comment, so that nothing that somebody wrote is lost. What names stood for, no file tells:
    /// where there are any, the kernel's undeclared services are written, as the file was saved from its table.
    fn rules(&self, observed: &Observed) -> Rules {
        let there = &observed.boot.rules;
        let mut rules =
            Rules { table: self.table.clone(), comments: there.comments.clone(), ..Rules::default() };
        if self.prune {
            return rules;
        }
        let mut kept = there.table.clone();
        if there.rejected.iter().any(Rejected::has_name) {
            for (key, running) in &observed.kernel.services {
                let service = kept.services.entry(*key).or_insert_with(|| running.bare());
                for (address, server) in &running.real_servers {
                    service.real_servers.entry(*address).or_insert(*server);
                }
            }
        }
        for (key, service) in kept.services {
            rules.table.services.entry(key).or_insert(service);
        }
        rules.comments.extend(there.rejected.iter().map(|line| format!("# {}: {}", line.reason, line.text)));
        rules
    }
}

#[cfg(test)]
mod tests;
