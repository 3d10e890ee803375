//! Golden cases of the planner, as data: every folder of tests/cases/plan is one policy, and is named for it.
//!
//! | in a case's folder | holds |
//! |---|---|
//! | `inventory.yaml` | the cluster; its first lines say what the case is about |
//! | `playbook.yaml` | the playbook; without it, the built-in `deploy` |
//! | `templates/` | further templates |
//! | `command` | the command line after `lvsprov`, when it is not `deploy` |
//! | `observed/` | what the probes printed, see below |
//! | `before/` | for `destroy`: what they printed before the first deploy, likewise; without it, all hosts were bare |
//! | `plan.txt` | the plan that is expected |
//! | `scripts/` | the scripts that are expected, in their order; only where the folder is there |
//!
//! For a host and a module, the text is the first of these that is there: `observed/HOST/MODULE.txt`, as it is;
//! `observed/GROUP/MODULE.txt`, filled in (see tests/observed); that of a host as a deploy of the tutorial leaves it
//! (bench/observed), or, where `observed/HOST/bare` or `observed/GROUP/bare` is there, as it is before the first
//! (tests/cases/observed/bare), both filled in. `observed/HOST/unreachable` and `observed/HOST/failed` mark a host that
//! can't be reached, or read. What these mark files hold does not matter.
//!
//!     cargo test --test plan                      # all cases
//!     CASE=first cargo test --test plan           # those with `first` in their name
//!     WRITE=1 cargo test --test plan              # writes what is expected anew: look at the difference then

#![allow(clippy::unwrap_used)]

mod case;
mod command;
mod show;

#[path = "../observed/mod.rs"]
mod observed;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use self::case::Case;

/// Where the cases are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/plan")
}

/// What each file is expected to hold and what it would, for the files that differ.
fn differences(case: &Case) -> Vec<(PathBuf, Option<String>, String)> {
    let plan = case.plan();
    let mut files = vec![(case.folder.join("plan.txt"), show::plan(case, &plan))];
    let scripts = case.folder.join("scripts");
    if scripts.is_dir() {
        let each = show::scripts(&plan).into_iter();
        files.extend(each.map(|(name, text)| (scripts.join(name), text)));
    }
    let mut different = Vec::new();
    for (path, text) in files {
        let expected = fs::read_to_string(&path).ok();
        if expected.as_deref() != Some(text.as_str()) {
            different.push((path, expected, text));
        }
    }
    different
}

/// The scripts that the plan does not have any more.
fn surplus(case: &Case) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(case.folder.join("scripts")) else { return Vec::new() };
    let names: Vec<String> = show::scripts(&case.plan()).into_iter().map(|(name, _)| name).collect();
    let known = |path: &PathBuf| names.iter().any(|name| path.ends_with(name));
    entries.map(|entry| entry.unwrap().path()).filter(|path| !known(path)).collect()
}

#[test]
fn every_case_is_planned_as_is_expected() {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let mut cases: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let mut told = String::new();
    for folder in cases.iter().filter(|folder| folder.display().to_string().contains(&wanted)) {
        let case = Case::read(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
        for (path, expected, text) in differences(&case) {
            if std::env::var_os("WRITE").is_some() {
                fs::write(&path, &text).unwrap();
                continue;
            }
            let expected = expected.unwrap_or_default();
            let diff = TextDiff::from_lines(&expected, &text);
            let diff = diff.unified_diff().context_radius(4).header("expected", "planned").to_string();
            let _ = writeln!(told, "{}\n{diff}", path.strip_prefix(self::folder()).unwrap().display());
        }
        for path in surplus(&case) {
            if std::env::var_os("WRITE").is_some() {
                fs::remove_file(path).unwrap();
            } else {
                let _ = writeln!(told, "{}: nothing in the plan has this script", path.display());
            }
        }
    }
    assert!(told.is_empty(), "\n{told}\nwhere this is as it should be: WRITE=1 cargo test --test plan\n");
}
