//! A task's arguments as they are written: every mistake that shows before anything is rendered.

use super::modules::Module;
use crate::document::{Complaints, Node, Span, Value as Yaml};

/// Where a task's arguments stand, and what has been complained of.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// By argument, where its value stands; without those that were complained of.
    pub(super) values: Vec<(String, Span)>,
    /// Whether anything was complained of: then the rest is good for nothing but to find further mistakes.
    pub(super) unsound: bool,
}

/// Complains of every argument that the module does not have, of every one that is missing, and of every value without
/// a template that is not what it must be. `key` is where the module's name stands.
pub(super) fn check(module: Module, key: Span, args: &Node, complaints: &mut Complaints) -> Places {
    let before = complaints.len();
    let known = module.arguments();
    let entries = args.entries().unwrap_or_default();
    let mut there: Vec<&str> = entries.iter().map(|entry| entry.key.value.as_str()).collect();
    let mut meant: Vec<String> = Vec::new();
    let mut values = Vec::new();
    for entry in entries {
        let name = entry.key.value.as_str();
        if let Some(unknown) = module.unknown(name, &known) {
            complaints.add(entry.key.span, unknown.error.message, unknown.error.remedy);
            meant.extend(unknown.meant);
            continue;
        }
        let fault = if is_rendered(&entry.value) { None } else { module.fault(name, &entry.value.to_json()) };
        match fault {
            Some(fault) => {
                complaints.add(entry.value.span, fault.message, fault.remedy);
            }
            None => values.push((name.to_owned(), entry.value.span)),
        }
    }
    there.extend(meant.iter().map(String::as_str));
    for lacking in module.lacking(&there, &known) {
        complaints.add(key, lacking.message, lacking.remedy);
    }
    Places { values, unsound: complaints.len() > before }
}

/// Whether a value has a template in it.
fn is_rendered(node: &Node) -> bool {
    match &node.value {
        Yaml::Text(text) => text.contains("{{") || text.contains("{%"),
        Yaml::Sequence(items) => items.iter().any(is_rendered),
        Yaml::Mapping(entries) => entries.iter().any(|entry| is_rendered(&entry.value)),
        _ => false,
    }
}

/// How arguments that are no mapping would be written as one: Ansible's `name=apache2 state=present`, and the text of a
/// command.
pub(super) fn as_mapping(module: Module, args: &Node) -> Option<String> {
    let Yaml::Text(text) = &args.value else { return None };
    let fit = |text: &str| !text.contains(['"', '\\', '\n', '{', '}']);
    let pair = |word: &str| {
        let (key, value) = word.split_once('=')?;
        let plain =
            !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "_./-".contains(c));
        let name = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (name && plain).then(|| format!("{key}: {value}"))
    };
    let pairs: Option<Vec<String>> = text.split_whitespace().map(pair).collect();
    match pairs {
        Some(pairs) if !pairs.is_empty() => Some(format!("{}: {{ {} }}", module.name, pairs.join(", "))),
        _ if module.name == "command" && fit(text) => {
            Some(format!("command: {{ cmd: \"{}\" }}", text.trim()))
        }
        _ => None,
    }
}
