//! No circle of files: within each folder, what lies side by side imports one way, a folder counting as one with all
//! that is in it. A file and what lies below it may know each other, as a trait and the list of those that have it do.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A module's path from the crate's root.
type Module = Vec<String>;

/// What a file names: the path from the crate's root, and whether it hands it on.
struct Named {
    path: Module,
    handed_on: bool,
}

fn read(folder: &Path, module: &[String], files: &mut BTreeMap<Module, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name == "tests" {
            continue;
        }
        let mut module = module.to_vec();
        if name != "mod" {
            module.push(name);
        }
        if path.is_dir() {
            read(&path, &module, files);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.lines().take_while(|line| *line != "mod tests {");
            let code: Vec<&str> = code.filter(|line| !line.trim_start().starts_with("//")).collect();
            files.insert(module, code.join("\n"));
        }
    }
}

/// The paths of a tree of imports: `a::{b, c::{d, e}}` is `a::b`, `a::c::d` and `a::c::e`.
fn leaves(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        found.push(format!("{prefix}{}", tree.split(" as ").next().unwrap().trim()));
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let inner = rest.strip_suffix('}').unwrap();
    let (mut depth, mut begin) = (0, 0);
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !inner[begin..at].trim().is_empty() {
                    leaves(&prefix, &inner[begin..at], found);
                }
                begin = at + 1;
            }
            _ => {}
        }
    }
}

fn named(module: &Module, code: &str, files: &BTreeMap<Module, String>) -> Vec<Named> {
    let mut written: Vec<(String, bool)> = Vec::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        let begin = line.find("use ").filter(|at| *at == 0 || line.starts_with("pub") && !line.contains('='));
        if let Some(at) = begin {
            let mut tree = line[at + 4..].to_owned();
            while !tree.ends_with(';') {
                tree += lines.next().unwrap().trim();
            }
            let mut found = Vec::new();
            leaves("", tree.trim_end_matches(';'), &mut found);
            written.extend(found.into_iter().map(|path| (path, at > 0)));
            continue;
        }
        let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        for path in line.split(|c: char| !is_path(c)) {
            if path.starts_with("super::") || path.starts_with("crate::") {
                written.push((path.to_owned(), false));
            }
        }
    }
    let absolute = |(path, handed_on): (String, bool)| {
        let parts: Vec<&str> = path.split("::").filter(|part| *part != "self").collect();
        let ups = parts.iter().take_while(|part| **part == "super").count();
        let base = match parts[0] {
            "crate" => Vec::new(),
            "super" => module[..module.len().checked_sub(ups)?].to_vec(),
            child => {
                let below = [module.as_slice(), &[child.to_owned()]].concat();
                files.keys().any(|file| file.starts_with(&below)).then(|| module.clone())?
            }
        };
        let rest = parts[ups + usize::from(parts[0] == "crate")..].iter().map(|part| (*part).to_owned());
        Some(Named { path: base.into_iter().chain(rest).collect(), handed_on })
    };
    written.into_iter().filter_map(absolute).collect()
}

/// The file where what a path names is written.
fn home(
    path: &[String],
    files: &BTreeMap<Module, String>,
    names: &BTreeMap<Module, Vec<Named>>,
) -> Option<Module> {
    let mut path = path.to_vec();
    for _ in 0..8 {
        let length = (1..=path.len()).rev().find(|length| files.contains_key(&path[..*length]))?;
        let file = path[..length].to_vec();
        let next = path.get(length).and_then(|item| {
            names[&file]
                .iter()
                .find(|named| named.handed_on && named.path.last() == Some(item) && named.path != path)
        });
        let Some(next) = next else { return Some(file) };
        path = [next.path.as_slice(), &path[length + 1..]].concat();
    }
    None
}

/// The members of a circle, if there is one.
fn circle(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut left: BTreeSet<&String> = edges.keys().chain(edges.values().flatten()).collect();
    let none = BTreeSet::new();
    loop {
        let goes_on = |name: &&String| edges.get(*name).unwrap_or(&none).iter().any(|to| left.contains(to));
        let staying: BTreeSet<&String> = left.iter().copied().filter(goes_on).collect();
        if staying.len() == left.len() {
            return left.into_iter().cloned().collect();
        }
        left = staying;
    }
}

#[test]
fn files_side_by_side_import_one_way() {
    let mut files = BTreeMap::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut files);
    let names: BTreeMap<Module, Vec<Named>> =
        files.iter().map(|(module, code)| (module.clone(), named(module, code, &files))).collect();
    let mut folders: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    let mut edges = 0;
    for (from, named) in &names {
        for named in named.iter().filter(|named| !named.handed_on) {
            let Some(to) = home(&named.path, &files, &names) else { continue };
            let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            // Between rooms there is a test of its own; and one above the other may know each other.
            if common == 0 || common == from.len() || common == to.len() {
                continue;
            }
            let folder = folders.entry(from[..common].join("::")).or_default();
            folder.entry(from[common].clone()).or_default().insert(to[common].clone());
            edges += 1;
        }
    }
    assert!(edges > 100, "only {edges} imports were found");
    let circles: BTreeMap<&str, Vec<String>> = folders
        .iter()
        .map(|(folder, edges)| (folder.as_str(), circle(edges)))
        .filter(|(_, circle)| !circle.is_empty())
        .collect();
    assert!(
        circles.is_empty(),
        "files that import each other, or lead to such, by their folder: {circles:#?}"
    );
}
