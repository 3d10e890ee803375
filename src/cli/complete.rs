//! What a shell completes: verbs and options by their definitions, hosts and groups by the inventory.
//!
//! A shell's script calls this program with what has been typed so far, and a variable that says which shell it is.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;

use super::exit::{Exit, Stop};
use crate::document::Source;
use crate::inventory::{self, Inventory};

/// By this variable a shell's script asks for what can stand in a place.
pub(super) const VARIABLE: &str = "LVSPROV_COMPLETE";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// The script that makes a shell complete.
pub(super) fn completions(shell: Shell) -> Result<Exit, Stop> {
    let name = match shell {
        Shell::Bash => "bash",
        Shell::Zsh => "zsh",
        Shell::Fish => "fish",
    };
    let unable = |why: String| Stop::usage(why, "give bash, zsh or fish");
    let shells = Shells::builtins();
    let completer = shells.completer(name).ok_or_else(|| unable(format!("{name} is not known")))?;
    let mut script = Vec::new();
    let written = completer.write_registration(VARIABLE, "lvsprov", "lvsprov", &program(), &mut script);
    written.map_err(|error| unable(format!("can't write the script for {name}: {error}")))?;
    // Whoever reads no further has had enough.
    let _ = std::io::stdout().write_all(&script);
    Ok(Exit::Done)
}

/// How the script calls this program: as it was called now, from wherever.
fn program() -> String {
    let called = PathBuf::from(std::env::args_os().next().unwrap_or_else(|| OsString::from("lvsprov")));
    let whole = match std::env::current_dir() {
        Ok(here) if called.components().count() > 1 => here.join(&called),
        _ => called,
    };
    whole.to_string_lossy().into_owned()
}

/// Completes the name of a host.
pub(super) fn hosts() -> ArgValueCompleter {
    ArgValueCompleter::new(|word: &OsStr| {
        let Some(inventory) = inventory() else { return Vec::new() };
        candidates("", &word.to_string_lossy(), inventory.names().map(str::to_owned).collect())
    })
}

/// Completes the last part of a pattern: the name of a host or group, which `!` or `&` may stand before.
pub(super) fn patterns() -> ArgValueCompleter {
    ArgValueCompleter::new(|word: &OsStr| {
        let Some(inventory) = inventory() else { return Vec::new() };
        let word = word.to_string_lossy();
        let begin = word.rfind([',', ':', '!', '&']).map_or(0, |at| at + 1);
        let groups = ["all", "directors", "real_servers", "clients"].map(str::to_owned);
        let groups = groups.into_iter().chain(inventory.groups.keys().cloned());
        let names = inventory.names().map(str::to_owned).chain(groups).collect();
        candidates(&word[..begin], &word[begin..], names)
    })
}

fn candidates(before: &str, begun: &str, names: Vec<String>) -> Vec<CompletionCandidate> {
    let fit = names.into_iter().filter(|name| name.starts_with(begun));
    fit.map(|name| CompletionCandidate::new(format!("{before}{name}"))).collect()
}

/// The inventory that the words typed so far name, else the one that is meant without.
fn inventory() -> Option<Inventory> {
    let words: Vec<OsString> = std::env::args_os().skip_while(|word| word != "--").skip(2).collect();
    let meant = std::env::var_os("LVSPROV_INVENTORY").unwrap_or_else(|| OsString::from("inventory.yaml"));
    let files = named(&words).into_iter().chain([PathBuf::from(meant)]);
    files.filter(|file| file.is_file()).find_map(|file| read(&file))
}

/// The files among the words, those of `--inventory` first.
fn named(words: &[OsString]) -> Vec<PathBuf> {
    let texts: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let behind = texts.windows(2).filter(|pair| ["-i", "--inventory"].contains(&pair[0])).map(|pair| pair[1]);
    let joined = texts.iter().filter_map(|word| word.strip_prefix("--inventory="));
    let plain = texts.iter().copied().filter(|word| word.ends_with(".yaml") || word.ends_with(".yml"));
    behind.chain(joined).chain(plain).map(PathBuf::from).collect()
}

/// What can be read of an inventory that may be in the making.
fn read(file: &Path) -> Option<Inventory> {
    let text = std::fs::read_to_string(file).ok()?;
    inventory::read_in_part(Source::new(file.display().to_string(), text)).0
}
