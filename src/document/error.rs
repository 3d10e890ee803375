//! Why a node is not what a document wants there; it becomes a complaint where a [`super::Field`] stands.

use std::fmt;

use serde::de::{Expected, Unexpected};

use super::{Complaints, Span, choose_from};

/// A complaint in the making: it gets its place from the innermost node that it passes on its way out.
#[derive(Clone, Debug)]
pub(super) struct Error {
    pub span: Option<Span>,
    pub message: String,
    pub label: Option<String>,
    pub remedy: Option<String>,
}

impl Error {
    pub fn new(message: String) -> Self {
        Error { span: None, message, label: None, remedy: None }
    }

    /// Gives it a place, when it has none yet.
    pub fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// Turns it into a complaint.
    pub fn record(self, complaints: &mut Complaints) {
        let remedy =
            self.remedy.unwrap_or_else(|| "look up what can stand here: `lvsprov schema`".to_owned());
        let complaint = complaints.add(self.span.unwrap_or_default(), self.message, remedy);
        complaint.label = self.label;
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Error::new(message.to_string())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Error {
            label: Some(format!("this is {unexpected}")),
            remedy: Some(format!("write {expected}")),
            ..Error::new(format!("this must be {expected}"))
        }
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Error {
            remedy: Some(choose_from(variant, expected.iter().copied())),
            ..Error::new(format!("this cannot be `{variant}`"))
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Error {
            remedy: Some(format!("add `{field}: ...`")),
            ..Error::new(format!("`{field}` is missing here"))
        }
    }
}
