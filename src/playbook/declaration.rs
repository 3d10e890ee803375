//! What a task declares for a host, or why it can't.

use super::TemplateError;
use crate::document::Span;
use crate::resource::Resource;

/// One resource that a task declares for a host.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// Which play: an index into [`super::Playbook::plays`].
    pub stage: usize,
    /// The task's name, when it has one.
    pub task: Option<String>,
    /// Where the task stands in the playbook.
    pub span: Span,
    /// What is to be.
    pub resource: Resource,
}

/// A task that can't be declared for a host.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclareError {
    /// Where in the playbook.
    pub span: Span,
    /// What is wrong.
    pub error: TemplateError,
}
