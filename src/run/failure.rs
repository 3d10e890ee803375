//! Why a host's part of a run ended early.

use std::net::SocketAddr;

use crate::inventory::Vip;
use crate::plan::Stranger;
use crate::playbook::DeclareError;
use crate::resource::{Aspect, Login, Refusal, Script, Unreadable};
use crate::transport::{Ended, LinkError};

/// Why a host's part of a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The connection.
    #[error("{0}")]
    Link(#[from] LinkError),
    /// The scripts would run as somebody who is not root.
    #[error("logged in {}, not as root", told(login))]
    NotRoot {
        /// Who it is.
        login: Login,
        /// Whether sudo was asked to make it root.
        becoming: bool,
    },
    /// The machine that answers is not the host that the inventory means.
    #[error("has none of its declared addresses ({}); it has {}", declared(.0), found(.0))]
    Stranger(Stranger),
    /// A director has VIPs that its services are on, which it is to have already, on no interface.
    #[error("has the VIP{} {} on no interface", if vips.len() == 1 { "" } else { "s" }, ips(vips))]
    NoVip {
        /// Those that are missing.
        vips: Vec<Vip>,
    },
    /// What a probe printed does not read.
    #[error("what was read from the host makes no sense: {0}")]
    Unreadable(#[from] Unreadable),
    /// A probe, a change, or the reading after it, did not end in time.
    #[error("{what} did not end within {seconds} s")]
    Hung {
        /// What was read with its tasks, or the change with its task.
        what: String,
        /// How long it had.
        seconds: u64,
        /// The command lines of what was at work on the host, one a line; empty when that is not known.
        running: String,
        /// What came of ending it there.
        ended: Ended,
        /// Whether it was a change, or the reading after one.
        changing: bool,
        /// What of it goes on all the same, as nothing ends it: a package transaction.
        goes_on: Option<String>,
    },
    /// The playbook can't be rendered with this host's facts.
    #[error("the playbook can't be rendered with this host's facts")]
    Declare(Vec<DeclareError>),
    /// A change can't be made safely.
    #[error("{label}: {}", refusal.reason)]
    Refused {
        /// Which.
        label: String,
        /// Why, and what to do.
        refusal: Refusal,
    },
    /// A change that could cut the controller off was not confirmed in time, and the host has taken it back.
    #[error("{label} was not confirmed by a new connection within {seconds} s")]
    TakenBack {
        /// The change.
        label: String,
        /// How long it had.
        seconds: u64,
        /// Whether the host was seen to have taken it back.
        seen: bool,
    },
    /// A real server does not answer its director after a change that interrupted it.
    #[error("after {label}, its director gets no answer from {}", list(addresses))]
    Unproved {
        /// The change.
        label: String,
        /// What does not answer.
        addresses: Vec<SocketAddr>,
    },
    /// A real server does not answer its director as its check says, after a change that interrupted it.
    #[error("after {label}, the check that its director makes fails: {}", each(failing))]
    FailsCheck {
        /// The change.
        label: String,
        /// Each address that fails, and what was got instead.
        failing: Vec<(SocketAddr, String)>,
    },
    /// A client can't ask services: what it asks with does not work there.
    #[error("can't ask {}: {said}", first_of(services))]
    CannotAsk {
        /// The services.
        services: Vec<String>,
        /// What is wrong, in the tool's own words.
        said: String,
    },
    /// Another run changes the host.
    #[error("another run changes this host: {by}")]
    Locked {
        /// Who, from where and since when.
        by: String,
    },
    /// The host can't be locked.
    #[error("this host can't be locked against other runs: {why}")]
    Unlockable {
        /// Why.
        why: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Something else was at work on the host for too long.
    #[error("{what}: it has not ended")]
    Busy {
        /// What it is.
        what: String,
    },
    /// A change's script failed.
    #[error("{label} failed with exit code {code}")]
    Step {
        /// Which.
        label: String,
        /// The script's exit code.
        code: i32,
        /// What it printed.
        output: String,
        /// The script itself.
        script: Script,
    },
    /// A change's script failed as there was no room for what it was to write.
    #[error("{label} failed: no space left on {mounts}")]
    NoSpace {
        /// Which.
        label: String,
        /// Where the file systems without room are mounted.
        mounts: String,
        /// What it printed, and df's words.
        output: String,
    },
    /// A change's script succeeded, but what was read back is not as declared.
    #[error("{label} did not take")]
    NotTaken {
        /// Which.
        label: String,
        /// What still differs.
        aspects: Vec<Aspect>,
    },
}

impl Failure {
    /// Whether the host could not be reached at all, as opposed to having failed.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Failure::Link(LinkError::Unreachable { .. }))
    }

    /// What the host or the tools themselves said, where the message does not say it: a command's output, ssh's
    /// standard error. Empty when nothing was said.
    pub fn said(&self) -> &str {
        match self {
            Failure::Link(LinkError::Unreachable { stderr, .. } | LinkError::Lost { stderr }) => stderr,
            Failure::Step { output, .. } | Failure::NoSpace { output, .. } => output,
            Failure::Hung { running, .. } => running,
            Failure::Unreadable(unreadable) => &unreadable.said,
            // Sudo's words are its message.
            Failure::Link(LinkError::Become { .. } | LinkError::Deadline(_) | LinkError::Start { .. })
            | Failure::NotRoot { .. }
            | Failure::Stranger(_)
            | Failure::NoVip { .. }
            | Failure::Declare(_)
            | Failure::Refused { .. }
            | Failure::TakenBack { .. }
            | Failure::Unproved { .. }
            | Failure::FailsCheck { .. }
            | Failure::CannotAsk { .. }
            | Failure::Locked { .. }
            | Failure::Unlockable { .. }
            | Failure::Busy { .. }
            | Failure::NotTaken { .. } => "",
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        const AGAIN: &str =
            "what it did is unknown: run the same again, which reads the host anew and goes on";
        match self {
            Failure::Link(LinkError::Unreachable { why, .. }) => why.remedy().into(),
            Failure::Link(LinkError::Become { password_wanted: true, .. }) => {
                "give the password with --ask-become-pass, --become-password-file or $LVSPROV_BECOME_PASSWORD"
                    .into()
            }
            Failure::Link(LinkError::Become { stderr, .. }) if stderr.contains("try again") => {
                "the password was wrong: give sudo's password for the login user on that host".into()
            }
            Failure::Link(LinkError::Become { .. }) => {
                "see whether `sudo -v` works for that user on the host".into()
            }
            Failure::Link(LinkError::Lost { .. } | LinkError::Deadline(_)) => AGAIN.into(),
            Failure::Link(LinkError::Start { remedy, .. }) => (*remedy).into(),
            Failure::NotRoot { becoming: false, .. } => {
                "everything here is done as root: log in as root with `ssh: { user: root }`, or let sudo make it root \
                 with `ssh: { become: true }` or --become"
                    .into()
            }
            Failure::NotRoot { becoming: true, .. } => {
                "sudo did not make it root: give that user a rule on the host that lets it run commands as root".into()
            }
            Failure::Stranger(Stranger { reached, .. }) => format!(
                "nothing was changed on it: see which machine `{reached}` leads to (the name service, ~/.ssh/config, the \
                 host's `address`), or correct the host's addresses in the inventory"
            ),
            Failure::NoVip { vips } => {
                let put: Vec<String> =
                    vips.iter().map(|vip| format!("`ip addr add {vip} dev INTERFACE`")).collect();
                format!(
                    "put it on one ({}, and in the network's configuration for the next boot), or correct `vip`; with `own` \
                     addresses of the director in the inventory a deploy puts it there",
                    put.join(", ")
                )
            }
            Failure::Unreadable(Unreadable { tool: Some(tool), .. }) => {
                format!("run `{tool}` on the host: see why it does not print what it should, and mend or replace it")
            }
            Failure::Unreadable(_) => {
                "run the same again; if it stays, report it with the line above and the host's distribution"
                    .into()
            }
            Failure::Hung { goes_on: Some(what), .. } => {
                format!("it goes on there by itself, {what}: run the same again, which waits for it")
            }
            Failure::Hung { running, ended, changing, .. } => hung(running.is_empty(), ended, *changing),
            Failure::NoSpace { mounts, .. } => format!("make room on {mounts} there, and run the same again"),
            Failure::Declare(_) => "define what is missing under the host's `vars`".into(),
            Failure::Refused { refusal, .. } => refusal.remedy.clone(),
            Failure::TakenBack { seen: true, .. } => {
                "the host has taken the change back by itself: make sure that the new way leads to this machine, or \
                 give --allow-route-change to make it without confirmation"
                    .into()
            }
            Failure::TakenBack { seen: false, .. } => {
                "whether the change was made is not known: if it was, the host's own watchdog takes it back; look at it \
                 by another way"
                    .into()
            }
            Failure::Unproved { .. } | Failure::FailsCheck { .. } => {
                "look at its service there; the real servers after it were left as they are".into()
            }
            Failure::CannotAsk { .. } => {
                "nothing is known of what was not asked: see with `curl -V` on it what is wrong, mend that, and verify again"
                    .into()
            }
            Failure::Locked { .. } => {
                "nothing was changed; run again when it has ended, or wait for it with --lock-wait SECONDS".into()
            }
            Failure::Unlockable { remedy, .. } => (*remedy).into(),
            Failure::Busy { .. } => "look what it waits for on the host, and run again when it has ended".into(),
            Failure::Step { .. } => "correct what it complains of, and run the same again".into(),
            Failure::NotTaken { .. } => {
                "see what else on the host sets it: another tool, a second file, a service that puts it back"
                    .into()
            }
        }
    }
}

fn each(failing: &[(SocketAddr, String)]) -> String {
    failing.iter().map(|(address, said)| format!("{address}: {said}")).collect::<Vec<_>>().join("; ")
}

/// What to do about what did not end.
fn hung(unknown: bool, ended: &Ended, changing: bool) -> String {
    let see = match (unknown, changing) {
        (true, false) => {
            "see on the host what does not answer: a lock, a file system of another machine, a service"
        }
        (false, false) => {
            "run that on the host and see what it waits for: a lock, a file system of another machine, a service"
        }
        // To run a change by hand is not for everybody to do.
        (_, true) => {
            "see on the host what it waited for, a lock, a file system of another machine, a service; then run the \
             same again, which reads the host anew and goes on"
        }
    };
    match ended {
        Ended::All => format!("it was ended there; {see}"),
        Ended::Not(_) => format!(
            "it was killed there and still runs, as what waits in the kernel for a disk or another machine does: see \
             `dmesg` and `mount` there; {see}"
        ),
        Ended::Unknown => {
            format!("whether it still runs there is not known, as the host did not answer any more; {see}")
        }
    }
}

fn list<T: ToString>(addresses: &[T]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// `web, dns and 48 more`
fn first_of(services: &[String]) -> String {
    const MOST: usize = 6;
    let first = services[..services.len().min(MOST)].join(", ");
    match services.len().saturating_sub(MOST) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn ips(vips: &[Vip]) -> String {
    list(&vips.iter().map(|vip| vip.ip()).collect::<Vec<_>>())
}

/// `as ann (uid 1000)`
fn told(Login { uid, name }: &Login) -> String {
    if name.is_empty() { format!("with uid {uid}") } else { format!("as {name} (uid {uid})") }
}

fn declared(stranger: &Stranger) -> String {
    list(&stranger.declared)
}

/// `10.9.9.1 (eth0), 192.168.40.102 (eth1); 192.168.40.102 is lvs_real_server02's`
fn found(stranger: &Stranger) -> String {
    /// A machine with many containers has as many addresses.
    const MOST: usize = 6;
    let all = stranger.found.iter().map(|(interface, address)| format!("{address} ({interface})"));
    let mut told: Vec<String> = all.take(MOST).collect();
    match stranger.found.len().saturating_sub(MOST) {
        0 => {}
        more => told.push(format!("{more} more")),
    }
    let told = if told.is_empty() { "no other".to_owned() } else { told.join(", ") };
    match &stranger.other {
        Some((address, host)) => format!("{told}; {address} is {host}'s"),
        None => told,
    }
}
