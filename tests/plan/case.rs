//! A case: documents and observations, and the plan that comes of them.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use lvsprov::document::Source;
use lvsprov::inventory::{self, Host, Inventory, Pattern};
use lvsprov::plan::{Absence, Plan, Recorded as OnRecord, Survey, Surveyed};
use lvsprov::playbook::{self, Declaration, Engine, Playbook, Variables};
use lvsprov::resource::{Facts, Observed, Record, Resource, Stored};

use super::command::Command;
use super::observed::{Fill, Recorded};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A case.
pub struct Case {
    pub folder: PathBuf,
    pub command: Command,
    pub inventory: Inventory,
    /// Which hosts take part.
    pub hosts: Vec<usize>,
    observed: Texts,
    before: Texts,
}

/// What the probes printed, or what they would on hosts like the tutorial's.
struct Texts {
    folder: PathBuf,
    own: Option<Recorded>,
    settled: Recorded,
    bare: Recorded,
    /// What a host is like of which the case says nothing.
    all_bare: bool,
}

impl Case {
    /// Reads a case's documents.
    pub fn read(folder: &Path) -> Result<Case> {
        let words = fs::read_to_string(folder.join("command")).unwrap_or_else(|_| "deploy".into());
        let command = Command::read(&words)?;
        let text = fs::read_to_string(folder.join("inventory.yaml"))?;
        let inventory =
            inventory::read(Source::new("inventory.yaml", text)).map_err(|wrong| wrong.to_string())?;
        let mut hosts: Vec<usize> = (0..inventory.hosts.len()).collect();
        if let Some(limit) = &command.limit {
            hosts = Pattern::new(limit.as_str()).select(&inventory).map_err(|wrong| format!("{wrong:?}"))?;
        }
        Ok(Case {
            command,
            inventory,
            hosts,
            observed: Texts::of(folder.join("observed"), false)?,
            before: Texts::of(folder.join("before"), true)?,
            folder: folder.to_owned(),
        })
    }

    /// Its plan.
    pub fn plan(&self) -> Plan {
        self.planned().unwrap_or_else(|why| panic!("{}: {why}", self.folder.display()))
    }

    fn planned(&self) -> Result<Plan> {
        let engine = Engine::new();
        for entry in fs::read_dir(self.folder.join("templates")).into_iter().flatten() {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            engine.add_file(&name, &fs::read_to_string(&path)?);
        }
        for name in playbook::BUILTIN_TEMPLATES {
            engine.add_file(name, playbook::builtin_template(name).unwrap_or_default());
        }
        let own = fs::read_to_string(self.folder.join("playbook.yaml")).ok();
        let text = own.as_deref().or(playbook::builtin_playbook("deploy")).ok_or("no playbook")?;
        let playbook = Playbook::read(&Source::new("playbook.yaml", text), &engine);
        let playbook = playbook.map_err(|wrong| wrong.to_string())?;
        let variables = Variables::new(&self.inventory);
        let selected = playbook.select(&self.inventory).map_err(|wrong| wrong.to_string())?;
        let tried = playbook.trial(&engine, &self.inventory, &variables, &selected, true);
        tried.map_err(|all| all.iter().map(ToString::to_string).collect::<String>())?;
        let guarded = !self.command.allow_route_change;

        let plays = |host: usize| -> Vec<bool> { selected.iter().map(|of_play| of_play[host]).collect() };
        // As the verb `run` does, which asks nobody whom no play names.
        let named = |host: &&usize| self.command.verb != "run" || plays(**host).contains(&true);
        let survey = |texts: &Texts, index: usize| -> Result<std::result::Result<Survey, Absence>> {
            let host = &self.inventory.hosts[index];
            if let Some(absence) = texts.absence(host) {
                return Ok(Err(absence));
            }
            let declare = |facts: &Facts| {
                let scope = (&engine, &self.inventory, host, facts);
                let declared = playbook.declare(scope, &variables, &plays(index), &self.command.tags);
                declared.map_err(|wrong| format!("{}: {wrong:?}", host.name).into())
            };
            texts.survey(&self.inventory, host, declare).map(Ok)
        };
        let mut surveyed = Vec::new();
        let mut recorded = Vec::new();
        for index in self.hosts.iter().filter(named) {
            let result = survey(&self.observed, *index)?;
            if self.command.verb == "destroy" {
                let result = match (result, survey(&self.before, *index)?) {
                    (Ok(now), Ok(before)) => Ok(on_record(now, &before)?),
                    (Err(absence), _) | (_, Err(absence)) => Err(absence),
                };
                recorded.push(OnRecord { host: *index, result });
            } else {
                surveyed.push(Surveyed { host: *index, result });
            }
        }
        Ok(if self.command.verb == "destroy" {
            Plan::back(&self.inventory, recorded, guarded)
        } else {
            Plan::new(&self.inventory, &playbook.plays, surveyed, guarded)
        })
    }
}

