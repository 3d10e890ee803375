//! How a connection fails, from what ssh and sudo say.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustix::io::Errno;

/// A connection that could not be opened, or that was lost.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// ssh could not connect or log in.
    #[error("can't be reached: {why}")]
    Unreachable {
        /// Which way it failed.
        why: Unreachable,
        /// ssh's own words.
        stderr: String,
    },
    /// sudo did not make us root.
    #[error("sudo refused: {stderr}")]
    Become {
        /// Whether sudo wanted a password that was not given.
        password_wanted: bool,
        /// sudo's own words.
        stderr: String,
    },
    /// The connection ended before the script did: what it did is unknown.
    #[error("the connection was lost before the script had ended")]
    Lost {
        /// What came on standard error last.
        stderr: String,
    },
    /// The script did not end in time, and was ended.
    #[error("no end after {} s", .0.as_secs())]
    Deadline(Duration),
    /// What a connection needs on this machine is missing: ssh, or a folder for its sockets.
    #[error("{what}")]
    Start {
        /// What is wrong.
        what: String,
        /// What the operator can do about it.
        remedy: &'static str,
    },
}

/// What to tell where the error, or what it stems from, is that this machine has no open file left: that says nothing of
/// the host.
pub(super) fn too_many_files(error: &(dyn Error + 'static)) -> Option<LinkError> {
    // ETOOMANYREFS: too many descriptors are on their way to a master (unix(7)).
    let full = [Errno::MFILE, Errno::NFILE, Errno::TOOMANYREFS].map(|errno| Some(errno.raw_os_error()));
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref().is_some_and(|error: &io::Error| full.contains(&error.raw_os_error())) {
            return Some(LinkError::Start {
                what: "this machine has no open files left for one more connection".into(),
                remedy: "raise `ulimit -n`, or lower --forks",
            });
        }
        cause = error.source();
    }
    None
}

/// Why ssh could not connect or log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The name does not resolve.
    #[error("its name does not resolve")]
    Name,
    /// Nothing listens on the port.
    #[error("the connection was refused")]
    Refused,
    /// No answer.
    #[error("no answer in time")]
    Timeout,
    /// No way to it.
    #[error("there is no route to it")]
    NoRoute,
    /// The host's key is not the one that is known.
    #[error("its host key has changed")]
    HostKeyChanged,
    /// The host's key is not known.
    #[error("its host key is not known")]
    HostKeyUnknown,
    /// The login was refused.
    #[error("it refused the login")]
    Login,
    /// The login succeeded, but no shell came up.
    #[error("the login succeeded but its shell did not answer")]
    Shell,
    /// sshd ended the connection while it was being opened.
    #[error("it closed the connection while it was being opened")]
    Closed,
    /// Something else, in ssh's words.
    #[error("ssh failed")]
    Other,
}

impl Unreachable {
    /// What ssh's standard error means. The last telling line counts: a jump host's words come first.
    pub fn from_ssh(stderr: &str) -> Unreachable {
        let telling = |line: &str| {
            let has = |text: &str| line.contains(text);
            Some(match () {
                () if has("REMOTE HOST IDENTIFICATION HAS CHANGED") => Unreachable::HostKeyChanged,
                () if has("host key is known for") => Unreachable::HostKeyUnknown,
                () if has("Could not resolve hostname") => Unreachable::Name,
                () if has("Connection refused") => Unreachable::Refused,
                () if has("timed out") || has("Timeout") => Unreachable::Timeout,
                () if has("No route to host") || has("Network is unreachable") => Unreachable::NoRoute,
                () if has("Permission denied") || has("Too many authentication failures") => {
                    Unreachable::Login
                }
                // What ssh says of a proxy that failed, which has told why itself.
                () if has("UNKNOWN port 65535") => return None,
                () if has("Connection closed by")
                    || has("Connection reset by")
                    || has("kex_exchange_ident") =>
                {
                    Unreachable::Closed
                }
                () => return None,
            })
        };
        let mut found: Vec<Unreachable> = stderr.lines().filter_map(telling).collect();
        // Whoever comes through a proxy that failed sees a connection that closes; the proxy has told why.
        if stderr.contains("UNKNOWN port 65535") && found.iter().any(|why| *why != Unreachable::Closed) {
            found.retain(|why| *why != Unreachable::Closed);
        }
        // A changed key also says "Host key verification failed", and an unknown one only says that at its end.
        if let Some(key) =
            found.iter().find(|why| matches!(why, Unreachable::HostKeyChanged | Unreachable::HostKeyUnknown))
        {
            return *key;
        }
        found.pop().unwrap_or(match () {
            () if stderr.contains("Host key verification failed") => Unreachable::HostKeyUnknown,
            () if stderr.contains("UNKNOWN port 65535") => Unreachable::Closed,
            () => Unreachable::Other,
        })
    }

