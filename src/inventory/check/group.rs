//! Groups that the inventory declares: lists of hosts and groups, down to hosts.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::document::RawInventory;
use super::Cast;
use super::name::{BUILT_IN_GROUPS, is_name};
use crate::document::{Complaints, Entry, Field, Spanned, choose_from};

type RawGroup = Entry<Vec<Field<String>>>;

/// The hosts of each declared group, each host once, in the order in which the group names them.
pub(crate) fn groups(
    raw: &RawInventory,
    cast: &Cast,
    complaints: &mut Complaints,
) -> BTreeMap<String, Vec<String>> {
    let Some(raw) = raw.groups.as_ref().and_then(Field::value) else { return BTreeMap::new() };
    let declared: HashMap<&str, &RawGroup> =
        raw.0.iter().map(|group| (group.key.value.as_str(), group)).collect();
    for group in &raw.0 {
        name(&group.key, cast, complaints);
        members(group, cast, &declared, complaints);
    }
    if let Some(cycle) = raw.0.iter().find_map(|group| cycle(group, &declared)) {
        let (first, rest) = (&cycle[0], &cycle[1..]);
        let path: Vec<&str> = cycle.iter().chain([first]).map(|name| name.value.as_str()).collect();
        let message = format!("the groups {} go round in a circle", path.join(" > "));
        let complaint = complaints.add(first.span, message, "take one of them out of the one before it");
        for group in rest {
            complaint.also(group.span, "by way of this one");
        }
        return BTreeMap::new();
    }
    raw.0.iter().map(|group| (group.key.value.clone(), expand(group, cast, &declared))).collect()
}

fn name(name: &Spanned<String>, cast: &Cast, complaints: &mut Complaints) {
    is_name(name, "a group's name", complaints);
    if BUILT_IN_GROUPS.contains(&name.value.as_str()) {
        let message = format!("the group `{}` is there already", name.value);
        complaints.add(name.span, message, "give it another name: this one holds what its section declares");
    }
    if let Some(host) = cast.machine(&name.value) {
        complaints
            .add(
                name.span,
                format!("`{}` is a host, and cannot be a group too", name.value),
                "rename the group",
            )
            .also(host.name.span, "the host");
    }
}

fn members(group: &RawGroup, cast: &Cast, declared: &HashMap<&str, &RawGroup>, complaints: &mut Complaints) {
    let Some(members) = group.value.required(&group.key.value, group.key.span, complaints) else { return };
    for member in members.value.iter().filter_map(Field::get) {
        let name = member.value.as_str();
        if cast.machine(name).is_some() || declared.contains_key(name) || BUILT_IN_GROUPS.contains(&name) {
            continue;
        }
        let known = cast.names().chain(declared.keys().copied()).chain(BUILT_IN_GROUPS);
        let remedy = choose_from(name, known);
        complaints.add(member.span, format!("`{name}` is neither a host nor a group"), remedy);
    }
}

/// The names that a group holds, without those that were no text.
fn names(group: &RawGroup) -> impl Iterator<Item = &str> {
    group.value.value().into_iter().flatten().filter_map(Field::value).map(String::as_str)
}

/// The groups through which a group holds itself.
fn cycle<'a>(
    start: &'a RawGroup,
    declared: &HashMap<&str, &'a RawGroup>,
) -> Option<Vec<&'a Spanned<String>>> {
    let mut seen = HashSet::new();
    // Depth first, on a stack of its own: a chain of groups may be longer than the program's stack is deep.
    let mut path: Vec<(&RawGroup, Vec<&'a RawGroup>)> = vec![(start, below(start, declared))];
    while let Some((_, rest)) = path.last_mut() {
        let Some(next) = rest.pop() else {
            path.pop();
            continue;
        };
        if next.key.value == start.key.value {
            return Some(path.iter().map(|(group, _)| &group.key).collect());
        }
        if seen.insert(next.key.value.as_str()) {
            path.push((next, below(next, declared)));
        }
    }
    None
}

fn below<'a>(group: &'a RawGroup, declared: &HashMap<&str, &'a RawGroup>) -> Vec<&'a RawGroup> {
    names(group).filter_map(|name| declared.get(name).copied()).collect()
}

fn expand(group: &RawGroup, cast: &Cast, declared: &HashMap<&str, &RawGroup>) -> Vec<String> {
    let (mut hosts, mut seen) = (Vec::new(), HashSet::new());
    let mut waiting: Vec<&str> = names(group).collect();
    waiting.reverse();
    while let Some(name) = waiting.pop() {
        if !seen.insert(name) {
            continue;
        }
        if let Some(group) = declared.get(name) {
            let at = waiting.len();
            waiting.extend(names(group));
            waiting[at..].reverse();
        } else if BUILT_IN_GROUPS.contains(&name) {
            let at = waiting.len();
            let of_group = |machine: &&super::machine::Machine| name == "all" || machine.group == name;
            waiting.extend(cast.machines.iter().filter(of_group).map(|machine| machine.name.value.as_str()));
            waiting[at..].reverse();
        } else {
            hosts.push(name.to_owned());
        }
    }
    hosts
}
