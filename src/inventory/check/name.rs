//! Names, and words that end up on a command line or in a file.

use serde_json::{Map, Value};

use super::super::document::RawInventory;
use crate::document::{Complaints, Entries, Field, Span, Spanned};

/// The groups that every inventory has.
pub(super) const BUILT_IN_GROUPS: [&str; 4] = ["all", "directors", "real_servers", "clients"];

/// The cluster's name. It names files, so it is as narrow as a host's name.
pub(crate) fn cluster(raw: &RawInventory, root: Span, complaints: &mut Complaints) -> Option<String> {
    let name = raw.cluster.required("cluster", root, complaints)?;
    is_name(name, "the cluster's name", complaints).then(|| name.value.clone())
}

/// Whether a name can be that of a file, an ssh host and a word of a shell; complains when not.
pub(super) fn is_name(name: &Spanned<String>, what: &str, complaints: &mut Complaints) -> bool {
    let text = &name.value;
    let remedy = "begin it with a letter or digit, and go on with letters, digits, `_`, `.` and `-`";
    if text.is_empty() {
        complaints.add(name.span, format!("{what} is empty"), remedy);
        return false;
    }
    let ok = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    if let Some(letter) = text.chars().find(|letter| !ok(*letter)) {
        complaints.add(name.span, format!("{what} cannot hold {letter:?}"), remedy);
        return false;
    }
    // `-x` would be an option, `.` and `..` are directories.
    if text.starts_with(['-', '.']) {
        complaints.add(name.span, format!("{what} cannot begin with `{}`", &text[..1]), remedy);
        return false;
    }
    true
}

/// Whether a text is one word that no command takes for an option; complains when not.
pub(crate) fn is_word(word: &Spanned<String>, what: &str, remedy: &str, complaints: &mut Complaints) -> bool {
    let text = &word.value;
    let bad = text.is_empty()
        || text.starts_with('-')
        || text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    if bad {
        complaints.add(word.span, format!("{what} cannot be `{text}`"), format!("write {remedy}"));
    }
    !bad
}

/// What a template knows by these names is the inventory's own: a variable of such a name would never be seen.
pub const OWN_NAMES: [&str; 37] = [
    "address",
    "addresses_to_configure",
    "cip",
    "cip_network",
    "cip_networks",
    "cips",
    "clients",
    "cluster",
    "dip",
    "dip_network",
    "dip_networks",
    "dips",
    "directors",
    "forwards_by_nat",
    "forwards_ipv4_by_nat",
    "forwards_ipv6_by_nat",
    "groups",
    "host",
    "inventory_hostname",
    "ipvs",
    "item",
    "name",
    "nat_gateways",
    "openings",
    "real_servers",
    "rip",
    "rip_network",
    "rip_networks",
    "rips",
    "role",
    "served_ports",
    "time",
    "vip",
    "vip_network",
    "vip_networks",
    "vips",
    "virtual_services",
];

/// Variables: their names must be such that a template can say them, and no name of the inventory's own.
pub(super) fn variables(
    vars: Option<&Field<Entries<Value>>>,
    complaints: &mut Complaints,
) -> Map<String, Value> {
    let Some(vars) = vars.and_then(Field::value) else { return Map::new() };
    let mut map = Map::with_capacity(vars.0.len());
    for entry in &vars.0 {
        let (name, span) = (&entry.key.value, entry.key.span);
        if !is_identifier(name) {
            let remedy = match identifier_like(name) {
                Some(like) => format!("write `{like}`: letters, digits and `_`, no digit first"),
                None => "use letters, digits and `_`, no digit first".to_owned(),
            };
            complaints.add(span, format!("`{name}` cannot be a variable's name"), remedy);
        } else if OWN_NAMES.contains(&name.as_str()) {
            let message = format!("`{name}` is what templates call a part of the inventory itself");
            complaints.add(span, message, format!("give the variable another name: `my_{name}`"));
        } else if let Some(value) = entry.value.value() {
            map.insert(name.clone(), value.clone());
        } else {
            map.insert(name.clone(), Value::Null);
        }
    }
    map
}

fn is_identifier(name: &str) -> bool {
    name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && name.starts_with(|letter: char| !letter.is_ascii_digit())
}

fn identifier_like(name: &str) -> Option<String> {
    let like: String =
        name.chars().map(|letter| if matches!(letter, '-' | '.' | ' ') { '_' } else { letter }).collect();
    is_identifier(&like).then_some(like)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;

    #[test]
    fn names_are_fit_for_files_and_shells() {
        let mut complaints = Complaints::about(Source::new("x", ""));
        let mut ok = |text: &str| {
            is_name(&Spanned { span: Span::default(), value: text.to_owned() }, "a name", &mut complaints)
        };
        for name in ["web", "lvs_real_server01", "a.b-c", "9"] {
            assert!(ok(name), "{name}");
        }
        for name in ["", "-rf", ".", "..", "a b", "a/b", "a;b", "$x", "ä", "a\n"] {
            assert!(!ok(name), "{name}");
        }
    }

    #[test]
    fn identifiers() {
        assert!(is_identifier("a_1") && is_identifier("_"));
        assert!(!is_identifier("1a") && !is_identifier("") && !is_identifier("a-b"));
        assert_eq!(identifier_like("doc-root").as_deref(), Some("doc_root"));
        assert_eq!(identifier_like("1"), None);
    }
}
