//! The lab's events in words.

use super::style::{BAD, FAINT, GOOD, paint};
use super::summary::seconds;
use crate::lab::{BuildStep, GuestStatus, LabEvent};

/// What a lab's event says of whom.
pub(super) struct Said {
    /// The machine; `None` for the lab itself.
    pub(super) host: Option<String>,
    /// What is going on.
    pub(super) text: String,
    /// Whether it is over, or begins and takes its time.
    pub(super) done: bool,
}

/// The event in words.
pub(super) fn say(event: &LabEvent) -> Said {
    let lab = |done, text: String| Said { host: None, text, done };
    let host = |host: &str, done, text: String| Said { host: Some(host.to_owned()), text, done };
    match event {
        LabEvent::ImageAwaited => lab(false, "waiting for another lvsprov that builds the base image".into()),
        LabEvent::ImageBuilding { step } => {
            let (number, what) = match step {
                // The first step is the longest, and the moment at which one asks oneself how long this will take.
                BuildStep::Bootstrap => (1, "installing Debian (the first build takes about a minute)"),
                BuildStep::Packages => (2, "the guests' package repository"),
                BuildStep::Configuration => (3, "kernel modules and settings"),
                BuildStep::Filesystem => (4, "writing the file system"),
            };
            lab(false, format!("building the base image, {number}/4: {what}"))
        }
        LabEvent::ImageReady { path, cached: true } => {
            lab(true, format!("the base image was built before: {}", path.display()))
        }
        LabEvent::ImageReady { path, cached: false } => {
            lab(true, format!("the base image is built: {}", path.display()))
        }
        LabEvent::NetworkReady { namespace, subnets } => {
            let subnets = crate::report::count::count(*subnets, "subnet");
            lab(true, format!("network namespace {namespace} joins {subnets}"))
        }
        LabEvent::MachineKept { host: name } => host(name, true, "is up already".into()),
        LabEvent::MachineStarted { host: name } => host(name, false, "booting".into()),
        LabEvent::MachineReady { host: name, after } => {
            host(name, true, format!("up after {}", seconds(*after)))
        }
        LabEvent::MachineRebooting { host: name } => host(name, false, "rebooting".into()),
        LabEvent::MachineStartedAgain { host: name, after, last } => {
            let after = seconds(*after);
            host(
                name,
                true,
                format!("not there after {after} ({}); it is started once more", last.trim_end()),
            )
        }
        LabEvent::MachineStopping { host: name } => host(name, false, "powering off".into()),
        LabEvent::Slow { what } => lab(false, format!("waiting for {what}")),
        LabEvent::MachineStopped { host: name } => host(name, true, "stopped".into()),
        LabEvent::LabRemoved { lab: name } => lab(true, format!("{name} is gone")),
    }
}

/// One line a machine: whether it runs and answers, its addresses, and where its console is written to.
pub(super) fn table(machines: &[GuestStatus]) -> String {
    if machines.is_empty() {
        return "the lab is not up; `lvsprov lab up INVENTORY` starts it\n".into();
    }
    let longest = machines.iter().map(|machine| machine.host.chars().count()).max().unwrap_or(0);
    let line = |machine: &GuestStatus| {
        let state = match (machine.running(), machine.answers) {
            (true, true) => paint(GOOD, "up        "),
            (true, false) => paint(BAD, "no answer "),
            (false, _) => paint(BAD, "off       "),
        };
        let addresses: Vec<String> = machine.addresses.iter().map(ToString::to_string).collect();
        let console = paint(FAINT, &machine.console.display().to_string());
        format!("{:longest$}  {state}  {}  {console}\n", machine.host, addresses.join(" "))
    };
    machines.iter().map(line).collect()
}
