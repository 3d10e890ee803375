//! What packages there were, and the way back to that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::status::{Back, Recorded, Verb};
use super::transaction::Words;
use super::{DEADLINE, Observed, Package, Status, manager_of, transaction, unknown_family, unreadable};
use crate::resource::{Aspect, Change, Context, Refusal};

/// What packages there were. What the transactions did beside, they note in the record's folder: in `packages`, a line a
/// package with the verb by which to take it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// Which of the declared were not there.
    missing: Vec<String>,
    /// The versions of those that were, where the declaration may bring another one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    versions: BTreeMap<String, String>,
}

impl Prior {
    pub(super) fn of(package: &Package, statuses: &[Status]) -> Prior {
        let each = package.name.0.iter().zip(statuses);
        let mut prior = Prior { missing: Vec::new(), versions: BTreeMap::new() };
        for (name, status) in each {
            match status {
                Status::Absent => prior.missing.push(name.clone()),
                Status::Installed { version } if package.cares_for_versions() => {
                    prior.versions.insert(name.clone(), version.clone());
                }
                _ => {}
            }
        }
        prior
    }
}

/// The change that takes back what the transactions did, as far as it still stands. What others have come to need is left,
/// and named; so is a version that can't be had any more.
pub(super) fn reversal(
    package: &Package,
    prior: &Prior,
    observed: &Observed,
    context: Context<'_>,
) -> Result<Option<Change>, Refusal> {
    let Some(manager) = manager_of(context.facts.os.family) else {
        return Err(unknown_family(context.facts));
    };
    if let Some(why) = &observed.unreadable {
        return Err(unreadable(manager, why));
    }
    let stands = |one: &&Recorded| (one.verb == Verb::Install) != one.version.is_some();
    let standing: Vec<&Recorded> = observed.recorded.iter().filter(stands).collect();
    let other = |(name, status): (&'_ String, &'_ Status)| match (status, prior.versions.get_key_value(name))
    {
        (Status::Installed { version }, Some((name, was))) if version != was => {
            Some((name, version.clone(), was))
        }
        _ => None,
    };
    let others: Vec<(&String, String, &String)> =
        package.name.0.iter().zip(&observed.statuses).filter_map(other).collect();
    if standing.is_empty() && others.is_empty() {
        return Ok(None);
    }
    let names = |verb| standing.iter().filter(move |one| one.verb == verb).map(|one| one.name.as_str());
    let back = Back {
        purge: names(Verb::Purge).collect(),
        remove: names(Verb::Remove).collect(),
        install: names(Verb::Install).collect(),
        versions: others.iter().map(|(name, _, was)| (name.as_str(), was.as_str())).collect(),
    };
    let body = (manager.back)(&back);
    let what = "takes back the packages that were installed";
    let script = transaction::run(&Words { what, list: "", body: &body });
    let aspects = standing.iter().map(|one| {
        let bare = one.name.split(':').next().unwrap_or(&one.name);
        let new = (one.verb == Verb::Install).then(|| "installed".to_owned());
        Aspect::value(bare, one.version.clone(), new)
    });
    let versions = others.iter().map(|(name, version, was)| {
        Aspect::value(name.as_str(), Some(version.clone()), Some((*was).clone()))
    });
    Ok(Some(Change { deadline: DEADLINE, ..Change::new(aspects.chain(versions).collect(), script) }))
}
