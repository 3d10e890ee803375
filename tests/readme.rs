//! The README says what the program does: every name of the contract stands in it, and its examples work.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use lvsprov::cli::Exit;
use lvsprov::document::{Complaints, Source};
use lvsprov::inventory::{self, Inventory};
use lvsprov::ipvs::Scheduler;
use lvsprov::playbook::{self, Engine, Playbook, Variables, modules};
use lvsprov::verify::Expectation;
use serde_json::Value;

const README: &str = include_str!("../README.md");

/// The text from a heading to the next one of its level or above.
fn section(heading: &str) -> &'static str {
    let level = heading.chars().take_while(|c| *c == '#').count();
    let begin = README.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading `{heading}`"));
    let text = &README[begin + 1 + heading.len()..];
    let mut fenced = false;
    let mut length = 0;
    for line in text.split_inclusive('\n') {
        fenced ^= line.starts_with("```");
        let hashes = line.chars().take_while(|c| *c == '#').count();
        if !fenced && (1..=level).contains(&hashes) {
            break;
        }
        length += line.len();
    }
    &text[..length]
}

/// The fenced blocks of a language within a text.
fn blocks(text: &'static str, language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let begins = text.match_indices(&fence).map(|(at, _)| at + fence.len());
    begins.map(|at| &text[at..at + text[at..].find("```").unwrap()]).collect()
}

/// What is between backticks, whole and in words: `` `--limit` `` and `` `state: started` `` give limit, state and started.
fn quoted(text: &str) -> BTreeSet<&str> {
    let mut words = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with("```")) {
        for code in line.split('`').skip(1).step_by(2) {
            words.insert(code);
            words.extend(code.split(|c: char| !(c.is_alphanumeric() || c == '_')));
        }
    }
    words
}

#[track_caller]
fn all_quoted<'a>(place: &str, names: impl IntoIterator<Item = &'a str>) {
    let known = quoted(section(place));
    let missing: Vec<&str> = names.into_iter().filter(|name| !known.contains(name)).collect();
    assert!(missing.is_empty(), "the README's `{place}` lacks {missing:?}");
}

fn shown(complaints: impl IntoIterator<Item = Complaints>) -> String {
    let mut text = String::new();
    for complaint in complaints.into_iter().flat_map(|c| c.iter().cloned().collect::<Vec<_>>()) {
        text += &format!("{:?}: {} ({})\n", complaint.position(), complaint.message, complaint.remedy);
    }
    text
}

/// The inventories of the README, the whole one first.
fn inventories() -> Vec<Inventory> {
    let texts = blocks(README, "yaml").into_iter().filter(|text| text.trim_start().starts_with("cluster:"));
    texts
        .map(|text| inventory::read(Source::new("README.md", text)).map_err(|c| shown([c])).unwrap())
        .collect()
}

/// Reads a playbook and renders it for every host of an inventory.
fn trial(text: &str, inventory: &Inventory) -> Result<(), String> {
    let engine = Engine::new();
    for text in blocks(README, "jinja") {
        let (name, text) = text.strip_prefix("{# ").unwrap().split_once(" #}\n").unwrap();
        engine.add_file(name, text);
    }
    for name in playbook::BUILTIN_TEMPLATES {
        engine.add_file(name, playbook::builtin_template(name).unwrap());
    }
    let playbook =
        Playbook::read(&Source::new("README.md", text.to_owned()), &engine).map_err(|c| shown([c]))?;
    let selected = playbook.select(inventory).map_err(|c| shown([c]))?;
    playbook.trial(&engine, inventory, &Variables::new(inventory), &selected, true).map_err(shown)
}

#[test]
fn the_inventories_parse() {
    assert!(inventories().len() >= 2);
    let tutorial = inventory::read(Source::new("t", include_str!("../inventories/tutorial.yaml"))).unwrap();
    let told = |inventory: &Inventory| format!("{:?} {:?}", inventory.hosts, inventory.virtual_services);
    assert!(
        inventories().iter().any(|inventory| told(inventory) == told(&tutorial)),
        "the README shows another inventory than inventories/tutorial.yaml"
    );
}

#[test]
fn the_playbooks_read_and_render() {
    let playbooks: Vec<_> = blocks(README, "yaml")
        .into_iter()
        .filter(|text| text.starts_with("- ") && text.contains("\n  hosts:"))
        .collect();
    assert!(!playbooks.is_empty());
    for text in playbooks {
        for inventory in inventories() {
            trial(text, &inventory).unwrap_or_else(|error| panic!("{error}in\n{text}"));
        }
    }
}

