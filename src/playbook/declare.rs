//! A playbook for one host: its resources, in order.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::Serde;
use minijinja::{ErrorKind, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::engine::{self, Engine, TemplateError};
use super::templated::Templated;
use super::variables::first_counts;
use super::{Playbook, Task, Variables, notice};
use crate::document::{Span, choose_from};
use crate::inventory::{Host, Inventory};
use crate::ipvs::Table;
use crate::resource::{ArgsError, Facts, File, Kind, Presence, Refusal, Resource, TimeSync, VirtualServices};

/// One resource that a task declares for a host.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// Which play: an index into [`Playbook::plays`].
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

/// What the declaration of a playbook for a host is made from.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub(super) engine: &'a Engine,
    pub(super) inventory: &'a Inventory,
    pub(super) host: &'a Host,
    pub(super) facts: &'a Facts,
}

/// `template`: a file whose content is rendered from a template. What a file's arguments may be, `file` knows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateArgs {
    src: String,
    dest: String,
    mode: Option<Json>,
    owner: Option<Json>,
    group: Option<Json>,
    #[serde(default = "no")]
    secret: Json,
}

/// `virtual_services`: the director's part of the inventory's virtual services.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VirtualServicesArgs {
    #[serde(default = "yes")]
    persist: bool,
    #[serde(default)]
    prune: bool,
}

/// Not what stands for nothing: a file refuses that.
fn no() -> Json {
    Json::Bool(false)
}

fn yes() -> bool {
    true
}

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
        let of_host = variables.of(host, facts);
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
        match self.module.as_str() {
            "template" => {
                let args: TemplateArgs = self.args(args)?;
                let template = scope.engine.file(&args.src).map_err(|error| at((self.span, error)))?;
                let content = engine::render(&template, variables).map_err(|error| at((self.span, error)))?;
                let TemplateArgs { src: _, dest, mode, owner, group, secret } = args;
                let file = json!({
                    "dest": dest, "content": content, "mode": mode, "owner": owner, "group": group, "secret": secret,
                });
                self.resource(File::MODULE, file)
            }
            TimeSync::MODULE => {
                let time: TimeSync = self.args(args)?;
                let refused = |refusal: Refusal| self.wrong(refusal.reason, refusal.remedy);
                let (package, file, service) = time.expand(scope.facts).map_err(refused)?;
                let file = file.map(Resource::File);
                Ok([Some(Resource::Package(package)), file, Some(Resource::Service(service))]
                    .into_iter()
                    .flatten()
                    .collect())
            }
            "virtual_services" => {
                let args: VirtualServicesArgs = self.args(args)?;
                let mut table = Table::default();
                for declared in scope.inventory.services_of(scope.host) {
                    table.services.insert(declared.service.key, declared.service.clone());
                }
                Ok(vec![Resource::VirtualServices(VirtualServices {
                    table,
                    persist: args.persist,
                    prune: args.prune,
                })])
            }
            module => self.resource(module, args),
        }
    }

    fn resource(&self, module: &str, args: Json) -> Result<Vec<Resource>, DeclareError> {
        match Resource::from_args(module, args) {
            Ok(resource) => Ok(vec![resource]),
            Err(ArgsError::Args { message, .. }) => Err(self.wrong_args(&message)),
            Err(error) => Err(self.wrong(error.to_string(), "see the README's list of modules")),
        }
    }

    fn args<T: for<'a> Deserialize<'a>>(&self, args: Json) -> Result<T, DeclareError> {
        serde_json::from_value(args).map_err(|error| self.wrong_args(&error.to_string()))
    }

    fn wrong_args(&self, message: &str) -> DeclareError {
        let unknown = message.split_once("unknown field `").and_then(|(_, rest)| rest.split('`').next());
        let schema = Resource::schemas().into_iter().find(|(module, _)| *module == self.module);
        let known: Vec<String> = schema
            .and_then(|(_, schema)| Some(schema.get("properties")?.as_object()?.keys().cloned().collect()))
            .unwrap_or_default();
        let remedy = match unknown {
            Some(unknown) if !known.is_empty() => choose_from(unknown, known.iter().map(String::as_str)),
            _ if !known.is_empty() => format!("its arguments are: {}", known.join(", ")),
            _ => format!("see the README's reference of `{}`", self.module),
        };
        self.wrong(format!("{}: {message}", self.module), remedy)
    }

    fn wrong(&self, message: impl Into<String>, remedy: impl Into<String>) -> DeclareError {
        at((
            self.span,
            TemplateError { message: message.into(), remedy: remedy.into(), place: None, undefined: None },
        ))
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
            Presence::Present => {
                package.name.0.retain(|name| before.insert(name.clone()));
                !package.name.0.is_empty()
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
