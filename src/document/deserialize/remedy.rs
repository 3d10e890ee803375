//! What to write instead of a value that is something else than what is wanted.

use super::{Name, NodeDeserializer};
use crate::document::{Node, Value};

impl NodeDeserializer<'_> {
    /// What to write instead of the node.
    pub(super) fn remedy(&self, wanted: &str) -> String {
        match (&self.node.value, wanted) {
            (Value::Null, _) if matches!(self.name, Name::Document) => format!("write {wanted}"),
            (Value::Null, _) if matches!(self.name, Name::Item(_)) => {
                format!("write {wanted}, or leave the entry out")
            }
            (Value::Null, _) => format!("write {wanted} after the colon, or leave the key out"),
            (Value::Bool(_) | Value::Integer(_) | Value::Float(_), "text") => {
                format!("put it into quotes: \"{}\"", self.as_written())
            }
            (Value::Text(text), _) if is_quoted(text, wanted) => format!("leave the quotes out: {text}"),
            (Value::Mapping(_), "a list") => "begin each entry with `- `".to_owned(),
            (Value::Text(_), "a list") => format!("put it into brackets: [{}]", self.as_written()),
            (Value::Sequence(items), _) if wanted != "a mapping" => self.instead_of_list(items, wanted),
            (_, "a mapping") => "write `key: value` pairs, indented below the key".to_owned(),
            _ => format!("write {wanted}"),
        }
    }

    /// What to write instead of a list: its first entry, where that would do.
    fn instead_of_list(&self, items: &[Node], wanted: &str) -> String {
        let first = items.first().filter(|first| would_do(first, wanted));
        let first = first.map(|first| self.complaints.borrow().source().slice(first.span).to_owned());
        let first = first.filter(|first| !first.is_empty() && !first.contains('\n'));
        match (self.name, first) {
            (Name::Key(key), Some(first)) if items.len() == 1 => {
                format!("leave the brackets or the `- ` out: `{key}: {first}`")
            }
            (Name::Key(key), Some(first)) => format!("write one and no list: `{key}: {first}`"),
            _ if items.len() == 1 => format!("leave the brackets or the `- ` out, and write {wanted}"),
            _ => format!("write {wanted}, and no list"),
        }
    }
}

/// Whether an entry of a list, by itself, would be what is wanted.
fn would_do(item: &Node, wanted: &str) -> bool {
    match item.value {
        Value::Text(_) => wanted.starts_with("text"),
        Value::Integer(_) | Value::Float(_) => wanted.contains("number"),
        Value::Bool(_) => wanted == "true or false",
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => false,
    }
}

/// Whether a text, its quotes left out, would be what is wanted.
fn is_quoted(text: &str, wanted: &str) -> bool {
    match wanted {
        "true or false" => text.parse::<bool>().is_ok(),
        "text" => false,
        _ if wanted.contains("whole number") => text.parse::<i64>().is_ok(),
        _ if wanted.contains("number") => text.parse::<f64>().is_ok(),
        _ => false,
    }
}
