//! The filter table as `iptables-save` writes it, of what runs or in a file, and what becomes of an opening's packets.

use std::collections::BTreeMap;

use super::rule::{Matches, Packets, Rule};

/// The chains of the filter table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruleset {
    chains: BTreeMap<String, Chain>,
    /// Whether the table is there at all.
    pub is_there: bool,
}

/// A chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Chain {
    /// `ACCEPT` or `DROP`; `None` where it is no chain of the kernel's own.
    policy: Option<String>,
    rules: Vec<Rule>,
}

/// What becomes of the packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They come in.
    Accepted,
    /// A rule keeps them out.
    Dropped {
        /// The chain of it.
        chain: String,
        /// Which of its rules, the first is 1.
        number: usize,
        /// The rule's line.
        line: String,
    },
    /// No rule does, and the chain's policy keeps them out.
    ByPolicy(String),
    /// Something decides that is not understood here.
    Unknown,
    /// Nothing in the chain decides.
    Returned,
}

/// How deep chains may lead into each other.
const DEEPEST: u8 = 16;

impl Ruleset {
    /// The table from the lines of `iptables-save`, or of a file for `iptables-restore`. Lines of other tables are passed
    /// over.
    pub fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Ruleset {
        let mut ruleset = Ruleset::default();
        let mut within = false;
        for line in lines.map(str::trim) {
            if let Some(table) = line.strip_prefix('*') {
                within = table == "filter";
                ruleset.is_there |= within;
            } else if !within || line.starts_with('#') {
                continue;
            } else if let Some(chain) = line.strip_prefix(':') {
                let mut words = chain.split_whitespace();
                let (name, policy) = (words.next().unwrap_or_default(), words.next());
                let policy = policy.filter(|policy| *policy != "-").map(str::to_owned);
                ruleset.chains.entry(name.to_owned()).or_default().policy = policy;
            } else if let Some((chain, rule)) = Rule::read(line) {
                ruleset.chains.entry(chain).or_default().rules.push(rule);
            }
        }
        ruleset
    }

    /// Its chains' names.
    pub fn chains(&self) -> impl Iterator<Item = &str> {
        self.chains.keys().map(String::as_str)
    }

    /// Whether a chain has a rule that does the same as this line.
    pub fn has(&self, line: &str) -> bool {
        let Some((chain, rule)) = Rule::read(line) else { return false };
        self.chains.get(&chain).is_some_and(|chain| chain.rules.iter().any(|own| own.is_like(&rule)))
    }

    /// What becomes of the packets from the beginning of a chain on. A rule that is about a part of them, or of which that
    /// is not known, does not decide: those that it is not about go on.
    pub fn fate(&self, chain: &str, packets: Packets<'_>) -> Fate {
        self.within(chain, packets, 0)
    }

    fn within(&self, name: &str, packets: Packets<'_>, depth: u8) -> Fate {
        let Some(chain) = self.chains.get(name) else { return Fate::Returned };
        if depth > DEEPEST {
            return Fate::Unknown;
        }
        for (index, rule) in chain.rules.iter().enumerate() {
            if rule.matches(packets) != Matches::All {
                continue;
            }
            match rule.target() {
                Some(("ACCEPT", _)) => return Fate::Accepted,
                Some(("DROP" | "REJECT", _)) => {
                    let (chain, line) = (name.to_owned(), rule.line.clone());
                    return Fate::Dropped { chain, number: index + 1, line };
                }
                Some(("RETURN", _)) => break,
                None
                | Some(("LOG" | "NFLOG" | "ULOG" | "MARK" | "CONNMARK" | "AUDIT" | "TRACE" | "SET", _)) => {}
                Some((target, returns)) if self.chains.contains_key(target) => {
                    match self.within(target, packets, depth + 1) {
                        Fate::Returned if returns => {}
                        Fate::Returned => break,
                        decided => return decided,
                    }
                }
                Some(_) => return Fate::Unknown,
            }
        }
        match chain.policy.as_deref() {
            Some("ACCEPT") => Fate::Accepted,
            Some("DROP") => Fate::ByPolicy(name.to_owned()),
            _ => Fate::Returned,
        }
    }
}
