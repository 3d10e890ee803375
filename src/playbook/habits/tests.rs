use super::*;
use crate::document::Source;
use crate::playbook::{Engine, Playbook, modules};

/// Every remedy of the tables, with the word that it is for.
fn remedies() -> Vec<(&'static str, &'static str)> {
    let habits = [MODULES, TASK_KEYS, PLAY_KEYS, VARIABLES].concat();
    let habits = habits.into_iter().map(|(words, instead)| (words[0], instead));
    let arguments = ARGUMENTS.iter().map(|(_, words, instead)| (words[0], *instead));
    let values = VALUES.iter().map(|(_, _, words, instead)| (words[0], *instead));
    habits.chain(arguments).chain(values).collect()
}

/// What stands in backticks.
fn examples(remedy: &str) -> impl Iterator<Item = &str> {
    remedy.split('`').skip(1).step_by(2)
}

#[test]
fn every_task_that_a_remedy_shows_is_one() {
    let mut tried = 0;
    for (word, remedy) in remedies() {
        assert_eq!(remedy.matches('`').count() % 2, 0, "{word}: {remedy}");
        for example in examples(remedy) {
            let calls = |module: &&str| example.starts_with(&format!("{module}: "));
            if !modules().iter().map(|module| module.name).any(|module| calls(&module)) {
                continue;
            }
            tried += 1;
            let play = format!("- hosts: all\n  tasks:\n    - {example}\n");
            let engine = Engine::new();
            let read = Playbook::read(&Source::new("example", play), &engine);
            assert!(read.is_ok(), "{word}: {}", read.unwrap_err());
        }
    }
    assert!(tried > 15, "only {tried} examples");
}

#[test]
fn no_word_of_ours_is_taken_for_a_habit() {
    for module in modules() {
        assert_eq!(super::module(module.name), None, "{}", module.name);
        for argument in module.arguments() {
            assert_eq!(super::argument(module.name, &argument.name), None, "{}", argument.name);
            assert_eq!(renamed(module.name, &argument.name), None, "{}", argument.name);
            for (word, _) in &argument.words {
                assert_eq!(value(module.name, &argument.name, word), None, "{word}");
            }
        }
    }
    for key in ["name", "when", "loop", "vars", "tags"] {
        assert_eq!(task_key(key), None, "{key}");
    }
    for key in ["name", "hosts", "vars", "tags", "serial", "max_failures", "tasks"] {
        assert_eq!(play_key(key), None, "{key}");
    }
}

#[test]
fn what_is_renamed_is_an_argument_of_its_module() {
    for (module, theirs, ours) in RENAMED {
        let known = modules().into_iter().find(|known| known.name == *module).unwrap();
        assert!(known.arguments().iter().any(|argument| argument.name == *ours), "{module}: {theirs}");
    }
    for (module, ..) in ARGUMENTS {
        assert!(modules().iter().any(|known| known.name == *module), "{module}");
    }
}

#[test]
fn the_collections_that_have_modules_like_ours_are_left_out() {
    assert_eq!(plain("ansible.builtin.package"), "package");
    assert_eq!(plain("ansible.posix.sysctl"), "sysctl");
    assert_eq!(plain("community.general.modprobe"), "modprobe");
    assert_eq!(plain("community.docker.file"), "community.docker.file");
    assert_eq!(plain("package"), "package");
}
