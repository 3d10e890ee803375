//! What a document's struct is made of: fields that are never an error, and maps that keep order and places.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::deserialize::{FIELD, SPANNED};
use super::{Complaints, Span};

/// A value with its place. Unlike a [`Field`] it must be right, or what holds it is wrong as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// Where it stands.
    pub span: Span,
    /// What stands there.
    pub value: T,
}

/// A key's value that may be wrong without hiding what else is. Its key is required: who reads the document asks for
/// it with [`Field::required`]. Where the key may be left out, or left empty, the type is `Option<Field<T>>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// The key is not there, or has nothing behind it.
    #[default]
    Missing,
    /// It is no `T`, and a complaint has said so.
    Wrong,
    /// It is a `T`.
    Read(Spanned<T>),
}

/// A mapping with arbitrary keys, in the file's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries<T>(pub Vec<Entry<T>>);

/// One key of [`Entries`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// The key.
    pub key: Spanned<String>,
    /// Its value.
    pub value: Field<T>,
}

impl<T> Field<T> {
    /// What was read, with its place.
    pub fn get(&self) -> Option<&Spanned<T>> {
        match self {
            Field::Read(spanned) => Some(spanned),
            Field::Missing | Field::Wrong => None,
        }
    }

    /// What was read.
    pub fn value(&self) -> Option<&T> {
        self.get().map(|spanned| &spanned.value)
    }

    /// What was read; complains at `owner`, the place of what lacks the key, when the key `name` is missing.
    pub fn required(&self, name: &str, owner: Span, complaints: &mut Complaints) -> Option<&Spanned<T>> {
        if matches!(self, Field::Missing) {
            let remedy = format!("add `{name}: ...`; the key is required");
            complaints.add(owner, format!("`{name}` is missing"), remedy).label("here");
        }
        self.get()
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Entries(Vec::new())
    }
}

/// Takes the sequence of offset, length and value that stands for a value with its place.
struct SpannedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Spanned<T>, A::Error> {
        let absent = || A::Error::custom("a value came without its place");
        let offset = parts.next_element()?.ok_or_else(absent)?;
        let length = parts.next_element()?.ok_or_else(absent)?;
        let value = parts.next_element()?.ok_or_else(absent)?;
        Ok(Spanned { span: Span { offset, length }, value })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(SPANNED, SpannedVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldVisitor<T> {
            type Value = Field<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_none<E>(self) -> Result<Field<T>, E> {
                Ok(Field::Missing)
            }

            fn visit_unit<E>(self) -> Result<Field<T>, E> {
                Ok(Field::Missing)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field<T>, D::Error> {
                // The deserializer has recorded what was wrong.
                let read = deserializer.deserialize_newtype_struct(FIELD, SpannedVisitor(PhantomData));
                Ok(read.map_or(Field::Wrong, Field::Read))
            }
        }

        // As an option, so that serde takes a key that is not there for a missing field and not for an error.
        deserializer.deserialize_option(FieldVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or_default());
                while let Some((key, value)) = map.next_entry()? {
                    entries.push(Entry { key, value });
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

/// The wrappers are not seen in a schema.
macro_rules! transparent {
    ($($wrapper:ident),*) => {$(
        impl<T: JsonSchema> JsonSchema for $wrapper<T> {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                generator.subschema_for::<T>()
            }
        }
    )*};
}

transparent!(Spanned, Field);

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("MapOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<T>() })
    }
}
