//! Whole clusters on real kernels: sshd, systemd, apt, apache and IPVS, in labs of this suite's own.
//!
//! Bringing a cluster up from bare machines takes a minute, so most scenarios share one: they run in a declared order
//! inside one test, and each leaves the cluster as declared, which it proves by planning again and finding nothing.
//! `cargo test --test lab -- --nocapture` tells which part is running. `LAB_SCENARIO=drift,cut` runs those alone,
//! after a deploy that nothing disturbs; `LAB_KEEP=FOLDER` keeps their lab there for the next such run, for who writes
//! a scenario.
//!
//! | file | holds |
//! |---|---|
//! | `support/` | a cluster of a test's own; runs of lvsprov and their events; what is read from the machines |
//! | `tutorial` | the order of the scenarios on the tutorial's cluster |
//! | `bare` | from bare machines, killed at eight moments |
//! | `again` | a second deploy writes nothing |
//! | `edits` | the tutorial's own edits, under a download |
//! | `drift` | what a verify finds and a deploy repairs |
//! | `handlers` | a run that is killed between a file and its service |
//! | `reboots` | what the next boot brings |
//! | `refused` | hosts that can't be reached or do not let us in |
//! | `route` | a gateway that is our own way back |
//! | `cut` | a run that is interrupted, killed, or cut off |
//! | `labs` | the lab itself |
//! | `machines` | what becomes of a lab's machines |
//! | `rehearsal` | the whole way in one command |
//! | `families` | IPv4 and IPv6, on addresses that lvsprov puts on the director |

#![allow(clippy::unwrap_used, reason = "a test's way to fail")]

mod again;
mod bare;
mod cut;
mod drift;
mod edits;
mod families;
mod handlers;
mod labs;
mod leaving;
mod machines;
mod reboots;
mod refused;
mod rehearsal;
mod route;
mod support;
mod tutorial;
