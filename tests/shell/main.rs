//! Every probe and every change, run by real dash, bash and busybox sh in a root of their own. A law holds for each
//! kind: once its change has run, its plan is empty, also when the change has run twice.

#![allow(clippy::unwrap_used)] // also in what is around the tests

mod address;
mod command;
mod default_gateway;
mod facts;
mod file;
mod firewall_rules;
mod firewalld;
mod kernel_module;
mod owners;
mod package;
mod package_failure;
mod package_families;
mod package_version;
mod page;
mod repository;
mod root;
mod selinux;
mod service;
mod sysctl;
mod transaction;
mod undo;

use lvsprov::resource::Resource;

/// The resource that a task's arguments declare.
fn declare(module: &str, args: serde_json::Value) -> Resource {
    let kind = Resource::DECLARED.iter().find(|kind| kind.module == module).unwrap();
    (kind.read)(args).unwrap_or_else(|e| panic!("{module}: {e}"))
}
