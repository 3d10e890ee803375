//! A page: its sections, its fenced blocks, and the words that it quotes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A page of the documentation.
pub struct Page {
    /// Its path from the repository's root.
    pub path: PathBuf,
    pub text: String,
}

/// A fenced block.
pub struct Block<'p> {
    pub language: &'p str,
    pub text: String,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README, the other pages beside it, and those in `docs/`.
pub fn all() -> Vec<Page> {
    let mut paths: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(PathBuf::from).into();
    let entries = fs::read_dir(root().join("docs")).unwrap();
    let mut docs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    docs.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    docs.sort();
    paths.extend(docs.iter().map(|path| path.strip_prefix(root()).unwrap().to_owned()));
    paths.iter().map(Page::read).collect()
}

/// The page of `docs/` with the subject.
pub fn doc(subject: &str) -> Page {
    Page::read(Path::new("docs").join(subject).with_extension("md"))
}

impl Page {
    pub fn read(path: impl AsRef<Path>) -> Page {
        let path = path.as_ref().to_owned();
        let text =
            fs::read_to_string(root().join(&path)).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        Page { path, text }
    }

    /// The text from a heading to the next one of its level or above.
    pub fn section(&self, heading: &str) -> &str {
        let level = heading.chars().take_while(|c| *c == '#').count();
        let begin = self.text.find(&format!("\n{heading}\n"));
        let begin = begin.unwrap_or_else(|| panic!("{} has no heading `{heading}`", self.path.display()));
        let text = &self.text[begin + 1 + heading.len()..];
        let mut fenced = false;
        let mut length = 0;
        for line in text.split_inclusive('\n') {
            fenced ^= line.starts_with("```");
            let hashes = line.chars().take_while(|c| *c == '#').count();
            if !fenced && (1..=level).contains(&hashes) {
                break;
            }
            length += line.len();
        }
        &text[..length]
    }

    /// The lines outside of fenced blocks, each with its number.
    pub fn prose(&self) -> Vec<(usize, &str)> {
        let mut fenced = false;
        let mut prose = Vec::new();
        for (index, line) in self.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            } else if !fenced {
                prose.push((index + 1, line));
            }
        }
        prose
    }

    /// The fenced blocks. One within a list loses its indent.
    pub fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks = Vec::new();
        let mut open: Option<(usize, Block<'_>)> = None;
        for line in self.text.lines() {
            let within = line.trim_start();
            match (&mut open, within.strip_prefix("```")) {
                (Some(_), Some(_)) => blocks.extend(open.take().map(|(_, block)| block)),
                (Some((indent, block)), None) => {
                    block.text += line.get(*indent..).unwrap_or_default();
                    block.text.push('\n');
                }
                (None, Some(language)) => {
                    open = Some((line.len() - within.len(), Block { language, text: String::new() }));
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block does not end", self.path.display());
        blocks
    }

    /// The texts of the fenced blocks of a language.
    pub fn blocks_of(&self, language: &str) -> Vec<String> {
        let of_language = self.blocks().into_iter().filter(|block| block.language == language);
        of_language.map(|block| block.text).collect()
    }

    /// The names that neither the whole page nor, where it is given, its section quotes are a failure.
    #[track_caller]
    pub fn quotes_all<'a>(&self, heading: Option<&str>, names: impl IntoIterator<Item = &'a str>) {
        let known = quoted(heading.map_or(self.text.as_str(), |heading| self.section(heading)));
        let missing: Vec<&str> = names.into_iter().filter(|name| !known.contains(name)).collect();
        assert!(missing.is_empty(), "{} ({heading:?}) lacks {missing:?}", self.path.display());
    }
}

/// What is between backticks, whole and in words: `` `--limit` `` and `` `state: started` `` give limit, state and started.
pub fn quoted(text: &str) -> BTreeSet<&str> {
    let mut words = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with("```")) {
        for code in line.split('`').skip(1).step_by(2) {
            words.insert(code);
            words.extend(code.split(|c: char| !(c.is_alphanumeric() || c == '_')));
        }
    }
    words
}
