//! The quick way for a document of plain YAML: straight from the parser's events. serde-saphyr reads the same events,
//! and takes three times as long for a large inventory.
//!
//! Whatever has to be decided is left to serde-saphyr: a document with an anchor, a tag, a merge key or an error as a whole,
//! a scalar that might be no text alone.

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

use super::raw::{Raw, RawValue, typed};
use super::{Span, Value};

/// Deeper than any inventory; what is deeper, serde-saphyr refuses.
const DEPTH: usize = 64;

/// A list or mapping that has not ended yet.
enum Open {
    Sequence(Vec<Raw>),
    /// Beside the entries, the key whose value has not come yet.
    Mapping(Vec<(Raw, Raw)>, Option<Raw>),
}

/// The document, when it is one of plain YAML.
pub(super) fn read(text: &str) -> Option<Raw> {
    let mut open: Vec<(Span, Open)> = Vec::new();
    let (mut documents, mut root) = (0, None);
    for event in Parser::new_from_str(text) {
        let (event, at) = event.ok()?;
        let offset = at.start.byte_offset()?;
        let span = Span { offset, length: at.end.byte_offset()?.saturating_sub(offset) };
        let done = match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => continue,
            Event::DocumentStart(_, None) if documents == 0 => {
                documents = 1;
                continue;
            }
            Event::SequenceStart(_, 0, None) if open.len() < DEPTH => {
                open.push((span, Open::Sequence(Vec::new())));
                continue;
            }
            Event::MappingStart(_, 0, None) if open.len() < DEPTH => {
                open.push((span, Open::Mapping(Vec::new(), None)));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop()? {
                (span, Open::Sequence(items)) => Raw { span, value: RawValue::Sequence(items) },
                (span, Open::Mapping(entries, _)) => Raw { span, value: RawValue::Mapping(entries) },
            },
            Event::Scalar(text, ScalarStyle::Plain, 0, None) => {
                let is_key = matches!(open.last(), Some((_, Open::Mapping(_, None))));
                if is_key && text == "<<" {
                    return None;
                }
                Raw { span, value: RawValue::Scalar(plain(&text)?) }
            }
            Event::Scalar(text, _, 0, None) => {
                Raw { span, value: RawValue::Scalar(Value::Text(text.into_owned())) }
            }
            _ => return None,
        };
        match open.last_mut() {
            None => root = Some(done),
            Some((_, Open::Sequence(items))) => items.push(done),
            Some((_, Open::Mapping(entries, key))) => match key.take() {
                None => *key = Some(done),
                Some(key) => entries.push((key, done)),
            },
        }
    }
    root
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
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&"[".repeat(DEPTH + 1)).is_none());
    }
}
