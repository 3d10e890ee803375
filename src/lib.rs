//! `lvsprov` brings a whole Linux Virtual Server cluster to the state that one inventory describes.
//!
//! The rooms, in the order in which data passes through them. A room imports only from rooms above it
//! (`tests/rooms.rs` holds this):
//!
//! | room | holds | effects |
//! |---|---|---|
//! | [`ipvs`] | the virtual server table as values, `ipvsadm`'s grammar, the edits from one table to another | none |
//! | [`document`] | a YAML text as values with positions, and every complaint about it at once | none |
//! | [`inventory`] | a document -> directors, real servers, clients and virtual services | none |
//! | [`resource`] | one file a kind of thing on a host: declare, probe, parse, differ, change | none |
//! | [`playbook`] | plays, tasks, variables and templates: inventory + facts -> each host's resources | none |
//! | [`plan`] | all hosts' differences in a safe order, with what each step risks | none |
//! | [`transport`] | one connection a host: OpenSSH, or a shell on this machine | network |
//! | [`run`] | observe and apply: drives the hosts side by side and emits events | network |
//! | [`verify`] | the curl loops, and what a scheduler must do | network |
//! | [`lab`] | an inventory's cluster as User-mode Linux machines | this machine |
//! | [`report`] | events -> spinner, plain text, JSON | terminal |
//! | [`cli`] | arguments, settings, one file a verb, errors -> exit codes | all of them |

pub mod cli;
pub mod document;
pub mod inventory;
pub mod ipvs;
pub mod lab;
pub mod plan;
pub mod playbook;
pub mod report;
pub mod resource;
pub mod run;
pub mod transport;
pub mod verify;
