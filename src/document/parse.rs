//! YAML's syntax, which is serde-saphyr's part, into the tree.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location};

use super::{Complaints, Node, NodeEntry, Source, Span, Spanned, Value};

/// Reads the source of `complaints` as YAML. An error of syntax is one complaint and gives `None`; a key that is there
/// twice is a complaint each, and its first value counts.
pub fn parse(complaints: &mut Complaints) -> Option<Node> {
    let source = complaints.source().clone();
    let options = serde_saphyr::options! {
        // A plain `yes` is told from a quoted one by `plain_boolean`, and `y` stays text.
        strict_booleans: true,
        // A duplicate must not hide the other complaints.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        // An inventory of many thousand hosts is no attack; the depth and the aliases stay bounded.
        budget: serde_saphyr::budget! { max_nodes: 20_000_000, max_events: 50_000_000 },
    };
    match serde_saphyr::from_str_with_options::<Raw>(source.text(), options) {
        Ok(raw) => Some(node(raw, complaints)),
        Err(error) => {
            syntax(error.without_snippet(), &source, complaints);
            None
        }
    }
}

/// What serde-saphyr gives, before keys are text and known to be unique.
type Raw = serde_saphyr::Spanned<RawValue>;

enum RawValue {
    Scalar(Value),
    Sequence(Vec<Raw>),
    Mapping(Vec<(Raw, Raw)>),
}

fn node(raw: Raw, complaints: &mut Complaints) -> Node {
    let mut span = span(raw.defined);
    let value = match raw.value {
        RawValue::Scalar(Value::Text(text)) => match plain_boolean(complaints.source().slice(span), &text) {
            Some(boolean) => Value::Bool(boolean),
            None => Value::Text(text),
        },
        RawValue::Scalar(value) => value,
        RawValue::Sequence(items) => {
            Value::Sequence(items.into_iter().map(|item| node(item, complaints)).collect())
        }
        RawValue::Mapping(entries) => Value::Mapping(mapping(entries, complaints)),
    };
    // A mapping without braces has no sign of its own: what is complained of it, its first key shows.
    if span.length == 0
        && let Value::Mapping(entries) = &value
        && let Some(first) = entries.first()
    {
        span.length = (first.key.span.offset + first.key.span.length).saturating_sub(span.offset);
    }
    Node { span, value }
}

fn mapping(entries: Vec<(Raw, Raw)>, complaints: &mut Complaints) -> Vec<NodeEntry> {
    let mut seen: HashMap<String, Span> = HashMap::with_capacity(entries.len());
    let mut kept = Vec::with_capacity(entries.len());
    for (raw_key, raw_value) in entries {
        let Some(key) = key(raw_key, complaints) else { continue };
        if let Some(first) = seen.get(&key.value) {
            let what = format!("`{}` is there twice", key.value);
            complaints
                .add(key.span, what, "leave one of the two out, or rename it")
                .label("again here")
                .also(*first, "the first is here");
            continue;
        }
        seen.insert(key.value.clone(), key.span);
        kept.push(NodeEntry { key, value: node(raw_value, complaints) });
    }
    kept
}

fn key(raw: Raw, complaints: &mut Complaints) -> Option<Spanned<String>> {
    let span = span(raw.defined);
    match raw.value {
        RawValue::Scalar(Value::Text(value)) => Some(Spanned { span, value }),
        // A key such as 80 or true is the text that stands there.
        RawValue::Scalar(_) => Some(Spanned { span, value: complaints.source().slice(span).to_owned() }),
        RawValue::Sequence(_) | RawValue::Mapping(_) => {
            let remedy =
                "write a word as the key; a value that begins with `{{` goes into quotes: \"{{ name }}\"";
            complaints.add(span, "a list or mapping cannot be a key", remedy);
            None
        }
    }
}

