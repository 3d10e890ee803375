//! What a director had of virtual services before the first change, and the way back to that.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::shell::{Attributes, put, replace};
use super::super::{Aspect, Change, Script, quote};
use super::boot_restore::{self, Texts, UnitState, Ways};
use super::observed::{Observed, PATH};
use super::touched::Thing;
use super::{VirtualServices, drain, engine, told};
use crate::ipvs::{Names, Rules, ServiceKey, Table, TableDiff};

/// What there was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// The live table.
    live: Table,
    /// The files that the next boot would have read.
    texts: Texts,
    /// Whether the unit started at boot.
    unit: UnitState,
}

/// POSIX sh that copies the files into the current directory, each as it is.
pub(super) fn keep() -> String {
    let copy = |file: &str| {
        let (kept, file) = (kept(file), quote(file));
        format!("if [ -f {file} ]; then cp -p {file} {kept}; fi\n")
    };
    boot_restore::files().into_iter().map(copy).collect()
}

/// The name of a file's copy.
fn kept(file: &str) -> String {
    file.trim_start_matches('/').replace('/', "-")
}

impl Prior {
    pub(super) fn of(observed: &Observed) -> Prior {
        let boot = &observed.boot;
        Prior { live: observed.live.clone(), texts: boot.texts().into_owned(), unit: boot.unit }
    }

    /// The change that brings back what was changed. What somebody else has added since stays.
    pub(super) fn reversal(
        &self,
        observed: &Observed,
        ways: Option<&Ways>,
        declared: &VirtualServices,
    ) -> Option<Change> {
        let (names, drain) = (&*declared.names, |service| declared.drain_of(service));
        let touched = &observed.touched;
        let wanted = returned(&observed.live, &self.live, touched.live.iter());
        let diff = TableDiff::between(&observed.live, &wanted, true).with_names(names);
        let mut aspects = told("", &diff);
        let live = engine::of_hosts().change(&diff, &drain);
        let mut script = Script::from(PATH);
        script += live.script;
        if let Some(ways) = ways {
            if touched.things.contains(&Thing::Rules) {
                self.rules(observed, (ways, names), &mut aspects, &mut script);
            }
            if touched.things.contains(&Thing::Switch) {
                self.switch(observed, ways, &mut aspects, &mut script);
            }
            let enabled = observed.boot.unit == UnitState::Enabled && self.unit != UnitState::Enabled;
            if touched.things.contains(&Thing::Unit) && enabled {
                let (then, back) = match self.unit {
                    UnitState::Overwrites => (UnitState::Overwrites, ways.release()),
                    _ => (UnitState::Disabled, ways.enable(false)),
                };
                let old = Some(UnitState::Enabled.words().to_owned());
                aspects.push(Aspect::value("unit ipvsadm at boot", old, Some(then.words().into())));
                script += &back;
            }
        }
        let deadline = Duration::from_secs(60) + live.longest;
        let risks = drain::risks(&diff, observed.connections.as_ref(), &drain, names);
        (!aspects.is_empty()).then(|| Change { deadline, risks, ..Change::new(aspects, script) })
    }

    /// The rules file as it was; where somebody else has changed it since, only what is not theirs.
    fn rules(
        &self,
        observed: &Observed,
        (ways, names): (&Ways, &Names),
        aspects: &mut Vec<Aspect>,
        script: &mut Script,
    ) {
        let (now, was) = (&observed.boot, self.texts.rules.as_deref());
        let before = Rules::read(was.unwrap_or_default());
        let table = returned(&now.rules.table, &before.table, observed.touched.rules.iter());
        let theirs = table != before.table;
        let text = match was {
            _ if theirs => Some(Rules { table, ..now.rules.clone() }.to_string()),
            was => was.map(str::to_owned),
        };
        let there = &now.texts().rules;
        if *there == text {
            return;
        }
        let wanted = Rules::read(text.as_deref().unwrap_or_default());
        let before = aspects.len();
        let diff = TableDiff::between(&now.rules.table, &wanted.table, true).with_names(names);
        aspects.extend(told("at boot: ", &diff));
        if text.is_none() {
            aspects.push(Aspect::value(ways.rules(), Some("a file".into()), None));
        } else if aspects.len() == before {
            aspects.push(Aspect::text(ways.rules(), there.clone(), text.clone()));
        }
        *script += match text {
            Some(text) if theirs => replace(ways.rules(), &text, Attributes::default()),
            text => restored(ways.rules(), text.as_deref()),
        };
    }

    /// The switch's file as it was; where somebody else has changed it since, only the switch.
    fn switch(&self, observed: &Observed, ways: &Ways, aspects: &mut Vec<Aspect>, script: &mut Script) {
        let Some(switch) = ways.switch() else { return };
        let texts = observed.boot.texts();
        let (now, was) = (texts.switch.as_deref(), self.texts.switch.as_deref());
        let theirs = match (now, was) {
            (Some(now), Some(was)) => now != was && now != switch.turned_on(was),
            _ => false,
        };
        let text = match (now, was) {
            (Some(now), Some(was)) if theirs => Some(switch.set_as_in(was, now)),
            (_, was) => was.map(str::to_owned),
        };
        if now == text.as_deref() {
            return;
        }
        aspects.push(Aspect::text(switch.file, now.map(str::to_owned), text.clone()));
        *script += match text {
            Some(text) if theirs => switch.rewrite(&text),
            text => restored(switch.file, text.as_deref()),
        };
    }
}

/// The table with these services as they were.
fn returned<'a>(now: &Table, was: &Table, touched: impl Iterator<Item = &'a ServiceKey>) -> Table {
    let mut table = now.clone();
    for key in touched {
        match was.services.get(key) {
            Some(service) => table.services.insert(*key, service.clone()),
            None => table.services.remove(key),
        };
    }
    table
}

/// POSIX sh that brings a file back as it was kept, or as this text; or removes it, where there was none.
fn restored(file: &str, text: Option<&str>) -> Script {
    let Some(text) = text else { return format!("rm -f {}\n", quote(file)).into() };
    let kept = format!("\"${{record:-}}\"/{}", kept(file));
    let mut write = Script::from(format!("if [ -e {kept} ]; then cat {kept}; else printf %s "));
    write.push_content(text);
    write += "; fi >\"$t\"\n";
    put(file, write, Attributes::default())
}
