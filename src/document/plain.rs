//! The quick way for a document of plain YAML: straight from the parser's events. serde-saphyr reads the same events,
//! and takes three times as long for a large inventory.
//!
//! Whatever has to be decided is left to serde-saphyr: a document with an anchor, a tag, a merge key, a key that is there
//! twice or an error as a whole, a scalar that might be no text alone.

use std::collections::HashSet;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

use super::raw::{plain_boolean, typed};
use super::{Node, NodeEntry, Span, Spanned, Value};

/// Deeper than any inventory; what is deeper, serde-saphyr refuses.
const DEPTH: usize = 64;

/// A list or mapping that has not ended yet. What is in it stands on the stack of values from `first` on, a mapping's keys
/// and values by turns: only where it ends is it known how much room they take.
struct Open {
    span: Span,
    mapping: bool,
    first: usize,
}

/// The document, when it is one of plain YAML.
pub(super) fn read(text: &str) -> Option<Node> {
    let (mut open, mut values): (Vec<Open>, Vec<Node>) = (Vec::new(), Vec::new());
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, at) = event.ok()?;
        let offset = at.start.byte_offset()?;
        let span = Span { offset, length: at.end.byte_offset()?.saturating_sub(offset) };
        let first = values.len();
        let done = match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => continue,
            Event::DocumentStart(_, None) if documents == 0 => {
                documents = 1;
                continue;
            }
            Event::SequenceStart(_, 0, None) if open.len() < DEPTH => {
                open.push(Open { span, mapping: false, first });
                continue;
            }
            Event::MappingStart(_, 0, None) if open.len() < DEPTH => {
                open.push(Open { span, mapping: true, first });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Open { span, mapping, first } = open.pop()?;
                if mapping {
                    Node::mapping(span, entries(text, values.drain(first..))?)
                } else {
                    Node { span, value: Value::Sequence(values.split_off(first)) }
                }
            }
            Event::Scalar(word, ScalarStyle::Plain, 0, None) => {
                let is_key = open.last().is_some_and(|open| open.mapping && (first - open.first) % 2 == 0);
                if is_key && word == "<<" {
                    return None;
                }
                let boolean = plain_boolean(slice(text, span)?, &word).map(Value::Bool);
                Node { span, value: boolean.or_else(|| plain(&word))? }
            }
            Event::Scalar(word, _, 0, None) => Node { span, value: Value::Text(word.into_owned()) },
            _ => return None,
        };
        values.push(done);
    }
    values.pop()
}

fn slice(text: &str, span: Span) -> Option<&str> {
    text.get(span.offset..span.offset + span.length)
}

/// Keys with their values. A key such as 80 or true is the text that stands there.
fn entries(text: &str, mut values: std::vec::Drain<'_, Node>) -> Option<Vec<NodeEntry>> {
    let mut entries: Vec<NodeEntry> = Vec::with_capacity(values.len() / 2);
    while let (Some(Node { span, value: key }), Some(value)) = (values.next(), values.next()) {
        let key = match key {
            Value::Text(key) => key,
            Value::Sequence(_) | Value::Mapping(_) => return None,
            _ => slice(text, span)?.to_owned(),
        };
        entries.push(NodeEntry { key: Spanned { span, value: key }, value });
    }
    all_differ(&entries).then_some(entries)
}

fn all_differ(entries: &[NodeEntry]) -> bool {
    let mut keys = entries.iter().map(|entry| &entry.key.value);
    // A large inventory is many small mappings, in which to look is quicker than to hash.
    if entries.len() > 16 {
        let mut seen = HashSet::new();
        return keys.all(|key| seen.insert(key));
    }
    keys.enumerate().all(|(index, key)| entries[..index].iter().all(|before| before.key.value != *key))
}

/// A scalar without quotes. What it is, serde-saphyr decides, but for what can only be text and for a row of digits.
fn plain(text: &str) -> Option<Value> {
    let digits = text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && (text.len() == 1 || !text.starts_with('0')) && !text.is_empty() {
        return text.parse().ok().map(Value::Integer);
    }
    let unsigned = text.strip_prefix(['-', '+']).filter(|rest| !rest.is_empty()).unwrap_or(text);
    let words = ["", "~", "null", "true", "false", ".inf", ".nan", "inf", "nan"];
    let word = words.iter().any(|word| unsigned.eq_ignore_ascii_case(word));
    let number = text.len() <= 40
        && text.contains(|letter: char| letter.is_ascii_digit())
        && text.bytes().filter(|byte| *byte == b'.').count() < 2
        && text.chars().all(|letter| letter.is_ascii_hexdigit() || "xXoO_+-.".contains(letter));
    if word || number { typed(text) } else { Some(Value::Text(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_to_be_decided_is_left_to_serde_saphyr() {
        for text in [
            "a: &x 1\nb: *x\n",
            "a: !!str 1\n",
            "a: {<<: {b: 1}}\n",
            "a: [1\n",
            "--- 1\n--- 2\n",
            "",
            "a: .inf\n",
            "a: 1\na: 2\n",
            "[a]: 1\n",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&"[".repeat(DEPTH + 1)).is_none());
    }
}
