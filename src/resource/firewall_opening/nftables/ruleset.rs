//! The rules as `nft -a list ruleset` prints them, or as a file has them, and what becomes of an opening's packets.

use std::collections::BTreeMap;
use std::fmt;

use super::super::iptables::{Matches, Packets};
use super::rule::{Rule, Verdict, tokens};

/// A chain's name: `inet filter input`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainName {
    /// `ip`, `ip6`, `inet`.
    pub family: String,
    /// The table.
    pub table: String,
    /// The chain itself.
    pub chain: String,
}

impl fmt::Display for ChainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.family, self.table, self.chain)
    }
}

/// A chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Chain {
    /// Whether packets for the host itself begin here.
    is_input: bool,
    drops: bool,
    rules: Vec<Rule>,
}

/// All chains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruleset(BTreeMap<ChainName, Chain>);

/// What becomes of the packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They come in, or it is not known.
    Accepted,
    /// A rule keeps them out.
    Dropped {
        /// The chain of it.
        chain: ChainName,
        /// How many of its rules come before.
        index: usize,
        /// The rule.
        rule: Rule,
    },
    /// The chain's policy keeps them out.
    ByPolicy(ChainName),
    /// Nothing in the chain decides.
    Returned,
}

const DEEPEST: u8 = 16;

impl Ruleset {
    /// The rules from a text's lines.
    pub fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Ruleset {
        let mut ruleset = Ruleset::default();
        let (mut table, mut chain): (Option<(String, String)>, Option<ChainName>) = (None, None);
        // how many braces are open of what is no chain
        let mut other = 0_usize;
        let mut begun = String::new();
        for line in lines {
            let (text, handle) = parted(line);
            let text = text.trim_end().trim_end_matches('\\');
            begun.push_str(text);
            let (open, close) = (begun.matches('{').count(), begun.matches('}').count());
            if other > 0 {
                other = (other + open).saturating_sub(close);
                begun.clear();
                continue;
            }
            // A set may go over several lines.
            if chain.is_some() && open > close {
                begun.push(' ');
                continue;
            }
            let statement = std::mem::take(&mut begun);
            let statement = statement.trim();
            let words: Vec<&str> = statement.split_whitespace().collect();
            match (words.as_slice(), &table, &chain) {
                (["}"], _, Some(_)) => chain = None,
                (["}"], ..) => table = None,
                (["table", family, name, "{"], None, _) => table = Some(((*family).into(), (*name).into())),
                (["table", name, "{"], None, _) => table = Some(("ip".into(), (*name).into())),
                (["chain", name, "{"], Some((family, table)), None) => {
                    let name =
                        ChainName { family: family.clone(), table: table.clone(), chain: (*name).to_owned() };
                    ruleset.0.entry(name.clone()).or_default();
                    chain = Some(name);
                }
                (_, Some(_), Some(name)) => {
                    let of = ruleset.0.entry(name.clone()).or_default();
                    for part in split(statement) {
                        of.add(part, handle, None);
                    }
                }
                ([how @ ("add" | "insert"), "rule", family, table, name, ..], None, _) => {
                    let name =
                        ChainName { family: (*family).into(), table: (*table).into(), chain: (*name).into() };
                    let rest = tokens(statement).into_iter().skip(5).collect::<Vec<_>>();
                    let (index, rest) = match rest.as_slice() {
                        [word, number, rest @ ..] if word == "index" => (number.parse().ok(), rest),
                        rest => ((*how == "insert").then_some(0), rest),
                    };
                    if let Some(of) = ruleset.0.get_mut(&name) {
                        of.add(&rest.join(" "), None, index);
                    }
                }
                _ => other = open.saturating_sub(close),
            }
        }
        ruleset
    }

    /// The chains in which packets of that version of IP for the host itself begin.
    pub fn inputs(&self, ipv4: bool) -> impl Iterator<Item = &ChainName> {
        let family = if ipv4 { "ip" } else { "ip6" };
        let own = move |name: &&ChainName| name.family == "inet" || name.family == family;
        self.0.iter().filter(|(_, chain)| chain.is_input).map(|(name, _)| name).filter(own)
    }

    /// The chains that have this very rule.
    pub fn with(&self, text: &str) -> impl Iterator<Item = &ChainName> {
        let wanted = tokens(text);
        let has = move |chain: &Chain| chain.rules.iter().any(|rule| tokens(&rule.text) == wanted);
        self.0.iter().filter(move |(_, chain)| has(chain)).map(|(name, _)| name)
    }

    /// What becomes of the packets from the beginning of a chain on.
    pub fn fate(&self, name: &ChainName, packets: Packets<'_>) -> Fate {
        self.within(name, packets, 0)
    }

    fn within(&self, name: &ChainName, packets: Packets<'_>, depth: u8) -> Fate {
        let Some(chain) = self.0.get(name).filter(|_| depth <= DEEPEST) else { return Fate::Accepted };
        for (index, rule) in chain.rules.iter().enumerate() {
            let (Matches::All, verdict) = rule.judge(packets) else { continue };
            match verdict {
                Verdict::Accept | Verdict::Unknown => return Fate::Accepted,
                Verdict::Drop => return Fate::Dropped { chain: name.clone(), index, rule: rule.clone() },
                Verdict::Return => break,
                Verdict::Next => {}
                Verdict::Chain(to, returns) => {
                    let to = ChainName { chain: to, ..name.clone() };
                    match self.within(&to, packets, depth + 1) {
                        Fate::Returned if returns => {}
                        Fate::Returned => break,
                        decided => return decided,
                    }
                }
            }
        }
        match (chain.is_input, chain.drops) {
            (true, true) => Fate::ByPolicy(name.clone()),
            (true, false) => Fate::Accepted,
            (false, _) => Fate::Returned,
        }
    }
}

impl Chain {
    /// Adds a rule, or takes what is said of the chain itself.
    fn add(&mut self, text: &str, handle: Option<u64>, index: Option<usize>) {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            ["type", kind, "hook", hook, ..] => self.is_input = *kind == "filter" && *hook == "input",
            ["policy", policy] => self.drops = *policy == "drop",
            _ => {
                let rule = Rule { text: text.trim().to_owned(), handle };
                let at = index.unwrap_or(self.rules.len()).min(self.rules.len());
                self.rules.insert(at, rule);
            }
        }
    }
}

/// A line without its comment, and the handle that the comment may be.
fn parted(line: &str) -> (&str, Option<u64>) {
    let mut quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted => {
                let handle = line[at + 1..]
                    .trim()
                    .strip_prefix("handle ")
                    .and_then(|number| number.trim().parse().ok());
                return (&line[..at], handle);
            }
            _ => {}
        }
    }
    (line, None)
}

/// The statements of a line.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut depth, mut quoted) = (Vec::new(), 0, 0_u32, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted => depth = depth.saturating_sub(1),
            ';' if !quoted && depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}
