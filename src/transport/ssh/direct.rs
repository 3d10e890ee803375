//! A shell through an `ssh` of its own: neither over a master, nor leaving one.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{PAST_ANY_MASTER, cannot_start};
use crate::transport::shell::Shell;
use crate::transport::{LinkError, Unreachable};

/// Connects, and gives the shell that `command` leads to. `hello` is a word that the host can't know before it is told.
pub(super) async fn shell(arguments: &[String], command: &str, hello: &str) -> Result<Shell, LinkError> {
    let mut ssh = Command::new("ssh");
    // ssh's words and the host's come on the same stream: those before the hello are ssh's.
    ssh.arg("-T").args(PAST_ANY_MASTER).args(arguments).arg(format!("echo {hello}; {command}"));
    ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // An interrupt from the terminal is for us alone.
    ssh.process_group(0).kill_on_drop(true);
    let mut child = ssh.spawn().map_err(cannot_start)?;
    let (Some(stdin), Some(mut stdout), Some(mut stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(cannot_start(std::io::Error::other("its streams are missing")));
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let hello = format!("{hello}\n");
    let after = loop {
        if let Some(at) = out.windows(hello.len()).position(|bytes| bytes == hello.as_bytes()) {
            break at + hello.len();
        }
        let open = tokio::select! {
            count = stdout.read_buf(&mut out) => count.is_ok_and(|count| count > 0),
            // Its end tells nothing: standard output ends too.
            Ok(1..) = stderr.read_buf(&mut err) => true,
        };
        if !open {
            return Err(refused(child, stderr, err).await);
        }
    };
    let stdout = Box::new(std::io::Cursor::new(out.split_off(after)).chain(stdout));
    let stderr = Box::new(std::io::Cursor::new(err).chain(stderr));
    Ok(Shell { stdin: Box::new(stdin), stdout, stderr, _keep: Box::new(child) })
}

/// Why the login came to nothing.
async fn refused(mut child: Child, mut stderr: impl AsyncRead + Unpin, mut err: Vec<u8>) -> LinkError {
    // A proxy that ssh started may keep the stream open.
    let rest = async {
        let _ = stderr.read_to_end(&mut err).await;
        child.wait().await
    };
    let status = timeout(Duration::from_secs(1), rest).await;
    let stderr = String::from_utf8_lossy(&err).trim().to_owned();
    // ssh(1): 255 is its own failure, all else the host's.
    let login = matches!(status, Ok(Ok(status)) if status.code() != Some(255));
    let why = if login { Unreachable::Shell } else { Unreachable::from_ssh(&stderr) };
    LinkError::Unreachable { why, stderr }
}
