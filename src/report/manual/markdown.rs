//! The written reference.

use textwrap::{Options, WordSplitter};

use super::values;
use crate::playbook::Reference;

/// Columns.
const WIDTH: usize = 118;

const HEAD: &str = "\
<!-- `lvsprov doc --output markdown` writes this page. -->

# Modules

What a task of a playbook may call. The examples are tasks. `lvsprov doc MODULE` shows the same on a terminal.
";

/// All modules, as one page.
pub fn markdown(modules: &[Reference]) -> String {
    let mut page = HEAD.to_owned();
    page += "\n| module | |\n|---|---|\n";
    for Reference { name, summary, .. } in modules {
        page += &format!("| [`{name}`](#{name}) | {summary} |\n");
    }
    page.extend(modules.iter().map(|module| format!("\n{}", section(module))));
    page
}

/// One module.
pub fn section(module: &Reference) -> String {
    let mut section = format!("## `{}`\n", module.name);
    for paragraph in std::iter::once(&module.summary).chain(&module.paragraphs) {
        section += &format!("\n{}\n", wrapped(paragraph, "", ""));
    }
    section.push('\n');
    for argument in &module.arguments {
        let text = format!("`{}` ({}): {}", argument.name, values(argument), argument.meaning);
        section += &format!("{}\n", wrapped(&text, "- ", "  "));
        for (word, meaning) in &argument.words {
            section += &format!("{}\n", wrapped(&format!("`{word}`: {meaning}"), "  - ", "    "));
        }
    }
    section += &format!("\n```yaml\n{}```\n", module.examples);
    section
}

fn wrapped(text: &str, first: &str, rest: &str) -> String {
    // A word is not split at its hyphens: `--option` is one.
    let options = Options::new(WIDTH).word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(text, options.initial_indent(first).subsequent_indent(rest))
}
