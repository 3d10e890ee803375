//! A YAML text -> a playbook, with every complaint about it at once.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value as Json;

use super::batch::Batches;
use super::engine::{Condition, Engine};
use super::modules::{Module, modules};
use super::templated::Templated;
use super::{Play, Playbook, Task, arguments, habits};
use crate::document::{
    self, Complaints, Entries, Field, Node, NodeEntry, OneOrMany, Source, Span, Spanned, Text, Value as Yaml,
    choose_from,
};
use crate::inventory::Pattern;

/// A play as it is written.
#[derive(Deserialize)]
struct PlayDocument {
    name: Option<Field<Text>>,
    hosts: Field<OneOrMany<Text>>,
    vars: Option<Field<Entries<Node>>>,
    tags: Option<Field<OneOrMany<Text>>>,
    serial: Option<Field<OneOrMany<Text>>>,
    max_failures: Option<Field<u32>>,
    tasks: Field<Vec<Node>>,
}

/// A task's keys beside its module.
const TASK_KEYS: [&str; 5] = ["name", "when", "loop", "vars", "tags"];

impl<'e> Playbook<'e> {
    /// Reads and compiles a playbook.
    ///
    /// # Errors
    /// Every complaint about its text. What it means for an inventory is [`Playbook::trial`]'s to say.
    pub fn read(source: &Source, engine: &'e Engine) -> Result<Playbook<'e>, Complaints> {
        let (playbook, complaints) = Playbook::read_in_part(source, engine);
        complaints.finish(playbook)
    }

    /// Reads what can be read of a playbook, beside everything that is wrong with it. With complaints, the playbook is
    /// good for nothing but a trial that finds what else is wrong.
    pub fn read_in_part(source: &Source, engine: &'e Engine) -> (Option<Playbook<'e>>, Complaints) {
        let mut complaints = Complaints::about(source.clone());
        let nodes = document::parse(&mut complaints).and_then(|root| list_of_plays(&root, &mut complaints));
        let plays = nodes.map(|nodes| {
            lone_tasks(&nodes, engine, &mut complaints);
            let plays = nodes.iter().filter(|node| !is_task(node));
            let plays = plays.filter_map(|node| read_play(node, engine, &mut complaints)).collect();
            Playbook { source: source.clone(), plays }
        });
        (plays, complaints)
    }
}

fn list_of_plays(root: &Node, complaints: &mut Complaints) -> Option<Vec<Node>> {
    if matches!(root.value, Yaml::Null) {
        let remedy = "write a play: `- { hosts: real_servers, tasks: [{ package: { name: curl } }] }`";
        complaints.add(Span::default(), "the playbook is empty", remedy);
        return None;
    }
    root.read(complaints)
}

/// Whether an entry of the playbook is a task without a play around it, as in a file of a role's tasks.
fn is_task(node: &Node) -> bool {
    let calls = |key: &str| {
        let plain = habits::plain(key);
        habits::play_key(plain).is_none()
            && (habits::module(plain).is_some() || modules().iter().any(|module| module.name == plain))
    };
    let is_play = node.get("hosts").or(node.get("tasks")).is_some();
    !is_play && node.entries().is_some_and(|entries| entries.iter().any(|entry| calls(&entry.key.value)))
}

/// Complains of tasks without a play, once, and of what is wrong with each of them.
fn lone_tasks(nodes: &[Node], engine: &Engine, complaints: &mut Complaints) {
    for (number, task) in nodes.iter().filter(|node| is_task(node)).enumerate() {
        if number == 0 {
            let remedy = "put the tasks into a play: `- hosts: real_servers`, and `tasks:` below `hosts`";
            complaints.add(task.span, "this is a task, and a playbook is a list of plays", remedy);
        }
        read_task(task, &[], engine, complaints);
    }
}

/// A play without the keys that are another tool's, which are complained of, and without those that only hold anchors.
/// `None` when no play is left.
fn own_keys<'n>(node: &'n Node, engine: &Engine, complaints: &mut Complaints) -> Option<Cow<'n, Node>> {
    let Some(entries) = node.entries().filter(|entries| !entries.is_empty()) else {
        return Some(Cow::Borrowed(node));
    };
    let mut own = Vec::new();
    let (mut anchors, mut import) = (0, false);
    for entry in entries {
        let key = entry.key.value.as_str();
        let plain = habits::plain(key);
        if key.starts_with("x-") {
            anchors += 1;
        } else if let Some(instead) = habits::play_key(plain) {
            complaints.add(entry.key.span, format!("`{key}` is no key of a play"), instead);
            import |= ["import_playbook", "include"].contains(&plain);
            if ["pre_tasks", "post_tasks"].contains(&plain) {
                read_tasks(&entry.value, engine, complaints);
            }
        } else {
            own.push(entry);
        }
    }
    if import || anchors == entries.len() {
        return None;
    }
    if own.len() == entries.len() {
        return Some(Cow::Borrowed(node));
    }
    let entries = own.into_iter().cloned().collect();
    Some(Cow::Owned(Node { span: node.span, value: Yaml::Mapping(entries) }))
}

