//! Packages, through the package manager of the host's family of distributions.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::args::{text_or_integer, text_or_integer_schema};
use super::record::pattern;
use super::word::words;
use super::{Change, Context, Facts, Family, Kind, Names, Refusal, Unreadable};

mod apk;
mod apt;
mod dnf;
mod explain;
mod in_use;
mod index;
mod lock;
mod manager;
mod reverse;
mod rpm;
mod status;
mod transaction;
mod version;
mod wanted;
mod zypper;

use manager::Manager;
use transaction::{DIFFERENCE, Words};
use wanted::Work;

pub use reverse::Prior;
pub use status::{Observed, Status};
pub use transaction::Transaction;

/// How long a run follows a transaction. After it the transaction goes on.
const DEADLINE: Duration = Duration::from_secs(1200);

/// Packages that are, or are not, on the host.
///
/// They come and go through apt, dnf or yum, zypper, or apk; the module refuses on other families of distributions.
/// Recommended packages are left out, configuration files that were edited stay, and what an interrupted run left half
/// installed is healed. A lock that somebody else holds is waited for, five minutes at most, and its holder is named.
///
/// ```yaml
/// - package: { name: [apache2, curl] }
/// - package: { name: apache2, version: "2.4.*" }
/// - package: { name: openssl, state: latest, update_cache: 60 }
/// - package: { name: telnetd, state: absent }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// One package or a list, which is installed in one go.
    pub name: Names,
    /// Whether they are to be there. An installed package of any version is `present`; one that is removed may
    /// leave its configuration behind.
    #[serde(default)]
    pub state: Presence,
    /// The version that is to be there, as the package manager writes it; with a `*` at its end, any that begins so. Of
    /// one that stands without its release (`2.4.57` for `2.4.57-5.el9`) any release will do, but on the Debian family.
    /// For one package only.
    #[serde(default, deserialize_with = "version")]
    #[schemars(schema_with = "text_or_integer_schema")]
    pub version: Option<String>,
    /// Whether an older `version` may take the place of a newer one. Without it that is refused.
    #[serde(default)]
    pub allow_downgrade: bool,
    /// The package index is refreshed before a change when it is older than this many minutes. With `state: latest` an
    /// older one is a change by itself, as what is newest is known only as of the last refresh.
    #[serde(default)]
    pub update_cache: Option<u32>,
    /// Whether this is a [`Kind::trace`]: the probe then tells what its transactions did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(skip)]
    pub recorded: bool,
}

/// Whether a package is on the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Installed and configured.
    #[default]
    Present,
    /// Installed, in the newest version that the host's package index knows.
    Latest,
    /// Not installed.
    Absent,
}

impl Kind for Package {
    const MODULE: &'static str = "package";
    type Observed = Observed;
    type Prior = Prior;

    fn subject(&self) -> String {
        self.name.0.join(", ")
    }

    fn check(&self) -> Result<(), String> {
        let legal = |c: char| c.is_ascii_alphanumeric() || "+-._:".contains(c);
        for name in &self.name.0 {
            if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(legal) {
                return Err(format!("`{name}` is no package's name"));
            }
        }
        if self.recorded {
            return Err("unknown field `recorded`".into());
        }
        if self.name.0.is_empty() {
            return Err("`name` is empty: name at least one package".into());
        }
        self.check_version()
    }

    fn probe(batch: &[&Self], facts: &Facts) -> String {
        let family = facts.os.family;
        let Some(manager) = manager_of(family) else { return String::new() };
        let names = |which: &dyn Fn(&Self) -> bool| {
            words(batch.iter().filter(|p| which(p)).flat_map(|p| &p.name.0).map(String::as_str))
        };
        let mut script = format!("{}query {}\n{}", manager.query, names(&|_| true), transaction::probe());
        let offered = names(&|package| !package.recorded && package.needs_offers(family));
        if !offered.is_empty() {
            script += &format!("{}offers {offered}\n", manager.offers);
        }
        if batch.iter().any(|package| !package.recorded && package.needs_age()) {
            script += &index::probe(manager.index);
        }
        let recorded: Vec<_> = batch.iter().filter(|package| package.recorded).collect();
        if !recorded.is_empty() {
            script += &format!(
                "{list}{DIFFERENCE}recorded() {{\n\
                 p=$(cat \"$1/packages\"; if [ -e \"$1/before\" ]; then difference \"$1/before\"; fi) 2>/dev/null\n\
                 [ -n \"$p\" ] || return 0\n\
                 printf '%s\\n' \"$p\" | sed 's/^/=/'\n\
                 query $(printf '%s\\n' \"$p\" | cut -d' ' -f2)\n}}\n",
                list = manager.list
            );
        }
        for package in recorded {
            let record = pattern(Self::MODULE, &package.subject());
            script += &format!("echo =record\nfor r in {record}; do recorded \"$r\"; done\n");
        }
        script
    }