/// What a deploy of a host as it was `before` has left on record, the last one first, with what there is now.
fn on_record(now: Survey, before: &Survey) -> Result<(Survey, Vec<Stored>)> {
    let (mut declared, mut observed, mut stored) = (Vec::new(), Vec::new(), Vec::new());
    let changed: Vec<usize> = before.plan.changes().map(|(item, ..)| item).collect();
    let records = changed.into_iter().filter_map(|item| {
        let (record, _) = before.declared[item].resource.record(&before.observed[item])?;
        Some((item, record))
    });
    let records: Vec<(usize, Record)> = records.collect();
    for (number, (item, record)) in records.into_iter().enumerate().rev() {
        let resource = Resource::of_record(&record)?;
        declared.push(Declaration { resource, stage: 0, ..now.declared[item].clone() });
        observed.push(now.observed[item].clone());
        stored.push(Stored { name: format!("{:06}", number + 1), record });
    }
    Ok((Survey::new(now.facts, declared, observed), stored))
}

impl Texts {
    fn of(folder: PathBuf, all_bare: bool) -> Result<Texts> {
        let top = Path::new(env!("CARGO_MANIFEST_DIR"));
        Ok(Texts {
            own: folder.is_dir().then(|| Recorded::read(&folder)).transpose()?,
            folder,
            settled: Recorded::read(&top.join("bench/observed"))?,
            bare: Recorded::read(&top.join("tests/cases/observed/bare"))?,
            all_bare,
        })
    }

    fn marked(&self, host: &Host, mark: &str) -> bool {
        [host.name.as_str(), host.group()].iter().any(|name| self.folder.join(name).join(mark).is_file())
    }

    fn absence(&self, host: &Host) -> Option<Absence> {
        match (self.marked(host, "unreachable"), self.marked(host, "failed")) {
            (true, _) => Some(Absence::Unreachable),
            (_, true) => Some(Absence::Failed),
            _ => None,
        }
    }

    fn text(&self, inventory: &Inventory, host: &Host, module: &str) -> Result<String> {
        let own = self.own.as_ref();
        if let Some(text) = own.and_then(|own| own.text(&host.name, module)) {
            return Ok(text.to_owned());
        }
        let common = if self.all_bare || self.marked(host, "bare") { &self.bare } else { &self.settled };
        let text = own.and_then(|own| own.text(host.group(), module));
        let text = text.or_else(|| common.text(host.group(), module));
        let text = text.ok_or_else(|| format!("{}: what does the probe of {module} print?", host.name))?;
        Ok(Fill::new(inventory, host, &host.name).output(module, text))
    }

    fn survey(
        &self,
        inventory: &Inventory,
        host: &Host,
        declare: impl FnOnce(&Facts) -> Result<Vec<Declaration>>,
    ) -> Result<Survey> {
        let facts = Facts::parse(self.text(inventory, host, "facts")?.as_bytes())?;
        let declared = declare(&facts)?;
        let resources: Vec<&Resource> = declared.iter().map(|declaration| &declaration.resource).collect();
        let mut all: BTreeMap<usize, Observed> = BTreeMap::new();
        for section in Resource::probe_all(&resources, &facts) {
            let output = self.text(inventory, host, section.module)?;
            let observed = section.parse(&resources, &facts, output.as_bytes())?;
            all.extend(section.indices.iter().copied().zip(observed));
        }
        Ok(Survey::new(facts, declared, all.into_values().collect()))
    }
}
