//! A shell through OpenSSH: the user's own `ssh` with its configuration, agent and jump hosts holds the connection (a
//! master, ssh_config(5) ControlMaster), and the `openssh` crate speaks with it.
//!
//! The master is launched here rather than by the crate, which neither takes further `-o` options nor a socket path
//! that the next run can find again.

use std::path::{Path, PathBuf};
use std::process::Stdio as ProcessStdio;
use std::sync::Arc;
use std::time::Duration;

use openssh::{Session, Stdio};
use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::control::{self, Making};
use super::shell::Shell;
use super::{LinkError, Settings, Target, Unreachable, Way};

/// A shell over the master of an earlier run, or `None` when there is none that lives.
pub(super) async fn shell_of_live_master(
    target: &Target,
    settings: &Settings,
    command: &str,
) -> Option<Shell> {
    let socket = socket(target, settings);
    if control::ours(&settings.control_dir).is_err() || !socket.exists() {
        return None;
    }
    match shell(&socket, command).await {
        Ok(shell) => Some(shell),
        Err(_) => {
            // Its ssh was killed and left the socket behind.
            let _ = std::fs::remove_file(&socket);
            None
        }
    }
}

/// Connects anew, and gives a shell over the master that it leaves.
pub(super) async fn connect(target: &Target, settings: &Settings, command: &str) -> Result<Shell, LinkError> {
    patiently(async || launch_master_and_shell(target, settings, command).await).await
}

