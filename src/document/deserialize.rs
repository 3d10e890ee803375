//! serde's side of a node: unknown keys are complained of and skipped, fields go on after an error.

mod access;
mod remedy;

use std::cell::RefCell;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::error::Error;
use super::newtype::{FIELD, ONE_OR_MANY, OR_TEXT, SPANNED, TEXT};
use super::{Complaints, Node, NodeEntry, Span, Value, choose_from, nearest};
use access::{Entries, Items, Located};

/// What a complaint calls a value.
#[derive(Clone, Copy)]
pub(super) enum Name<'a> {
    /// The whole text, or a part that was read on its own.
    Document,
    /// The value of a key.
    Key(&'a str),
    /// An entry of the list under a key.
    Item(&'a str),
}

impl Node {
    /// Reads it as a `T`, with `complaints` about the source that it came from. `None` when it is something else than
    /// a `T` altogether; a complaint then says so.
    pub fn read<T: DeserializeOwned>(&self, complaints: &mut Complaints) -> Option<T> {
        read(self, Name::Document, complaints)
    }

    /// Reads the part of a mapping that a struct describes, and gives the other entries back instead of complaining
    /// of them: a task is `{ name, when, tags, MODULE: arguments }`, and which module there is, its key says.
    pub fn read_part<T: DeserializeOwned>(
        &self,
        complaints: &mut Complaints,
    ) -> Option<(T, Vec<&NodeEntry>)> {
        let (part, rest) = read_part(self, complaints)?;
        let entries = self.entries().unwrap_or_default();
        Some((part, rest.into_iter().filter_map(|index| entries.get(index)).collect()))
    }
}

impl NodeEntry {
    /// As [`Node::read`]; complaints call the value by its key.
    pub fn read<T: DeserializeOwned>(&self, complaints: &mut Complaints) -> Option<T> {
        read(&self.value, Name::Key(&self.key.value), complaints)
    }
}

/// Reads a node; an error that no field has caught is recorded here.
pub(super) fn read<T: DeserializeOwned>(
    node: &Node,
    name: Name<'_>,
    complaints: &mut Complaints,
) -> Option<T> {
    let empty = Complaints::about(complaints.source().clone());
    let recorded = RefCell::new(std::mem::replace(complaints, empty));
    let result = T::deserialize(NodeDeserializer { node, name, rest: None, complaints: &recorded });
    *complaints = recorded.into_inner();
    result.map_err(|error| error.at(node.span).record(complaints)).ok()
}

/// As [`read`], for a struct that is a part of the mapping: the indices of the entries that are none of its keys.
pub(super) fn read_part<T: DeserializeOwned>(
    node: &Node,
    complaints: &mut Complaints,
) -> Option<(T, Vec<usize>)> {
    let empty = Complaints::about(complaints.source().clone());
    let recorded = RefCell::new(std::mem::replace(complaints, empty));
    let rest = RefCell::new(Vec::new());
    let name = Name::Document;
    let result = T::deserialize(NodeDeserializer { node, name, rest: Some(&rest), complaints: &recorded });
    *complaints = recorded.into_inner();
    let part = result.map_err(|error| error.at(node.span).record(complaints)).ok()?;
    Some((part, rest.into_inner()))
}

/// One node, as serde wants it.
#[derive(Clone, Copy)]
pub(super) struct NodeDeserializer<'a> {
    pub node: &'a Node,
    pub name: Name<'a>,
    /// Takes the indices of a struct's unknown keys instead of a complaint; of this node's only.
    pub rest: Option<&'a RefCell<Vec<usize>>>,
    pub complaints: &'a RefCell<Complaints>,
}

impl<'a> NodeDeserializer<'a> {
    /// The error that this node is something else than what is wanted.
    fn wrong(&self, wanted: &str) -> Error {
        Error {
            label: Some(format!("this is {}", self.found())),
            remedy: Some(self.remedy(wanted)),
            ..Error::new(format!("{} must be {wanted}", self.called()))
        }
        .at(self.node.span)
    }

    fn called(&self) -> String {
        match self.name {
            Name::Document => "this".to_owned(),
            Name::Key(key) => format!("`{key}`"),
            Name::Item(key) => format!("each entry of `{key}`"),
        }
    }

    fn found(&self) -> String {
        match &self.node.value {
            Value::Null => "empty".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Integer(_) | Value::Float(_) => self.as_written(),
            Value::Text(_) => "text".to_owned(),
            Value::Sequence(_) => "a list".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
        }
    }

    /// A scalar as it stands in the source, so that `1.10` stays `1.10`.
    fn as_written(&self) -> String {
        self.complaints.borrow().source().slice(self.node.span).to_owned()
    }

    fn entries(&self) -> Result<&'a [NodeEntry], Error> {
        match &self.node.value {
            Value::Mapping(entries) => Ok(entries),
            _ => Err(self.wrong("a mapping")),
        }
    }

    fn items(&self) -> Result<&'a [Node], Error> {
        match &self.node.value {
            Value::Sequence(items) => Ok(items),
            _ => Err(self.wrong("a list")),
        }
    }

    fn visit_entries<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let entries = self.entries()?.iter();
        let (known, meant) = (None, Vec::new());
        visitor.visit_map(Entries { entries, known, meant, value: None, complaints: self.complaints })
    }

    fn visit_items<V: Visitor<'a>>(self, items: &'a [Node], visitor: V) -> Result<V::Value, Error> {
        let name = match self.name {
            Name::Key(key) | Name::Item(key) => Name::Item(key),
            Name::Document => Name::Document,
        };
        visitor.visit_seq(Items { items: items.iter(), name, complaints: self.complaints })
    }
}