    /// What the operator can do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Unreachable::Name => {
                "correct its `address` in the inventory, or the name in DNS or ~/.ssh/config"
            }
            Unreachable::Refused => "start sshd on it, or set `ssh: { port: ... }` to the port it listens on",
            Unreachable::Timeout => "see whether it is up, and whether a firewall drops the way to its sshd",
            Unreachable::NoRoute => "see whether this machine has an address or a route in that subnet",
            Unreachable::HostKeyChanged => {
                "if the machine was installed anew, remove the old key with `ssh-keygen -R` and verify the new one; \
                 if it was not, somebody may be in between"
            }
            Unreachable::HostKeyUnknown => {
                "connect once by hand with `ssh`, compare the fingerprint with the machine's, and accept it"
            }
            Unreachable::Login => {
                "put your public key into the user's ~/.ssh/authorized_keys, or set `ssh: { user, identity_file }`"
            }
            Unreachable::Shell => "see whether `ssh HOST sh` gives a working shell for that user",
            Unreachable::Closed => "see sshd's log there; MaxStartups may be too low for --forks",
            Unreachable::Other => "try the same with `ssh -v`",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Unreachable::{self, *};
    use super::*;

    #[test]
    fn this_machines_lack_of_open_files_is_not_the_hosts() {
        let of = |errno: Errno| openssh::Error::Master(io::Error::from_raw_os_error(errno.raw_os_error()));
        let told = too_many_files(&of(Errno::MFILE)).unwrap();
        assert!(matches!(told, LinkError::Start { remedy, .. } if remedy.contains("ulimit -n")), "{told:?}");
        assert!(too_many_files(&of(Errno::CONNREFUSED)).is_none());
    }

    #[test]
    fn ssh_words_are_told_apart() {
        let cases = [
            ("ssh: connect to host 10.0.0.1 port 22: Connection refused\n", Refused),
            ("ssh: connect to host 10.0.0.1 port 22: Connection timed out\n", Timeout),
            ("ssh: connect to host 10.0.0.1 port 22: No route to host\n", NoRoute),
            // A jump host's words come first, ssh's own last.
            (
                "ssh: connect to host 10.0.0.9 port 22: No route to host\nConnection closed by UNKNOWN port 65535\n",
                NoRoute,
            ),
            (
                "ssh: connect to host 10.0.0.9 port 22: Connection refused\n\
                 kex_exchange_identification: Connection closed by remote host\n\
                 Connection closed by UNKNOWN port 65535\n",
                Refused,
            ),
            (
                "kex_exchange_identification: Connection closed by remote host\n\
                 Connection closed by 10.0.0.9 port 22\n\
                 kex_exchange_identification: Connection closed by remote host\n\
                 Connection closed by UNKNOWN port 65535\n",
                Closed,
            ),
            ("ssh: Could not resolve hostname nowhere: Name or service not known\n", Name),
            ("root@10.0.0.1: Permission denied (publickey).\n", Login),
            ("Connection timed out during banner exchange\n", Timeout),
            ("kex_exchange_identification: Connection closed by remote host\n", Closed),
            (
                "No ED25519 host key is known for 10.0.0.1 and you have requested strict checking.\n\
                 Host key verification failed.\n",
                HostKeyUnknown,
            ),
            (
                "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n\
                 Host key for 10.0.0.1 has changed and you have requested strict checking.\n\
                 Host key verification failed.\n",
                HostKeyChanged,
            ),
            ("Bad configuration option: foo\n", Other),
        ];
        for (stderr, why) in cases {
            assert_eq!(Unreachable::from_ssh(stderr), why, "{stderr}");
        }
    }
}
