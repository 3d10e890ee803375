//! Which hosts a `hosts:` line or `--limit` means.

use std::collections::HashSet;

use super::Inventory;
use crate::document::nearest;

/// Host names, group names, `*`/`?` wildcards, separated by commas or colons: all of their hosts together. `&x` keeps
/// only those that are in `x` too, and `!x` takes hosts out, after all else and wherever it stands, as in Ansible.
/// Where nothing but `!` and `&` is said, they apply to all hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
}

/// A part of a pattern that names nothing in the inventory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` is neither a host nor a group of this inventory")]
pub struct PatternError {
    /// The part that names nothing.
    pub part: String,
    /// The nearest host or group name, when one is near.
    pub suggestion: Option<String>,
}

const BUILT_IN: [&str; 4] = ["all", "directors", "real_servers", "clients"];

impl Pattern {
    /// Takes the text as it is; what it names is only known with an inventory.
    pub fn new(text: impl Into<String>) -> Self {
        Pattern { text: text.into() }
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Indices into [`Inventory::hosts`], in the inventory's order.
    ///
    /// # Errors
    /// Every part that names neither a host nor a group.
    pub fn select(&self, inventory: &Inventory) -> Result<Vec<usize>, Vec<PatternError>> {
        let (mut wanted, mut kept, mut out) = (Vec::new(), Vec::new(), Vec::new());
        let mut errors = Vec::new();
        let parts = self.text.split([',', ':']).map(str::trim).filter(|part| !part.is_empty());
        for part in parts {
            let (into, name) = match (part.strip_prefix('!'), part.strip_prefix('&')) {
                (Some(name), _) => (&mut out, name),
                (_, Some(name)) => (&mut kept, name),
                (None, None) => (&mut wanted, part),
            };
            match named(name.trim(), inventory) {
                Some(hosts) => into.push(hosts),
                None => errors.push(PatternError {
                    part: part.to_owned(),
                    suggestion: nearest(name, names(inventory)).map(str::to_owned),
                }),
            }
        }
        if wanted.is_empty() && kept.is_empty() && out.is_empty() && errors.is_empty() {
            errors.push(PatternError { part: self.text.clone(), suggestion: None });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let holds = |index: usize| {
            (wanted.is_empty() || wanted.iter().any(|hosts| hosts.contains(&index)))
                && kept.iter().all(|hosts| hosts.contains(&index))
                && !out.iter().any(|hosts| hosts.contains(&index))
        };
        Ok((0..inventory.hosts.len()).filter(|index| holds(*index)).collect())
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Pattern::new(text)
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Every name that a part may be.
fn names(inventory: &Inventory) -> impl Iterator<Item = &str> {
    inventory.names().chain(inventory.groups.keys().map(String::as_str)).chain(BUILT_IN)
}

/// The hosts of one name or wildcard; `None` when it is neither a host's nor a group's.
fn named(name: &str, inventory: &Inventory) -> Option<HashSet<usize>> {
    if !name.contains(['*', '?']) {
        return exactly(name, inventory);
    }
    let mut hosts = HashSet::new();
    let mut found = false;
    for known in names(inventory).filter(|known| matches(name.as_bytes(), known.as_bytes())) {
        found = true;
        hosts.extend(exactly(known, inventory).into_iter().flatten());
    }
    found.then_some(hosts)
}

fn exactly(name: &str, inventory: &Inventory) -> Option<HashSet<usize>> {
    if let Some(index) = inventory.index_of(name) {
        return Some(HashSet::from([index]));
    }
    if let Some(group) = inventory.groups.get(name) {
        return Some(group.iter().filter_map(|host| inventory.index_of(host)).collect());
    }
    let all = || inventory.hosts.iter().enumerate();
    BUILT_IN.contains(&name).then(|| {
        all().filter(|(_, host)| name == "all" || host.group() == name).map(|(index, _)| index).collect()
    })
}

/// Whether a text is what a wildcard means: `*` any letters, `?` any one. In time of their product.
fn matches(wildcard: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    // Where the last `*` is, and up to where it reaches so far.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match wildcard.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(letter) if *letter == b'?' || *letter == text[from] => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((star_at, reach)) = star else { return false };
                star = Some((star_at, reach + 1));
                at = star_at + 1;
                from = reach + 1;
            }
        }
    }
    wildcard[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;

    fn inventory() -> Inventory {
        let text = "
cluster: web
directors: { dir: { vip: 192.168.175.100/24, dip: 192.168.40.100/24 } }
real_servers:
  web01: { rip: 192.168.40.101/24 }
  web02: { rip: 192.168.40.102/24 }
  web03: { rip: 192.168.40.103/24 }
clients: { client: { cip: 192.168.175.50/24 } }
groups:
  old: [web03, web01]
  front: [dir, old]
";
        super::super::read(Source::new("inventory.yaml", text)).unwrap()
    }

    fn select(pattern: &str) -> String {
        let inventory = inventory();
        match Pattern::new(pattern).select(&inventory) {
            Ok(hosts) => {
                hosts.iter().map(|index| inventory.hosts[*index].name.as_str()).collect::<Vec<_>>().join(" ")
            }
            Err(errors) => {
                let say =
                    |error: PatternError| format!("{}?{}", error.part, error.suggestion.unwrap_or_default());
                errors.into_iter().map(say).collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn names_and_groups_in_the_inventorys_order() {
        assert_eq!(select("all"), "dir web01 web02 web03 client");
        assert_eq!(select("web02,dir"), "dir web02");
        assert_eq!(select("web02:dir"), "dir web02");
        assert_eq!(select(" clients , directors "), "dir client");
        assert_eq!(select("front"), "dir web01 web03");
        assert_eq!(select("web01,web01,real_servers"), "web01 web02 web03");
    }

    #[test]
    fn wildcards_reach_hosts_and_groups() {
        assert_eq!(select("web*"), "web01 web02 web03");
        assert_eq!(select("web0?"), "web01 web02 web03");
        assert_eq!(select("*2"), "web02");
        assert_eq!(select("ol?"), "web01 web03");
        assert_eq!(select("*"), "dir web01 web02 web03 client");
        assert_eq!(select("db*"), "db*?");
    }

    #[test]
    fn exclusion_and_intersection() {
        assert_eq!(select("real_servers,!web02"), "web01 web03");
        assert_eq!(select("!web02,real_servers"), "web01 web03");
        assert_eq!(select("!real_servers"), "dir client");
        assert_eq!(select("real_servers,&old"), "web01 web03");
        assert_eq!(select("&old"), "web01 web03");
        assert_eq!(select("real_servers,&old,!web03"), "web01");
        assert_eq!(select("dir,!dir"), "", "nothing is left, and that is no error");
    }

    #[test]
    fn every_part_that_names_nothing_is_told() {
        assert_eq!(select("web01,wbe02,!clinet,zzz"), "wbe02?web02 !clinet?client zzz?");
        assert_eq!(select(""), "?");
        assert_eq!(select(" , "), " , ?");
        assert_eq!(select("!"), "!?");
    }

    #[test]
    fn a_wildcard_of_many_stars_ends() {
        assert!(!matches("*a".repeat(40).as_bytes(), "b".repeat(4000).as_bytes()));
        assert!(matches(b"*a*b*", b"xxaxxbxx"));
        assert!(matches(b"***", b"") && !matches(b"?", b""));
    }
}
