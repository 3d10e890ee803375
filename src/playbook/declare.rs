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
                    Err(wrong) if selected => errors.extend(wrong),
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
    fn declare(&self, scope: Scope<'_>, variables: &Value) -> Result<Vec<Resource>, Vec<DeclareError>> {
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
            vec![at(cause.unwrap_or((span, error)))]
        })?;
        let Json::Array(items) = items else {
            let remedy = "write it as `loop: [a, b]` or `loop: \"{{ a_list }}\"`";
            return Err(vec![at((self.span, TemplateError::new("`loop` is no list", remedy)))]);
        };
        let mut resources = Vec::new();
        for item in items {
            let item = minijinja::context! { item => Value::from(Serde(&item)) };
            resources.extend(self.declare_once(scope, &first_counts([item, variables.clone()]))?);
        }
        Ok(resources)
    }

    fn declare_once(&self, scope: Scope<'_>, variables: &Value) -> Result<Vec<Resource>, Vec<DeclareError>> {
        let variables = &with_vars(variables, &self.vars).map_err(|error| vec![error])?;
        let mut wrong = Vec::new();
        for condition in &self.when {
            match engine::evaluate(&condition.expression, &condition.text, variables) {
                Ok(value) if value.is_true() => {}
                // What comes behind it may be meant for where it holds.
                Ok(_) if wrong.is_empty() => return Ok(Vec::new()),
                Ok(_) => return Err(wrong),
                Err(error) => wrong.push(at((condition.span, error))),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let args = self.args.render(variables).map_err(|_| self.unrendered(variables))?;
        self.module.resources(args, scope, variables).map_err(|error| self.mistakes(error, variables))
    }

    /// Every argument that does not render, and every other one that is not what it must be.
    fn unrendered(&self, variables: &Value) -> Vec<DeclareError> {
        let errors = self.args.errors(variables).into_iter().map(at);
        errors.chain(self.faults(variables)).collect()
    }

    /// Every argument that is not what its module takes; where each by itself is, the error that came of all together.
    fn mistakes(&self, error: TemplateError, variables: &Value) -> Vec<DeclareError> {
        let faults = self.faults(variables);
        if faults.is_empty() && !self.places.unsound { vec![at((self.span, error))] } else { faults }
    }

    fn faults(&self, variables: &Value) -> Vec<DeclareError> {
        let Templated::Map(entries) = &self.args else { return Vec::new() };
        let fault = |(name, value): &(String, Templated<'_>)| {
            let (_, span) = self.places.values.iter().find(|(known, _)| known == name)?;
            let fault = self.module.fault(name, &value.render(variables).ok()?)?;
            Some(at((*span, fault)))
        };
        entries.iter().filter_map(fault).collect()
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
