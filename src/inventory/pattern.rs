//! Which hosts a `hosts:` line or `--limit` means.

use super::Inventory;

/// Host names, group names, `*`/`?` wildcards, separated by commas; `!` in front takes hosts out again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
}

/// A part of a pattern that names nothing in the inventory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` is neither a host nor a group of this inventory")]
pub struct PatternError {
    /// The part that names nothing.
    pub part: String,
    /// The nearest host or group name, when one is near.
    pub suggestion: Option<String>,
}

impl Pattern {
    /// Takes the text as it is; what it names is only known with an inventory.
    pub fn new(text: impl Into<String>) -> Self {
        Pattern { text: text.into() }
    }

    /// Indices into [`Inventory::hosts`], in the inventory's order.
    ///
    /// # Errors
    /// Every part that names neither a host nor a group.
    pub fn select(&self, _inventory: &Inventory) -> Result<Vec<usize>, Vec<PatternError>> {
        Err(vec![PatternError { part: self.text.clone(), suggestion: None }])
    }
}
