//! Reads an inventory, its playbook and their templates, and tries them, before anything is connected to.

use std::path::{Path, PathBuf};

use super::exit::Stop;
use super::scope::deployable;
use crate::document::{Complaints, Source, Span};
use crate::inventory::{self, Inventory};
use crate::playbook::{self, Engine, Playbook, Variables};

/// Everything that was read, valid.
pub(super) struct Loaded<'e> {
    pub(super) inventory: Inventory,
    pub(super) playbook: Playbook<'e>,
    pub(super) variables: Variables,
    /// For each play and host, whether the play is for the host.
    pub(super) selected: Vec<Vec<bool>>,
}

/// Which playbook is wanted.
pub(super) enum Wanted<'a> {
    /// The file, whatever it does.
    File(&'a Path),
    /// The one that deploys: the file that was named, else `deploy.yaml` beside the inventory, else the built-in one.
    Deploy(Option<&'a Path>),
}

impl<'a> Wanted<'a> {
    /// The playbook that was named, else the one that `deploy` runs.
    pub(super) fn deploy(playbook: Option<&'a Path>) -> Wanted<'a> {
        Wanted::Deploy(playbook)
    }
}

/// Reads the inventory alone.
pub(super) fn inventory(path: &Path) -> Result<Inventory, Stop> {
    Ok(inventory::read(source(path, "the inventory")?)?)
}

/// Reads and tries everything. All complaints are given together.
pub(super) fn load<'e>(path: &Path, wanted: Wanted<'_>, engine: &'e Engine) -> Result<Loaded<'e>, Stop> {
    let beside = path.parent().unwrap_or(Path::new(""));
    let (playbook_source, folder) = match wanted {
        Wanted::File(file) | Wanted::Deploy(Some(file)) => {
            (source(file, "the playbook")?, file.parent().map(Path::to_path_buf))
        }
        Wanted::Deploy(None) => {
            let file = beside.join("playbooks/deploy.yaml");
            if file.is_file() {
                (source(&file, "the playbook")?, file.parent().map(Path::to_path_buf))
            } else {
                let text = playbook::builtin_playbook("deploy").unwrap_or_default();
                (Source::new("(built-in) playbooks/deploy.yaml", text), None)
            }
        }
    };
    add_templates(beside, folder.as_deref(), engine);
    // Whoever corrects one file is spared a second round for the other: all that is wrong is found before any of it
    // is told.
    let (inventory, about_inventory) = inventory::read_in_part(source(path, "the inventory")?);
    let (playbook, about_playbook) = Playbook::read_in_part(&playbook_source, engine);
    let valid = about_inventory.is_empty();
    let mut complaints: Vec<Complaints> = Vec::new();
    complaints.extend(about_inventory.finish(inventory.as_ref()).err());
    complaints.extend(about_playbook.finish(playbook.as_ref()).err());
    let (Some(inventory), Some(playbook)) = (inventory, playbook) else {
        return Err(Stop::Complaints(complaints));
    };
    let variables = Variables::new(&inventory);
    let (selected, about_patterns) = playbook.select_in_part(&inventory);
    if valid {
        // Else a pattern may name a host that is only missing because it was invalid.
        complaints.extend(about_patterns.finish(Some(())).err());
    }
    complaints
        .extend(playbook.trial(engine, &inventory, &variables, &selected, valid).err().into_iter().flatten());
    if !complaints.is_empty() {
        return Err(Stop::Complaints(complaints));
    }
    if matches!(wanted, Wanted::Deploy(_)) {
        deployable(&inventory)?;
    }
    Ok(Loaded { inventory, playbook, variables, selected })
}

/// Gives the engine the template files: those nearest to the playbook first, the built-in ones last. What is found
/// first counts.
fn add_templates(beside_inventory: &Path, playbooks: Option<&Path>, engine: &Engine) {
    let mut folders: Vec<PathBuf> = Vec::new();
    if let Some(folder) = playbooks {
        folders.push(folder.join("templates"));
        folders.push(folder.join("..").join("templates"));
    }
    folders.push(beside_inventory.join("templates"));
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
            let name = entry.file_name().to_string_lossy().into_owned();
            match std::fs::read_to_string(entry.path()) {
                Ok(text) => engine.add_file(&name, &text),
                // It may be none of this playbook's, or no template at all: an editor's, while it has one open.
                Err(error) => {
                    let why = format!("can't read the template {}: {error}", entry.path().display());
                    engine.add_unreadable(&name, why);
                }
            }
        }
    }
    for name in playbook::BUILTIN_TEMPLATES {
        engine.add_file(name, playbook::builtin_template(name).unwrap_or_default());
    }
}

fn source(path: &Path, what: &str) -> Result<Source, Stop> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| {
        let remedy = match what {
            _ if error.kind() == std::io::ErrorKind::IsADirectory => "name the file that is in this folder",
            "the inventory" => "name the inventory's file, or set $LVSPROV_INVENTORY",
            _ => "see that it is there and may be read",
        };
        Stop::usage(format!("can't read {what} {name}: {error}"), remedy)
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => Err(not_utf8(&name, error.as_bytes(), error.utf8_error().valid_up_to()).into()),
    }
}

/// The complaint of a file whose text is in another encoding; it stands at the first byte that shows it.
fn not_utf8(name: &str, bytes: &[u8], offset: usize) -> Complaints {
    // Up to there, the bytes are the text's.
    let source = Source::new(name, String::from_utf8_lossy(bytes));
    let from = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "utf-16",
        _ => "latin1",
    };
    let mut complaints = Complaints::about(source);
    let span = Span { offset, length: char::REPLACEMENT_CHARACTER.len_utf8() };
    let byte = bytes.get(offset).copied().unwrap_or_default();
    let remedy =
        format!("save it as UTF-8; if it is {from} now: `iconv -f {from} -t utf-8 {name} >new.yaml`");
    complaints.add(span, format!("this is not UTF-8: the byte 0x{byte:02x}"), remedy);
    complaints
}
