//! The law of reverses: once a recorded change has been taken back, the root is as it was, and there is nothing more to
//! take back.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;

use lvsprov::resource::{Change, Context, RECORDS, Record, Refusal, Resource, Stored};

use crate::root::{Root, shown};

impl Root {
    /// All files with mode, owner, group, time of change, and content or target. What the tests themselves write is left
    /// out, and what lvsprov keeps.
    pub fn tree(&self) -> BTreeMap<String, String> {
        let list = self.sh("for d in /etc /var /srv /opt; do [ -e $d ] || continue; find $d -path /var/lib/lvsprov -prune -o -print; done");
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
            let (record, keep) = resource.record(&observed).expect("it can be taken back");
            self.sh(&format!("{}\n{}", Record::write_all(&[(record, keep)]).reveal(), change.unguarded()));
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
        let differs: Vec<_> = {
            let after: BTreeSet<_> = self.tree().into_iter().collect();
            before.into_iter().collect::<BTreeSet<_>>().symmetric_difference(&after).cloned().collect()
        };
        assert_eq!(differs, []);
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
        assert!(
            !self.exists(RECORDS) && !self.exists("/var/lib/lvsprov"),
            "something is left of the records"
        );
        all
    }
}
