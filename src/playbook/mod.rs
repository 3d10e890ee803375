//! Plays, tasks, variables and templates: an inventory and a host's facts become that host's resources.
//!
//! [`Playbook::read`] compiles a playbook once; [`Playbook::declare`] renders it for one host. [`Playbook::trial`] does
//! so with invented facts before anything is connected to, so that an undefined variable or a wrong argument is found
//! in time.

mod arguments;
mod batch;
mod builtin;
mod declaration;
mod declare;
mod engine;
mod habits;
mod modules;
mod notice;
mod openings;
mod part;
mod play;
mod read;
mod scope;
mod templated;
mod trial;
mod variables;

pub use batch::{BatchSize, Batches};
pub use builtin::{
    TEMPLATES as BUILTIN_TEMPLATES, playbook as builtin_playbook, template as builtin_template,
};
pub use declaration::{Declaration, DeclareError};
pub use engine::{Engine, TemplateError};
pub use modules::{Absence, Argument, Module, Reference, modules};
pub use play::{Play, Playbook, Task};
pub use variables::Variables;
