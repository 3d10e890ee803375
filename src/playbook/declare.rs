//! A playbook for one host: its resources, in order.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::Serde;
use minijinja::{ErrorKind, Value};
use serde_json::Value as Json;

use super::engine::{self, Engine, TemplateError};
use super::scope::Scope;
use super::templated::Templated;
use super::variables::first_counts;
use super::{Declaration, DeclareError, Playbook, Task, Variables, notice};
use crate::document::Span;
use crate::inventory::{Host, Inventory};
use crate::resource::{Facts, Presence, Resource};

impl Playbook<'_> {
    /// The resources that the playbook declares for a host: its plays' tasks in order, as far as their patterns,
    /// conditions and `tags` select them.
    ///
    /// `plays_of_host` tells for each play whether its pattern selects the host.
    ///
    /// # Errors
    /// Every task that does not render or whose arguments are not its module's.
    pub fn declare(
        &self,
        scope: (&Engine, &Inventory, &Host, &Facts),
        variables: &Variables,
        plays_of_host: &[bool],
        tags: &[String],
    ) -> Result<Vec<Declaration>, Vec<DeclareError>> {
        let (engine, inventory, host, facts) = scope;
        let scope = Scope { engine, inventory, host, facts };
        let of_host = variables.of(inventory, host, facts);
        let mut declared = Vec::new();
        let mut unselected = BTreeSet::new();
        let mut errors = Vec::new();
        for (stage, play) in self.plays.iter().enumerate() {
            if !plays_of_host.get(stage).copied().unwrap_or(false) {
                continue;
            }
            let of_play = match with_vars(&of_host, &play.vars) {
                Ok(variables) => variables,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            for task in &play.tasks {
                let selected = task.selected(tags);
                if !selected {
                    unselected.insert(task.span);
                }
                match task.declare(scope, &of_play) {
                    Ok(resources) => declared.extend(resources.into_iter().map(|resource| Declaration {
                        stage,
                        task: task.name.clone(),
                        span: task.span,
                        resource,
                    })),
                    Err(error) if selected => errors.push(error),
                    Err(_) => {}
                }
            }
        }
        // A file leaves word for its service also where the service's own task is not selected: a later run, which has
        // no other way to know, restarts it then.
        errors.extend(notice::give(&mut declared));
        declared.retain(|declaration| !unselected.contains(&declaration.span));
        drop_repeated_packages(&mut declared);
        if errors.is_empty() { Ok(declared) } else { Err(errors) }
    }
}

impl Task<'_> {
    fn declare(&self, scope: Scope<'_>, variables: &Value) -> Result<Vec<Resource>, DeclareError> {
        let Some(items) = &self.items else { return self.declare_once(scope, variables) };
        // The task's variables may use `item`, and the loop may use those that don't.
        let mut known = variables.clone();
        let mut unknown = BTreeMap::new();
        for (name, value) in &self.vars {
            let value = match value.render(&known) {
                Ok(value) => Value::from(Serde(value)),
                Err(error) => {
                    unknown.insert(name.as_str(), error);
                    // Lest the loop see a play's variable of the same name.
                    let why = format!("`{name}` is undefined");
                    Value::from(minijinja::Error::new(ErrorKind::UndefinedError, why))
                }
            };
            known = first_counts([Value::from_pairs([(name.as_str(), value)]), known]);
        }
        let items = items.render(&known).map_err(|(span, error)| {
            let cause = error.undefined.as_deref().and_then(|name| unknown.remove(name));
            at(cause.unwrap_or((span, error)))
        })?;
        let Json::Array(items) = items else {
            return Err(
                self.wrong("`loop` is no list", "write it as `loop: [a, b]` or `loop: \"{{ a_list }}\"`")
            );
        };
        let mut resources = Vec::new();
        for item in items {
            let item = minijinja::context! { item => Value::from(Serde(&item)) };
            resources.extend(self.declare_once(scope, &first_counts([item, variables.clone()]))?);
        }
        Ok(resources)
    }

    fn declare_once(&self, scope: Scope<'_>, variables: &Value) -> Result<Vec<Resource>, DeclareError> {
        let variables = &with_vars(variables, &self.vars)?;
        for condition in &self.when {
            let value = engine::evaluate(&condition.expression, "the condition", variables)
                .map_err(|error| at((condition.span, error)))?;
            if !value.is_true() {
                return Ok(Vec::new());
            }
        }
        let args = self.args.render(variables).map_err(at)?;
        self.module.resources(args, scope, variables).map_err(|error| at((self.span, error)))
    }

    fn wrong(&self, message: &str, remedy: &str) -> DeclareError {
        at((self.span, TemplateError::new(message, remedy)))
    }
}

fn at((span, error): (Span, TemplateError)) -> DeclareError {
    DeclareError { span, error }
}

/// The variables with some more in front, each of which may use those before it.
fn with_vars(variables: &Value, vars: &[(String, Templated<'_>)]) -> Result<Value, DeclareError> {
    let mut all = variables.clone();
    for (name, value) in vars {
        let value = Value::from(Serde(value.render(&all).map_err(at)?));
        let one = Value::from_pairs([(name.as_str(), value)]);
        all = first_counts([one, all]);
    }
    Ok(all)
}

/// A package that an earlier task has installed is no change a second time: `time_sync` brings its own, and a playbook
/// does well to install everything at once.
fn drop_repeated_packages(declared: &mut Vec<Declaration>) {
    let mut before: BTreeSet<String> = BTreeSet::new();
    declared.retain_mut(|declaration| {
        let Resource::Package(package) = &mut declaration.resource else { return true };
        match package.state {
            Presence::Present if package.version.is_none() => {
                package.name.0.retain(|name| before.insert(name.clone()));
                !package.name.0.is_empty()
            }
            Presence::Present | Presence::Latest => {
                before.extend(package.name.0.iter().cloned());
                true
            }
            Presence::Absent => {
                // What has been taken away may be wanted again later.
                before.retain(|name| !package.name.0.contains(name));
                true
            }
        }
    });
}

#[cfg(test)]
mod tests;
