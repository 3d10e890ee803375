//! What owners read.

/// A configuration file with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfFile {
    /// The path.
    pub path: String,
    /// The text, whose last line is complete.
    pub text: String,
}