    fn parse(batch: &[&Self], facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        let family = facts.os.family;
        let text = String::from_utf8_lossy(output);
        let output = status::Output::parse(&text)?;
        let mut records = 0..;
        let observe = |package: &&Self| {
            let record = if package.recorded { records.next() } else { None };
            let offers = if package.needs_offers(family) { package.name.0.as_slice() } else { &[] };
            Observed {
                statuses: package.name.0.iter().map(|name| output.status(name)).collect(),
                transaction: output.transaction.clone(),
                recorded: record.map(|index| output.recorded(index)).unwrap_or_default(),
                offers: offers.iter().map(|name| output.offers(name, family)).collect(),
                index: output.index.filter(|_| package.needs_age()),
                unreadable: output.unreadable.map(str::to_owned),
            }
        };
        Ok(batch.iter().map(observe).collect())
    }

    fn differ(&self, observed: &Observed, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        let family = context.facts.os.family;
        let Some(manager) = manager_of(family) else { return Err(unknown_family(context.facts)) };
        if let Some(why) = &observed.unreadable {
            return Err(unreadable(manager, why));
        }
        let work = Work::of(self, observed, family)?;
        if work.wanted.is_empty() {
            return Ok(None);
        }
        let mut aspects = work.aspects(observed.index);
        aspects.extend(observed.transaction.as_ref().and_then(Transaction::failure));
        let list = format!("{}{DIFFERENCE}", manager.list);
        let body = (manager.body)(&work);
        let script = transaction::run(&Words { what: &work.what(), list: &list, body: &body });
        Ok(Some(Change { deadline: DEADLINE, ..Change::new(aspects, script) }))
    }

    fn busy(observed: &Observed) -> Option<String> {
        observed.transaction.as_ref()?.waiting()
    }

    fn prior(&self, observed: &Observed) -> Option<Prior> {
        Some(Prior::of(self, &observed.statuses))
    }

    fn trace(&self) -> Self {
        Package { recorded: true, ..self.clone() }
    }

    fn revert(
        &self,
        prior: &Prior,
        observed: &Observed,
        context: Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        reverse::reversal(self, prior, observed, context)
    }
}

impl Package {
    /// Packages of any version.
    pub fn present(names: &[&str]) -> Package {
        Package {
            name: Names(names.iter().map(|&name| name.to_owned()).collect()),
            state: Presence::Present,
            version: None,
            allow_downgrade: false,
            update_cache: None,
            recorded: false,
        }
    }

    fn check_version(&self) -> Result<(), String> {
        if self.update_cache == Some(0) {
            return Err("`update_cache` is 0: it is in minutes, at least 1".into());
        }
        if self.update_cache.is_some() && self.state == Presence::Absent {
            return Err("`update_cache` is for what is installed: leave it out with `state: absent`".into());
        }
        let Some(version) = &self.version else {
            return match self.allow_downgrade {
                true => Err("`allow_downgrade` belongs to `version`".into()),
                false => Ok(()),
            };
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || "+-._:~^".contains(c);
        let bare = version.strip_suffix('*').unwrap_or(version);
        if bare.is_empty() || !bare.chars().all(legal) {
            return Err(format!("`{version}` is no package's version; a `*` may stand at its end"));
        }
        if self.state != Presence::Present {
            return Err("`version` belongs to `state: present` alone".into());
        }
        match self.name.0.len() {
            1 => Ok(()),
            _ => Err("`version` is one package's: write a task for each package that has one".into()),
        }
    }

    /// Whether it may bring another version of what is there.
    fn cares_for_versions(&self) -> bool {
        self.version.is_some() || self.state == Presence::Latest
    }

    /// Whether only the index can tell which version is meant.
    fn needs_offers(&self, family: Family) -> bool {
        let open =
            |version: &String| version.ends_with('*') || family == Family::Alpine && !version.contains("-r");
        self.state == Presence::Latest || self.version.as_ref().is_some_and(open)
    }

    /// Whether the age of the index matters.
    fn needs_age(&self) -> bool {
        self.state == Presence::Latest || self.update_cache.is_some()
    }

    /// Whether the index is to be refreshed: it is older than declared, or there is none by which to tell the newest.
    fn stale(&self, age: Option<u64>) -> bool {
        match (self.update_cache, age) {
            (Some(minutes), Some(age)) => age > u64::from(minutes) * 60,
            (Some(_), None) => true,
            (None, age) => self.state == Presence::Latest && age.is_none(),
        }
    }
}

fn version<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    text_or_integer(input, "`version` is a text: write it in quotes, like \"2.4\"")
}

