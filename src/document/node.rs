//! The tree.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Span, Spanned};

/// A value with its place. Also a field's type in a document, where its shape is found out later:
/// `tasks: Field<Vec<Node>>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands; a mapping or list begins with its first key or entry, or its bracket.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// What a [`Node`] is, by YAML 1.2's rules, save that a plain `yes`, `no`, `on` and `off` is a boolean, as Ansible
/// reads it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, `null` or `~`.
    Null,
    /// `true`, `no`
    Bool(bool),
    /// Within -2^63..2^64.
    Integer(i128),
    /// Always finite.
    Float(f64),
    /// Any other scalar.
    Text(String),
    /// A list.
    Sequence(Vec<Node>),
    /// Its keys in the file's order, each once.
    Mapping(Vec<NodeEntry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeEntry {
    /// The key, as text.
    pub key: Spanned<String>,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// A mapping. One without braces has no sign of its own: what is complained of it, its first key shows.
    pub(super) fn mapping(mut span: Span, entries: Vec<NodeEntry>) -> Node {
        if span.length == 0
            && let Some(first) = entries.first().map(|first| first.key.span)
        {
            span.length = (first.offset + first.length).saturating_sub(span.offset);
        }
        Node { span, value: Value::Mapping(entries) }
    }

    /// The entries, when it is a mapping.
    pub fn entries(&self) -> Option<&[NodeEntry]> {
        match &self.value {
            Value::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entries, when it is a list.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The value of a key, when it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|entry| entry.key.value == key).map(|entry| &entry.value)
    }

    /// Without places, for templates.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Integer(value) => match (u64::try_from(*value), i64::try_from(*value)) {
                (Ok(value), _) => value.into(),
                (_, Ok(value)) => value.into(),
                _ => (*value as f64).into(),
            },
            Value::Float(value) => (*value).into(),
            Value::Text(value) => Json::String(value.clone()),
            Value::Sequence(items) => items.iter().map(Node::to_json).collect(),
            Value::Mapping(entries) => Json::Object(
                entries.iter().map(|entry| (entry.key.value.clone(), entry.value.to_json())).collect(),
            ),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { span, value } = Spanned::deserialize(deserializer)?;
        Ok(Node { span, value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value::Integer(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(Value::Integer(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(Value::Float(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(Value::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    all.push(item);
                }
                Ok(Value::Sequence(all))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
                let mut all = Vec::new();
                while let Some((key, value)) = entries.next_entry()? {
                    all.push(NodeEntry { key, value });
                }
                Ok(Value::Mapping(all))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

impl schemars::JsonSchema for Node {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Node".into()
    }

    fn json_schema(_generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::Schema::from(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{self as document, Complaints, Field, OneOrMany, Source};
    use super::*;

    #[derive(Deserialize)]
    struct Play {
        hosts: Field<String>,
        tasks: Field<Vec<Node>>,
    }

    #[derive(Deserialize)]
    struct Task {
        name: Option<Field<String>>,
        tags: Option<OneOrMany<String>>,
    }

    #[derive(Deserialize)]
    struct Package {
        name: Field<String>,
    }

    #[test]
    fn a_play_is_read_task_by_task() {
        let text = "
hosts: directors
tasks:
  - { name: Tool, package: { name: ipvsadm, nmae: x }, tags: lvs }
  - { pakcage: { name: x }, tags: [a, 1] }
";
        let mut complaints = Complaints::about(Source::new("play.yaml", text));
        let play: Play = document::read(&mut complaints).unwrap();
        assert_eq!(play.hosts.value().unwrap(), "directors");
        let mut seen = Vec::new();
        for node in play.tasks.value().unwrap() {
            let (task, modules): (Task, _) = node.read_part(&mut complaints).unwrap();
            assert_eq!(task.tags.unwrap().values().count(), 1);
            let name = task.name.as_ref().and_then(Field::value);
            let [module] = modules[..] else { panic!("{modules:?}") };
            if module.key.value == "package" {
                let package: Package = module.read(&mut complaints).unwrap();
                seen.push(format!("{name:?} {}", package.name.value().unwrap()));
            } else {
                complaints.add(module.key.span, "no such module", "did you mean `package`?");
            }
        }
        assert_eq!(seen, ["Some(\"Tool\") ipvsadm"]);
        let expected = "\
play.yaml:4:45: `nmae` is not a key of `package`; did you mean `name`?
play.yaml:5:39: each entry of `tags` must be text; put it into quotes: \"1\"
play.yaml:5:7: no such module; did you mean `package`?";
        assert_eq!(complaints.to_string(), expected);
    }
}
