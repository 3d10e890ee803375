//! A shell through OpenSSH: the user's own `ssh`, with its configuration and agent, holds the connection, and the
//! `openssh` crate speaks with it.

use std::io;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::error::too_many_files;
use super::shell::Shell;
use super::{LinkError, Settings, Target, Unreachable};
use arguments::arguments;
use master::{Live, Master};

mod arguments;
mod configuration;
mod control;
mod direct;
mod jump;
mod master;
mod trust;

pub use configuration::configuration;
pub use jump::{Jump, JumpError};
pub use master::end_masters;

/// ssh's arguments for a connection that neither goes over a master nor leaves one.
const PAST_ANY_MASTER: [&str; 6] =
    ["-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "ControlPersist=no"];

/// A shell over the live master, else over a new one, which is left for the next run. Where the live one gives no shell, the
/// connection is one without a master. `hello` is a word that the host can't know before it is told.
pub(super) async fn shell(
    target: &Target,
    settings: &Settings,
    command: &str,
    hello: &str,
) -> Result<Shell, LinkError> {
    let arguments = arguments(target, settings)?;
    let master = Master::new(&arguments, settings);
    let mut live = master.shell(command).await?;
    if let Live::Nobody = live {
        live = in_time(settings, patiently(async || master.launch(command).await)).await?;
    }
    match live {
        Live::Shell(shell) => Ok(shell),
        Live::Nobody | Live::Busy => shell_anew(target, settings, command, hello).await,
    }
}

/// A shell over a new connection of its own, past any master.
pub(super) async fn shell_anew(
    target: &Target,
    settings: &Settings,
    command: &str,
    hello: &str,
) -> Result<Shell, LinkError> {
    let arguments = arguments(target, settings)?;
    in_time(settings, patiently(async || direct::shell(&arguments, command, hello).await)).await
}

/// ssh has its own ConnectTimeout; this one holds where that does not reach (a hung proxy).
async fn in_time<T>(
    settings: &Settings,
    connecting: impl Future<Output = Result<T, LinkError>>,
) -> Result<T, LinkError> {
    let timed_out = LinkError::Unreachable { why: Unreachable::Timeout, stderr: String::new() };
    timeout(settings.connect_timeout + Duration::from_secs(2), connecting).await.unwrap_or(Err(timed_out))
}

/// A server that hangs up before anybody has logged in is asked again, and so is a proxy that fails and then does not:
/// sshd does that at random while many connect at once (sshd_config(5) MaxStartups), a jump host above all.
async fn patiently<T>(attempt: impl AsyncFn() -> Result<T, LinkError>) -> Result<T, LinkError> {
    for pause in [500, 1500] {
        match attempt().await {
            Err(LinkError::Unreachable { why: Unreachable::Closed, .. }) => {
                sleep(Duration::from_millis(pause)).await;
            }
            result => return result,
        }
    }
    attempt().await
}

fn cannot_start(error: io::Error) -> LinkError {
    too_many_files(&error).unwrap_or_else(|| LinkError::Start {
        what: format!("can't start ssh: {error}"),
        remedy: "install the OpenSSH client on this machine",
    })
}