#[test]
fn every_module_is_listed() {
    all_quoted("### Modules", modules().iter().map(|module| module.name));
}

/// Every property's name and every word of an enumeration in a JSON Schema.
fn keys(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match (key.as_str(), value) {
                    ("properties", Value::Object(properties)) => names.extend(properties.keys().cloned()),
                    ("const", Value::String(word)) => _ = names.insert(word.clone()),
                    _ => {}
                }
                keys(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, names)),
        _ => {}
    }
}

#[test]
fn every_key_of_the_inventory_is_explained() {
    let mut names = BTreeSet::new();
    keys(&inventory::schema(), &mut names);
    assert!(names.contains("scheduler") && names.contains("wrr"), "{names:?}");
    all_quoted("### Inventory", names.iter().map(String::as_str));
}

#[test]
fn every_exit_code_is_explained() {
    let all = [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::Pending,
        Exit::Unreachable,
        Exit::Unverified,
        Exit::Interrupted,
    ];
    for exit in all {
        // Whoever adds one adds it above as well.
        match exit {
            Exit::Done
            | Exit::Failed
            | Exit::Usage
            | Exit::Pending
            | Exit::Unreachable
            | Exit::Unverified
            | Exit::Interrupted => {}
        }
        let row = format!("\n| {} |", exit.code());
        assert!(section("### Exit codes").contains(&row), "the README lacks exit code {}", exit.code());
    }
}

#[test]
fn every_json_event_and_key_is_explained() {
    let events = include_str!("../src/report/json/mod.rs");
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for call in ["self.line(\"", "self.item(\""] {
        names.extend(events.split(call).skip(1).filter_map(|rest| rest.split('"').next()));
    }
    assert!(names.contains("summary") && names.contains("drift"), "{names:?}");
    // The fields of the records, whose names are the keys.
    let mut within = false;
    for line in include_str!("../src/report/json/record.rs").lines() {
        let line = line.trim();
        let begins = line.trim_start_matches("pub(super) ").starts_with("struct ");
        within = line != "}" && (within || begins && line.ends_with('{'));
        if within
            && let Some((name, _)) = line.trim_start_matches("pub(super) ").split_once(": ")
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        {
            names.insert(name);
        }
    }
    assert!(names.contains("unreachable"), "{names:?}");
    all_quoted("### JSON", names);
}

fn help(verb: &[&str]) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lvsprov"));
    String::from_utf8(command.args(verb).arg("--help").output().unwrap().stdout).unwrap()
}

#[test]
fn every_verb_and_option_is_explained() {
    let verbs = |help: String| -> Vec<String> {
        let commands = help.split("\nCommands:\n").nth(1).unwrap_or_default().to_owned();
        let lines = commands.lines().take_while(|line| !line.is_empty());
        lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    let commands = section("### Commands");
    let (mut options, mut verbs_seen) = (BTreeSet::new(), 0);
    for verb in verbs(help(&[])).iter().filter(|verb| *verb != "help") {
        assert!(commands.contains(&format!("`lvsprov {verb}")), "the README lacks `lvsprov {verb}`");
        let text = help(&[verb]);
        for inner in verbs(text.clone()).iter().filter(|inner| *inner != "help") {
            assert!(quoted(commands).contains(inner.as_str()), "the README lacks `lvsprov {verb} {inner}`");
        }
        let words = text.split_whitespace().filter(|word| word.starts_with("--"));
        options.extend(words.map(|word| word.trim_end_matches(['.', ',', ')', ']']).to_owned()));
        verbs_seen += 1;
    }
    assert!(verbs_seen > 5 && options.contains("--limit"), "{options:?}");
    options.remove("--help");
    let missing: Vec<_> = options.iter().filter(|option| !commands.contains(&format!("`{option}"))).collect();
    assert!(missing.is_empty(), "the README lacks {missing:?}");
}

#[test]
fn what_is_said_of_the_schedulers_holds() {
    let mut service = inventories().swap_remove(0).virtual_services[0].service.clone();
    service.persistence = None;
    let verify = section("### Verify");
    let not_yet = verify.lines().find(|line| line.contains("not judged yet")).unwrap();
    for scheduler in Scheduler::ALL {
        service.scheduler = scheduler;
        let row = verify.contains(&format!("\n| `{scheduler}` |"));
        let judged = Expectation::of(&service) != Expectation::Unknown;
        assert_eq!(row, judged, "{scheduler}: its row in the README's table");
        assert_eq!(quoted(not_yet).contains(scheduler.name()), !judged, "{scheduler}: {not_yet}");
    }
}
