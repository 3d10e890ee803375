//! A YAML text as values that know where they stand, and every complaint about it at once.
//!
//! A document is a plain `#[derive(Deserialize, JsonSchema)]` struct, so that its shape and its schema are one thing.
//! What a reader of such documents would lose with an ordinary deserializer, the first error being the last, is kept
//! by two means: a [`Field`] never fails, it records a complaint and stays empty; and the deserializer behind
//! [`Node::read`] complains of unknown keys itself, and goes on, with what was meant where a key is misspelt.
//!
//! ```
//! use lvsprov::document::{self, Complaints, Field, Source};
//!
//! #[derive(serde::Deserialize)]
//! struct Play {
//!     name: Field<String>,
//!     forks: Option<Field<u16>>,
//! }
//!
//! let mut complaints = Complaints::about(Source::new("play.yaml", "hosts: web\nforks: many\n"));
//! let play: Option<Play> = document::read(&mut complaints);
//! if let Some(play) = &play {
//!     play.name.required("name", document::Span::default(), &mut complaints);
//! }
//! assert_eq!(complaints.len(), 3); // an unknown key, a wrong type, a missing key
//! ```
//!
//! `#[serde(flatten)]` and `#[serde(untagged)]` buffer values without their places, so documents do without them.

mod complaint;
mod deserialize;
mod error;
mod field;
mod lenient;
mod nearest;
mod newtype;
mod node;
mod parse;
mod plain;
mod raw;
mod source;
mod tag;

pub use complaint::{Complaint, Complaints};
pub use field::{Entries, Entry, Field, Spanned};
pub use lenient::{OneOrMany, OrText, Text, WordOr};
pub use nearest::{choose_from, nearest};
pub use node::{Node, NodeEntry, Value};
pub use parse::parse;
pub use source::{Source, Span};

/// Reads the source of `complaints` as a `T`.
///
/// `None` when the text is no YAML, or is something else than a `T` altogether; the complaints then say so.
pub fn read<T: serde::de::DeserializeOwned>(complaints: &mut Complaints) -> Option<T> {
    parse(complaints)?.read(complaints)
}
