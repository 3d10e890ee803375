//! What has to be done with each declared package.

use std::cmp::Ordering;

use super::version::{compare, matches};
use super::{Observed, Package, Presence, Status, index};
use crate::resource::{Aspect, Family, Refusal};

/// What has to be done with one package.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted<'a> {
    pub name: &'a str,
    pub status: &'a Status,
    pub turn: Turn,
    /// The version to ask for; one with a `*` at its end stands for those that begin so.
    pub version: Option<String>,
    /// What comes, for the plan; `None` where only a newer index can tell.
    comes: Option<String>,
}

/// What happens to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Install,
    Upgrade,
    Downgrade,
    Remove,
}

/// All that one transaction does.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Work<'a> {
    pub wanted: Vec<Wanted<'a>>,
    /// Whether the index is refreshed first.
    pub refresh: bool,
}

impl<'a> Work<'a> {
    /// What is left to do.
    ///
    /// # Errors
    /// It would be a downgrade, for which nobody asked.
    pub fn of(package: &'a Package, observed: &'a Observed, family: Family) -> Result<Work<'a>, Refusal> {
        let stale = package.stale(observed.index);
        let mut wanted = Vec::new();
        for (index, (name, status)) in package.name.0.iter().zip(&observed.statuses).enumerate() {
            let offers = observed.offers.get(index).map(Vec::as_slice).unwrap_or_default();
            let one = One { package, family, name, status, offers, age: observed.index, stale };
            wanted.extend(one.wanted()?);
        }
        Ok(Work { refresh: stale && !wanted.is_empty() && package.state != Presence::Absent, wanted })
    }

    /// Those of one turn.
    pub fn of_turn(&self, turn: Turn) -> impl Iterator<Item = &Wanted<'a>> {
        self.wanted.iter().filter(move |one| one.turn == turn)
    }

    /// What it does, in words: `installs apache2`.
    pub fn what(&self) -> String {
        let turn = self.wanted.first().map_or(Turn::Install, |first| first.turn);
        let alike = self.wanted.iter().all(|one| one.turn == turn);
        let verb = match turn {
            Turn::Upgrade if alike => "upgrades",
            Turn::Downgrade if alike => "downgrades",
            Turn::Remove => "removes",
            _ => "installs",
        };
        let names: Vec<&str> = self.wanted.iter().map(|one| one.name).collect();
        format!("{verb} {}", names.join(", "))
    }

    /// What a plan shows of it.
    pub fn aspects(&self, age: Option<u64>) -> Vec<Aspect> {
        let refresh = self.refresh.then(|| {
            let open = self.wanted.iter().any(|one| one.comes.is_none() && one.turn == Turn::Upgrade);
            let new = if open { "refreshed, and what is newer by it comes" } else { "refreshed" };
            Aspect::value("package index", age.map(index::age), Some(new.into()))
        });
        refresh.into_iter().chain(self.wanted.iter().filter_map(Wanted::aspect)).collect()
    }
}

impl Wanted<'_> {
    fn aspect(&self) -> Option<Aspect> {
        let old = match self.status {
            Status::Absent => None,
            Status::Installed { version } => Some(version.clone()),
            Status::Interrupted { state, .. } => Some(format!("interrupted ({state})")),
        };
        let new = match self.turn {
            Turn::Remove => None,
            Turn::Downgrade => self.comes.as_ref().map(|version| format!("{version} (a downgrade)")),
            Turn::Install => Some(self.comes.clone().unwrap_or_else(|| "installed".into())),
            Turn::Upgrade => Some(self.comes.clone()?),
        };
        Some(Aspect::value(self.name, old, new))
    }
}

/// One package beside all that decides on it.
struct One<'a, 'b> {
    package: &'a Package,
    family: Family,
    name: &'a str,
    status: &'a Status,
    offers: &'b [String],
    age: Option<u64>,
    stale: bool,
}

impl<'a> One<'a, '_> {
    fn wanted(&self) -> Result<Option<Wanted<'a>>, Refusal> {
        let wanted = |turn, version, comes| {
            Ok(Some(Wanted { name: self.name, status: self.status, turn, version, comes }))
        };
        let latest = self.package.state == Presence::Latest;
        let newest = self.offers.first().filter(|_| latest);
        let told = newest.map(|version| index::newest(version, self.age));
        let asked = self.package.version.as_deref().map(|declared| self.resolved(declared));
        match (self.package.state, self.status) {
            (Presence::Absent, Status::Absent) => Ok(None),
            (Presence::Absent, _) => wanted(Turn::Remove, None, None),
            (_, Status::Absent | Status::Interrupted { .. }) => {
                wanted(Turn::Install, asked.clone(), asked.or(told))
            }
            (_, Status::Installed { version }) => {
                if let (Some(declared), Some(asked)) = (self.package.version.as_deref(), asked) {
                    if matches(self.family, declared, version) {
                        return Ok(None);
                    }
                    let older = compare(self.family, asked.trim_end_matches('*'), version) == Ordering::Less;
                    if older && !self.package.allow_downgrade {
                        return Err(self.would_be_a_downgrade(&asked, version));
                    }
                    let turn = if older { Turn::Downgrade } else { Turn::Upgrade };
                    return wanted(turn, Some(asked.clone()), Some(asked));
                }
                let newer = newest.is_some_and(|n| compare(self.family, n, version) == Ordering::Greater);
                match (latest, newer) {
                    (true, true) => wanted(Turn::Upgrade, None, told),
                    (true, false) if self.stale => wanted(Turn::Upgrade, None, None),
                    _ => Ok(None),
                }
            }
        }
    }

    /// The newest version that the index has of what is declared, or else that as it is declared.
    fn resolved(&self, declared: &str) -> String {
        let exact = self.offers.iter().find(|version| matches(self.family, declared, version));
        exact.cloned().unwrap_or_else(|| declared.to_owned())
    }

    fn would_be_a_downgrade(&self, asked: &str, version: &str) -> Refusal {
        Refusal {
            reason: format!("{} {version} is installed, and {asked} is older", self.name),
            remedy:
                "a downgrade may leave data that the older version can't read: declare the version that is \
                     there, or `allow_downgrade: true` if it is to be made"
                    .into(),
        }
    }
}
