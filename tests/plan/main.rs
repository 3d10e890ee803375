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
mod documents;
mod laws;
mod length;
mod show;
mod texts;
mod world;

#[path = "../observed/mod.rs"]
mod observed;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use lvsprov::plan::Plan;
use similar::TextDiff;

use self::case::Case;

/// What a case's files are to hold.
fn files(case: &Case, plan: &Plan) -> Vec<(PathBuf, String)> {
    let mut files = vec![(case.folder.join("plan.txt"), show::plan(case, plan))];
    let scripts = case.folder.join("scripts");
    if scripts.is_dir() {
        files.extend(show::scripts(plan).into_iter().map(|(name, text)| (scripts.join(name), text)));
    }
    files
}

/// The scripts that the plan does not have any more.
fn surplus(case: &Case, files: &[(PathBuf, String)]) -> Vec<PathBuf> {
    let entries = fs::read_dir(case.folder.join("scripts")).into_iter().flatten();
    let there = entries.map(|entry| entry.unwrap().path());
    there.filter(|path| files.iter().all(|(known, _)| known != path)).collect()
}

/// Compares a case with what is expected of it, or writes that anew. Gives what differs.
fn check(folder: &Path, write: bool) -> documents::Result<String> {
    let case = Case::read(folder)?;
    let files = files(&case, &case.plan()?);
    let mut told = String::new();
    for path in surplus(&case, &files) {
        if write {
            fs::remove_file(path)?;
        } else {
            let _ = writeln!(told, "{}: nothing in the plan has this script", path.display());
        }
    }
    for (path, planned) in files {
        if write {
            fs::write(&path, &planned)?;
            continue;
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if expected != planned {
            let diff = TextDiff::from_lines(&expected, &planned);
            let diff = diff.unified_diff().context_radius(4).header("expected", "planned").to_string();
            let _ = writeln!(told, "{}\n{diff}", path.display());
        }
    }
    Ok(told)
}

#[test]
fn every_case_is_planned_as_is_expected() {
    let (wanted, write) = (std::env::var("CASE").unwrap_or_default(), std::env::var_os("WRITE").is_some());
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/plan");
    let mut cases: Vec<PathBuf> = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let cases = cases.iter().filter(|folder| folder.display().to_string().contains(&wanted));
    let told: String = cases
        .map(|folder| check(folder, write).unwrap_or_else(|why| format!("{}: {why}\n", folder.display())))
        .collect();
    assert!(told.is_empty(), "\n{told}\nwhere this is as it should be: WRITE=1 cargo test --test plan\n");
}