/// Integers within their bounds, which the complaint names.
macro_rules! integers {
    ($($deserialize:ident $visit:ident $type:ty;)*) => {$(
        fn $deserialize<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
            if let Value::Integer(integer) = self.node.value
                && let Ok(integer) = <$type>::try_from(integer)
            {
                return visitor.$visit(integer);
            }
            let mut error = self.wrong(&format!("a whole number from {} to {}", <$type>::MIN, <$type>::MAX));
            if let Value::Integer(integer) = self.node.value {
                let bound = if integer < 0 { <$type>::MIN } else { <$type>::MAX };
                error.remedy = Some(format!("write at {} {bound}", if integer < 0 { "least" } else { "most" }));
            }
            Err(error)
        }
    )*};
}

impl<'a> Deserializer<'a> for NodeDeserializer<'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(value) => match (u64::try_from(*value), i64::try_from(*value)) {
                (Ok(value), _) => visitor.visit_u64(value),
                (_, Ok(value)) => visitor.visit_i64(value),
                _ => visitor.visit_f64(*value as f64),
            },
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(value) => visitor.visit_borrowed_str(value),
            Value::Sequence(items) => self.visit_items(items, visitor),
            Value::Mapping(_) => self.visit_entries(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.value {
            Value::Bool(value) => visitor.visit_bool(value),
            _ => Err(self.wrong("true or false")),
        }
    }

    integers! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
    }

    fn deserialize_f32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.value {
            Value::Float(value) => visitor.visit_f64(value),
            Value::Integer(value) => visitor.visit_f64(value as f64),
            _ => Err(self.wrong("a number")),
        }
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Text(value) => visitor.visit_borrowed_str(value),
            _ => Err(self.wrong("text")),
        }
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match (&self.node.value, self.name) {
            // A key may have nothing behind it; an entry of a list is there to say something.
            (Value::Null, Name::Document | Name::Key(_)) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match (name, &self.node.value) {
            (SPANNED, _) => visitor.visit_seq(Located { of: self, step: 0, record: false }),
            (FIELD, _) => visitor.visit_seq(Located { of: self, step: 0, record: true }),
            (TEXT, Value::Text(text)) => visitor.visit_borrowed_str(text),
            (TEXT | OR_TEXT, Value::Bool(_) | Value::Integer(_) | Value::Float(_)) => {
                visitor.visit_string(self.as_written())
            }
            (TEXT, _) => Err(self.wrong("text or a number")),
            (OR_TEXT, Value::Null) => Err(self.wrong("text or a mapping")),
            (OR_TEXT, Value::Text(text)) => visitor.visit_borrowed_str(text),
            (ONE_OR_MANY, Value::Sequence(items)) => self.visit_items(items, visitor),
            (ONE_OR_MANY, _) => {
                // The only entry is the key's own value, and is called so.
                let items = std::slice::from_ref(self.node).iter();
                visitor.visit_seq(Items { items, name: self.name, complaints: self.complaints })
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_items(self.items()?, visitor)
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_entries(visitor)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let entries = self.entries()?;
        let has = |key: &str| entries.iter().any(|entry| entry.key.value == key);
        let mut meant: Vec<(Span, &'static str)> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let key = entry.key.value.as_str();
            if fields.contains(&key) {
                continue;
            }
            if let Some(rest) = self.rest {
                rest.borrow_mut().push(index);
                continue;
            }
            let message = match self.name {
                Name::Document => format!("`{key}` is not a key that is known here"),
                Name::Key(owner) | Name::Item(owner) => format!("`{key}` is not a key of `{owner}`"),
            };
            let remedy = choose_from(key, fields.iter().copied());
            self.complaints.borrow_mut().add(entry.key.span, message, remedy).label("unknown key");
            if let Some(near) = nearest(key, fields.iter().copied())
                && !has(near)
                && meant.iter().all(|(_, taken)| *taken != near)
            {
                meant.push((entry.key.span, near));
            }
        }
        let entries = entries.iter();
        visitor.visit_map(Entries {
            entries,
            known: Some(fields),
            meant,
            value: None,
            complaints: self.complaints,
        })
    }

    /// Only the plain kind, a word out of a few.
    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Value::Text(word) = &self.node.value else { return Err(self.wrong("text")) };
        if !variants.contains(&word.as_str()) {
            let remedy = match choose_from(word, variants.iter().copied()) {
                near if near.starts_with("did") => format!("{near} It can be: {}", variants.join(", ")),
                list => list,
            };
            let message = format!("{} cannot be `{word}`", self.called());
            return Err(Error { remedy: Some(remedy), ..Error::new(message) }.at(self.node.span));
        }
        let word: StrDeserializer<'_, Error> = word.as_str().into_deserializer();
        visitor.visit_enum(word)
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.value {
            Value::Null => visitor.visit_unit(),
            _ => Err(self.wrong("empty")),
        }
    }

    fn deserialize_identifier<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { <V: Visitor<'a>> i128 u128 bytes byte_buf unit_struct }
}
