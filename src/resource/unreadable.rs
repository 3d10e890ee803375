//! What a host printed, and nobody here can read.

/// A probe's output that does not read as it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: can't read `{line}`")]
pub struct Unreadable {
    /// Which part of the output.
    pub what: String,
    /// The line in question, or what was missing.
    pub line: String,
}

impl Unreadable {
    /// The part and the line.
    pub fn new(what: impl Into<String>, line: impl Into<String>) -> Self {
        Unreadable { what: what.into(), line: line.into() }
    }
}
