//! `init`: a commented inventory, a playbook and a template to begin with.

use std::fs::{File, create_dir_all, remove_file};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::args::FolderArg;
use super::exit::{Exit, Stop};
use crate::playbook;

const INVENTORY: &str = include_str!("../../inventories/start.yaml");

/// The files, by their paths in the folder.
fn files() -> [(&'static str, &'static str); 3] {
    [
        ("inventory.yaml", INVENTORY),
        ("playbooks/deploy.yaml", playbook::builtin_playbook("deploy").unwrap_or_default()),
        ("templates/index.html.j2", playbook::builtin_template("index.html.j2").unwrap_or_default()),
    ]
}

pub(super) fn init(args: &FolderArg) -> Result<Exit, Stop> {
    let folder = args.folder.as_path();
    let there =
        files().map(|(name, _)| folder.join(name)).into_iter().filter(|path| path.symlink_metadata().is_ok());
    let there: Vec<String> = there.map(|path| path.display().to_string()).collect();
    if !there.is_empty() {
        let message = format!("{} would be overwritten", there.join(" and "));
        return Err(Stop::usage(message, "give another folder, or move what is there"));
    }
    let mut written: Vec<PathBuf> = Vec::new();
    for (name, text) in files() {
        let path = folder.join(name);
        if let Err(error) = write(&path, text, &mut written) {
            // A part of it would be in the way of the next time.
            written.iter().for_each(|path| drop(remove_file(path)));
            let message = format!("can't write {}: {error}", path.display());
            return Err(Stop::usage(message, "give a folder that you may write to, and where there is room"));
        }
    }
    let mut told: String = written.iter().map(|path| format!("wrote {}\n", path.display())).collect();
    let inventory = folder.join("inventory.yaml");
    let inventory = inventory.display();
    told += &format!(
        "`lvsprov rehearse {inventory}` tries them on machines of its own; `lvsprov plan {inventory}` reads yours\n"
    );
    let _ = io::stdout().write_all(told.as_bytes());
    Ok(Exit::Done)
}

fn write(path: &Path, text: &str, written: &mut Vec<PathBuf>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        create_dir_all(folder)?;
    }
    // What came into being since it was looked for is not overwritten either.
    let mut file = File::create_new(path)?;
    written.push(path.to_owned());
    file.write_all(text.as_bytes())
}
