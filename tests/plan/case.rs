//! A case: documents and observations, and the plan that comes of them.

use std::fs;
use std::path::{Path, PathBuf};

use lvsprov::document::Source;
use lvsprov::inventory::{self, Inventory, Pattern};
use lvsprov::plan::{Plan, Recorded, Survey, Surveyed};
use lvsprov::playbook::{self, Declaration, Engine};
use lvsprov::resource::{Record, Resource, Stored};

use super::command::Command;
use super::documents::{Documents, Result};
use super::texts::Texts;

/// A case.
pub struct Case {
    pub folder: PathBuf,
    pub command: Command,
    pub inventory: Inventory,
    /// Which hosts take part.
    hosts: Vec<usize>,
    observed: Texts,
    before: Texts,
}

impl Case {
    /// Reads a case's inventory and observations.
    ///
    /// # Errors
    /// What is wrong with them.
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
    ///
    /// # Errors
    /// What is wrong with its playbook, or with what the probes printed.
    pub fn plan(&self) -> Result<Plan> {
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
        let documents = Documents::read(&self.inventory, &engine, text, &self.command.tags)?;
        let guarded = !self.command.allow_route_change;
        if self.command.verb == "destroy" {
            return Ok(Plan::back(&self.inventory, self.recorded(&documents)?, guarded));
        }
        // As the verb `run` does, which asks nobody whom no play names.
        let named = |host: &&usize| self.command.verb != "run" || documents.plays(**host).contains(&true);
        let survey =
            |host: &usize| Ok(Surveyed { host: *host, result: documents.survey(&self.observed, *host)? });
        let surveyed: Vec<Surveyed> = self.hosts.iter().filter(named).map(survey).collect::<Result<_>>()?;
        Ok(Plan::new(&self.inventory, &documents.playbook.plays, surveyed, guarded))
    }

    fn recorded(&self, documents: &Documents<'_>) -> Result<Vec<Recorded>> {
        let one = |host: &usize| {
            let now = documents.survey(&self.observed, *host)?;
            let before = documents.survey(&self.before, *host)?;
            let result = match (now, before) {
                (Ok(now), Ok(before)) => Ok(on_record(now, &before)?),
                (Err(absence), _) | (_, Err(absence)) => Err(absence),
            };
            Ok(Recorded { host: *host, result })
        };
        self.hosts.iter().map(one).collect()
    }
}

/// What a deploy of a host as it was `before` has left on record, the last one first, with what there is now.
fn on_record(now: Survey, before: &Survey) -> Result<(Survey, Vec<Stored>)> {
    let (mut declared, mut observed, mut stored) = (Vec::new(), Vec::new(), Vec::new());
    let changed: Vec<usize> = before.plan.changes().map(|(item, ..)| item).collect();
    let record = |item: usize| {
        let (record, _) = before.declared[item].resource.record(&before.observed[item])?;
        Some((item, record))
    };
    let records: Vec<(usize, Record)> = changed.into_iter().filter_map(record).collect();
    for (number, (item, record)) in records.into_iter().enumerate().rev() {
        let resource = Resource::of_record(&record)?;
        declared.push(Declaration { resource, stage: 0, ..now.declared[item].clone() });
        observed.push(now.observed[item].clone());
        stored.push(Stored { name: format!("{:06}", number + 1), record });
    }
    Ok((Survey::new(now.facts, declared, observed), stored))
}
