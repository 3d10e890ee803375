//! What a section gave.

/// What one section printed (both streams), and its exit code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Raw bytes.
    pub bytes: Vec<u8>,
    /// 0 when it succeeded.
    pub code: i32,
}
