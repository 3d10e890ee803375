//! Runs on hosts that are roots of this machine: what is done in which order, and what becomes of the rest when something
//! fails, does not answer or is cut off.

#![allow(clippy::unwrap_used)]

mod broken;
mod cluster;
mod debug;
mod failure;
mod gate;
mod guard;
mod leaving;
mod link;
mod lock;
mod machine;
mod missing_vip;
mod order;
mod page;
mod restart;
mod stranger;
mod unfinished;

// Of which this program does not need all.
#[allow(dead_code)]
#[path = "../shell/root.rs"]
mod root;
