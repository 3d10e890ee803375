//! What the package database says, and what a transaction says of itself.

use super::transaction::Transaction;
use super::version;
use crate::resource::{Family, Unreadable, quote};

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

/// What is on the host for one declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Of each name, in the declaration's order.
    pub statuses: Vec<Status>,
    /// A transaction that an earlier run began, and of which no run has read the end.
    pub transaction: Option<Transaction>,
    /// Of a declaration with a record: what its transactions did, each package once.
    pub recorded: Vec<Recorded>,
    /// Of each name, where versions matter: those that the index knows, what would be installed first, and then the newest.
    pub offers: Vec<Vec<String>>,
    /// How old the index is, in seconds; `None` where there is none, or nobody asked.
    pub index: Option<u64>,
    /// Why the package database can't be read, if it can't.
    pub unreadable: Option<String>,
}

/// What transactions did to one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// How that is taken back.
    pub verb: Verb,
    /// Its name and architecture, as the package manager takes them.
    pub name: String,
    /// The version that is there now.
    pub version: Option<String>,
}

/// How what happened to a package is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It was not there: it goes with all that it brought.
    Purge,
    /// Its configuration was there: it goes without that.
    Remove,
    /// It was there: it comes back.
    Install,
}

/// All that a probe printed.
pub(super) struct Output<'a> {
    known: Vec<(&'a str, &'a str, Status)>,
    /// A transaction.
    pub(super) transaction: Option<Transaction>,
    /// For each declaration with a record, in their order: the verbs and names.
    recorded: Vec<Vec<(Verb, &'a str)>>,
    /// Names and versions that the index has.
    offers: Vec<(&'a str, &'a str)>,
    /// The same, of what the manager would take.
    candidates: Vec<(&'a str, &'a str)>,
    /// See [`Observed::index`].
    pub(super) index: Option<u64>,
    /// See [`Observed::unreadable`].
    pub(super) unreadable: Option<&'a str>,
}

impl<'a> Output<'a> {
    /// Lines as dpkg-query and rpm print them, and lines that begin with `=`, as no package's name does.
    pub(super) fn parse(text: &'a str) -> Result<Output<'a>, Unreadable> {
        let mut output = Output {
            known: Vec::new(),
            transaction: None,
            recorded: Vec::new(),
            offers: Vec::new(),
            candidates: Vec::new(),
            index: None,
            unreadable: None,
        };
        for line in text.lines() {
            let unreadable = || Unreadable::new("package", line);
            if let Some(line) = line.strip_prefix('=') {
                let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
                let mut note = |verb| {
                    let list = output.recorded.last_mut().ok_or_else(unreadable)?;
                    // What was there before the first transaction is what was there.
                    if !list.iter().any(|(_, name)| *name == rest) {
                        list.push((verb, rest));
                    }
                    Ok(())
                };
                match word {
                    "record" => output.recorded.push(Vec::new()),
                    "offers" => output.offers.push(rest.split_once(' ').ok_or_else(unreadable)?),
                    "candidate" => output.candidates.push(rest.split_once(' ').ok_or_else(unreadable)?),
                    // a clock that was set back makes it younger than nothing
                    "index" => {
                        output.index = Some(rest.parse::<i64>().map_err(|_| unreadable())?.max(0) as u64)
                    }
                    "unreadable" => _ = output.unreadable.get_or_insert(rest),
                    "purge" => note(Verb::Purge)?,
                    "remove" => note(Verb::Remove)?,
                    "install" => note(Verb::Install)?,
                    "said" => {
                        if let Some(Transaction::Ended { said, .. }) = &mut output.transaction {
                            *said = rest.to_owned();
                        }
                    }
                    _ => output.transaction = Some(Transaction::read(word, rest).ok_or_else(unreadable)?),
                }
                continue;
            }
            if let Some(error) = line.strip_prefix("error: ") {
                output.unreadable.get_or_insert(error);
                continue;
            }
            let fields: Vec<&str> = line.split(' ').collect();
            match fields[..] {
                ["warning:" | "rpm:", ..] => {}
                // rpm tells of those that it doesn't know on standard output
                ["package", _, "is", "not", "installed"] => {}
                [name, arch, status, flag, version] => {
                    output.known.push((name, arch, read(status, flag, version)));
                }
                _ => return Err(unreadable()),
            }
        }
        Ok(output)
    }

    /// The status of a package, of which the architecture may be left out.
    pub(super) fn status(&self, name: &str) -> Status {
        let (name, arch) = name.split_once(':').unwrap_or((name, ""));
        let found = self.known.iter().filter(|(n, a, _)| {
            *n == name && (arch.is_empty() || arch == *a) || name.strip_prefix(n) == Some(&format!(".{a}"))
        });
        let mut found = found.map(|(_, _, status)| status.clone());
        let first = found.next().unwrap_or(Status::Absent);
        if first == Status::Absent { found.find(|status| *status != first).unwrap_or(first) } else { first }
    }

    /// The versions of a package that the index has, see [`Observed::offers`].
    pub(super) fn offers(&self, name: &str, family: Family) -> Vec<String> {
        let bare = name.split(':').next().unwrap_or(name);
        let of = |list: &[(&str, &str)]| -> Vec<String> {
            let same = |n: &str| {
                n == name || n == bare || name.strip_prefix(n).is_some_and(|arch| arch.starts_with('.'))
            };
            list.iter().filter(|(n, _)| same(n)).map(|(_, version)| (*version).to_owned()).collect()
        };
        let mut versions = of(&self.offers);
        versions.sort_by(|a, b| version::compare(family, b, a));
        let mut offers = of(&self.candidates);
        offers.extend(versions);
        offers
    }

    /// What the transactions of the declaration with this record did.
    pub(super) fn recorded(&self, index: usize) -> Vec<Recorded> {
        let list = self.recorded.get(index).map(Vec::as_slice).unwrap_or_default();
        let recorded = |&(verb, name): &(Verb, &str)| {
            let version = match self.status(name) {
                Status::Absent => None,
                Status::Installed { version } => Some(version),
                Status::Interrupted { state, .. } => Some(format!("interrupted ({state})")),
            };
            Recorded { verb, name: name.to_owned(), version }
        };
        list.iter().map(recorded).collect()
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

/// The names that go, and come back.
pub(super) struct Back<'a> {
    pub purge: Vec<&'a str>,
    pub remove: Vec<&'a str>,
    pub install: Vec<&'a str>,
    /// Names that have another version by now, and the one that was there.
    pub versions: Vec<(&'a str, &'a str)>,
}

impl Back<'_> {
    /// The versions as words of sh: `apache2=2.4.62-1`.
    pub fn versions(&self) -> String {
        let word = |(name, version): &(&str, &str)| quote(&format!("{name}={version}"));
        self.versions.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}
