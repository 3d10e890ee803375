//! Whole clusters on real kernels: sshd, systemd, apt, apache and IPVS, in labs of this suite's own.
//!
//! Bringing a cluster up from bare machines takes a minute, so tests share one. They run in the order of this file,
//! one at a time: labs share this machine's processors, and a guest that gets none looks like one that hangs. Each
//! test leaves the cluster as declared, which it proves by planning again and finding nothing. The machines of one
//! that failed are taken down, and the next test gets new ones.
//!
//! `cargo test --test lab` tells which part is running. A filter is a part of a test's name, or several with commas
//! between: `cargo test --test lab tutorial::drift,tutorial::cut`. `LAB_KEEP=FOLDER` keeps the machines there for the
//! next such run, for who writes a scenario.
//!
//! | file | holds |
//! |---|---|
//! | `support/` | a cluster of a test's own; runs of lvsprov and their events; what is read from the machines |
//! | `tutorial` | the order of the scenarios on the tutorial's cluster |
//! | `bare` | from bare machines, killed at eight moments |
//! | `again` | a second deploy writes nothing |
//! | `edits` | the tutorial's own edits, under a download |
//! | `leaving` | a real server leaves a service that hashes |
//! | `drift` | what a verify finds and a deploy repairs |
//! | `handlers` | a run that is killed between a file and its service |
//! | `reboots` | what the next boot brings |
//! | `refused` | hosts that can't be reached or do not let us in |
//! | `route` | a gateway that is our own way back |
//! | `cut` | a run that is interrupted, killed, or cut off |
//! | `three` | a cluster with three real servers, and the order of its scenarios |
//! | `killed` | a run that is killed while dpkg works |
//! | `down` | what gets there while a real server is down |
//! | `restart` | restarts one after another, under load |
//! | `load` | a client that asks and asks |
//! | `concurrent` | two deploys at once |
//! | `labs` | the lab itself |
//! | `machines` | what becomes of a lab's machines |
//! | `el` | a cluster of three families, and the order of its scenarios |
//! | `gateway` | a gateway that moves under sessions |
//! | `persistence` | what RHEL's unit does when it stops |
//! | `rehearsal` | the whole way in one command, IPv4 and IPv6, on addresses that lvsprov puts on the director |
//! | `destroy` | what a first deploy made of bare machines is taken back, on Debian 12 when it is killed five times |
//! | `firewall` | what firewalld keeps out is opened, stays so over a reboot; all is taken back on EL-like hosts |

#![allow(clippy::unwrap_used, reason = "a test's way to fail")]

mod again;
mod bare;
mod concurrent;
mod cut;
mod destroy;
mod down;
mod drift;
mod edits;
mod el;
mod firewall;
mod gateway;
mod handlers;
mod killed;
mod labs;
mod leaving;
mod load;
mod machines;
mod persistence;
mod reboots;
mod refused;
mod rehearsal;
mod restart;
mod route;
mod support;
mod three;
mod tutorial;

use std::process::ExitCode;

use libtest_mimic::Arguments;

use support::Scenario::{self, Own};

/// The tests that share no machines.
const OTHERS: [(&str, Scenario); 6] = [
    ("destroy::debian_12", Own(destroy::debian_12)),
    ("destroy::debian_13", Own(destroy::debian_13)),
    ("labs", Own(labs::two_labs_with_the_same_addresses)),
    ("rehearsal", Own(rehearsal::a_rehearsal_goes_the_whole_way_and_leaves_nothing)),
    ("rehearsal::interrupted", Own(rehearsal::an_interrupted_rehearsal_leaves_nothing)),
    ("firewall", Own(firewall::what_firewalld_keeps_out_is_opened_and_closed_again)),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let (filter, exact) = (arguments.filter.take(), arguments.exact);
    let is_wanted = |name: &str| {
        let mut parts = filter.iter().flat_map(|filter| filter.split(','));
        filter.is_none() || parts.any(|part| if exact { name == part } else { name.contains(part) })
    };
    let all = tutorial::SCENARIOS.into_iter().chain(three::SCENARIOS).chain(el::SCENARIOS).chain(OTHERS);
    let wanted = all.filter(|(name, _)| is_wanted(name)).map(|(name, scenario)| scenario.trial(name));
    let conclusion = libtest_mimic::run(&arguments, wanted.collect());
    support::take_down();
    conclusion.exit_code()
}
