//! The parts of a node, as serde asks for them one after the other.

use std::cell::RefCell;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::{Name, NodeDeserializer};
use crate::document::error::Error;
use crate::document::newtype::SPANNED;
use crate::document::{Complaints, Node, NodeEntry, Span, Spanned};

/// A value with its place, as a sequence of three: offset, length, value.
pub(super) struct Located<'a> {
    pub of: NodeDeserializer<'a>,
    pub step: u8,
    /// Whether an error of the value is recorded on its way out: whoever asked will go on without the value.
    pub record: bool,
}

impl<'a> SeqAccess<'a> for Located<'a> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Span { offset, length } = self.of.node.span;
        self.step += 1;
        match self.step {
            1 => seed.deserialize(offset.into_deserializer()).map(Some),
            2 => seed.deserialize(length.into_deserializer()).map(Some),
            3 => seed.deserialize(self.of).map(Some).map_err(|error| {
                let error = error.at(self.of.node.span);
                if self.record {
                    error.clone().record(&mut self.of.complaints.borrow_mut());
                }
                error
            }),
            _ => Ok(None),
        }
    }
}

/// A key with its place, for a `Spanned<String>`; any other type of key sees the text.
struct KeyDeserializer<'a>(&'a Spanned<String>);

impl<'a> Deserializer<'a> for KeyDeserializer<'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(&self.0.value)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            SPANNED => visitor.visit_seq(LocatedKey { key: self.0, step: 0 }),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// As [`Located`], for a key.
struct LocatedKey<'a> {
    key: &'a Spanned<String>,
    step: u8,
}

impl<'a> SeqAccess<'a> for LocatedKey<'a> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.step += 1;
        match self.step {
            1 => seed.deserialize(self.key.span.offset.into_deserializer()).map(Some),
            2 => seed.deserialize(self.key.span.length.into_deserializer()).map(Some),
            3 => seed.deserialize(KeyDeserializer(self.key)).map(Some),
            _ => Ok(None),
        }
    }
}

/// A list's entries.
pub(super) struct Items<'a> {
    pub items: std::slice::Iter<'a, Node>,
    pub name: Name<'a>,
    pub complaints: &'a RefCell<Complaints>,
}

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(node) = self.items.next() else { return Ok(None) };
        let item = NodeDeserializer { node, name: self.name, rest: None, complaints: self.complaints };
        seed.deserialize(item).map(Some).map_err(|error| error.at(node.span))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// A mapping's entries.
pub(super) struct Entries<'a> {
    pub entries: std::slice::Iter<'a, NodeEntry>,
    /// The keys that are not skipped; `None` for all of them.
    pub known: Option<&'static [&'static str]>,
    /// Keys by the places of those that were misspelt for them: they were complained of, and go on as what was meant,
    /// so that it is not said to be missing too.
    pub meant: Vec<(Span, &'static str)>,
    pub value: Option<&'a NodeEntry>,
    pub complaints: &'a RefCell<Complaints>,
}

impl<'a> MapAccess<'a> for Entries<'a> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let (known, meant) = (self.known, &self.meant);
        let meant = |entry: &NodeEntry| meant.iter().find(|(span, _)| *span == entry.key.span);
        let is_known = |entry: &&NodeEntry| {
            known.is_none_or(|keys| keys.contains(&entry.key.value.as_str())) || meant(entry).is_some()
        };
        let Some(entry) = self.entries.by_ref().find(is_known) else { return Ok(None) };
        self.value = Some(entry);
        if let Some((_, key)) = meant(entry) {
            let key: StrDeserializer<'_, Error> = (*key).into_deserializer();
            return seed.deserialize(key).map(Some);
        }
        seed.deserialize(KeyDeserializer(&entry.key)).map(Some).map_err(|error| error.at(entry.key.span))
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let Some(entry) = self.value.take() else {
            return Err(Error::new("a value was asked for before its key".to_owned()));
        };
        let (node, name) = (&entry.value, Name::Key(&entry.key.value));
        let value = NodeDeserializer { node, name, rest: None, complaints: self.complaints };
        seed.deserialize(value).map_err(|error| error.at(node.span))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}
