//! What a document's struct is made of: fields that are never an error, and maps that keep order and places.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::newtype::{FIELD, SPANNED};
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

#[cfg(test)]
mod tests {
    use super::super::{self as document, Node, OneOrMany, OrText, Source, Text};
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Task {
        name: Field<String>,
        retries: Option<Field<u8>>,
        when: Option<Field<bool>>,
        limits: Option<Field<Entries<f64>>>,
        tags: Option<OneOrMany<String>>,
        command: Option<Field<OrText<Command>>>,
        value: Option<Field<Text>>,
        rest: Option<Field<Node>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Command {
        argv: Vec<String>,
    }

    fn read(text: &str) -> (Option<Task>, String) {
        let mut complaints = Complaints::about(Source::new("t", text));
        let task = document::read(&mut complaints);
        (task, complaints.to_string())
    }

    #[test]
    fn what_is_right_is_read_with_its_place() {
        let text =
            "{name: web, retries: 3, when: yes, limits: {b: 1, a: 2.5}, value: 1.10, rest: [x, {y: z}]}";
        let (task, complaints) = read(text);
        assert_eq!(complaints, "");
        let task = task.unwrap();
        let name = task.name.get().unwrap();
        assert_eq!((&text[name.span.offset..][..name.span.length], name.value.as_str()), ("web", "web"));
        assert_eq!(task.retries.unwrap().value(), Some(&3));
        assert_eq!(task.when.unwrap().value(), Some(&true));
        let limits = task.limits.unwrap();
        let limits: Vec<_> = limits
            .value()
            .unwrap()
            .0
            .iter()
            .map(|entry| (entry.key.value.as_str(), entry.value.value()))
            .collect();
        assert_eq!(limits, [("b", Some(&1.0)), ("a", Some(&2.5))], "in the file's order");
        assert_eq!(task.value.unwrap().value().unwrap().0, "1.10", "as written");
        let rest = task.rest.unwrap();
        let rest = rest.value().unwrap();
        assert_eq!(rest.to_json(), serde_json::json!(["x", {"y": "z"}]));
        let z = rest.items().unwrap()[1].get("y").unwrap();
        assert_eq!(&text[z.span.offset..][..z.span.length], "z");
    }

    #[test]
    fn each_wrong_field_is_told_and_the_others_are_read() {
        let (task, complaints) =
            read("nmae: x\nretries: 256\nwhen: 'true'\nlimits: {a: x, b: 1}\nvalue: [1]\n");
        let task = task.unwrap();
        assert_eq!(
            task.name.value().map(String::as_str),
            Some("x"),
            "a misspelt key goes on as what was meant"
        );
        assert_eq!(task.retries, Some(Field::Wrong));
        assert_eq!(task.limits.unwrap().value().unwrap().0[1].value.value(), Some(&1.0));
        let expected = "\
t:1:1: `nmae` is not a key that is known here; did you mean `name`?
t:2:10: `retries` must be a whole number from 0 to 255; write at most 255
t:3:7: `when` must be true or false; leave the quotes out: true
t:4:13: `a` must be a number; write a number
t:5:8: `value` must be text or a number; leave the brackets or the `- ` out: `value: 1`";
        assert_eq!(complaints, expected);
    }

    #[test]
    fn a_missing_key_and_an_empty_one_are_alike() {
        for text in ["{retries: }", "name:", "name: ~\nretries: null"] {
            let task = read(text).0.unwrap();
            assert_eq!((&task.name, &task.retries), (&Field::Missing, &None), "{text}");
            let mut complaints = Complaints::about(Source::new("t", text));
            assert_eq!(task.name.required("name", Span::default(), &mut complaints), None);
            assert_eq!(complaints.len(), 1);
        }
    }

    #[test]
    fn an_empty_entry_of_a_list_is_wrong() {
        #[derive(Deserialize)]
        struct Lists {
            names: Field<Vec<Field<String>>>,
            tags: Field<OneOrMany<Text>>,
            commands: Field<Vec<Field<OrText<Command>>>>,
        }
        let text = "names: [a, ~, b]\ntags: [null]\ncommands:\n  - x\n  -\n";
        let mut complaints = Complaints::about(Source::new("t", text));
        let lists: Lists = document::read(&mut complaints).unwrap();
        let expected = "\
t:1:12: each entry of `names` must be text; write text, or leave the entry out
t:2:8: each entry of `tags` must be text or a number; write text or a number, or leave the entry out
t:5:4: each entry of `commands` must be text or a mapping; write text or a mapping, or leave the entry out";
        assert_eq!(complaints.to_string(), expected);
        let names = lists.names.value().unwrap().iter().filter_map(Field::value);
        assert_eq!(names.collect::<Vec<_>>(), ["a", "b"], "the others are read");
        assert_eq!((lists.tags.value().unwrap().0.len(), lists.commands.value().unwrap().len()), (1, 2));
    }

    #[test]
    fn a_misspelt_key_does_not_stand_in_for_one_that_is_there() {
        let (task, complaints) = read("{nam: x, name: y, nmae: z, retrie: 1, retris: 2}");
        let task = task.unwrap();
        assert_eq!(task.name.value().unwrap(), "y");
        assert_eq!(task.retries.unwrap().value(), Some(&1), "the first one");
        assert_eq!(complaints.lines().count(), 4);
    }

    #[test]
    fn short_and_long_forms() {
        let tags = |text| read(text).0.unwrap().tags.unwrap().values().cloned().collect::<Vec<_>>().join("+");
        assert_eq!((tags("tags: a"), tags("tags: [a, b]")), ("a".into(), "a+b".into()));
        let command = |text| match read(text).0.unwrap().command.unwrap().value().unwrap() {
            OrText::Text(text) => format!("text {text}"),
            OrText::Full(command) => format!("argv {}", command.argv.join(" ")),
        };
        assert_eq!(command("command: true"), "text true");
        assert_eq!(command("command: 'x y'"), "text x y");
        assert_eq!(command("command: {argv: [x]}"), "argv x");
        assert!(read("command: {argv: [x], argz: y}").1.contains("`argz` is not a key of `command`"));
        assert!(read("command: {}").1.contains("`argv` is missing here"), "a key that is no field");
        assert!(read("tags: [a, [b]]").1.contains("each entry of `tags` must be text"));
    }

    #[test]
    fn another_document_altogether() {
        let (task, complaints) = read("- a\n");
        assert!(task.is_none());
        assert!(complaints.starts_with("t:1:1: this must be a mapping"), "{complaints}");
    }
}