/// Complains of what is wrong with tasks that stand where none can be.
fn read_tasks(tasks: &Node, engine: &Engine, complaints: &mut Complaints) {
    for task in tasks.items().unwrap_or_default() {
        read_task(task, &[], engine, complaints);
    }
}

fn read_play<'e>(node: &Node, engine: &'e Engine, complaints: &mut Complaints) -> Option<Play<'e>> {
    let node = own_keys(node, engine, complaints)?;
    let raw: PlayDocument = node.read(complaints)?;
    let hosts = raw.hosts.required("hosts", node.span, complaints);
    let tasks = raw.tasks.required("tasks", node.span, complaints);
    let tags = texts(raw.tags.as_ref());
    let hosts_text = |hosts: &Spanned<OneOrMany<Text>>| {
        hosts.value.values().map(|text| text.0.as_str()).collect::<Vec<_>>().join(",")
    };
    let pattern = hosts.map(hosts_text).unwrap_or_default();
    let name =
        raw.name.as_ref().and_then(Field::value).map_or_else(|| pattern.clone(), |name| name.0.clone());
    Some(Play {
        name,
        hosts: Pattern::new(pattern),
        hosts_span: hosts.map_or(node.span, |hosts| hosts.span),
        vars: compile_vars(raw.vars.as_ref(), engine, complaints),
        batches: read_batches(raw.serial.as_ref(), complaints),
        max_failures: raw.max_failures.as_ref().and_then(Field::value).map(|most| *most as usize),
        tasks: tasks
            .map(|tasks| tasks.value.as_slice())
            .unwrap_or_default()
            .iter()
            .filter_map(|task| read_task(task, &tags, engine, complaints))
            .collect(),
    })
}

/// `serial:` is a number of hosts, a percentage of them, or a list of these.
fn read_batches(serial: Option<&Field<OneOrMany<Text>>>, complaints: &mut Complaints) -> Batches {
    let Some(entries) = serial.and_then(Field::get) else { return Batches::default() };
    if entries.value.0.is_empty() {
        complaints.add(
            entries.span,
            "`serial` is an empty list",
            "leave it out, and all hosts are one batch",
        );
    }
    let mut sizes = Vec::new();
    for entry in entries.value.0.iter().filter_map(Field::get) {
        match entry.value.0.parse() {
            Ok(size) => sizes.push(size),
            Err((message, remedy)) => {
                complaints.add(entry.span, format!("`serial`: {message}"), remedy);
            }
        }
    }
    Batches(sizes)
}

