//! What a machine's seed is made of.

/// A file of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedFile {
    /// Its path in the guest, without the first slash.
    pub path: String,
    /// Its permissions; root owns it.
    pub mode: u32,
    /// What is in it.
    pub text: String,
}

impl SeedFile {
    /// A file that everybody may read.
    pub fn readable(path: impl Into<String>, text: impl Into<String>) -> SeedFile {
        SeedFile { path: path.into(), mode: 0o644, text: text.into() }
    }

    /// A file that only root may read.
    pub fn secret(path: &str, text: impl Into<String>) -> SeedFile {
        SeedFile { path: path.to_owned(), mode: 0o600, text: text.into() }
    }
}
