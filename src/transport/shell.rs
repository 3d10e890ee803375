//! A running shell, wherever it is.

use tokio::io::{AsyncRead, AsyncWrite};

/// The ends of a shell's streams, and whatever must live as long as they do.
pub(super) struct Shell {
    pub(super) stdin: Box<dyn AsyncWrite + Unpin>,
    pub(super) stdout: Box<dyn AsyncRead + Unpin>,
    pub(super) stderr: Box<dyn AsyncRead + Unpin>,
    /// Dropping it ends the shell.
    pub(super) _keep: Box<dyn std::any::Any>,
}
