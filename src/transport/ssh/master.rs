//! The connection that stays: a master (ssh_config(5) ControlMaster), over which this run and the next open their shells.
//!
//! It is launched here rather than by the `openssh` crate, which neither takes further `-o` options nor a socket path
//! that the next run can find again.

use std::fs::{File, read_to_string, remove_file};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio as ProcessStdio;
use std::sync::Arc;
use std::time::Duration;

use openssh::{Session, Stdio};
use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::time::timeout;

use super::cannot_start;
use super::control::{self, Making};
use crate::transport::error::too_many_files;
use crate::transport::shell::Shell;
use crate::transport::{LinkError, Settings, Unreachable};

/// How long a live master's host may take to open one more session before the master is let go.
const REUSE_DEADLINE: Duration = Duration::from_secs(5);

/// The one of a host, whether it lives or not.
pub(super) struct Master<'a> {
    arguments: &'a [String],
    settings: &'a Settings,
    socket: PathBuf,
}

/// What came of asking it for a shell.
pub(super) enum Live {
    /// This.
    Shell(Shell),
    /// It is not there.
    Nobody,
    /// It is there, and another run may be in the middle of a change over it, but it gives no shell: sshd_config(5)
    /// MaxSessions, or a machine that is out of breath.
    Busy,
}

impl<'a> Master<'a> {
    /// Its socket has a name that the same arguments, under the same configuration, give again.
    pub(super) fn new(arguments: &'a [String], settings: &'a Settings) -> Self {
        let mut hash = Sha256::new();
        for word in arguments.iter().chain([&settings.configuration]) {
            hash.update(word.as_bytes());
            hash.update([0]);
        }
        let name: String = hash.finalize().iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        Master { arguments, settings, socket: settings.control_dir.join(name) }
    }

    /// A shell over the one of an earlier run.
    pub(super) async fn shell(&self, command: &str) -> Result<Live, LinkError> {
        if control::ours(&self.settings.control_dir).is_err() || !self.socket.exists() {
            return Ok(Live::Nobody);
        }
        match timeout(REUSE_DEADLINE, self.session(command)).await {
            Ok(Ok(shell)) => return Ok(Live::Shell(shell)),
            Ok(Err(error)) => too_many_files(&error).map_or(Ok(()), Err)?,
            // It no longer answers, and lets a new one take its place. It is not ended: its host may only be slow. It
            // ends with the last run's session, or by its own ServerAlive.
            Err(_) => tell("stop", &self.socket).await,
        }
        Ok(if control::listens(&self.socket).await? { Live::Busy } else { Live::Nobody })
    }

    /// Makes it, and gives a shell over it; over that of another run, where one has made it in the meantime.
    pub(super) async fn launch(&self, command: &str) -> Result<Live, LinkError> {
        let unusable = |error: io::Error| {
            let why = error.to_string();
            too_many_files(&error).unwrap_or_else(|| control::unusable(&self.settings.control_dir, &why))
        };
        control::make(&self.settings.control_dir, &self.socket)?;
        let making = Making::begin(&self.socket).await.map_err(unusable)?;
        match self.shell(command).await? {
            // An ssh that was killed leaves its socket behind. Nobody makes a new one while we are at it.
            Live::Nobody => drop(remove_file(&self.socket)),
            live => return Ok(live),
        }
        let mut ssh = Command::new("ssh");
        ssh.args(["-M", "-N", "-f", "-T", "-S"]).arg(&self.socket).args(self.arguments);
        ssh.stdin(ProcessStdio::null()).stdout(ProcessStdio::null()).kill_on_drop(true);
        // A file, not a pipe: the master keeps its standard error open for as long as it lives.
        let log = File::create(&making.log).map_err(unusable)?;
        let status = ssh.stderr(log).status().await;
        let stderr = read_to_string(&making.log).unwrap_or_default();
        drop(making);
        if !status.map_err(cannot_start)?.success() {
            return Err(self.refusal(stderr).await);
        }
        self.session(command).await.map(Live::Shell).map_err(|error| {
            let stderr = error.to_string();
            too_many_files(&error).unwrap_or(LinkError::Unreachable { why: Unreachable::Shell, stderr })
        })
    }

    async fn session(&self, command: &str) -> Result<Shell, openssh::Error> {
        let session = Arc::new(Session::resume_mux(self.socket.as_path().into(), None));
        let mut command = session.arc_raw_command(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().await?;
        match (child.stdin().take(), child.stdout().take(), child.stderr().take()) {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok(Shell {
                stdin: Box::new(stdin),
                stdout: Box::new(stdout),
                stderr: Box::new(stderr),
                _keep: Box::new(child),
            }),
            _ => Err(openssh::Error::Disconnected),
        }
    }

    /// Why it could not be made, from what ssh said.
    async fn refusal(&self, stderr: String) -> LinkError {
        if !proxy_was_silenced(&stderr) {
            return LinkError::Unreachable { why: Unreachable::from_ssh(&stderr), stderr };
        }
        match self.words_with_proxy().await {
            Some(stderr) => LinkError::Unreachable { why: Unreachable::from_ssh(&stderr), stderr },
            None => LinkError::Unreachable { why: Unreachable::Closed, stderr },
        }
    }

    /// What ssh and its proxy say when the same is tried without ControlPersist; `None` when that goes well.
    async fn words_with_proxy(&self) -> Option<String> {
        let mut ssh = Command::new("ssh");
        ssh.arg("-T").args(super::PAST_ANY_MASTER).args(self.arguments).arg("true");
        ssh.stdin(ProcessStdio::null()).kill_on_drop(true);
        let output = ssh.output().await.ok()?;
        (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Whether a jump host or another `ProxyCommand` failed, and its reason is missing: under ControlPersist ssh sends what
/// those say to /dev/null (sshconnect.c).
fn proxy_was_silenced(stderr: &str) -> bool {
    stderr.contains("proxy dialer did not pass back") || stderr.contains("UNKNOWN port 65535")
}

/// Ends every master whose socket is in the folder, and removes the folder: their hosts are about to go.
pub async fn end_masters(control_dir: &Path) {
    for socket in control::sockets(control_dir) {
        tell("exit", &socket).await;
    }
    control::remove(control_dir);
}

/// Has a master take no more sessions (`stop`) or `exit`; it removes its socket itself.
async fn tell(what: &str, socket: &Path) {
    let mut ssh = Command::new("ssh");
    ssh.arg("-S").arg(socket).args(["-O", what, "-F", "none", "master"]);
    ssh.stdin(ProcessStdio::null()).stdout(ProcessStdio::null()).stderr(ProcessStdio::null());
    ssh.kill_on_drop(true);
    let _ = timeout(Duration::from_secs(5), ssh.status()).await;
}
