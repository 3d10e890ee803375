//! What came of asking.

use std::collections::{BTreeMap, BTreeSet};

use super::Query;

/// What came of asking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// What was answered as it must be.
    pub right: BTreeSet<Query>,
    /// Of the others, what was got instead, where that is told.
    pub wrong: BTreeMap<Query, String>,
}

impl Answers {
    /// From what [`Query::ask`] printed for these queries.
    pub fn read(queries: &BTreeSet<Query>, output: &[u8]) -> Answers {
        let text = String::from_utf8_lossy(output);
        let numbered = |word: &str| queries.iter().nth(word.parse().ok()?).cloned();
        let mut answers = Answers::default();
        for line in text.lines() {
            if let Some(word) = line.strip_prefix("answers ") {
                let connection = || Some(Query::connection(word.parse().ok()?));
                answers.right.extend(connection().or_else(|| numbered(word)));
            } else if let Some((word, said)) =
                line.strip_prefix("says ").and_then(|told| told.split_once(' '))
            {
                answers.wrong.extend(numbered(word).map(|query| (query, said.trim().to_owned())));
            }
        }
        answers
    }
}
