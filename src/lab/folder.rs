//! What a lab keeps on this machine's disk, while it is up and, of a failed `up`, afterwards.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tokio::time::{Instant, sleep};

use super::error::{At, LabError};
use super::topology::{Blueprint, digest};
use crate::inventory::Image;

/// A lab's folder, there or not.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Where it is; absolute.
    pub path: PathBuf,
    failed: PathBuf,
}

impl Folder {
    /// The folder of the lab of that name.
    pub fn new(state: &Path, lab: &str) -> Folder {
        let state = std::path::absolute(state).unwrap_or_else(|_| state.to_owned());
        let file = file_name(lab);
        Folder { path: state.join(&file), failed: state.join(format!("{file}.failed")) }
    }

    /// One of its files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Where the path of the base image is written that the lab's disks of a flavour are made over.
    pub fn base(&self, image: Image) -> PathBuf {
        self.path.join(format!("image-{image}"))
    }

    /// A machine's console log: the live one, else the one that a failed `up` left.
    pub fn console(&self, host: &str) -> PathBuf {
        let live = machine(&self.path, host).join("console.log");
        let kept = self.kept_log(host);
        if !live.exists() && kept.exists() { kept } else { live }
    }

    /// Where the console's log of a machine is, after its `up` failed.
    pub fn kept_log(&self, host: &str) -> PathBuf {
        self.failed.join(format!("{host}.log"))
    }

    /// Saves what the consoles said from the removal of the folder.
    pub fn keep_logs(&self, blueprints: &[Blueprint]) {
        let kept = fs::create_dir_all(&self.failed).is_ok();
        for blueprint in blueprints.iter().filter(|_| kept) {
            let console = machine(&self.path, &blueprint.host).join("console.log");
            // A machine that was not started has said nothing.
            let _ = fs::copy(console, self.kept_log(&blueprint.host));
        }
    }

    /// Removes what an earlier failure left to read.
    pub fn forget_failure(&self) -> Result<(), LabError> {
        if self.failed.exists() { fs::remove_dir_all(&self.failed).at(&self.failed) } else { Ok(()) }
    }

    /// The machines that the lab has, in the inventory's order.
    pub fn blueprints(&self) -> Result<Vec<Blueprint>, LabError> {
        let guests = machine(&self.path, "");
        let mut blueprints: Vec<Blueprint> = Vec::new();
        if !guests.exists() {
            return Ok(blueprints);
        }
        for entry in fs::read_dir(&guests).at(&guests)? {
            let record = record(&entry.at(&guests)?.path());
            // A machine without one was being made when its maker was cut off: it never ran.
            if record.exists() {
                let text = fs::read_to_string(&record).at(&record)?;
                blueprints.push(serde_json::from_str(&text).map_err(std::io::Error::from).at(&record)?);
            }
        }
        blueprints.sort_unstable_by_key(|blueprint| blueprint.index);
        Ok(blueprints)
    }

    /// Whether the machine's blueprint, and so its seed, is recorded.
    pub fn has(&self, blueprint: &Blueprint) -> bool {
        record(&machine(&self.path, &blueprint.host)).exists()
    }

    /// Records a machine whose seed is complete. Renamed into place, so that half of it is never read.
    pub fn write_blueprint(&self, blueprint: &Blueprint) -> Result<(), LabError> {
        let record = record(&machine(&self.path, &blueprint.host));
        let fresh = record.with_extension("new");
        let text = serde_json::to_string_pretty(blueprint).map_err(std::io::Error::from).at(&record)?;
        fs::write(&fresh, text).at(&fresh)?;
        fs::rename(&fresh, &record).at(&record)
    }

    /// Holds the lab until it is dropped, against other processes; `None` when the folder is not there (any more).
    pub async fn lock(&self, lab: &str) -> Result<Option<File>, LabError> {
        let begun = Instant::now();
        let Ok(folder) = File::open(&self.path) else { return Ok(None) };
        while flock(&folder, FlockOperation::NonBlockingLockExclusive).is_err() {
            if begun.elapsed() > Duration::from_secs(5) {
                return Err(LabError::Busy { lab: lab.to_owned() });
            }
            sleep(Duration::from_millis(100)).await;
        }
        // Who held it may have removed the folder, and another may have made a new one since.
        let held = folder.metadata().at(&self.path)?.ino();
        let same = fs::metadata(&self.path).is_ok_and(|there| there.ino() == held);
        Ok(same.then_some(folder))
    }
}

/// Where a machine's blueprint is kept in its folder.
fn record(folder: &Path) -> PathBuf {
    folder.join("blueprint.json")
}

/// A lab's name as a file's: what may not stand in one is left out, and a digest keeps such names apart.
pub fn file_name(name: &str) -> String {
    let plain: String =
        name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter)).collect();
    if plain == name && !plain.is_empty() && !plain.starts_with('.') && plain.len() <= 64 {
        return plain;
    }
    let start: String = plain.trim_start_matches('.').chars().take(40).collect();
    format!("{start}-{}", digest(&[name], 4))
}

/// The folder of a machine in its lab's.
pub fn machine(lab: &Path, host: &str) -> PathBuf {
    lab.join("machines").join(host)
}

#[cfg(test)]
mod tests {
    use super::super::topology::Topology;
    use super::super::topology::tests::tutorial;
    use super::*;

    #[test]
    fn a_clusters_name_becomes_a_files() {
        assert_eq!(file_name("web-1"), "web-1");
        assert!(file_name("../web").starts_with("web-"));
        assert!(file_name("a b").starts_with("ab-"));
        assert_ne!(file_name("a b"), file_name("a/b"));
        assert!(file_name(&"x".repeat(300)).len() < 64);
    }

    #[test]
    fn blueprints_come_back_in_order_and_half_made_machines_do_not() {
        let state = tempfile::tempdir().unwrap();
        let folder = Folder::new(state.path(), "web");
        let blueprints = Topology::of(&tutorial()).unwrap().blueprints;
        assert_eq!(folder.blueprints().unwrap(), []);
        for blueprint in blueprints.iter().rev() {
            fs::create_dir_all(machine(&folder.path, &blueprint.host)).unwrap();
            if blueprint.host != "client" {
                folder.write_blueprint(blueprint).unwrap();
            }
        }
        assert_eq!(folder.blueprints().unwrap(), blueprints[..3]);
        assert!(!folder.has(&blueprints[3]));
    }

    #[test]
    fn a_failed_machines_console_stays_readable() {
        let state = tempfile::tempdir().unwrap();
        let folder = Folder::new(state.path(), "web");
        let blueprints = Topology::of(&tutorial()).unwrap().blueprints;
        let live = folder.console("client");
        fs::create_dir_all(live.parent().unwrap()).unwrap();
        fs::write(&live, "Kernel panic").unwrap();
        folder.keep_logs(&blueprints);
        assert_eq!(folder.console("client"), live);
        fs::remove_dir_all(&folder.path).unwrap();
        assert_eq!(fs::read_to_string(folder.console("client")).unwrap(), "Kernel panic");
        folder.forget_failure().unwrap();
        assert_eq!(folder.console("client"), live);
    }
}
