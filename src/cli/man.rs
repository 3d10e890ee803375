//! `man`: the manual's pages, from the same definitions as the help.

use std::io::Write;

use super::args::FolderArg;
use super::exit::{Exit, Stop};

pub(super) fn man(args: &FolderArg, command: clap::Command) -> Result<Exit, Stop> {
    let folder = args.folder.as_path();
    let unable = |error: std::io::Error| {
        let message = format!("can't write the pages into {}: {error}", folder.display());
        Stop::usage(message, "give a folder that you may write to, and where there is room")
    };
    std::fs::create_dir_all(folder).map_err(unable)?;
    clap_mangen::generate_to(command, folder).map_err(unable)?;
    let page = folder.join("lvsprov.1");
    let page = if page.components().count() > 1 { page } else { std::path::Path::new(".").join(page) };
    let _ = writeln!(std::io::stdout(), "the pages are written: `man {}` shows the first", page.display());
    Ok(Exit::Done)
}
