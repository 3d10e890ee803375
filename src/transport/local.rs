//! A shell on this machine.

use std::process::Stdio;

use tokio::process::Command;

use super::LinkError;
use super::error::too_many_files;
use super::shell::Shell;

/// Starts `words` (a shell, or what leads to one) in a process group of its own, as sshd does.
///
/// # Errors
/// It can't be started.
pub(super) fn shell(words: &[String]) -> Result<Shell, LinkError> {
    let [program, arguments @ ..] = words else {
        return Err(cannot_start("a shell without a name".into()));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| {
            too_many_files(&error).unwrap_or_else(|| cannot_start(format!("{program}: {error}")))
        })?;
    match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
        (Some(stdin), Some(stdout), Some(stderr)) => Ok(Shell {
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            _keep: Box::new(child),
        }),
        _ => Err(cannot_start(format!("{program} with its streams"))),
    }
}

fn cannot_start(what: String) -> LinkError {
    LinkError::Start { what: format!("can't start {what}"), remedy: "name a shell that is on this machine" }
}
