//! Imports go one way, down the data's path: a room names only those before it.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

/// For each room, the rooms that it may import from. What is not here may be imported by nobody but `main.rs`.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("ipvs", &[]),
    ("document", &[]),
    ("inventory", &["ipvs", "document"]),
    ("resource", &["ipvs"]),
    ("playbook", &["ipvs", "document", "inventory", "resource"]),
    ("plan", &["ipvs", "inventory", "resource", "playbook"]),
    ("transport", &[]),
    ("run", &["ipvs", "document", "inventory", "resource", "playbook", "plan", "transport"]),
    ("verify", &["ipvs", "inventory", "resource", "plan", "transport", "run"]),
    ("lab", &["inventory"]),
    ("report", &["ipvs", "document", "inventory", "resource", "plan", "playbook", "run", "verify", "lab"]),
    (
        "cli",
        &[
            "ipvs",
            "document",
            "inventory",
            "resource",
            "playbook",
            "plan",
            "transport",
            "run",
            "verify",
            "lab",
            "report",
        ],
    ),
];

/// Rooms that have effects; the others neither read the environment nor the clock, and print nothing.
const EFFECTS: [&str; 3] = ["transport", "lab", "cli"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The room's own lines, without comments and unit tests.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).unwrap();
    let tests = path.ends_with("tests.rs") || path.iter().any(|folder| folder == "tests");
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !tests && !line.starts_with("#[cfg(test)]\nmod ") && *line != "mod tests {")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number + 1, line.to_owned()))
        .collect()
}

fn rooms() -> Vec<(String, Vec<PathBuf>)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms = Vec::new();
    for entry in std::fs::read_dir(&src).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let mut files = Vec::new();
            sources(&path, &mut files);
            rooms.push((path.file_name().unwrap().to_string_lossy().into_owned(), files));
        }
    }
    rooms
}

#[test]
fn every_room_is_known_and_imports_go_one_way() {
    let mut wrong = Vec::new();
    for (room, files) in rooms() {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == room) else {
            panic!("src/{room}/ has no place in the order of rooms: give it one here and in lib.rs");
        };
        for file in files {
            for (number, line) in code(&file) {
                for (at, _) in line.match_indices("crate::") {
                    let named: String =
                        line[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    let is_room = MAY_IMPORT.iter().any(|(name, _)| *name == named);
                    if is_room && named != room && !allowed.contains(&named.as_str()) {
                        wrong.push(format!("{}:{number}: {room} imports {named}", file.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the data's path:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_rooms_with_effects_touch_the_world() {
    let worldly =
        ["std::env::", "std::fs", "std::process", "SystemTime", "Command::new", "println!", "eprintln!"];
    let mut wrong = Vec::new();
    for (room, files) in rooms().into_iter().filter(|(room, _)| !EFFECTS.contains(&room.as_str())) {
        for file in files {
            for (number, line) in code(&file) {
                if worldly.iter().any(|word| line.contains(word)) {
                    wrong.push(format!("{}:{number}: {room} has an effect: {}", file.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "effects outside of transport, lab and cli:\n{}", wrong.join("\n"));
}

#[test]
fn every_resource_kind_has_a_file_of_its_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/resource");
    for module in lvsprov::resource::Resource::DECLARED.iter().map(|kind| kind.module) {
        let names = [format!("{module}.rs"), format!("{module}/mod.rs"), format!("network/{module}.rs")];
        let path = names.iter().map(|name| folder.join(name)).find(|path| path.exists());
        let path = path.unwrap_or_else(|| panic!("{module} has none of src/resource/{names:?}"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("impl Kind for"), "{} declares no kind", path.display());
    }
}

/// A file that grows beyond this has a second noun in it.
const LINES: usize = 400;

#[test]
fn no_file_is_long() {
    let mut long = Vec::new();
    for file in rooms().into_iter().flat_map(|(_, files)| files) {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        if lines > LINES {
            long.push(format!("{}: {lines} lines", file.display()));
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}
