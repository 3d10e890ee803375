//! Packages, through apt on the Debian family and dnf or yum on the Red Hat family.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::record::pattern;
use super::word::words;
use super::{Aspect, Change, Context, Facts, Family, Kind, Names, Refusal, Unreadable};

mod apt;
mod dnf;
mod in_use;
mod reverse;
mod status;
mod transaction;

use transaction::{DIFFERENCE, Words};

pub use reverse::Prior;
pub use status::{Observed, Status};
pub use transaction::Transaction;

/// How long a run follows a transaction. After it the transaction goes on.
const DEADLINE: Duration = Duration::from_secs(1200);

/// Packages that are, or are not, on the host.
///
/// They come and go through apt, dnf or yum; the module refuses on other families of distributions. Recommended
/// packages are left out, configuration files that were edited stay, and what an interrupted run left half
/// installed is healed.
///
/// ```yaml
/// - package: { name: [apache2, curl] }
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
        if self.name.0.is_empty() { Err("`name` is empty: name at least one package".into()) } else { Ok(()) }
    }

    fn probe(batch: &[&Self], facts: &Facts) -> String {
        let (query, list) = match facts.os.family {
            Family::Debian => (format!("dpkg-query -W -f {}", apt::FORMAT), apt::LIST),
            Family::RedHat => (format!("rpm -q --qf {}", dnf::FORMAT), dnf::LIST),
            Family::Suse | Family::Alpine | Family::Other => return String::new(),
        };
        let names = words(batch.iter().flat_map(|p| &p.name.0).map(String::as_str));
        let mut script = format!("{query} {names} 2>/dev/null\n{}", transaction::probe());
        let recorded: Vec<_> = batch.iter().filter(|package| package.recorded).collect();
        if !recorded.is_empty() {
            script += &format!(
                "{list}{DIFFERENCE}recorded() {{\n\
                 p=$(cat \"$1/packages\"; if [ -e \"$1/before\" ]; then difference \"$1/before\"; fi) 2>/dev/null\n\
                 [ -n \"$p\" ] || return 0\n\
                 printf '%s\\n' \"$p\" | sed 's/^/=/'\n\
                 {query} $(printf '%s\\n' \"$p\" | cut -d' ' -f2) 2>/dev/null\n}}\n"
            );
        }
        for package in recorded {
            let record = pattern(Self::MODULE, &package.subject());
            script += &format!("echo =record\nfor r in {record}; do recorded \"$r\"; done\n");
        }
        script
    }

    fn parse(batch: &[&Self], _facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        let text = String::from_utf8_lossy(output);
        let output = status::Output::parse(&text)?;
        let mut records = 0..;
        let observe = |package: &&Self| {
            let record = if package.recorded { records.next() } else { None };
            Observed {
                statuses: package.name.0.iter().map(|name| output.status(name)).collect(),
                transaction: output.transaction.clone(),
                recorded: record.map(|index| output.recorded(index)).unwrap_or_default(),
            }
        };
        Ok(batch.iter().map(observe).collect())
    }

    fn differ(&self, observed: &Observed, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        let present = self.state == Presence::Present;
        let wrong: Vec<(&str, &Status)> = self
            .name
            .0
            .iter()
            .map(String::as_str)
            .zip(&observed.statuses)
            .filter(|(_, status)| match status {
                Status::Absent => present,
                Status::Installed { .. } => !present,
                Status::Interrupted { .. } => true,
            })
            .collect();
        let (body, list) = match context.facts.os.family {
            Family::Debian | Family::RedHat if wrong.is_empty() => return Ok(None),
            Family::Debian => (apt::body(&wrong, present), apt::LIST),
            Family::RedHat => (dnf::body(&wrong, present), dnf::LIST),
            Family::Suse | Family::Alpine | Family::Other => return Err(unknown_family(context.facts)),
        };
        let mut aspects: Vec<Aspect> = wrong
            .iter()
            .map(|(name, status)| {
                let old = match status {
                    Status::Absent => None,
                    Status::Installed { version } => Some(version.clone()),
                    Status::Interrupted { state, .. } => Some(format!("interrupted ({state})")),
                };
                Aspect::value(*name, old, present.then(|| "installed".to_owned()))
            })
            .collect();
        aspects.extend(observed.transaction.as_ref().and_then(Transaction::failure));
        let names: Vec<&str> = wrong.iter().map(|(name, _)| *name).collect();
        let what = format!("{} {}", if present { "installs" } else { "removes" }, names.join(", "));
        let list = format!("{list}{DIFFERENCE}");
        let script = transaction::run(&Words { what: &what, list: &list, body: &body });
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
        _: &Prior,
        observed: &Observed,
        context: Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        reverse::reversal(&observed.recorded, context)
    }
}

fn unknown_family(facts: &Facts) -> Refusal {
    Refusal {
        reason: format!("packages of {} are not known", facts.os.id),
        remedy:
            "package knows apt, dnf and yum: install them with a `command` that is guarded by `creates` or \
                 `unless`"
                .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn package(names: &[&str], state: Presence) -> Package {
        Package { name: Names(names.iter().map(|&n| n.to_owned()).collect()), state, recorded: false }
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
