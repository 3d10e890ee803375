//! What to connect to, and how.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A host as the transport sees it.
#[derive(Clone, Debug)]
pub struct Target {
    /// What reports call it.
    pub name: String,
    /// By which way it is reached.
    pub way: Way,
    /// How its shell becomes root; `None` when the login user is to do.
    pub r#become: Option<Become>,
}

/// By which way a shell on the host is reached.
#[derive(Clone, Debug)]
pub enum Way {
    /// Through OpenSSH. What is absent is left to `~/.ssh/config` and ssh's defaults.
    Ssh {
        /// What ssh is told to connect to.
        destination: String,
        /// `-l`
        user: Option<String>,
        /// `-p`
        port: Option<u16>,
        /// `-i`, and no other key
        identity_file: Option<PathBuf>,
        /// `-J`
        jump: Option<String>,
        /// `-o KEY=VALUE`
        options: BTreeMap<String, String>,
    },
    /// A shell on this machine: this program and its arguments.
    Local(Vec<String>),
}

/// Root through sudo.
#[derive(Clone, Debug, Default)]
pub struct Become {
    /// sudo's password; `None` when it must not ask for one.
    pub password: Option<Secret>,
}

/// A text that never prints.
#[derive(Clone)]
pub struct Secret(String);

/// What is the same for all connections of a run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the sockets of live OpenSSH masters are; made with mode 0700. Kept short: a socket's path has at most
    /// 108 bytes, of which OpenSSH takes 17 while it binds.
    pub control_dir: PathBuf,
    /// `ssh -F`
    pub config_file: Option<PathBuf>,
    /// What ssh's configuration files say, as [`configuration`](super::configuration()) has it.
    pub configuration: String,
    /// How long opening a connection may take.
    pub connect_timeout: Duration,
    /// How long reading what is on one host may take: long enough for a machine that is busy installing packages.
    pub read_timeout: Duration,
    /// How long a master stays after its last use.
    pub persist: Duration,
}

impl Secret {
    /// Hides the text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
