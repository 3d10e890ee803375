//! The modules' reference: the written one is what the registry says, it lacks nothing, and its examples work.

#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use lvsprov::document::Source;
use lvsprov::inventory;
use lvsprov::playbook::{self, Engine, Playbook, Reference, Variables, modules};
use serde_json::Value;

const WRITTEN: &str = include_str!("../docs/modules.md");

fn doc(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("lvsprov").unwrap();
    command.arg("doc").args(arguments).env("NO_COLOR", "1");
    command
}

fn stdout(arguments: &[&str]) -> String {
    String::from_utf8(doc(arguments).assert().success().get_output().stdout.clone()).unwrap()
}

#[test]
fn the_written_reference_is_what_the_registry_says() {
    let differs = stdout(&["--output", "markdown"]) != WRITTEN;
    assert!(!differs, "make it anew: `cargo run -- doc --output markdown >docs/modules.md`");
    let wide: Vec<&str> = WRITTEN.lines().filter(|line| line.chars().count() > 120).collect();
    assert!(wide.is_empty(), "lines of more than 120 characters: {wide:#?}");
}

#[test]
fn every_module_argument_and_word_is_described() {
    let mut lacking = Vec::new();
    let is_sentence = |text: &str| text.ends_with('.') && !text.contains("[`");
    for module in modules().into_iter().map(Reference::of) {
        let name = module.name;
        if !is_sentence(&module.summary) {
            lacking.push(format!("{name}: {:?}", module.summary));
        }
        for argument in module.arguments {
            if !is_sentence(&argument.meaning) {
                lacking.push(format!("{name}.{}: {:?}", argument.name, argument.meaning));
            }
            let words = argument.words.into_iter().filter(|(_, meaning)| !is_sentence(meaning));
            lacking.extend(words.map(|word| format!("{name}.{}: {word:?}", argument.name)));
        }
    }
    assert!(lacking.is_empty(), "their documentation is no sentence for a user: {lacking:#?}");
}

#[test]
fn every_module_has_examples_that_work() {
    let tutorial = include_str!("../inventories/tutorial.yaml");
    let inventory = inventory::read(Source::new("tutorial.yaml", tutorial)).unwrap();
    for module in modules().into_iter().map(Reference::of) {
        let calls = format!("- {}: ", module.name);
        assert!(
            module.examples.lines().any(|line| line.starts_with(&calls)),
            "no example of {}",
            module.name
        );
        let engine = Engine::new();
        for name in playbook::BUILTIN_TEMPLATES {
            engine.add_file(name, playbook::builtin_template(name).unwrap());
        }
        let tasks: String = module.examples.lines().map(|line| format!("    {line}\n")).collect();
        let play = format!("- hosts: [directors, real_servers]\n  tasks:\n{tasks}");
        let playbook =
            Playbook::read(&Source::new("example", play), &engine).unwrap_or_else(|e| panic!("{e}"));
        let selected = playbook.select(&inventory).unwrap();
        let tried = playbook.trial(&engine, &inventory, &Variables::new(&inventory), &selected, true);
        let wrong: Vec<String> = tried.err().into_iter().flatten().map(|c| c.to_string()).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn doc_lists_the_modules_and_tells_everything_about_one() {
    let list = stdout(&[]);
    assert_eq!(list.lines().count(), modules().len(), "{list}");
    for (line, module) in list.lines().zip(modules()) {
        assert!(line.starts_with(module.name) && line.ends_with('.'), "{line}");
    }
    let page = stdout(&["file"]);
    for part in
        ["dest", "text; required", "`file`, `directory` or `absent`; default `file`", "- file: { dest:"]
    {
        assert!(page.contains(part), "no {part} in\n{page}");
    }
    let schema: Value = serde_json::from_str(&stdout(&["file", "--output", "json"])).unwrap();
    assert_eq!((&schema["title"], &schema["properties"]["dest"]["type"]), (&"file".into(), &"string".into()));
    let all: Value = serde_json::from_str(&stdout(&["--output", "json"])).unwrap();
    assert_eq!(all.as_object().unwrap().len(), modules().len());
}

#[test]
fn doc_of_an_unknown_module_is_bad_usage_with_a_suggestion() {
    let output = doc(&["pakage"]).assert().code(2).get_output().clone();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("there is no module `pakage`") && told.contains("did you mean `package`?"),
        "{told}"
    );
    assert!(output.stdout.is_empty());
}
