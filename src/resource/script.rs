//! POSIX sh of which some words are not to be shown.

use std::fmt;
use std::ops::AddAssign;

use super::word::quote;

/// A text for a shell. What it shows is for people: the content of a file, which may be a secret, stands there as
/// `(content)`. Only [`Script::reveal`] gives the text that a shell can run.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Script {
    pieces: Vec<Piece>,
}

#[derive(Clone, PartialEq, Eq)]
enum Piece {
    Plain(String),
    /// One word, quoted when it is revealed.
    Content(String),
}

impl Script {
    /// One that does nothing yet.
    pub fn new() -> Script {
        Script::default()
    }

    /// Adds a content as one word.
    pub fn push_content(&mut self, text: &str) {
        self.pieces.push(Piece::Content(text.to_owned()));
    }

    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Plain(text) if text.is_empty()))
    }

    /// The whole text, for the host's shell alone.
    pub fn reveal(&self) -> String {
        let reveal = |piece: &Piece| match piece {
            Piece::Plain(text) => text.clone(),
            Piece::Content(text) => quote(text),
        };
        self.pieces.iter().map(reveal).collect()
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Plain(text) => f.write_str(text),
            Piece::Content(_) => f.write_str("(content)"),
        })
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

impl<T: Into<String>> From<T> for Script {
    fn from(text: T) -> Script {
        Script { pieces: vec![Piece::Plain(text.into())] }
    }
}

impl<T: AsRef<str> + ?Sized> AddAssign<&T> for Script {
    fn add_assign(&mut self, text: &T) {
        let text = text.as_ref();
        match self.pieces.last_mut() {
            Some(Piece::Plain(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Plain(text.to_owned())),
        }
    }
}

impl AddAssign<Script> for Script {
    fn add_assign(&mut self, more: Script) {
        self.pieces.extend(more.pieces);
    }
}

#[cfg(test)]
mod tests {
    use super::Script;

    #[test]
    fn a_content_runs_but_does_not_show() {
        for content in ["it's\na secret; printf %s other\n", "plain", ""] {
            let mut script = Script::from("printf %s ");
            script.push_content(content);
            script += " >\"$t\"\n";
            assert_eq!(script.to_string(), "printf %s (content) >\"$t\"\n");
            assert!(!format!("{script:?}").contains("secret"));
            let quoted = super::quote(content);
            assert_eq!(script.reveal(), format!("printf %s {quoted} >\"$t\"\n"));
        }
    }
}
