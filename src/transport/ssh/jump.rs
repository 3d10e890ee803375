//! The way to a host through others.

use std::net::Ipv6Addr;
use std::str::FromStr;

use super::trust::{TRUST, connect_timeout};

use crate::transport::{LinkError, Settings, word};

/// Jump hosts, in the order in which they are passed: `[USER@]HOST[:PORT]`, or the same as `ssh://...`, with commas
/// between, as `ssh -J` takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jump(Vec<Hop>);

/// What is absent is left to ssh's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hop {
    user: Option<String>,
    host: String,
    port: Option<u16>,
}

/// A text that names no jump host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no jump host")]
pub struct JumpError(pub String);

impl From<JumpError> for LinkError {
    fn from(error: JumpError) -> Self {
        LinkError::Start {
            what: error.to_string(),
            remedy: "write it as `user@host:port`, an IPv6 address in brackets, and several with commas between",
        }
    }
}

impl FromStr for Jump {
    type Err = JumpError;

    fn from_str(text: &str) -> Result<Self, JumpError> {
        text.split(',').map(|hop| hop.parse()).collect::<Result<_, _>>().map(Jump)
    }
}

impl FromStr for Hop {
    type Err = JumpError;

    fn from_str(text: &str) -> Result<Self, JumpError> {
        let error = || JumpError(text.to_owned());
        let bare = text.strip_prefix("ssh://").map_or(text, |uri| uri.strip_suffix('/').unwrap_or(uri));
        let (user, place) = match bare.rsplit_once('@') {
            Some((user, place)) => (Some(user.to_owned()), place),
            None => (None, bare),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|place| place.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.strip_prefix(':').ok_or_else(error)?)),
            None if place.parse::<Ipv6Addr>().is_ok() => (place, None),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = match port.map(str::parse) {
            None => None,
            Some(Ok(0) | Err(_)) => return Err(error()),
            Some(Ok(port)) => Some(port),
        };
        let is_name = |name: &str| {
            let strange =
                |letter: char| letter.is_whitespace() || letter.is_control() || "[]/".contains(letter);
            !name.is_empty() && !name.starts_with('-') && !name.contains(strange)
        };
        if !is_name(host) || !user.as_deref().is_none_or(is_name) {
            return Err(error());
        }
        Ok(Hop { user, host: host.to_owned(), port })
    }
}

impl Jump {
    /// ssh's ProxyCommand for it. `-J` would do the same, but hands none of our options on to the ssh that it starts (see
    /// its manual): the jump hosts' keys would be verified or not as ~/.ssh/config says, and a password be asked for.
    pub(super) fn proxy_command(&self, settings: &Settings) -> String {
        let before_last = None;
        let command =
            self.0.iter().fold(before_last, |before, hop| Some(hop.proxy_command(before, settings)));
        command.unwrap_or_default()
    }
}

impl Hop {
    /// The ssh that logs in here, by way of the hops `before`, and hands the connection on.
    fn proxy_command(&self, before: Option<String>, settings: &Settings) -> String {
        let mut words = vec!["ssh".to_owned()];
        let mut give = |flag: &str, value: &str| words.extend([flag.to_owned(), literal(value)]);
        if let Some(file) = &settings.config_file {
            give("-F", &file.display().to_string());
        }
        for (key, value) in TRUST {
            give("-o", &format!("{key}={value}"));
        }
        give("-o", &format!("ConnectTimeout={}", connect_timeout(settings)));
        if let Some(before) = before {
            give("-o", &format!("ProxyCommand={before}"));
        }
        if let Some(user) = &self.user {
            give("-l", user);
        }
        if let Some(port) = self.port {
            give("-p", &port.to_string());
        }
        give("--", &self.host);
        // ssh puts the next one's address here.
        words.splice(1..1, ["-W".to_owned(), word::quoted("[%h]:%p")]);
        words.join(" ")
    }
}

/// The text as one word that neither ssh, which expands what a `%` begins, nor a shell takes for anything else.
fn literal(text: &str) -> String {
    word::quoted(&text.replace('%', "%%"))
}
