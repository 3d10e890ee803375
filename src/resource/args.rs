//! The values that modules' arguments are made of, where YAML lets one thing be written in several ways.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One name or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Names(pub Vec<String>);

/// A text, number or boolean, as the text that a file or the kernel has for it: `true` is `1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scalar(pub String);

/// A text, or a whole number as it is written. What else stands there is not told: it may be a secret.
pub(super) fn text_or_integer<'de, D: Deserializer<'de>>(
    input: D,
    complaint: &'static str,
) -> Result<Option<String>, D::Error> {
    match Value::deserialize(input)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(Some(number.to_string())),
        _ => Err(de::Error::custom(complaint)),
    }
}

/// A boolean. What else stands there is not told: it may be a secret.
pub(super) fn true_or_false<'de, D: Deserializer<'de>>(
    input: D,
    complaint: &'static str,
) -> Result<bool, D::Error> {
    Value::deserialize(input)?.as_bool().ok_or_else(|| de::Error::custom(complaint))
}

/// The schema of a text that may be written as a whole number.
pub fn text_or_integer_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "integer", "null"] })
}

/// A file's mode in octal, as text of three or four digits: YAML would read a bare `0644` as the number 644.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mode(String);

impl Mode {
    /// The mode from its octal digits.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn new(text: &str) -> Result<Mode, String> {
        let digits = text.trim_start_matches('0');
        if text.is_empty() || digits.len() > 4 || !text.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
            return Err(format!(
                "`{text}` is no file mode: write it as octal digits in quotes, like \"0644\""
            ));
        }
        Ok(Mode(format!("{digits:0>4}")))
    }

    /// Four octal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<u32> for Mode {
    /// The mode from `st_mode`'s lowest twelve bits.
    fn from(bits: u32) -> Mode {
        Mode(format!("{:04o}", bits & 0o7777))
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Expect;
        impl<'de> Visitor<'de> for Expect {
            type Value = Names;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name or a list of names")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Names, E> {
                Ok(Names(vec![name.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = seq.next_element()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        input.deserialize_any(Expect)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Expect;
        impl Visitor<'_> for Expect {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number or a boolean")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }
            fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Scalar, E> {
                Ok(Scalar(u8::from(yes).to_string()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
        }
        input.deserialize_any(Expect)
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Expect;
        impl Visitor<'_> for Expect {
            type Value = Mode;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a file mode as octal digits in quotes, like \"0644\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Mode, E> {
                Mode::new(text).map_err(E::custom)
            }
        }
        input.deserialize_any(Expect)
    }
}

impl JsonSchema for Names {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Names".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}

impl JsonSchema for Scalar {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scalar".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

impl JsonSchema for Mode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Mode".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "title": "octal digits in quotes", "type": "string", "pattern": "^0*[0-7]{1,4}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn one_thing_may_be_written_in_several_ways() {
        let names = |v: Value| from_value::<Names>(v).unwrap().0;
        assert_eq!(names(json!("apache2")), ["apache2"]);
        assert_eq!(names(json!(["a", "b"])), ["a", "b"]);
        let scalar = |v: Value| from_value::<Scalar>(v).unwrap().0;
        assert_eq!(scalar(json!(1)), "1");
        assert_eq!(scalar(json!(true)), "1");
        assert_eq!(scalar(json!("4096 87380")), "4096 87380");
        let mode = |v: Value| from_value::<Mode>(v).map(|m| m.0).map_err(|e| e.to_string());
        assert_eq!(mode(json!("644")), Ok("0644".to_owned()));
        assert_eq!(mode(json!("04755")), Ok("4755".to_owned()));
        assert!(mode(json!("0888")).unwrap_err().contains("octal digits in quotes"));
        assert!(mode(json!(644)).unwrap_err().contains("octal digits in quotes"));
    }
}
