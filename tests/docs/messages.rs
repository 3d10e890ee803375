//! What docs/troubleshooting.md quotes, the program says.

use std::fs;
use std::path::Path;

use crate::page::{doc, root};

/// All of the program's text, a literal that goes over several lines joined.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if let Ok(source) = fs::read_to_string(&path) {
            let mut lines = source.lines();
            while let Some(line) = lines.next() {
                let mut line = line.to_owned();
                while line.ends_with('\\')
                    && let Some(next) = lines.next()
                {
                    line.pop();
                    line += next.trim_start();
                }
                text.push_str(&line);
                text.push('\n');
            }
        }
    }
}

#[test]
fn every_message_is_one_of_the_programs() {
    let mut said = String::new();
    sources(&root().join("src"), &mut said);
    let page = doc("troubleshooting");
    let (mut unknown, mut messages) = (Vec::new(), 0);
    for message in page.blocks_of("text").iter().flat_map(|text| text.lines()) {
        messages += 1;
        // `…` stands for a name, an address, a number.
        let parts = message.split('…').map(str::trim).filter(|part| part.chars().any(char::is_alphanumeric));
        unknown
            .extend(parts.filter(|part| !said.contains(part)).map(|part| format!("`{part}` of `{message}`")));
    }
    assert!(unknown.is_empty(), "the program does not say {unknown:#?}");
    assert!(messages > 40, "only {messages} messages were found");
}
