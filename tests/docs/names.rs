//! Every name of the contract stands in the page that has the subject.

use std::collections::BTreeSet;

use lvsprov::cli::Exit;
use lvsprov::document::Source;
use lvsprov::inventory;
use lvsprov::ipvs::Scheduler;
use lvsprov::playbook::modules;
use lvsprov::verify::Expectation;
use serde_json::Value;

use crate::page::{doc, quoted};

#[test]
fn every_module_is_listed() {
    doc("playbook").quotes_all(Some("## Modules"), modules().iter().map(|module| module.name));
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
    doc("inventory").quotes_all(None, names.iter().map(String::as_str));
}

/// Every property's name in a JSON Schema.
fn properties(schema: &Value, names: &mut BTreeSet<String>) {
    if let Some(Value::Object(own)) = schema.get("properties") {
        names.extend(own.keys().cloned());
    }
    match schema {
        Value::Object(object) => object.values().for_each(|value| properties(value, names)),
        Value::Array(items) => items.iter().for_each(|item| properties(item, names)),
        _ => {}
    }
}

#[test]
fn the_whole_example_of_an_inventory_has_every_key() {
    let mut names = BTreeSet::new();
    properties(&inventory::schema(), &mut names);
    assert!(names.contains("drain") && names.contains("rip"), "{names:?}");
    let example = doc("inventory").blocks_of("yaml").swap_remove(0);
    inventory::read(Source::new("example", example.clone())).unwrap();
    let keys: BTreeSet<&str> = example
        .split(':')
        .filter_map(|before| before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next())
        .collect();
    let missing: Vec<&String> = names.iter().filter(|name| !keys.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "docs/inventory.md's example lacks {missing:?}");
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
    let commands = doc("commands");
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
        let codes = commands.section("## Exit codes");
        assert!(codes.contains(&row), "docs/commands.md lacks exit code {}", exit.code());
    }
}

/// Every event of the JSON lines, and every key of their records.
fn json_names() -> BTreeSet<&'static str> {
    let events = include_str!("../../src/report/json/mod.rs");
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for call in ["self.line(\"", "self.item(\""] {
        names.extend(events.split(call).skip(1).filter_map(|rest| rest.split('"').next()));
    }
    assert!(names.contains("summary") && names.contains("drift"), "{names:?}");
    // The fields of the records, whose names are the keys.
    let mut within = false;
    for line in include_str!("../../src/report/json/record.rs").lines() {
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
    names
}

#[test]
fn every_json_event_and_key_is_explained() {
    doc("json").quotes_all(Some("## Events"), json_names());
}

#[test]
fn the_json_examples_have_what_every_line_has_and_no_key_that_is_not_explained() {
    let page = doc("json");
    let known = quoted(&page.text);
    let mut lines = 0;
    for line in page.blocks_of("json").iter().flat_map(|text| text.lines()) {
        let line: Value = serde_json::from_str(line).unwrap();
        for (key, _) in line.as_object().unwrap() {
            assert!(known.contains(key.as_str()), "`{key}` is not explained");
        }
        assert!(line["event"].is_string() && line["version"] == 1 && line["time"].is_f64(), "{line}");
        lines += 1;
    }
    assert!(lines > 0);
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
    let page = doc("commands");
    let commands = page.text.as_str();
    let (mut options, mut verbs_seen) = (BTreeSet::new(), 0);
    for verb in verbs(help(&[])).iter().filter(|verb| *verb != "help") {
        assert!(commands.contains(&format!("| `lvsprov {verb}")), "docs/commands.md lacks `lvsprov {verb}`");
        let text = help(&[verb]);
        for inner in verbs(text.clone()).iter().filter(|inner| *inner != "help") {
            assert!(
                quoted(commands).contains(inner.as_str()),
                "docs/commands.md lacks `lvsprov {verb} {inner}`"
            );
        }
        let words = text.split_whitespace().filter(|word| word.starts_with("--"));
        options.extend(words.map(|word| word.trim_end_matches(['.', ',', ')', ']']).to_owned()));
        verbs_seen += 1;
    }
    assert!(verbs_seen > 5 && options.contains("--limit"), "{options:?}");
    options.remove("--help");
    let missing: Vec<_> = options.iter().filter(|option| !commands.contains(&format!("`{option}"))).collect();
    assert!(missing.is_empty(), "docs/commands.md lacks {missing:?}");
}

/// `$NAME` is read by the program where `cli/` asks the environment for it.
#[test]
fn every_variable_of_the_environment_is_explained() {
    let page = doc("commands");
    let known = quoted(page.section("## Environment"));
    for name in
        ["LVSPROV_INVENTORY", "LVSPROV_BECOME_PASSWORD", "LVSPROV_CONTROL_DIR", "XDG_CACHE_HOME", "NO_COLOR"]
    {
        assert!(known.contains(name), "docs/commands.md lacks ${name}");
    }
}

#[test]
fn what_is_said_of_the_schedulers_holds() {
    let tutorial =
        inventory::read(Source::new("t", include_str!("../../inventories/tutorial.yaml"))).unwrap();
    let mut service = tutorial.virtual_services[0].service.clone();
    service.persistence = None;
    let page = doc("verify");
    let table = page.section("## What each scheduler must give");
    let not_yet =
        page.section("## What is not judged").split("\n- ").find(|item| item.contains("in which order"));
    let not_yet = not_yet.unwrap();
    for scheduler in Scheduler::ALL {
        service.scheduler = scheduler;
        let row = table.contains(&format!("\n| `{scheduler}` |"));
        let judged = Expectation::of(&service) != Expectation::Unknown;
        assert_eq!(row, judged, "{scheduler}: its row in docs/verify.md's table");
        assert_eq!(quoted(not_yet).contains(scheduler.name()), !judged, "{scheduler}: {not_yet}");
    }
}
