//! The inventories and playbooks that the pages show are read and rendered.

use lvsprov::document::{Complaints, Source};
use lvsprov::inventory::{self, Inventory};
use lvsprov::playbook::{self, Engine, Playbook, Variables};

use crate::page::{self, Page, doc};

fn shown(complaints: impl IntoIterator<Item = Complaints>) -> String {
    let mut text = String::new();
    for complaint in complaints.into_iter().flat_map(|c| c.iter().cloned().collect::<Vec<_>>()) {
        text += &format!("{:?}: {} ({})\n", complaint.position(), complaint.message, complaint.remedy);
    }
    text
}

/// A page's inventories.
pub fn inventories(page: &Page) -> Vec<Inventory> {
    let texts = page.blocks_of("yaml").into_iter().filter(|text| text.trim_start().starts_with("cluster:"));
    let name = page.path.display().to_string();
    let read = |text: String| {
        inventory::read(Source::new(name.clone(), text.clone()))
            .map_err(|complaints| format!("{}in {name}:\n{text}", shown([complaints])))
    };
    texts.map(|text| read(text).unwrap_or_else(|why| panic!("{why}"))).collect()
}

/// Reads a playbook and renders it for every host of an inventory.
fn trial(text: &str, templates: &[String], inventory: &Inventory) -> Result<(), String> {
    let engine = Engine::new();
    for text in templates {
        let (name, text) = text.strip_prefix("{# ").unwrap().split_once(" #}\n").unwrap();
        engine.add_file(name, text);
    }
    for name in playbook::BUILTIN_TEMPLATES {
        engine.add_file(name, playbook::builtin_template(name).unwrap());
    }
    let playbook =
        Playbook::read(&Source::new("playbook.yaml", text.to_owned()), &engine).map_err(|c| shown([c]))?;
    let selected = playbook.select(inventory).map_err(|c| shown([c]))?;
    playbook.trial(&engine, inventory, &Variables::new(inventory), &selected, true).map_err(shown)
}

fn told(inventory: &Inventory) -> String {
    format!("{:?} {:?}", inventory.hosts, inventory.virtual_services)
}

#[test]
fn every_inventory_is_read_and_the_tutorials_is_the_one_that_is_shipped() {
    let shipped = inventory::read(Source::new("t", include_str!("../../inventories/tutorial.yaml"))).unwrap();
    for page in [Page::read("README.md"), doc("tutorial")] {
        let inventories = inventories(&page);
        assert!(
            inventories.iter().any(|inventory| told(inventory) == told(&shipped)),
            "{} shows another inventory than inventories/tutorial.yaml",
            page.path.display()
        );
    }
    let all: usize = page::all().iter().map(|page| inventories(page).len()).sum();
    assert!(all >= 4, "{all}");
}

/// A block that begins with a task is a play's.
fn as_playbook(text: &str) -> Option<String> {
    if !text.starts_with("- ") {
        return None;
    }
    if text.contains("\n  hosts:") {
        return Some(text.to_owned());
    }
    let calls = |module: &playbook::Module| text.starts_with(&format!("- {}:", module.name));
    let tasks: String = text.lines().map(|line| format!("    {line}\n")).collect();
    playbook::modules().iter().any(calls).then(|| format!("- hosts: directors\n  tasks:\n{tasks}"))
}

#[test]
fn the_playbooks_and_tasks_read_and_render() {
    let of_inventory = inventories(&doc("inventory"));
    let tutorial = inventories(&doc("tutorial"));
    let mut playbooks = 0;
    // Those of docs/modules.md are tests/modules.rs's.
    for page in page::all().iter().filter(|page| !page.path.ends_with("modules.md")) {
        let templates = page.blocks_of("jinja");
        for text in page.blocks_of("yaml").iter().filter_map(|text| as_playbook(text)) {
            playbooks += 1;
            for inventory in of_inventory.iter().chain(&tutorial) {
                trial(&text, &templates, inventory)
                    .unwrap_or_else(|error| panic!("{}: {error}in\n{text}", page.path.display()));
            }
        }
    }
    assert!(playbooks >= 2, "{playbooks}");
}