fn read_task<'e>(
    node: &Node,
    play_tags: &[String],
    engine: &'e Engine,
    complaints: &mut Complaints,
) -> Option<Task<'e>> {
    let Some(entries) = node.entries() else {
        complaints.add(node.span, "a task is a mapping with one module", SHAPE);
        return None;
    };
    let get = |key: &str| entries.iter().find(|entry| entry.key.value == key);
    let name = get("name").and_then(|entry| entry.read::<Text>(complaints)).map(|name| name.0);
    let mut tags = play_tags.to_vec();
    if let Some(entry) = get("tags") {
        tags.extend(texts(entry.read::<Field<OneOrMany<Text>>>(complaints).as_ref()));
    }
    let vars = get("vars").and_then(|entry| entry.read::<Field<Entries<Node>>>(complaints));
    let when = get("when").map(|entry| compile_when(&entry.value, engine, complaints)).unwrap_or_default();
    let looped = get("loop").or_else(|| habits::LISTS.into_iter().find_map(get));
    let items = looped.map(|entry| Templated::compile(&entry.value, engine, complaints));
    let vars = compile_vars(vars.as_ref(), engine, complaints);
    // Last, so that a module that there is not hides no mistake beside it.
    let (module, NodeEntry { key, value: args }) = called(node.span, entries, engine, complaints)?;
    if args.entries().is_none() && !matches!(args.value, Yaml::Null) {
        let example = arguments::as_mapping(module, args).map(|example| format!("write it as `{example}`"));
        let remedy = example.unwrap_or_else(|| module.example());
        complaints.add(args.span, "a module's arguments are a mapping", remedy);
        return None;
    }
    let places = arguments::check(module, key.span, args, complaints);
    // What `item` would be is not known, and it is no mistake of its own.
    if items.is_none() && entries.iter().any(|entry| entry.key.value.starts_with("with_")) {
        return None;
    }
    Some(Task {
        name,
        module,
        args: match args.value {
            Yaml::Null => Templated::Map(Vec::new()),
            _ => Templated::compile(args, engine, complaints),
        },
        places,
        when,
        items,
        vars,
        tags,
        span: key.span,
    })
}

/// How a task is written.
const SHAPE: &str =
    "write it as `- package: { name: curl }`, with name, when, loop, vars and tags beside the module";

/// The module that a task calls, and where.
fn called<'n>(
    task: Span,
    entries: &'n [NodeEntry],
    engine: &Engine,
    complaints: &mut Complaints,
) -> Option<(Module, &'n NodeEntry)> {
    let before = complaints.len();
    let mut module = None;
    for entry in entries {
        let key = entry.key.value.as_str();
        if TASK_KEYS.contains(&key) {
            continue;
        }
        if let Some(instead) = habits::task_key(key) {
            complaints.add(entry.key.span, format!("`{key}` is no key of a task"), instead);
            if ["block", "rescue", "always"].contains(&key) {
                read_tasks(&entry.value, engine, complaints);
            }
            continue;
        }
        let plain = habits::plain(key);
        let Some(called) = modules().into_iter().find(|known| known.name == plain) else {
            let known = || modules().into_iter().map(|module| module.name).chain(TASK_KEYS);
            let remedy = habits::module(plain).map_or_else(|| choose_from(plain, known()), str::to_owned);
            complaints.add(entry.key.span, format!("there is no module `{key}`"), remedy);
            continue;
        };
        if module.replace((called, entry)).is_some() {
            complaints.add(entry.key.span, "a task has one module", "make a task of its own of this one");
        }
    }
    // When a key was unknown, that has been said, and is what is wrong.
    if module.is_none() && complaints.len() == before {
        complaints.add(task, "this task has no module", SHAPE);
    }
    module
}

/// `when:` is an expression, a list of them, or a boolean.
fn compile_when<'e>(node: &Node, engine: &'e Engine, complaints: &mut Complaints) -> Vec<Condition<'e>> {
    let mut compile = |text: &str, span: Span| {
        let text = text.trim();
        let within = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        let bare = within.unwrap_or(text);
        match engine.expression(bare) {
            Ok(expression) => Some(Condition { expression, text: bare.trim().to_owned(), span }),
            Err(error) => {
                complaints.add(span, error.message, error.remedy);
                None
            }
        }
    };
    match &node.value {
        Yaml::Text(text) => compile(text, node.span).into_iter().collect(),
        Yaml::Bool(value) => compile(&value.to_string(), node.span).into_iter().collect(),
        Yaml::Sequence(items) => {
            items.iter().flat_map(|item| compile_when(item, engine, complaints)).collect()
        }
        _ => {
            complaints.add(node.span, "`when` is an expression", "write it as `when: forwards_by_nat`");
            Vec::new()
        }
    }
}

