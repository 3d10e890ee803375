//! An inventory and a playbook, and what they declare for hosts on which the probes print certain texts.

use std::collections::BTreeMap;
use std::error::Error;

use lvsprov::document::Source;
use lvsprov::inventory::{Host, Inventory};
use lvsprov::plan::{Absence, Survey};
use lvsprov::playbook::{Declaration, Engine, Playbook, Variables};
use lvsprov::resource::{Facts, Observed, Resource};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What the probes print on the hosts of an inventory.
pub trait Printed {
    /// Why nothing is known of the host.
    fn absence(&self, host: &Host) -> Option<Absence>;

    /// What the probe of a module prints there.
    ///
    /// # Errors
    /// It is not known.
    fn text(&self, inventory: &Inventory, host: &Host, module: &str) -> Result<String>;
}

/// The documents, tried.
pub struct Documents<'a> {
    pub inventory: &'a Inventory,
    pub playbook: Playbook<'a>,
    engine: &'a Engine,
    variables: Variables,
    /// For each play and host, whether the play is for the host.
    selected: Vec<Vec<bool>>,
    tags: Vec<String>,
}

impl<'a> Documents<'a> {
    /// Reads and tries the playbook. The engine has all templates.
    ///
    /// # Errors
    /// Every complaint about it.
    pub fn read(
        inventory: &'a Inventory,
        engine: &'a Engine,
        playbook: &str,
        tags: &[String],
    ) -> Result<Documents<'a>> {
        let playbook = Playbook::read(&Source::new("playbook.yaml", playbook), engine);
        let playbook = playbook.map_err(|wrong| wrong.to_string())?;
        let variables = Variables::new(inventory);
        let selected = playbook.select(inventory).map_err(|wrong| wrong.to_string())?;
        let tried = playbook.trial(engine, inventory, &variables, &selected, true);
        tried.map_err(|all| all.iter().map(ToString::to_string).collect::<String>())?;
        Ok(Documents { inventory, playbook, engine, variables, selected, tags: tags.to_vec() })
    }

    /// For each play, whether it is for the host.
    pub fn plays(&self, host: usize) -> Vec<bool> {
        self.selected.iter().map(|of_play| of_play[host]).collect()
    }

    /// A host, read.
    ///
    /// # Errors
    /// A text is not known or does not read, or the playbook does not render.
    pub fn survey(
        &self,
        printed: &impl Printed,
        index: usize,
    ) -> Result<std::result::Result<Survey, Absence>> {
        let host = &self.inventory.hosts[index];
        if let Some(absence) = printed.absence(host) {
            return Ok(Err(absence));
        }
        let text = |module: &str| printed.text(self.inventory, host, module);
        let facts = Facts::parse(text("facts")?.as_bytes())?;
        let scope = (self.engine, self.inventory, host, &facts);
        let declared = self.playbook.declare(scope, &self.variables, &self.plays(index), &self.tags);
        let declared: Vec<Declaration> = declared.map_err(|wrong| format!("{}: {wrong:?}", host.name))?;
        let resources: Vec<&Resource> = declared.iter().map(|declaration| &declaration.resource).collect();
        let mut all: BTreeMap<usize, Observed> = BTreeMap::new();
        for section in Resource::probe_all(&resources, &facts) {
            let observed = section.parse(&resources, &facts, text(section.module)?.as_bytes())?;
            all.extend(section.indices.iter().copied().zip(observed));
        }
        Ok(Ok(Survey::new(facts, declared, all.into_values().collect())))
    }
}
