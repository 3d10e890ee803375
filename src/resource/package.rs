//! Packages, through apt on the Debian family and dnf or yum on the Red Hat family.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shell::words;
use super::{Aspect, Change, Context, Facts, Family, Kind, Names, Refusal, Unreadable, quote};

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

/// What the package database says of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not installed, though its configuration may be.
    Absent,
    /// Installed and configured.
    Installed {
        /// Its version.
        version: String,
    },
    /// Someone was interrupted in the middle: half installed, unpacked, not configured.
    Interrupted {
        /// dpkg's words: `half-configured`.
        state: String,
        /// Whether only unpacking it again can heal it.
        reinstall: bool,
    },
}

impl Kind for Package {
    const MODULE: &'static str = "package";
    type Observed = Vec<Status>;
    type Prior = ();

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
        if self.name.0.is_empty() { Err("`name` is empty: name at least one package".into()) } else { Ok(()) }
    }

    fn probe(batch: &[&Self], facts: &Facts) -> String {
        let names = words(batch.iter().flat_map(|p| &p.name.0).map(String::as_str));
        match facts.os.family {
            Family::Debian => format!(
                "dpkg-query -W -f '${{Package}} ${{Architecture}} ${{db:Status-Status}} ${{db:Status-Eflag}} \
                 ${{Version}}\\n' {names} 2>/dev/null\n"
            ),
            Family::RedHat => {
                format!(
                    "rpm -q --qf '%{{NAME}} %{{ARCH}} installed ok %{{VERSION}}-%{{RELEASE}}\\n' {names}\n"
                )
            }
            Family::Other => String::new(),
        }
    }

    fn parse(batch: &[&Self], _facts: &Facts, output: &[u8]) -> Result<Vec<Vec<Status>>, Unreadable> {
        let text = String::from_utf8_lossy(output);
        let mut known = Vec::new();
        for line in text.lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            match fields[..] {
                // rpm tells of those that it doesn't know on standard output
                ["package", _, "is", "not", "installed"] => {}
                [name, arch, status, flag, version] => known.push((name, arch, read(status, flag, version))),
                _ => return Err(Unreadable::new("package", line)),
            }
        }
        let find = |name: &String| {
            let (name, arch) = name.split_once(':').unwrap_or((name, ""));
            let mut found = known.iter().filter(|(n, a, _)| *n == name && (arch.is_empty() || arch == *a));
            let first = found.clone().next().map(|(_, _, status)| status.clone());
            found
                .find(|(_, _, s)| *s != Status::Absent)
                .map(|(_, _, s)| s.clone())
                .or(first)
                .unwrap_or(Status::Absent)
        };
        Ok(batch.iter().map(|package| package.name.0.iter().map(find).collect()).collect())
    }

    fn differ(&self, observed: &Vec<Status>, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        let present = self.state == Presence::Present;
        let wrong: Vec<(&str, &Status)> = self
            .name
            .0
            .iter()
            .map(String::as_str)
            .zip(observed)
            .filter(|(_, status)| match status {
                Status::Absent => present,
                Status::Installed { .. } => !present,
                Status::Interrupted { .. } => true,
            })
            .collect();
        let script = match context.facts.os.family {
            _ if wrong.is_empty() && context.facts.os.family != Family::Other => return Ok(None),
            Family::Debian => apt(&wrong, present),
            Family::RedHat => dnf(&wrong, present),
            Family::Other => {
                return Err(Refusal {
                    reason: format!("packages of {} are not known", context.facts.os.id),
                    remedy:
                        "package knows apt, dnf and yum: install them with a `command` that is guarded by \
                             `creates` or `unless`"
                            .into(),
                });
            }
        };
        let aspects = wrong
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
        Ok(Some(Change { deadline: Duration::from_secs(600), ..Change::new(aspects, script) }))
    }
}

/// A status from dpkg's words; rpm's probe says `installed ok`.
fn read(status: &str, flag: &str, version: &str) -> Status {
    match (status, flag) {
        ("not-installed" | "config-files", _) => Status::Absent,
        ("installed", "ok") => Status::Installed { version: version.to_owned() },
        // configured, and only waits for another package's triggers; dpkg runs them by itself
        ("triggers-pending", "ok") => Status::Installed { version: version.to_owned() },
        (state, flag) => Status::Interrupted { state: state.to_owned(), reinstall: flag != "ok" },
    }
}

/// - apt's and dpkg's children stay in the script's process group (no pty), so that they end when it is ended.
/// - Recommended packages are left out: a server gets what is declared and what that needs to run.
/// - The administrator's configuration files stay; `confdef` takes the package's where they were not touched.
/// - Its locks are the kernel's and go with the process, so that a killed run leaves none; what it left half
///   installed is healed before the install if it was seen, and else when the install fails.
/// - Lists are fetched where there are none, and when the install fails: it may be for want of newer ones.
fn apt(wrong: &[(&str, &Status)], present: bool) -> String {
    let names = words(wrong.iter().map(|(name, _)| *name));
    let interrupted = wrong.iter().any(|(_, status)| matches!(status, Status::Interrupted { .. }));
    let reinstall =
        wrong.iter().any(|(_, status)| matches!(status, Status::Interrupted { reinstall: true, .. }));
    let (verb, lists) = match (present, reinstall) {
        (true, true) => ("--reinstall install", true),
        (true, false) => ("install", true),
        (false, _) => ("remove", false),
    };
    let lists = if lists {
        "have_lists() { for f in /var/lib/apt/lists/*_Packages*; do [ -e \"$f\" ] && return 0; done; return 1; }\n\
         have_lists || apt update\n"
    } else {
        ""
    };
    let first = if interrupted { "heal\n" } else { "" };
    format!(
        r#"export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1
apt() {{
  apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=2 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --no-install-recommends "$@"
}}
heal() {{
  dpkg --force-confdef --force-confold --configure -a || :
  apt -f install || :
}}
{lists}{first}if ! apt {verb} {names}; then
  echo "apt-get failed: healing what was interrupted, fetching the lists and trying again"
  heal
  apt update || :
  apt {verb} {names}
fi
"#
    )
}

/// dnf waits for another dnf by itself, until the deadline. Weak dependencies are left out, as with apt.
fn dnf(wrong: &[(&str, &Status)], present: bool) -> String {
    let names = words(wrong.iter().map(|(name, _)| *name));
    let verb = quote(if present { "install" } else { "remove" });
    format!(
        "if command -v dnf >/dev/null 2>&1; then dnf -y --setopt=install_weak_deps=False {verb} {names}\n\
         else yum -y {verb} {names}\nfi\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn package(names: &[&str], state: Presence) -> Package {
        Package { name: Names(names.iter().map(|&n| n.to_owned()).collect()), state }
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
        assert_eq!(seen.unwrap(), [[Status::Absent, chrony]]);
    }
}
