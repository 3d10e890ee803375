//! One file for each kind of thing on a host: its declaration, its probe, the parser of what the probe prints,
//! the difference and the change, side by side.
//!
//! To add a kind: write its file with an `impl` of [`Kind`] and name it in the list at the end of this one.

mod args;
mod change;
mod command;
mod distribution;
mod drop_in;
mod facts;
mod file;
mod gate;
mod kernel_module;
mod network;
mod package;
mod record;
mod registry;
mod script;
mod service;
mod shell;
mod sysctl;
mod time_sync;
mod unreadable;
mod virtual_services;

pub use args::{Mode, Names, Scalar};
pub use change::{Aspect, Change, Live, Refusal, Risk};
pub use command::Command;
pub use distribution::{Distribution, Family, Os};
pub use facts::{Connection, Facts};
pub use file::{File, FileState};
pub use gate::Gate;
pub use kernel_module::KernelModule;
pub use network::DefaultGateway;
pub use package::{Package, Presence};
pub use record::{FOLDER as RECORDS, Record, Stored};
pub use registry::{ArgsError, Section};
pub use script::Script;
pub use service::{Effect, Service, ServiceState};
pub use shell::quote;
pub use sysctl::Sysctl;
pub use time_sync::TimeSync;
pub use unreadable::Unreadable;
pub use virtual_services::VirtualServices;

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a kind may look at beside its own declaration and observation. Pure data.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The host's facts.
    pub facts: &'a Facts,
    /// The files that the same plan changes before this resource's turn, by path: a service whose file is among
    /// them must restart or reload.
    pub changing: &'a BTreeSet<String>,
}

/// A kind of resource: a value of the implementing type is one declaration, for one host, fully rendered.
///
/// Declared and observed are values in canonical form; [`Kind::differ`] is pure, so that a plan is a function of
/// the two and nothing else.
pub trait Kind: Clone + Serialize + DeserializeOwned {
    /// The module's name in a playbook.
    const MODULE: &'static str;

    /// What is on the host, in canonical form.
    type Observed: Clone + Debug + PartialEq;

    /// What must be known of the thing as it was before lvsprov first changed it, to bring it back to that.
    type Prior: Clone + Debug + PartialEq + Serialize + DeserializeOwned;

    /// Which thing of the kind this is, in a few words for reports: `net.ipv4.ip_forward`.
    fn subject(&self) -> String;

    /// What the arguments' types can't say: a name with a character that no such name has.
    ///
    /// # Errors
    /// What is wrong and what to write instead.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// The file that this declares, if it is one: what [`Context::changing`] holds.
    fn path(&self) -> Option<&str> {
        None
    }

    /// Whether [`Kind::differ`] must give `None` after the change. A command that nothing guards never does.
    fn settles(&self) -> bool {
        true
    }

    /// POSIX sh that prints what is on the host for all of `batch` at once, in as few processes as possible. It
    /// touches nothing, never reads standard input, and runs in the caller's own shell, which it must leave as it is
    /// but for variables and positional parameters. Its output is framed by the caller, so that it may print raw file
    /// contents. Its exit code is not looked at: what it can't tell it must print.
    fn probe(batch: &[&Self], facts: &Facts) -> String;

    /// One observation for each of `batch`, in its order, from what the probe printed.
    ///
    /// # Errors
    /// The output is not what [`Kind::probe`] can have printed.
    fn parse(batch: &[&Self], facts: &Facts, output: &[u8]) -> Result<Vec<Self::Observed>, Unreadable>;

    /// What has to change, or `None`.
    ///
    /// # Errors
    /// The change can't be made safely, with the reason and the remedy.
    fn differ(&self, observed: &Self::Observed, context: Context<'_>) -> Result<Option<Change>, Refusal>;

    /// The declaration without what stands behind these gates: what does not answer, or must wait.
    fn without(&self, _shut: &[&Gate]) -> Self {
        self.clone()
    }

    /// Whether what was observed is about to become something else by itself, so that it is worth another look: a unit
    /// that is still starting.
    fn unsettled(_observed: &Self::Observed) -> bool {
        false
    }

    /// What is recorded before the first change, from what there is then; `None` where a change can't be taken back.
    fn prior(&self, _observed: &Self::Observed) -> Option<Self::Prior> {
        None
    }

    /// The declaration as far as it must be recorded to find the thing again: without contents, and without secrets.
    fn trace(&self) -> Self {
        self.clone()
    }

    /// POSIX sh that copies what the record can't hold into its folder, which is the current directory.
    fn keep(&self) -> String {
        String::new()
    }

    /// The reverse: what has to change so that the thing is as it was, or `None` when it is. `self` is a
    /// [`Kind::trace`]; its script finds the record's folder in `$record`.
    ///
    /// # Errors
    /// That can't be done safely, with the reason and the remedy.
    fn revert(
        &self,
        _prior: &Self::Prior,
        _observed: &Self::Observed,
        _context: Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        Ok(None)
    }
}

registry::kinds! {
    // A playbook's task declares these by their arguments alone.
    declared: [Package, Service, File, Sysctl, KernelModule, DefaultGateway, Command]
    // These are made from the inventory.

    derived: [VirtualServices]
}
