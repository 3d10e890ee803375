//! The hosts' facts from one run to the next, in a file of the user's.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::settings;
use crate::resource::Facts;
use crate::run::Memory;

/// The facts of one cluster's hosts. It is written when it is dropped; where it can't be read or written, the next run
/// asks its hosts once more.
pub(super) struct FactsFile {
    path: Option<PathBuf>,
    facts: RefCell<BTreeMap<String, Facts>>,
    changed: RefCell<bool>,
}

impl FactsFile {
    /// That of a cluster, or of its lab.
    pub(super) fn of(cluster: &str, lab: bool) -> FactsFile {
        let path = settings::facts_file(cluster, lab);
        let text = path.as_ref().and_then(|path| std::fs::read(path).ok());
        let facts = text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        FactsFile { path, facts: RefCell::new(facts), changed: RefCell::new(false) }
    }

    fn write(&self) -> std::io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // Another run may read it at this moment.
        let fresh = path.with_extension(format!("{}.new", std::process::id()));
        std::fs::write(&fresh, serde_json::to_vec(&*self.facts.borrow())?)?;
        std::fs::rename(fresh, path)
    }
}

impl Memory for FactsFile {
    fn recall(&self, host: &str) -> Option<Facts> {
        self.facts.borrow().get(host).cloned()
    }

    fn remember(&self, host: &str, facts: &Facts) {
        let mut known = self.facts.borrow_mut();
        if known.get(host) != Some(facts) {
            known.insert(host.to_owned(), facts.clone());
            *self.changed.borrow_mut() = true;
        }
    }
}

impl Drop for FactsFile {
    fn drop(&mut self) {
        if *self.changed.borrow() {
            // What is lost is a little time of the next run.
            let _ = self.write();
        }
    }
}
