//! The probe and the scripts of `virtual_services` under real dash, bash and busybox sh, in a throw-away root with
//! a stand-in for ipvsadm that has its words, errors and exit codes.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod boot;
mod director;
mod families;
mod gates;
mod live;
mod revert;