fn compile_vars<'e>(
    vars: Option<&Field<Entries<Node>>>,
    engine: &'e Engine,
    complaints: &mut Complaints,
) -> Vec<(String, Templated<'e>)> {
    let entries = vars.and_then(Field::value).map(|entries| entries.0.as_slice()).unwrap_or_default();
    entries
        .iter()
        .map(|entry| {
            // What is empty is defined all the same.
            let value = entry.value.value().map(|value| Templated::compile(value, engine, complaints));
            (entry.key.value.clone(), value.unwrap_or(Templated::Plain(Json::Null)))
        })
        .collect()
}

fn texts(field: Option<&Field<OneOrMany<Text>>>) -> Vec<String> {
    let many = field.and_then(Field::value);
    many.map(|many| many.values().map(|text| text.0.clone()).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::BatchSize;

    #[test]
    fn a_play_says_how_many_hosts_are_begun_with_at_a_time() {
        let engine = Engine::new();
        let text = "\
- { hosts: all, serial: 2, max_failures: 0, tasks: [] }
- { hosts: all, serial: 50%, tasks: [] }
- { hosts: all, serial: [1, '30%'], max_failures: 3, tasks: [] }
- { hosts: all, serial: , tasks: [] }
";
        let playbook = Playbook::read(&Source::new("p", text), &engine).unwrap();
        let told: Vec<_> =
            playbook.plays.iter().map(|play| (play.batches.0.as_slice(), play.max_failures)).collect();
        let (hosts, percent) = (BatchSize::Hosts, BatchSize::Percent);
        assert_eq!(
            told,
            [
                (&[hosts(2)][..], Some(0)),
                (&[percent(50)], None),
                (&[hosts(1), percent(30)], Some(3)),
                (&[], None)
            ]
        );
    }

    #[test]
    fn each_wrong_batch_is_told_where_it_stands() {
        let text = "\
- hosts: all
  serial: [0, -1, 1.5, many, '0%', 101%, {}]
  max_failures: -1
  tasks: []
- { hosts: all, serial: [], max_failures: '2', tasks: [] }
- { hosts: all, serial: { a: 1 }, max_failures: 1%, tasks: [] }
";
        let complaints = Playbook::read(&Source::new("p", text), &Engine::new()).unwrap_err();
        insta::assert_snapshot!(complaints, @r#"
        p:2:12: `serial`: a batch of `0` hosts would never come to an end; write a number of hosts from 1, or a percentage of them like "50%"
        p:2:15: `serial`: a batch of `-1` hosts would never come to an end; write a number of hosts from 1, or a percentage of them like "50%"
        p:2:19: `serial`: `1.5` is no number of hosts; write a number of hosts from 1, or a percentage of them like "50%"
        p:2:24: `serial`: `many` is no number of hosts; write a number of hosts from 1, or a percentage of them like "50%"
        p:2:30: `serial`: a batch of `0%` hosts would never come to an end; write a number of hosts from 1, or a percentage of them like "50%"
        p:2:36: `serial`: `101%` is more than all hosts; write at most "100%"
        p:2:42: each entry of `serial` must be text or a number; write text or a number
        p:3:17: `max_failures` must be a whole number from 0 to 4294967295; write at least 0
        p:5:25: `serial` is an empty list; leave it out, and all hosts are one batch
        p:5:43: `max_failures` must be a whole number from 0 to 4294967295; leave the quotes out: 2
        p:6:25: `serial` must be text or a number; write text or a number
        p:6:49: `max_failures` must be a whole number from 0 to 4294967295; write a whole number from 0 to 4294967295
        "#);
    }
}
