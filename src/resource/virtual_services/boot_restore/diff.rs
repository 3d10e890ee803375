//! What the next boot lacks, in words and as the POSIX sh that mends it.

use std::collections::BTreeMap;

use super::super::told;
use super::super::touched::{Thing, Touched};
use super::{Boot, UnitState, Ways};
use crate::ipvs::{Names, Rules, TableDiff};
use crate::resource::shell::{Attributes, replace};
use crate::resource::{Aspect, Script};

/// What has to change for the next boot to bring these rules.
pub struct BootDiff<'a> {
    ways: &'a Ways,
    there: &'a Boot,
    wanted: &'a Rules,
    table: TableDiff<'a>,
    prune: bool,
}

impl<'a> BootDiff<'a> {
    /// Compares what there is with the rules that are to be restored. With `prune`, lines that do not read go.
    pub fn between(ways: &'a Ways, there: &'a Boot, wanted: &'a Rules, prune: bool) -> Self {
        let table = TableDiff::between(&there.rules.table, &wanted.table, prune);
        BootDiff { ways, there, wanted, table, prune }
    }

    /// The same, told by these names.
    pub fn with_names(self, names: &'a Names) -> Self {
        BootDiff { table: self.table.with_names(names), ..self }
    }

    fn writes(&self) -> bool {
        self.there.rules != *self.wanted
    }

    fn turns_on(&self) -> bool {
        self.ways.switch().is_some() && self.there.on != Some(true)
    }

    fn enables(&self) -> bool {
        self.there.unit != UnitState::Enabled
    }

    /// POSIX sh that starts the unit, where it is to be started for the first time: not once the next boot starts it, nor
    /// where it has nothing to restore.
    pub fn start(&self) -> &'static str {
        let starts = self.there.unit != UnitState::Enabled && !self.wanted.table.services.is_empty();
        if starts { self.ways.start() } else { "" }
    }

    /// What the script changes.
    pub fn touch(&self, touched: &mut Touched) {
        touched.rules.extend(self.table.keys());
        let things =
            [(self.writes(), Thing::Rules), (self.turns_on(), Thing::Switch), (self.enables(), Thing::Unit)];
        touched.things.extend(things.into_iter().filter(|(touches, _)| *touches).map(|(_, thing)| thing));
    }

    /// The rules, the switch and the unit, as far as they differ.
    pub fn aspects(&self) -> Vec<Aspect> {
        let mut found = told("at boot: ", &self.table);
        let rules = &self.there.rules;
        for comment in rules.comments.iter().filter(|_| !self.ways.comments()) {
            found.push(Aspect::value(
                "at boot: a comment, which stops the restore",
                Some(comment.clone()),
                None,
            ));
        }
        for line in &rules.rejected {
            let kept = !self.prune && self.ways.comments();
            let kept = kept.then(|| format!("a comment, because {}", line.reason));
            found.push(Aspect::value(format!("at boot: line {}", line.line), Some(line.text.clone()), kept));
        }
        let written = if rules.misspelt.is_empty() { BTreeMap::new() } else { written(self.wanted) };
        for line in &rules.misspelt {
            let what = format!("at boot: line {}, {}", line.line, line.reason);
            found.push(Aspect::value(
                what,
                Some(line.text.clone()),
                written.get(&start(&line.text)).cloned(),
            ));
        }
        if let Some(switch) = self.ways.switch().filter(|_| self.turns_on()) {
            let old = self.there.on.map(|on| on.to_string());
            found.push(Aspect::value(format!("at boot: {}", switch.name), old, Some(switch.on.into())));
        }
        if self.enables() {
            let unit = self.there.unit;
            let old = (unit != UnitState::Absent).then(|| unit.words().to_owned());
            let new =
                if unit == UnitState::Overwrites { "enabled, and leaves it as it is" } else { "enabled" };
            found.push(Aspect::value("unit ipvsadm at boot", old, Some(new.into())));
        }
        found
    }

    /// POSIX sh that makes the difference. What runs of the unit is left alone: a start, stop or restart would flush the
    /// live table.
    pub fn script(&self) -> Script {
        let mut script = Script::new();
        if self.writes() {
            let (folder, _) = self.ways.rules().rsplit_once('/').unwrap_or_default();
            if folder != "/etc" {
                script += &format!("mkdir -p {folder}\n");
            }
            script += replace(self.ways.rules(), &self.wanted.to_string(), Attributes::default());
        }
        if let Some(switch) = self.ways.switch().filter(|_| self.turns_on()) {
            script += switch.turn_on();
        }
        if self.enables() {
            script += &self.ways.enable(true);
        }
        script
    }
}

/// The line of each service, by what it is about.
fn written(rules: &Rules) -> BTreeMap<String, String> {
    let services = rules.table.services.values();
    let lines = services.map(|service| format!("-A {} {}", service.key.arguments(), service.settings()));
    lines.map(|line| (start(&line), line)).collect()
}

/// What a rule is about: `-A -t ADDRESS`.
fn start(rule: &str) -> String {
    rule.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
