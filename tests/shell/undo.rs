//! The law of reverses: once a recorded change has been taken back, the root is as it was, and there is nothing more to
//! take back.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;

use lvsprov::resource::{Change, Context, Record, Refusal, Resource, Stored};

use crate::root::{Root, shown};

/// What is there in only one of the two, or not the same.
pub fn differences(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let missing = "nothing".to_owned();
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let sides = paths
        .into_iter()
        .map(|path| (path, before.get(path).unwrap_or(&missing), after.get(path).unwrap_or(&missing)));
    sides
        .filter(|(_, old, new)| old != new)
        .map(|(path, old, new)| format!("{path}: {old} -> {new}"))
        .collect()
}

impl Root {
    /// All files with mode, owner, group, time of change, and content or target. What the tests themselves write is left
    /// out, and what lvsprov keeps.
    pub fn tree(&self) -> BTreeMap<String, String> {
        self.tree_without(&[])
    }

    pub fn tree_without(&self, folders: &[&str]) -> BTreeMap<String, String> {
        let without: String = folders.iter().map(|folder| format!("-path {folder} -o ")).collect();
        let list = self.sh(&format!(
            "for d in /etc /var /srv /opt; do [ -e $d ] || continue
            find $d \\( {without} -path /var/lib/lvsprov \\) -prune -o -print; done"
        ));
        let describe = |path: &str| {
            let data = self.path(path).symlink_metadata().unwrap();
            let content = if data.is_file() {
                // busybox does not keep a second's parts
                format!("{} {}", data.mtime(), self.read(path))
            } else if data.is_symlink() {
                std::fs::read_link(self.path(path)).unwrap().display().to_string()
            } else {
                String::new()
            };
            format!("{:o} {} {} {content}", data.mode(), data.uid(), data.gid())
        };
        list.lines().map(|path| (path.to_owned(), describe(path))).collect()
    }

    /// Records and makes the change as the engine does, if there is one.
    pub fn deploy(&self, resource: &Resource) {
        let facts = self.facts();
        let observed = self.observe(&[resource]).remove(0);
        let context = Context { facts: &facts, changing: &BTreeSet::new() };
        if let Some(change) = resource.differ(&observed, context).unwrap() {
            let record = resource.record(&observed).expect("it can be taken back");
            let written = Record::write_all(std::slice::from_ref(&record)).reveal();
            self.sh(&format!("{written}{}{}", record.0.find(), change.unguarded()));
        }
    }

    pub fn records(&self) -> Vec<Stored> {
        Record::parse(self.sh(&Record::probe()).as_bytes()).unwrap()
    }

    /// What has to change to take the record's changes back.
    pub fn reverse(&self, stored: &Stored) -> Result<Option<Change>, Refusal> {
        let resource = Resource::of_record(&stored.record).unwrap();
        let observed = self.observe(&[&resource]).remove(0);
        let context = Context { facts: &self.facts(), changing: &BTreeSet::new() };
        resource.revert(&stored.record, &observed, context)
    }

    /// Takes one record's changes back, twice, as a run that was cut off is repeated. Gives what was shown, and printed.
    pub fn undo(&self, stored: &Stored) -> (Vec<String>, String) {
        let mut said = (Vec::new(), String::new());
        if let Some(change) = self.reverse(stored).unwrap() {
            let script =
                format!("record={}\n{}", lvsprov::resource::quote(&stored.folder()), change.unguarded());
            said = (shown(&change), self.sh(&script));
            self.sh(&script);
        }
        said
    }

    /// Makes the changes and takes them back: all is as it was. Gives what the reverses showed, the last change's first.
    pub fn there_and_back(&self, resources: &[&Resource]) -> Vec<String> {
        let before = self.tree();
        for resource in resources {
            self.deploy(resource);
        }
        assert_ne!(self.tree(), before, "nothing was changed");
        let shown = self.destroy();
        assert_eq!(differences(&before, &self.tree()), [""; 0]);
        shown
    }

    /// Takes all records back, the last first, and forgets them.
    pub fn destroy(&self) -> Vec<String> {
        let mut all = Vec::new();
        for stored in self.records().into_iter().rev() {
            all.extend(self.undo(&stored).0);
            assert_eq!(self.reverse(&stored), Ok(None), "there is more to take back");
            self.sh(&stored.forget());
        }
        let left = self.sh("find /var/lib/lvsprov 2>/dev/null || :");
        assert_eq!(left, "", "something is left of the records");
        all
    }
}
