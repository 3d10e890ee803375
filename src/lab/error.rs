//! What can go wrong with a lab, as values.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

/// A program that the lab calls, and the Debian package that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The program's name in `$PATH`.
    pub program: &'static str,
    /// The package that has it.
    pub package: &'static str,
}

/// Why the lab could not do what was asked. What to do about it is part of the text where the lab knows it.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// Namespaces, taps and the image's `chroot` are root's.
    #[error("the lab needs root: run it through sudo")]
    NotRoot,
    /// All of them at once, so that one installation cures it.
    #[error("the lab needs {}: apt-get install {}", programs(.0), packages(.0))]
    MissingPrograms(Vec<Missing>),
    /// Taps are made through it.
    #[error("the lab needs /dev/net/tun, which this machine's kernel does not offer")]
    NoTun,
    /// Every host address of the subnet is a host's, so that none is left for the controller.
    #[error("{subnet} has no free address for the controller: give it a shorter prefix")]
    NoFreeAddress {
        /// The subnet that is full.
        subnet: IpNet,
    },
    /// `up`, `down` or `reboot` of the same lab is under way in another process.
    #[error("lab `{lab}` is being changed by another lvsprov: wait until that has ended")]
    Busy {
        /// The lab's name.
        lab: String,
    },
    /// A network namespace of the lab's name is there, but not from this state directory.
    #[error(
        "network namespace `{namespace}` belongs to something else: take down the lab that made it, or run \
         `ip netns delete {namespace}`"
    )]
    NamespaceTaken {
        /// The namespace's name.
        namespace: String,
    },
    /// A machine that is already there was made with something else than it is to have.
    #[error(
        "machine `{host}` of the lab was made with {what} than it is to have now: take the lab down first"
    )]
    Changed {
        /// The machine.
        host: String,
        /// What differs: `another image`.
        what: &'static str,
    },
    /// A machine runs that the inventory has no more, and it has an address of one that is to be started.
    #[error(
        "machine `{old}` of the lab, which is no host of the inventory any more, has {address}, the address of \
         `{host}`: run `lvsprov lab off {old}`"
    )]
    AddressTaken {
        /// Who is to have the address.
        host: String,
        /// Who has it.
        old: String,
        /// The address.
        address: IpAddr,
    },
    /// The inventory logs in as somebody whom no machine can have.
    #[error("a machine of the lab can't have the user `{user}`, as whom the inventory logs in to `{host}`")]
    Login {
        /// The machine.
        host: String,
        /// The user.
        user: String,
    },
    /// There is no lab of that name.
    #[error("lab `{lab}` is not up: run `lvsprov lab up`")]
    NotUp {
        /// The lab's name.
        lab: String,
    },
    /// The lab has no machines of these hosts.
    #[error("the lab has no {}: run `lvsprov lab up`", machines(.hosts))]
    Lacks {
        /// What was asked for, and is not there.
        hosts: Vec<String>,
    },
    /// The machine is off, and so cannot be told to reboot.
    #[error("machine `{host}` is off: run `lvsprov lab up`")]
    Off {
        /// The machine.
        host: String,
    },
    /// A program that the lab called has failed.
    #[error("`{command}` failed ({status}): {}", .stderr.trim())]
    Command {
        /// The program with its arguments.
        command: String,
        /// How it ended, e.g. `exit status: 1`.
        status: String,
        /// The end of what it wrote to stderr.
        stderr: String,
    },
    /// A program that the lab called has not ended in time, and was killed.
    #[error("`{command}` did not end within {} s", .after.as_secs())]
    CommandTimeout {
        /// The program with its arguments.
        command: String,
        /// The deadline.
        after: Duration,
    },
    /// The base image could not be built.
    #[error("the guests' base image could not be built ({status}); the whole log is {}:\n{}", .log.display(), .tail.trim_end())]
    Image {
        /// How the recipe ended.
        status: String,
        /// Everything that it said.
        log: PathBuf,
        /// The log's end.
        tail: String,
    },
    /// A machine has ended where it should have come up.
    #[error("machine `{host}` ended; its console, {}, says last:\n{}", .console.display(), .tail.trim_end())]
    GuestDied {
        /// The machine.
        host: String,
        /// Its console's log.
        console: PathBuf,
        /// The log's end.
        tail: String,
    },
    /// A machine was not to be reached in time.
    #[error(
        "machine `{host}` was not there within {} s ({}); its console, {}, says last:\n{}",
        .after.as_secs(), .last.trim_end(), .console.display(), .tail.trim_end()
    )]
    GuestSilent {
        /// The machine.
        host: String,
        /// The deadline.
        after: Duration,
        /// What came of the last try to reach it.
        last: String,
        /// Its console's log.
        console: PathBuf,
        /// The log's end.
        tail: String,
    },
    /// A machine that was told to reboot has not gone down.
    #[error(
        "machine `{host}` was told to reboot, and has not within {} s: its boot id is the one of before; its console, \
         {}, says last:\n{}",
        .after.as_secs(), .console.display(), .tail.trim_end()
    )]
    NotRebooted {
        /// The machine.
        host: String,
        /// The deadline.
        after: Duration,
        /// Its console's log.
        console: PathBuf,
        /// The log's end.
        tail: String,
    },
    /// Processes of the lab outlived SIGKILL.
    #[error("processes {pids:?} of lab `{lab}` do not end")]
    Unkillable {
        /// The lab's name.
        lab: String,
        /// Who is left.
        pids: Vec<i32>,
    },
    /// A file or folder of the lab could not be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Names the file in what the operating system complains about.
pub(super) trait At<T> {
    /// The error with its path.
    fn at(self, path: impl Into<PathBuf>) -> Result<T, LabError>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, path: impl Into<PathBuf>) -> Result<T, LabError> {
        self.map_err(|source| LabError::File { path: path.into(), source: source.into() })
    }
}

/// ``machine `a` ``, ``machines `a`, `b` ``
fn machines(hosts: &[String]) -> String {
    let names: Vec<String> = hosts.iter().map(|host| format!("`{host}`")).collect();
    format!("machine{} {}", if hosts.len() == 1 { "" } else { "s" }, names.join(", "))
}

fn programs(missing: &[Missing]) -> String {
    missing.iter().map(|missing| missing.program).collect::<Vec<_>>().join(", ")
}

fn packages(missing: &[Missing]) -> String {
    let mut packages: Vec<_> = missing.iter().map(|missing| missing.package).collect();
    packages.sort_unstable();
    packages.dedup();
    packages.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_that_is_not_there_is_named() {
        let lacks = |hosts: &[&str]| {
            let hosts = hosts.iter().map(ToString::to_string).collect();
            LabError::Lacks { hosts }.to_string()
        };
        assert_eq!(lacks(&["x"]), "the lab has no machine `x`: run `lvsprov lab up`");
        assert_eq!(lacks(&["x", "y"]), "the lab has no machines `x`, `y`: run `lvsprov lab up`");
    }

    #[test]
    fn one_installation_names_each_package_once() {
        let missing = |program, package| Missing { program, package };
        let error = LabError::MissingPrograms(vec![
            missing("nsenter", "util-linux"),
            missing("ip", "iproute2"),
            missing("setsid", "util-linux"),
        ]);
        assert_eq!(
            error.to_string(),
            "the lab needs nsenter, ip, setsid: apt-get install iproute2 util-linux"
        );
    }
}
