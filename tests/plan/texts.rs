//! What the probes printed, from files.

use std::path::{Path, PathBuf};

use lvsprov::inventory::{Host, Inventory};
use lvsprov::plan::Absence;

use super::documents::{Printed, Result};
use super::observed::{Fill, Recorded};

/// A case's texts, and those of hosts of which it says nothing.
pub struct Texts {
    folder: PathBuf,
    own: Option<Recorded>,
    settled: Recorded,
    bare: Recorded,
    /// Whether hosts of which nothing is said are bare.
    all_bare: bool,
}

impl Texts {
    /// Those of a folder, which need not be there.
    ///
    /// # Errors
    /// They can't be read.
    pub fn of(folder: PathBuf, all_bare: bool) -> Result<Texts> {
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
}

impl Printed for Texts {
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
}
