//! A YAML text as serde-saphyr reads it, before keys are text and known to be unique.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location};

use super::{Span, Value};

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Raw, serde_saphyr::Error> {
    serde_saphyr::from_str_with_options(text, options())
}

/// What serde-saphyr takes a scalar without quotes for; `None` where it does not like it.
pub(super) fn typed(scalar: &str) -> Option<Value> {
    match serde_saphyr::from_str_with_options(scalar, options()) {
        Ok(RawValue::Scalar(value)) => Some(value),
        _ => None,
    }
}

/// YAML 1.1's booleans, as Ansible reads them. A quoted word is longer in the source than its text is.
pub(super) fn plain_boolean(source: &str, text: &str) -> Option<bool> {
    if source != text {
        return None;
    }
    match text {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        // A plain `yes` is told from a quoted one by `plain_boolean`, and `y` stays text.
        strict_booleans: true,
        // A duplicate must not hide the other complaints.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        // An inventory of many thousand hosts is no attack; the depth and the aliases stay bounded.
        budget: serde_saphyr::budget! { max_nodes: 20_000_000, max_events: 50_000_000 },
    }
}

/// A value, with its place.
pub(super) struct Raw {
    pub(super) span: Span,
    pub(super) value: RawValue,
}

/// What it is.
pub(super) enum RawValue {
    Scalar(Value),
    Sequence(Vec<Raw>),
    Mapping(Vec<(Raw, Raw)>),
}

fn span(location: Location) -> Span {
    let span = location.span();
    Span {
        offset: span.byte_offset().unwrap_or_default() as usize,
        length: span.byte_len().unwrap_or_default() as usize,
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = serde_saphyr::Spanned::deserialize(deserializer)?;
        Ok(Raw { span: span(raw.defined), value: raw.value })
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
