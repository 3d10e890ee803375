//! What a module must know about itself that is more than a kind of resource.

use minijinja::Value;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::playbook::TemplateError;
use crate::playbook::scope::Scope;
use crate::resource::{Refusal, Resource};

/// A module that is made of other things than its arguments alone, or of several resources. A value of the implementing
/// type is a task's arguments, rendered. Its documentation and its fields' is the module's reference: the first
/// paragraph sums it up, and a block of YAML shows tasks that call it.
pub(in crate::playbook) trait Composite: DeserializeOwned + JsonSchema {
    /// The module's name in a playbook.
    const MODULE: &'static str;

    /// The resources that it stands for on a host, in order.
    ///
    /// # Errors
    /// They can't be made for this host.
    fn expand(self, scope: Scope<'_>, variables: &Value) -> Result<Vec<Resource>, ExpandError>;
}

/// Why a module can't be expanded.
pub(in crate::playbook) enum ExpandError {
    /// Its arguments are not what it takes.
    Args(String),
    /// Anything else.
    Other(TemplateError),
}

impl From<TemplateError> for ExpandError {
    fn from(error: TemplateError) -> Self {
        ExpandError::Other(error)
    }
}

impl From<Refusal> for ExpandError {
    fn from(refusal: Refusal) -> Self {
        ExpandError::Other(TemplateError::new(refusal.reason, refusal.remedy))
    }
}
