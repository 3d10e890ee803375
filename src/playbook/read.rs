//! A YAML text -> a playbook, with every complaint about it at once.

use serde::Deserialize;
use serde_json::Value as Json;

use super::batch::Batches;
use super::engine::{Condition, Engine};
use super::modules::modules;
use super::templated::Templated;
use super::{Play, Playbook, Task};
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
        let plays = document::read::<Vec<Node>>(&mut complaints).map(|plays| {
            let plays = plays.iter().filter_map(|node| read_play(node, engine, &mut complaints)).collect();
            Playbook { source: source.clone(), plays }
        });
        (plays, complaints)
    }
}

fn read_play<'e>(node: &Node, engine: &'e Engine, complaints: &mut Complaints) -> Option<Play<'e>> {
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
    const SHAPE: &str =
        "write it as `- MODULE: { ... }`, with name, when, loop, vars and tags beside the module";
    let Some(entries) = node.entries() else {
        complaints.add(node.span, "a task is a mapping with one module", SHAPE);
        return None;
    };
    let mut module = None;
    for entry in entries {
        let key = entry.key.value.as_str();
        if TASK_KEYS.contains(&key) {
            continue;
        }
        let Some(called) = modules().into_iter().find(|known| known.name == key) else {
            let known = modules().into_iter().map(|module| module.name).chain(TASK_KEYS);
            complaints.add(entry.key.span, format!("there is no module `{key}`"), choose_from(key, known));
            continue;
        };
        if module.replace((called, entry)).is_some() {
            complaints.add(entry.key.span, "a task has one module", "make a task of its own of this one");
        }
    }
    let Some((module, NodeEntry { key, value: args })) = module else {
        // When a key was unknown, that has been said, and is what is wrong.
        if entries.iter().all(|entry| TASK_KEYS.contains(&entry.key.value.as_str())) {
            complaints.add(node.span, "this task has no module", SHAPE);
        }
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
    let items = get("loop").map(|entry| Templated::compile(&entry.value, engine, complaints));
    if args.entries().is_none() && !matches!(args.value, Yaml::Null) {
        complaints.add(args.span, "a module's arguments are a mapping", SHAPE);
        return None;
    }
    Some(Task {
        name,
        module,
        args: match args.value {
            Yaml::Null => Templated::Map(Vec::new()),
            _ => Templated::compile(args, engine, complaints),
        },
        when,
        items,
        vars: compile_vars(vars.as_ref(), engine, complaints),
        tags,
        span: key.span,
    })
}

/// `when:` is an expression, a list of them, or a boolean.
fn compile_when<'e>(node: &Node, engine: &'e Engine, complaints: &mut Complaints) -> Vec<Condition<'e>> {
    let mut compile = |text: &str, span: Span| {
        let text = text.trim();
        let within = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        let bare = within.unwrap_or(text);
        match engine.expression(bare) {
            Ok(expression) => Some(Condition { expression, span }),
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
