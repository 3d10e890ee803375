//! What packages there were, and the way back to that.

use serde::{Deserialize, Serialize};

use super::status::{Back, Recorded, Verb};
use super::transaction::Words;
use super::{DEADLINE, Package, Status, apt, dnf, transaction, unknown_family};
use crate::resource::{Aspect, Change, Context, Family, Refusal};

/// What packages there were. What the transactions did beside, they note in the record's folder: in `packages`, a line a
/// package with the verb by which to take it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// Which of the declared were not there.
    missing: Vec<String>,
}

impl Prior {
    pub(super) fn of(package: &Package, statuses: &[Status]) -> Prior {
        let each = package.name.0.iter().zip(statuses);
        let missing = each.filter(|(_, status)| **status == Status::Absent);
        Prior { missing: missing.map(|(name, _)| name.clone()).collect() }
    }
}

/// The change that takes back what the transactions did, as far as it still stands. What others have come to need is left,
/// and named.
pub(super) fn reversal(recorded: &[Recorded], context: Context<'_>) -> Result<Option<Change>, Refusal> {
    let stands = |one: &&Recorded| (one.verb == Verb::Install) != one.version.is_some();
    let standing: Vec<&Recorded> = recorded.iter().filter(stands).collect();
    if standing.is_empty() {
        return Ok(None);
    }
    let names = |verb| standing.iter().filter(move |one| one.verb == verb).map(|one| one.name.as_str());
    let back = Back {
        purge: names(Verb::Purge).collect(),
        remove: names(Verb::Remove).collect(),
        install: names(Verb::Install).collect(),
    };
    let body = match context.facts.os.family {
        Family::Debian => apt::back(&back),
        Family::RedHat => dnf::back(&back),
        Family::Suse | Family::Alpine | Family::Other => return Err(unknown_family(context.facts)),
    };
    let what = "takes back the packages that were installed";
    let script = transaction::run(&Words { what, list: "", body: &body });
    let aspects = standing.iter().map(|one| {
        let bare = one.name.split(':').next().unwrap_or(&one.name);
        let new = (one.verb == Verb::Install).then(|| "installed".to_owned());
        Aspect::value(bare, one.version.clone(), new)
    });
    Ok(Some(Change { deadline: DEADLINE, ..Change::new(aspects.collect(), script) }))
}
