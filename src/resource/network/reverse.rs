//! How the edits of owners are taken back.

use serde::{Deserialize, Serialize};

use super::edit::{self, Edit};
use super::owner::refuse;
use super::owners::Owners;
use super::patch::Patch;
use crate::resource::{Aspect, RECORDS, Refusal, Script, quote};

/// What an edit has made, as it is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// Some lines of a file.
    Patched {
        /// The file.
        path: String,
        /// The lines.
        patch: Patch,
    },
    /// A file that was not there.
    Written {
        /// The file.
        path: String,
        /// Its text.
        text: String,
    },
    /// A file is gone.
    Removed {
        /// The file.
        path: String,
    },
}

impl Made {
    /// What the edit makes.
    pub fn of(edit: Edit) -> Option<Made> {
        let path = edit.path;
        match (edit.old, edit.new) {
            (Some(old), Some(new)) => Some(Made::Patched { path, patch: Patch::between(&old, &new) }),
            (None, Some(text)) => Some(Made::Written { path, text }),
            (Some(_), None) => Some(Made::Removed { path }),
            (None, None) => None,
        }
    }

    fn path(&self) -> &str {
        match self {
            Made::Patched { path, .. } | Made::Written { path, .. } | Made::Removed { path } => path,
        }
    }

    /// What takes it back; `None` when there is nothing to take back. The script finds the copy that
    /// [`Owners::keep`] made, and where what comes out has the copy's text, it is the copy, byte for byte.
    fn back(&self, owners: &Owners) -> Result<Option<Script>, Refusal> {
        let path = self.path();
        let kept = format!("\"$record\"/files{}", quote(path));
        let remedy = || {
            format!("take lvsprov's lines out of {path} by hand; as it was, it is in {RECORDS}/*/files{path}")
        };
        match (self, owners.text(path)) {
            (Made::Patched { .. }, None) => {
                refuse(format!("{path}, which lvsprov has edited, is not there any more"), remedy())
            }
            (Made::Patched { patch, .. }, Some(text)) => {
                let back = patch.reversed();
                match back.apply(text) {
                    Some(was) if was == text => Ok(None),
                    Some(_) => Ok(Some(edit::patch(path, &back, Some(&kept)))),
                    None => refuse(format!("{path} has become another since lvsprov edited it"), remedy()),
                }
            }
            (Made::Written { .. }, None) => Ok(None),
            (Made::Written { text, .. }, Some(now)) if text == now => Ok(Some(edit::remove(path, text))),
            (Made::Written { .. }, Some(_)) => {
                refuse(format!("{path} has become another since lvsprov wrote it"), remedy())
            }
            (Made::Removed { .. }, Some(_)) => Ok(None),
            (Made::Removed { .. }, None) => Ok(Some(edit::restore(path, &kept))),
        }
    }
}

/// What takes all of it back, the last first: the files with what is done to them, and the whole script.
///
/// # Errors
/// A file is not what was made of it, and it can't be told how to take that back alone.
pub fn back(all: &[Made], owners: &Owners) -> Result<(Vec<Aspect>, Script), Refusal> {
    let (mut aspects, mut script, mut gone) = (Vec::new(), Script::new(), Vec::new());
    for made in all.iter().rev() {
        let path = made.path();
        // the file that drop-ins are beside stays for as long as there is one
        if matches!(made, Made::Written { .. }) && owners.more_in(&format!("{path}.d/"), &gone) {
            continue;
        }
        if let Some(part) = made.back(owners)? {
            let (old, new) = match made {
                Made::Patched { .. } => (Some("as lvsprov has edited it"), Some("as it was")),
                Made::Written { .. } => (Some("written by lvsprov"), None),
                Made::Removed { .. } => (None, Some("as it was")),
            };
            aspects.push(Aspect::value(path, old.map(Into::into), new.map(Into::into)));
            script += part;
        }
        gone.push(path);
    }
    Ok((aspects, script))
}