/// YAML 1.1's booleans, as Ansible reads them. A quoted word is longer in the source than its text is.
fn plain_boolean(source: &str, text: &str) -> Option<bool> {
    if source != text {
        return None;
    }
    match text {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn span(location: Location) -> Span {
    let span = location.span();
    Span {
        offset: span.byte_offset().unwrap_or_default() as usize,
        length: span.byte_len().unwrap_or_default() as usize,
    }
}

/// One complaint for an error of syntax.
fn syntax(error: &serde_saphyr::Error, source: &Source, complaints: &mut Complaints) {
    let message = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
    // The place is shown beside the line; in the sentence it would be there twice.
    let message = message.split(" at line ").next().unwrap_or(&message);
    let offset = error
        .location()
        .filter(|location| location.line() > 0)
        .map_or(0, |location| source.offset(location.line() as usize, location.column() as usize));
    let length = source.text()[offset..].chars().next().map_or(0, char::len_utf8);
    let (before, behind) = source.text().split_at(offset);
    let brackets = before.ends_with(']') && behind.starts_with(':');
    let remedy = if brackets { "put an IPv6 address and its port into quotes" } else { remedy(message) };
    complaints.add(Span { offset, length }, format!("this is not YAML: {message}"), remedy);
}

fn remedy(message: &str) -> &'static str {
    if message.contains("tab") {
        "indent with spaces"
    } else if message.contains("mapping values are not allowed") {
        "indent the keys of one mapping alike, and put a value that holds `: ` into quotes"
    } else if message.contains("quote") {
        "close the quotes; within double quotes a backslash is written twice"
    } else if message.contains("multiple") {
        "leave one document in the file: nothing after a second `---` is read"
    } else {
        "look at this line and the one before it: brackets, quotes and indentation must match"
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = RawValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_unit<E>(self) -> Result<RawValue, E> {
                Ok(RawValue::Scalar(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<RawValue, E> {
                Ok(RawValue::Scalar(Value::Bool(value)))
            }

            fn visit_i64<E>(self, value: i64) -> Result<RawValue, E> {
                Ok(RawValue::Scalar(Value::Integer(value.into())))
            }

            fn visit_u64<E>(self, value: u64) -> Result<RawValue, E> {
                Ok(RawValue::Scalar(Value::Integer(value.into())))
            }

            fn visit_f64<E>(self, value: f64) -> Result<RawValue, E> {
                Ok(RawValue::Scalar(Value::Float(value)))
            }

            fn visit_str<E>(self, value: &str) -> Result<RawValue, E> {
                Ok(RawValue::Scalar(Value::Text(value.to_owned())))
            }

            fn visit_string<E>(self, value: String) -> Result<RawValue, E> {
                Ok(RawValue::Scalar(Value::Text(value)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawValue, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    all.push(item);
                }
                Ok(RawValue::Sequence(all))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RawValue, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    all.push(entry);
                }
                Ok(RawValue::Mapping(all))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Option<Node>, Complaints) {
        let mut complaints = Complaints::about(Source::new("x.yaml", text));
        let node = parse(&mut complaints);
        (node, complaints)
    }

    fn valid(text: &str) -> Node {
        let (node, complaints) = parsed(text);
        assert!(complaints.is_empty(), "{complaints}");
        node.unwrap()
    }

    #[test]
    fn values_know_their_bytes() {
        let text = "\u{e9}: \"\u{e4} x\"\nb: [1, {c: d}]\n";
        let node = valid(text);
        let source = Source::new("x", text);
        let entries = node.entries().unwrap();
        assert_eq!(source.slice(entries[0].key.span), "\u{e9}");
        assert_eq!(source.slice(entries[0].value.span), "\"\u{e4} x\"");
        let items = entries[1].value.items().unwrap();
        assert_eq!(source.slice(items[0].span), "1");
        assert_eq!(source.slice(items[1].get("c").unwrap().span), "d");
    }

    #[test]
    fn scalars_are_read_as_ansible_reads_them() {
        let json = |text: &str| valid(text).to_json().to_string();
        assert_eq!(
            json("[yes, No, on, 'yes', \"off\", y, true]"),
            r#"[true,false,true,"yes","off","y",true]"#
        );
        assert_eq!(
            json("[1, -1, 1.5, 0755, 1_000, 18446744073709551615]"),
            r#"[1,-1,1.5,"0755","1_000",18446744073709551615]"#
        );
        assert_eq!(json("[~, null, '', a b]"), r#"[null,null,"","a b"]"#);
        assert_eq!(json("{80: a, true: b, ~: c}"), r#"{"80":"a","true":"b","~":"c"}"#);
        assert_eq!(
            json("a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}"),
            r#"{"a":{"b":1},"c":{"b":1},"d":{"e":2,"b":1}}"#
        );
        assert_eq!(json(""), "null");
    }

    #[test]
    fn each_duplicate_is_told_and_the_first_counts() {
        let (node, complaints) = parsed("a: 1\nb: {c: 1, c: 2}\na: 2\na: 3\n");
        assert_eq!(node.unwrap().to_json(), serde_json::json!({"a": 1, "b": {"c": 1}}));
        let places: Vec<_> = complaints.iter().map(super::super::Complaint::position).collect();
        assert_eq!(places, [(2, 11), (3, 1), (4, 1)]);
    }

    #[test]
    fn an_error_of_syntax_is_one_complaint_with_its_place() {
        for (text, place, what) in [
            ("a: [1\nb: 2\n", (2, 2), "illegal placement"),
            ("\u{e9}: b: c\n", (1, 5), "mapping values"),
            ("a: *nope\n", (1, 4), "unknown"),
            ("--- 1\n--- 2\n", (2, 5), "multiple"),
            ("a: .nan\n", (1, 4), "finite"),
            ("a: 'x\n", (1, 4), "unclosed quote"),
        ] {
            let (node, complaints) = parsed(text);
            assert_eq!((node, complaints.len()), (None, 1), "{text}");
            let complaint = complaints.iter().next().unwrap();
            assert_eq!(complaint.position(), place, "{text}");
            assert!(complaint.message.contains(what) && !complaint.message.contains(" line "), "{complaint}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_not_followed() {
        assert!(!parsed(&"[".repeat(100_000)).1.is_empty());
        assert!(!parsed(&"a: &x [*x]".repeat(3)).1.is_empty());
    }
}
