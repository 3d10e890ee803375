//! A playbook, compiled.

use super::Batches;
use super::arguments::Places;
use super::engine::Condition;
use super::modules::Module;
use super::templated::Templated;
use crate::document::{Source, Span};
use crate::inventory::Pattern;

/// A whole playbook. It borrows from the [`super::Engine`] that compiled its templates.
#[derive(Debug)]
pub struct Playbook<'e> {
    /// Its text, for complaints.
    pub source: Source,
    /// Its plays, in order. Each is a stage of the run.
    pub plays: Vec<Play<'e>>,
}

/// One stage: tasks for the hosts that a pattern selects.
#[derive(Debug)]
pub struct Play<'e> {
    /// What reports call it.
    pub name: String,
    /// Which hosts it is for.
    pub hosts: Pattern,
    /// Where the pattern stands.
    pub hosts_span: Span,
    /// Variables for its tasks, each rendered with those before it.
    pub(super) vars: Vec<(String, Templated<'e>)>,
    /// How many of its hosts are begun with at a time.
    pub batches: Batches,
    /// So many of its hosts may fail, over all batches; when more have, no further batch begins. `None` sets no limit.
    pub max_failures: Option<usize>,
    /// Its tasks, in order.
    pub tasks: Vec<Task<'e>>,
}

/// One call of a module.
#[derive(Debug)]
pub struct Task<'e> {
    /// What reports call it; without one they name the module and its subject.
    pub name: Option<String>,
    /// The module.
    pub module: Module,
    /// Its arguments.
    pub(super) args: Templated<'e>,
    /// Where they stand.
    pub(super) places: Places,
    /// All must hold, or the task is left out for the host.
    pub(super) when: Vec<Condition<'e>>,
    /// The task is done once for each of these, as `item`.
    pub(super) items: Option<Templated<'e>>,
    /// Variables for it alone.
    pub(super) vars: Vec<(String, Templated<'e>)>,
    /// Its own tags and its play's.
    pub tags: Vec<String>,
    /// Where it stands.
    pub span: Span,
}

impl Task<'_> {
    /// Whether `--tags` selects it; without tags to select, every task is.
    pub fn selected(&self, tags: &[String]) -> bool {
        tags.is_empty() || self.tags.iter().any(|tag| tags.contains(tag))
    }
}
