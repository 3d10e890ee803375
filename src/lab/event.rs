//! What the lab tells about its progress.

use std::path::PathBuf;
use std::time::Duration;

/// Something that happened, or that begins and takes its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabEvent {
    /// Another process builds the same image: this one waits for it.
    ImageAwaited,
    /// A step of building the base image has begun.
    ImageBuilding {
        /// Which step.
        step: BuildStep,
    },
    /// The base image is there.
    ImageReady {
        /// Its file.
        path: PathBuf,
        /// It was there before.
        cached: bool,
    },
    /// The namespace, bridges and taps are there.
    NetworkReady {
        /// The network namespace's name.
        namespace: String,
        /// How many subnets it joins.
        subnets: usize,
    },
    /// A machine was up already, and stays as it is.
    MachineKept {
        /// Its host name.
        host: String,
    },
    /// A machine's kernel has been started.
    MachineStarted {
        /// Its host name.
        host: String,
    },
    /// A machine's sshd answers.
    MachineReady {
        /// Its host name.
        host: String,
        /// Since it was started, or told to reboot.
        after: Duration,
    },
    /// A machine has been told to reboot.
    MachineRebooting {
        /// Its host name.
        host: String,
    },
    /// A machine was not to be reached in time, or its kernel has ended, and it is started once more.
    MachineStartedAgain {
        /// Its host name.
        host: String,
        /// How long it was waited for.
        after: Duration,
        /// What came of the last try to reach it.
        last: String,
    },
    /// A machine has been told to power off.
    MachineStopping {
        /// Its host name.
        host: String,
    },
    /// All processes of a machine have ended.
    MachineStopped {
        /// Its host name.
        host: String,
    },
    /// Something takes over a second.
    Slow {
        /// What is waited for.
        what: String,
    },
    /// Namespace, bridges, taps and files are gone.
    LabRemoved {
        /// The lab's name.
        lab: String,
    },
}

/// The steps of building a base image, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildStep {
    /// Debian's packages are fetched and installed.
    Bootstrap,
    /// The guests' own package repository is made.
    Packages,
    /// Kernel modules and settings are put in.
    Configuration,
    /// The file system is written.
    Filesystem,
}

impl BuildStep {
    /// As the recipe calls it on its stdout.
    pub(super) fn named(name: &str) -> Option<BuildStep> {
        Some(match name {
            "bootstrap" => BuildStep::Bootstrap,
            "packages" => BuildStep::Packages,
            "configuration" => BuildStep::Configuration,
            "filesystem" => BuildStep::Filesystem,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recipe and this file must agree on every step.
    #[test]
    fn every_step_of_the_recipe_has_a_name() {
        let steps: Vec<_> = include_str!("image/build.sh")
            .lines()
            .filter_map(|line| line.strip_prefix("echo 'step: ")?.strip_suffix('\''))
            .collect();
        assert_eq!(steps.len(), 4);
        assert!(steps.iter().all(|step| BuildStep::named(step).is_some()));
    }
}
