//! The prior state of what lvsprov changes on a host, kept on the host: one record a resource, written before its first
//! change and not touched by later ones. `destroy` takes the changes back by them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Script, Unreadable, quote};

/// Where the records are: a folder each, root's alone, whose names sort in the order of the changes.
pub const FOLDER: &str = "/var/lib/lvsprov/records";

/// Where a package transaction is followed: it is no record, and goes with the last of them.
pub(super) const TRANSACTION: &str = "/var/lib/lvsprov/transaction";

/// When the package index was last refreshed from here: no record either.
pub(super) const REFRESHED: &str = "/var/lib/lvsprov/refreshed";

/// The prior state of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The kind's module.
    pub module: String,
    /// Which thing of the kind.
    pub subject: String,
    /// The declaration, as far as the thing has to be found again.
    pub declared: Value,
    /// What there was.
    pub prior: Value,
}

/// A record as it is on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its folder's name below [`FOLDER`].
    pub name: String,
    /// Its content.
    pub record: Record,
}

/// What the folder's name ends with: the same for the same resource.
fn digest(module: &str, subject: &str) -> String {
    let digest = Sha256::digest(format!("{module}\0{subject}"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The record's folder as a pattern of sh, which matches it alone, if there is one.
pub(super) fn pattern(module: &str, subject: &str) -> String {
    format!("{FOLDER}/*-{}", digest(module, subject))
}

impl Record {
    /// POSIX sh that leaves the record's folder in `$record`, which is empty where there is none.
    pub fn find(&self) -> String {
        format!(
            "record=\nfor record in {FOLDER}/*-{digest}; do break; done\n[ -d \"$record\" ] || record=\n",
            digest = digest(&self.module, &self.subject)
        )
    }

    /// POSIX sh that writes the records of which there are none yet of the same resource. The text beside each runs in
    /// the new record's folder before it counts, to copy there what the record can't hold.
    pub fn write_all(records: &[(Record, String)]) -> Script {
        let mut script = Script::from(format!(
            "new=\nmissing() {{ for record in {FOLDER}/*-\"$1\"; do break; done; ! [ -d \"$record\" ]; }}\n"
        ));
        for (record, _) in records {
            let digest = digest(&record.module, &record.subject);
            script += &format!("if missing {digest}; then new=\"$new {digest}\"; fi\n");
        }
        // One process makes all folders: processes are most of what a small change costs.
        script += &format!(
            r#"if [ -n "$new" ]; then
umask 077
for stale in {FOLDER}/.new-*; do if [ -e "$stale" ] || [ -L "$stale" ]; then rm -rf "$stale"; fi; done
if [ -d {FOLDER} ]; then chmod 0700 /var/lib/lvsprov {FOLDER}
elif [ -d /var/lib/lvsprov ]; then chmod 0700 /var/lib/lvsprov
fi
set --
for digest in $new; do set -- "$@" {FOLDER}/.new-"$digest"; done
mkdir -p "$@"
fi
"#
        );
        for (record, keep) in records {
            let digest = digest(&record.module, &record.subject);
            script +=
                &format!("case \"$new \" in *' {digest} '*)\ncd {FOLDER}/.new-{digest}\nprintf '%s\\n' ");
            script.push_content(&serde_json::to_string(record).unwrap_or_default());
            script += &format!(" >record.json\n{keep};;\nesac\n");
        }
        script += &format!(
            r#"if [ -n "$new" ]; then
  last=0
  for record in {FOLDER}/[0-9]*; do
    if [ -d "$record" ]; then last=${{record##*/}}; last=${{last%%-*}}; fi
  done
  last=${{last#"${{last%%[!0]*}}"}}
  last=${{last:-0}}
  sync {FOLDER}/.new-*/* {FOLDER}/.new-* 2>/dev/null || sync
  for digest in $new; do
    last=$((last + 1))
    number=$last
    while [ "${{#number}}" -lt 6 ]; do number=0$number; done
    mv "{FOLDER}/.new-$digest" "{FOLDER}/$number-$digest"
  done
  cd /
  umask 022
fi
"#
        );
        script
    }

    /// POSIX sh that prints all records, a line each.
    pub fn probe() -> String {
        format!(
            "for r in {FOLDER}/[0-9]*; do\n\
             if [ -r \"$r/record.json\" ]; then printf '%s ' \"${{r##*/}}\"; cat \"$r/record.json\"; fi\ndone\n"
        )
    }

    /// The records in the order of the changes, from what [`Record::probe`] printed.
    ///
    /// # Errors
    /// A line that is no record.
    pub fn parse(output: &[u8]) -> Result<Vec<Stored>, Unreadable> {
        let text = String::from_utf8_lossy(output);
        let stored = |line: &str| {
            let unreadable = || Unreadable::new("the records of prior states", line);
            let (name, record) = line.split_once(' ').ok_or_else(unreadable)?;
            let record = serde_json::from_str(record).map_err(|_| unreadable())?;
            Ok(Stored { name: name.to_owned(), record })
        };
        text.lines().map(stored).collect()
    }
}

impl Stored {
    /// The record's folder.
    pub fn folder(&self) -> String {
        format!("{FOLDER}/{}", self.name)
    }

    /// POSIX sh that prints why the record's reverse has left something that others use by now, a line each behind
    /// `number`.
    pub fn stays(&self, number: usize) -> String {
        let stays = quote(&format!("{}/stays", self.folder()));
        format!("if [ -s {stays} ]; then sort -u {stays} | sed 's/^/{number} /'; fi\n")
    }

    /// POSIX sh that forgets the record.
    pub fn forget(&self) -> String {
        format!(
            "rm -rf {}\n\
             if rmdir {FOLDER} 2>/dev/null; then\n\
             if [ -e {TRANSACTION}/code ]; then rm -rf {TRANSACTION}; fi\n\
             if [ -e {REFRESHED} ]; then rm -f {REFRESHED}; fi\n\
             rmdir /var/lib/lvsprov 2>/dev/null || :\nfi\n",
            quote(&self.folder())
        )
    }
}
