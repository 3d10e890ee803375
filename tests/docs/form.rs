//! Links lead somewhere, lines are short, and so is the README.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::page::{self, Page, root};

/// How long a line may be.
const WIDTH: usize = 110;
/// How long the README may be.
const README: usize = 160;

/// What a heading is linked to by: as GitHub makes it.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(page: &Page) -> Vec<String> {
    let headings = page.prose().into_iter().filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| anchor(line)).collect()
}

/// The targets of a line's links and images, code left out.
fn targets(line: &str) -> Vec<&str> {
    let prose = line.split('`').step_by(2);
    // `[`name`](#name)` has its target behind the code.
    let links = prose.flat_map(|part| part.split("](").skip(1));
    links.filter_map(|rest| rest.split(')').next()).collect()
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => _ = plain.pop(),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn every_link_leads_somewhere() {
    let pages = page::all();
    let known: BTreeMap<&Path, Vec<String>> =
        pages.iter().map(|page| (page.path.as_path(), anchors(page))).collect();
    let (mut broken, mut links) = (Vec::new(), 0);
    for page in &pages {
        for (number, line) in page.prose() {
            for target in targets(line).into_iter().filter(|target| !target.contains("://")) {
                links += 1;
                let (path, anchor) = target.split_once('#').map_or((target, None), |(p, a)| (p, Some(a)));
                let beside = page.path.parent().unwrap_or(Path::new(""));
                let path = if path.is_empty() { page.path.clone() } else { plain(&beside.join(path)) };
                let leads = root().join(&path).exists()
                    && anchor.is_none_or(|anchor| {
                        known
                            .get(path.as_path())
                            .is_some_and(|anchors| anchors.iter().any(|own| own == anchor))
                    });
                if !leads {
                    broken.push(format!("{}:{number}: {target}", page.path.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(links > 50, "only {links} links were found");
}

#[test]
fn the_readme_names_every_page() {
    let readme = Page::read("README.md");
    let table = readme.section("## The pages");
    for page in page::all().iter().filter(|page| page.path != Path::new("README.md")) {
        let link = format!("]({})", page.path.display());
        assert!(table.contains(&link), "the README's table lacks {}", page.path.display());
    }
}

#[test]
fn the_readme_is_short() {
    let lines = Page::read("README.md").text.lines().count();
    assert!(lines <= README, "{lines} lines");
}

#[test]
fn lines_are_short() {
    let mut long = Vec::new();
    // docs/modules.md is written by the program, to a width of its own.
    for page in page::all().iter().filter(|page| !page.path.ends_with("modules.md")) {
        for (number, line) in page.prose() {
            let exempt = line.starts_with('|') || line.starts_with("    ");
            if !exempt && line.chars().count() > WIDTH {
                long.push(format!("{}:{number}: {line}", page.path.display()));
            }
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn anchors_are_githubs() {
    assert_eq!(anchor("## What is not as on EL"), "what-is-not-as-on-el");
    assert_eq!(anchor("### `address`"), "address");
    assert_eq!(anchor("## A firewall, SELinux"), "a-firewall-selinux");
    assert_eq!(targets("see [a](b.md#c) and `[x](y)`, ![z](d.svg)"), ["b.md#c", "d.svg"]);
}
