//! A YAML text with the places of what stands in it, so that one line can be edited and the comments stay.

use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

/// Deeper than any file of netplan's.
const DEPTH: usize = 32;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Bytes of the text, without a comment.
    pub place: Range<usize>,
    pub value: Value,
}

/// What it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Its text, and whether it stands without quotes.
    Scalar(String, bool),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

/// A list or mapping that has not ended yet, with its place so far.
struct Open {
    place: Range<usize>,
    flow: bool,
    items: Vec<Node>,
    mapping: bool,
}

/// The document in a text; `None` where there is none.
///
/// # Errors
/// It does not read, or says something by an anchor, a tag or a merge key, where one line may stand for several.
pub fn read(text: &str) -> Result<Option<Node>, String> {
    let mut open: Vec<Open> = Vec::new();
    let (mut documents, mut root) = (0, None);
    for event in Parser::new_from_str(text) {
        let (event, at) = event.map_err(|error| error.to_string())?;
        let (Some(start), Some(end)) = (at.start.byte_offset(), at.end.byte_offset()) else {
            return Err("the places in it are not known".into());
        };
        let flow = text[start..].starts_with(['{', '[']);
        let done = match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => continue,
            Event::DocumentStart(..) if documents == 0 => {
                documents = 1;
                continue;
            }
            Event::SequenceStart(_, 0, None) if open.len() < DEPTH => {
                open.push(Open { place: start..end, flow, items: Vec::new(), mapping: false });
                continue;
            }
            Event::MappingStart(_, 0, None) if open.len() < DEPTH => {
                open.push(Open { place: start..end, flow, items: Vec::new(), mapping: true });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(ended) = open.pop() else { return Err("it ends too early".into()) };
                ended.node(end)
            }
            Event::Scalar(value, style, 0, None) => {
                let plain = matches!(style, ScalarStyle::Plain);
                if plain && value == "<<" {
                    return Err("it has a merge key, `<<`".into());
                }
                Node { place: start..end, value: Value::Scalar(value.into_owned(), plain) }
            }
            _ => return Err("it has an anchor, an alias, a tag or a second document".into()),
        };
        match open.last_mut() {
            None => root = Some(done),
            Some(parent) => parent.items.push(done),
        }
    }
    let nothing = |node: &Node| matches!(&node.value, Value::Scalar(text, true) if text.is_empty());
    Ok(root.filter(|node| !nothing(node)))
}

impl Open {
    /// A list without brackets ends where the last thing in it does, not where the parser has seen that it does.
    fn node(self, end: usize) -> Node {
        let last = self.items.last().map(|node| node.place.end);
        let end = if self.flow { end } else { last.unwrap_or(self.place.end) };
        let first = self.items.first().map_or(self.place.start, |node| node.place.start);
        let start = if self.flow { self.place.start } else { first };
        let value = if self.mapping {
            let mut items = self.items.into_iter();
            let mut entries = Vec::new();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                entries.push((key, value));
            }
            Value::Mapping(entries)
        } else {
            Value::Sequence(self.items)
        };
        Node { place: start..end, value }
    }
}

impl Node {
    /// What a mapping has for a key; the last one counts.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().rev().find(|(k, _)| k.text() == key).map(|(_, value)| value)
    }

    /// A mapping's keys and values.
    pub fn entries(&self) -> &[(Node, Node)] {
        if let Value::Mapping(entries) = &self.value { entries } else { &[] }
    }

    /// A list's items.
    pub fn items(&self) -> &[Node] {
        if let Value::Sequence(items) = &self.value { items } else { &[] }
    }

    /// A scalar's text; empty where it is none.
    pub fn text(&self) -> &str {
        if let Value::Scalar(text, _) = &self.value { text } else { "" }
    }

    /// What netplan takes as a boolean (`handle_generic_bool` in its src/parse.c).
    pub fn boolean(&self) -> Option<bool> {
        match self.text().to_ascii_lowercase().as_str() {
            "true" | "on" | "yes" | "y" => Some(true),
            "false" | "off" | "no" | "n" => Some(false),
            _ => None,
        }
    }

    /// Every scalar below it, with the keys on the way to it: what a text says, in whatever form it says it.
    pub fn leaves(&self) -> Vec<(String, String)> {
        match &self.value {
            Value::Scalar(text, _) => vec![(String::new(), text.clone())],
            Value::Sequence(items) => items.iter().flat_map(|item| below("-", item)).collect(),
            Value::Mapping(entries) => entries.iter().flat_map(|(k, v)| below(k.text(), v)).collect(),
        }
    }
}

fn below(key: &str, node: &Node) -> Vec<(String, String)> {
    node.leaves().into_iter().map(|(path, text)| (format!("/{key}{path}"), text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_text() {
        let text = "# é\nnetwork:\n  a: 'x' # c\n  b: [1, \"two\"]\n  c:\n  - to: default\n    via: 10.0.0.1\n\n  # d\n  d: {}\n";
        let node = read(text).unwrap().unwrap();
        let network = node.get("network").unwrap();
        let at = |node: &Node| text[node.place.clone()].to_owned();
        assert_eq!(at(network.get("a").unwrap()), "'x'");
        assert_eq!(at(network.get("b").unwrap()), "[1, \"two\"]");
        assert_eq!(at(&network.get("b").unwrap().items()[1]), "\"two\"");
        assert_eq!(at(network.get("c").unwrap()), "to: default\n    via: 10.0.0.1");
        assert_eq!(at(network.get("d").unwrap()), "{}");
        assert_eq!(node.leaves()[4], ("/network/c/-/via".into(), "10.0.0.1".into()));
    }

    #[test]
    fn where_one_line_may_stand_for_several_it_says_so() {
        for text in ["a: &x 1\nb: *x\n", "a: {<<: {b: 1}}\n", "a: 1\n---\nb: 1\n", "a: [1\n"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read("# nothing\n"), Ok(None));
        assert_eq!(read(""), Ok(None));
    }
}
