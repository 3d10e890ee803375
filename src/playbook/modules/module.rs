//! One module, whichever way it makes its resources.

use std::fmt;

use minijinja::Value;
use schemars::Schema;
use serde_json::Value as Json;

use super::composite::{Composite, ExpandError};
use crate::playbook::TemplateError;
use crate::playbook::scope::Scope;
use crate::resource::{Declared, Resource};

/// What a task may call.
#[derive(Clone, Copy)]
pub struct Module {
    /// Its name, the key of a task.
    pub name: &'static str,
    schema: fn() -> Schema,
    /// Whether arguments are of the types that they must be, each by itself.
    pub(super) shape: fn(Json) -> Result<(), String>,
    expand: Expand,
}

#[derive(Clone, Copy)]
enum Expand {
    One(fn(Json) -> Result<Resource, String>),
    Several(fn(Json, Scope<'_>, &Value) -> Result<Vec<Resource>, ExpandError>),
}

impl Module {
    pub(super) fn kinds() -> impl Iterator<Item = Module> {
        Resource::DECLARED.iter().map(|Declared { module: name, schema, shape, read }| Module {
            name,
            schema: *schema,
            shape: *shape,
            expand: Expand::One(*read),
        })
    }

    pub(super) const fn composite<C: Composite>() -> Module {
        Module {
            name: C::MODULE,
            schema: || schemars::schema_for!(C),
            shape: |args| serde_json::from_value::<C>(args).map(drop).map_err(|error| error.to_string()),
            expand: Expand::Several(|args, scope, variables| {
                let args: C =
                    serde_json::from_value(args).map_err(|error| ExpandError::Args(error.to_string()))?;
                args.expand(scope, variables)
            }),
        }
    }

    /// The JSON Schema of its arguments, with their descriptions and its own.
    pub fn schema(self) -> Schema {
        let mut schema = (self.schema)();
        schema.insert("title".to_owned(), self.name.into());
        schema
    }

    /// The resources that a task with these arguments stands for on a host, in order.
    ///
    /// # Errors
    /// The arguments are not the module's, or it can't be done on this host.
    pub(in crate::playbook) fn resources(
        self,
        args: Json,
        scope: Scope<'_>,
        variables: &Value,
    ) -> Result<Vec<Resource>, TemplateError> {
        let resources = match self.expand {
            Expand::One(read) => read(args).map(|one| vec![one]).map_err(ExpandError::Args),
            Expand::Several(expand) => expand(args, scope, variables),
        };
        resources.map_err(|error| match error {
            ExpandError::Args(message) => {
                let message = format!("{}: {message}", self.name);
                TemplateError::new(message, format!("`lvsprov doc {}` says what it takes", self.name))
            }
            ExpandError::Other(error) => error,
        })
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