/// The package manager of a family of distributions.
fn manager_of(family: Family) -> Option<&'static Manager> {
    match family {
        Family::Debian => Some(&apt::MANAGER),
        Family::RedHat => Some(&dnf::MANAGER),
        Family::Suse => Some(&zypper::MANAGER),
        Family::Alpine => Some(&apk::MANAGER),
        Family::Other => None,
    }
}

fn unreadable(manager: &Manager, why: &str) -> Refusal {
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    Refusal {
        reason: format!("the list of installed packages can't be read{why}"),
        remedy: format!("what is installed is not known, so nothing is changed: {}", manager.mend),
    }
}

fn unknown_family(facts: &Facts) -> Refusal {
    Refusal {
        reason: format!("packages of {} are not known", facts.os.id),
        remedy:
            "package knows apt, dnf, yum, zypper and apk: install them with a `command` that is guarded by `creates` or \
                 `unless`"
                .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Aspect;
    use std::collections::BTreeSet;

    fn package(names: &[&str], state: Presence) -> Package {
        Package { state, ..Package::present(names) }
    }

    fn observe(package: &Package, output: &str) -> Option<Change> {
        let facts = Facts::example();
        let observed = Package::parse(&[package], &facts, output.as_bytes()).unwrap().remove(0);
        package.differ(&observed, Context { facts: &facts, changing: &BTreeSet::new() }).unwrap()
    }

    #[test]
    fn only_what_is_missing_is_installed() {
        let both = package(&["apache2", "chrony"], Presence::Present);
        let change = observe(&both, "apache2 amd64 installed ok 2.4\nchrony  not-installed ok \n").unwrap();
        assert_eq!(change.aspects, [Aspect::value("chrony", None, Some("installed".into()))]);
        assert!(change.script.reveal().contains("apt install chrony;"));
        assert_eq!(observe(&both, "apache2 amd64 installed ok 2.4\nchrony amd64 installed ok 4\n"), None);
    }

    #[test]
    fn an_interrupted_install_is_healed_first() {
        let apache = package(&["apache2"], Presence::Present);
        let change = observe(&apache, "apache2 amd64 half-configured ok 2.4\n").unwrap();
        assert!(change.script.reveal().contains("\nheal\nif ! apt install apache2;"));
        let change = observe(&apache, "apache2 amd64 half-installed reinstreq 2.4\n").unwrap();
        assert!(change.script.reveal().contains("--reinstall install apache2;"));
    }

    #[test]
    fn configuration_alone_is_not_a_package() {
        let gone = package(&["apache2"], Presence::Absent);
        assert_eq!(observe(&gone, "apache2 amd64 config-files ok 2.4\n"), None);
        assert!(
            observe(&gone, "apache2 amd64 installed ok 2.4\n")
                .unwrap()
                .script
                .reveal()
                .contains("apt remove apache2;")
        );
    }

    #[test]
    fn rpm_tells_of_the_unknown_on_standard_output() {
        let two = package(&["httpd", "chrony"], Presence::Present);
        let facts = Facts::example();
        let seen = Package::parse(
            &[&two],
            &facts,
            b"package httpd is not installed\nchrony x86_64 installed ok 4.5-1.el9\n",
        );
        let chrony = Status::Installed { version: "4.5-1.el9".into() };
        assert_eq!(seen.unwrap()[0].statuses, [Status::Absent, chrony]);
    }
}