/// A server that hangs up before anybody has logged in is asked again, and so is a proxy that fails and then does not:
/// sshd does that at random while many connect at once (sshd_config(5) MaxStartups), a jump host above all.
pub(super) async fn patiently(
    attempt: impl AsyncFn() -> Result<Shell, LinkError>,
) -> Result<Shell, LinkError> {
    for pause in [500, 1500] {
        match attempt().await {
            Err(LinkError::Unreachable { why: Unreachable::Closed, .. }) => {
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            result => return result,
        }
    }
    attempt().await
}

async fn launch_master_and_shell(
    target: &Target,
    settings: &Settings,
    command: &str,
) -> Result<Shell, LinkError> {
    let socket = socket(target, settings);
    control::make(&settings.control_dir, &socket)?;
    let unusable = |error: std::io::Error| control::unusable(&settings.control_dir, &error.to_string());
    let making = Making::begin(&socket).await.map_err(unusable)?;
    // Another run may have made it in the meantime.
    if let Some(shell) = shell_of_live_master(target, settings, command).await {
        return Ok(shell);
    }
    let mut ssh = Command::new("ssh");
    ssh.args(["-M", "-N", "-f", "-T", "-S"]).arg(&socket);
    ssh.args(arguments(target, settings));
    ssh.stdin(ProcessStdio::null()).stdout(ProcessStdio::null()).kill_on_drop(true);
    // A file, not a pipe: the master keeps its standard error open for as long as it lives.
    let log = std::fs::File::create(&making.log).map_err(unusable)?;
    let status = ssh.stderr(log).status().await;
    let stderr = std::fs::read_to_string(&making.log).unwrap_or_default();
    drop(making);
    let status = status.map_err(cannot_start)?;
    if !status.success() {
        if !proxy_was_silenced(&stderr) {
            return Err(LinkError::Unreachable { why: Unreachable::from_ssh(&stderr), stderr });
        }
        return Err(match words_with_proxy(target, settings).await {
            Some(stderr) => LinkError::Unreachable { why: Unreachable::from_ssh(&stderr), stderr },
            None => LinkError::Unreachable { why: Unreachable::Closed, stderr },
        });
    }
    shell(&socket, command)
        .await
        .map_err(|error| LinkError::Unreachable { why: Unreachable::Shell, stderr: error.to_string() })
}

pub(super) fn cannot_start(error: std::io::Error) -> LinkError {
    LinkError::Start {
        what: format!("can't start ssh: {error}"),
        remedy: "install the OpenSSH client on this machine",
    }
}

/// Whether a jump host or another `ProxyCommand` failed, and its reason is missing: under ControlPersist ssh sends what
/// those say to /dev/null (sshconnect.c).
fn proxy_was_silenced(stderr: &str) -> bool {
    stderr.contains("proxy dialer did not pass back") || stderr.contains("UNKNOWN port 65535")
}

/// What ssh and its proxy say when the same is tried without ControlPersist; `None` when that goes well.
async fn words_with_proxy(target: &Target, settings: &Settings) -> Option<String> {
    let mut ssh = Command::new("ssh");
    ssh.args(["-T", "-o", "ControlPersist=no", "-o", "ControlMaster=no", "-o", "ControlPath=none"]);
    ssh.args(arguments(target, settings)).arg("true");
    ssh.stdin(ProcessStdio::null()).kill_on_drop(true);
    let output = ssh.output().await.ok()?;
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Lets go of a master that no longer answers, so that a new one can take its place. It is not ended: another run may be
/// in the middle of a change over it, and its host only be slow. It ends with that run's session, or by its own
/// ServerAlive.
pub(super) async fn forget_master(target: &Target, settings: &Settings) {
    tell_master("stop", &socket(target, settings)).await;
}

/// Ends every master whose socket is in the folder, and removes the folder: their hosts are about to go.
pub async fn end_masters(control_dir: &Path) {
    for socket in control::sockets(control_dir) {
        tell_master("exit", &socket).await;
    }
    control::remove(control_dir);
}

/// Has a master take no more sessions (`stop`) or `exit`, and removes its socket.
async fn tell_master(what: &str, socket: &Path) {
    let mut ssh = Command::new("ssh");
    ssh.arg("-S").arg(socket).args(["-O", what, "-F", "none", "master"]);
    ssh.stdin(ProcessStdio::null()).stdout(ProcessStdio::null()).stderr(ProcessStdio::null());
    ssh.kill_on_drop(true);
    let _ = tokio::time::timeout(Duration::from_secs(5), ssh.status()).await;
    let _ = std::fs::remove_file(socket);
}

async fn shell(socket: &Path, command: &str) -> Result<Shell, openssh::Error> {
    let session = Arc::new(Session::resume_mux(socket.into(), None));
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

/// ssh's arguments that say where to and how, in its order of precedence: the first value of an option counts.
pub(super) fn arguments(target: &Target, settings: &Settings) -> Vec<String> {
    let Way::Ssh { destination, user, port, identity_file, jump, options } = &target.way else {
        return Vec::new();
    };
    let mut words = Vec::new();
    let mut option = |key: &str, value: &str| words.extend(["-o".to_owned(), format!("{key}={value}")]);
    // What the inventory's options can't change. Nobody is there to be asked, and a host key is never taken on trust,
    // whatever ~/.ssh/config says; sshd has nothing to forward.
    option("BatchMode", "yes");
    option("StrictHostKeyChecking", "yes");
    option("ControlPersist", &settings.persist.as_secs().max(1).to_string());
    option("ConnectTimeout", &settings.connect_timeout.as_secs().max(1).to_string());
    option("ForwardAgent", "no");
    option("ForwardX11", "no");
    for (key, value) in options {
        option(key, value);
    }
    option("ServerAliveInterval", "5");
    option("ServerAliveCountMax", "3");
    if let Some(file) = identity_file {
        option("IdentitiesOnly", "yes");
        words.extend(["-i".into(), file.display().to_string()]);
    }
    let mut flag = |flag: &str, value: Option<String>| {
        if let Some(value) = value {
            words.extend([flag.to_owned(), value]);
        }
    };
    flag("-F", settings.config_file.as_ref().map(|path| path.display().to_string()));
    flag("-l", user.clone());
    flag("-p", port.map(|port| port.to_string()));
    flag("-J", jump.clone());
    words.push("--".into());
    words.push(destination.clone());
    words
}

/// Where the master's socket is: a name that the same host with the same options, under the same configuration, gives
/// again.
fn socket(target: &Target, settings: &Settings) -> PathBuf {
    let mut hash = Sha256::new();
    for word in arguments(target, settings).iter().chain([&settings.configuration]) {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    let name: String = hash.finalize().iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    settings.control_dir.join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inventorys_options_do_not_go_before_what_is_set_here() {
        let own = ["BatchMode", "StrictHostKeyChecking", "ControlPersist", "ConnectTimeout", "ForwardAgent"];
        let own = own.into_iter().chain(["ForwardX11"]);
        let options = own.clone().chain(["ServerAliveInterval"]).map(|key| (key.to_owned(), "x".to_owned()));
        let target = Target {
            name: "web1".into(),
            way: Way::Ssh {
                destination: "192.0.2.1".into(),
                user: None,
                port: None,
                identity_file: None,
                jump: None,
                options: options.collect(),
            },
            r#become: None,
        };
        let settings = Settings {
            control_dir: PathBuf::new(),
            config_file: None,
            configuration: String::new(),
            connect_timeout: Duration::from_secs(15),
            persist: Duration::from_secs(300),
        };
        let words = arguments(&target, &settings);
        // ssh takes the first.
        let first = |key: &str| words.iter().find_map(|word| word.strip_prefix(&format!("{key}="))).unwrap();
        for key in own {
            assert_ne!(first(key), "x", "{key}");
        }
        assert_eq!(first("ServerAliveInterval"), "x");
    }
}
