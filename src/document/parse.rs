//! YAML's syntax, which is serde-saphyr's part, into the tree.

use std::collections::HashMap;

use super::raw::{Raw, RawValue, plain_boolean};
use super::{Complaints, Node, NodeEntry, Source, Span, Spanned, Value, plain, raw, tag};

/// Reads the source of `complaints` as YAML. An error of syntax is one complaint and gives `None`; a key that is there
/// twice is a complaint each, and its first value counts; so is a tag that YAML itself does not have, and its value counts
/// as if it had none.
pub fn parse(complaints: &mut Complaints) -> Option<Node> {
    let source = complaints.source().clone();
    let quick = plain::read(source.text());
    let before = complaints.len();
    tag::check(complaints);
    if quick.is_some() {
        return quick;
    }
    match raw::read(source.text()) {
        Ok(raw) => Some(node_of(raw, complaints)),
        // What a tag made of its value may be the error.
        Err(_) if complaints.len() > before => None,
        Err(error) => {
            syntax(error.without_snippet(), &source, complaints);
            None
        }
    }
}

/// The tree, with complaints of keys.
fn node_of(raw: Raw, complaints: &mut Complaints) -> Node {
    let span = raw.span;
    let value = match raw.value {
        RawValue::Scalar(Value::Text(text)) => match plain_boolean(complaints.source().slice(span), &text) {
            Some(boolean) => Value::Bool(boolean),
            None => Value::Text(text),
        },
        RawValue::Scalar(value) => value,
        RawValue::Sequence(items) => {
            Value::Sequence(items.into_iter().map(|item| node_of(item, complaints)).collect())
        }
        RawValue::Mapping(entries) => return Node::mapping(span, mapping(entries, complaints)),
    };
    Node { span, value }
}

fn mapping(entries: Vec<(Raw, Raw)>, complaints: &mut Complaints) -> Vec<NodeEntry> {
    // A large inventory is many small mappings, in which to look is quicker than to hash.
    let large = entries.len() > 16;
    let mut seen: HashMap<String, Span> = HashMap::new();
    let mut kept: Vec<NodeEntry> = Vec::with_capacity(entries.len());
    for (raw_key, raw_value) in entries {
        let Some(key) = key(raw_key, complaints) else { continue };
        let first = if large {
            seen.get(&key.value)
        } else {
            kept.iter()
                .map(|entry| &entry.key)
                .find(|first| first.value == key.value)
                .map(|first| &first.span)
        };
        if let Some(first) = first {
            let what = format!("`{}` is there twice", key.value);
            complaints
                .add(key.span, what, "leave one of the two out, or rename it")
                .label("again here")
                .also(*first, "the first is here");
            continue;
        }
        if large {
            seen.insert(key.value.clone(), key.span);
        }
        kept.push(NodeEntry { key, value: node_of(raw_value, complaints) });
    }
    kept
}

fn key(raw: Raw, complaints: &mut Complaints) -> Option<Spanned<String>> {
    let span = raw.span;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    /// What both ways make of a text, where the quick one makes something.
    fn both(text: &str) -> Option<(Node, Option<Node>)> {
        let quick = plain::read(text)?;
        let mut complaints = Complaints::about(Source::new("x.yaml", text));
        Some((quick, raw::read(text).ok().map(|raw| node_of(raw, &mut complaints))))
    }

    fn alike(text: &str) {
        let (quick, slow) = both(text).unwrap_or_else(|| panic!("not read: {text}"));
        assert_eq!(Some(quick), slow, "{text}");
    }

    #[test]
    fn every_document_of_ours_is_read_as_serde_saphyr_reads_it() {
        for file in ["inventories", "playbooks"].map(std::fs::read_dir).into_iter().flat_map(Result::unwrap) {
            alike(&std::fs::read_to_string(file.unwrap().path()).unwrap());
        }
    }

    #[test]
    fn scalars_are_what_serde_saphyr_takes_them_for() {
        let scalars = "0 7 00 007 0755 -1 +1 1_000 18446744073709551615 99999999999999999999 1.5 .5 5. 1e3 -1.5E-3 0x1F 0o17 \
            0b11 1:30 1.2.3 1.2.3.4 192.168.40.100/24 2001:db8::1 :: fe80::1 a1 abc deed face e3 e 1e .e3 ~ null Null NULL \
            nUll true True TRUE tRue false yes no on off y n .inf -.inf .nan inf nan NaN Infinity -inf - -- --- -a a-b +a \
            . .. ... .a _ _1 1_ 12 0_7 1.0.0 a.b x0 0x 0xg 2026-11-28 2026-11-28T10:00:00Z 12e 12e5x debian-12";
        for scalar in scalars.split_whitespace() {
            for text in [format!("a: {scalar}\n"), format!("[{scalar}, b]\n"), format!("{scalar}: a\n")] {
                if let Some((quick, slow)) = both(&text) {
                    assert_eq!(Some(quick), slow, "{text}");
                }
            }
        }
        alike(
            "a:\nb: ''\nc: \"x\\ty\"\nd: |\n  one\n  two\ne: >-\n  one\n  two\nf: one\n  two\n- : x\n"
                .trim_end_matches("- : x\n"),
        );
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_read_alike(text in "([ab10.~:,{}\\[\\]'\"#-]|: |\n|\n  |\n- |- ){0,40}") {
            if let Some((quick, slow)) = both(&text) {
                prop_assert_eq!(Some(quick), slow);
            }
        }
    }
}
