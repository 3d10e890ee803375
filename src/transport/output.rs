//! What a section gave.

/// What one section printed, and its exit code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Raw bytes: of a section in the shell itself, without colours, and of standard output alone; of any other one, of both
    /// streams in the order in which they were written.
    pub bytes: Vec<u8>,
    /// 0 when it succeeded.
    pub code: i32,
    /// What it said on standard error, where that is kept apart: the last of it.
    pub said: Vec<u8>,
}
