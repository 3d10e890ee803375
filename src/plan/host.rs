//! One host's part of the plan: its resources, each with what is to happen to it.

use std::collections::BTreeSet;

use crate::inventory::Inventory;
use crate::ipvs::named;
use crate::playbook::Declaration;
use crate::resource::{Change, Context, Facts, Need, Observed, Refusal};

/// One host's part of the plan: each of its resources in the order of the playbook, whether it changes or not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostPlan {
    /// In order; stages never go down.
    pub items: Vec<Item>,
}

/// One resource and what is to happen to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Which play: an index into the playbook's.
    pub stage: usize,
    /// The task's name, when it has one.
    pub task: Option<String>,
    /// The kind.
    pub module: &'static str,
    /// Which thing of the kind.
    pub subject: String,
    /// The subject behind the name of the host whose address it is, where it is one's: `lb1 (192.168.40.100)`.
    pub named: Option<String>,
    /// What is to happen.
    pub outcome: Outcome,
}

/// What is to happen to a resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is as declared.
    Ok,
    /// It changes.
    Change(Change),
    /// It should change, but can't safely.
    Refused(Refusal),
}

impl HostPlan {
    /// Compares each declaration with its observation; both slices are in the same order.
    pub fn new(declared: &[Declaration], observed: &[Observed], facts: &Facts) -> HostPlan {
        let mut changing = BTreeSet::new();
        let mut items = Vec::with_capacity(declared.len());
        for (declaration, observed) in declared.iter().zip(observed) {
            let context = Context { facts, changing: &changing };
            let outcome = match declaration.resource.differ(observed, context) {
                Ok(None) => Outcome::Ok,
                Ok(Some(change)) => {
                    changing.extend(declaration.resource.path().map(str::to_owned));
                    Outcome::Change(change)
                }
                Err(refusal) => Outcome::Refused(refusal),
            };
            items.push(Item {
                stage: declaration.stage,
                task: declaration.task.clone(),
                module: declaration.resource.module(),
                subject: declaration.resource.subject(),
                named: None,
                outcome,
            });
        }
        HostPlan { items }
    }

    /// The changes, with the index of each one's item.
    pub fn changes(&self) -> impl Iterator<Item = (usize, &Item, &Change)> {
        self.items.iter().enumerate().filter_map(|(index, item)| match &item.outcome {
            Outcome::Change(change) => Some((index, item, change)),
            _ => None,
        })
    }

    /// How many resources are as declared.
    pub fn ok(&self) -> usize {
        self.items.iter().filter(|item| item.outcome == Outcome::Ok).count()
    }

    /// The resources that can't be changed safely.
    pub fn refusals(&self) -> impl Iterator<Item = (&Item, &Refusal)> {
        self.items.iter().filter_map(|item| match &item.outcome {
            Outcome::Refused(refusal) => Some((item, refusal)),
            _ => None,
        })
    }

    /// What is not as declared. A command of which only running it can tell is no drift.
    pub fn drifted(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| match &item.outcome {
            Outcome::Ok => false,
            Outcome::Change(change) => !change.unknown,
            Outcome::Refused(_) => true,
        })
    }

    /// Names the hosts whose addresses the subjects are: a gateway is its director's.
    pub(super) fn name(&mut self, declared: &[Declaration], inventory: &Inventory) {
        for (item, declaration) in self.items.iter_mut().zip(declared) {
            let Some(Need::Forwarding { by }) = declaration.resource.needs() else { continue };
            let host = inventory.hosts.iter().find(|host| host.has(by));
            item.named =
                host.map(|host| item.subject.replacen(&by.to_string(), &named(Some(&host.name), by), 1));
        }
    }

    /// Whether nothing is to be done and nothing is in the way.
    pub fn is_empty(&self) -> bool {
        self.items.iter().all(|item| item.outcome == Outcome::Ok)
    }
}

impl Item {
    /// What reports call it: the task's name, or its module and subject.
    pub fn label(&self) -> String {
        match &self.task {
            Some(task) => task.clone(),
            None => format!("{} {}", self.module, self.told()),
        }
    }

    /// Its subject as it is told: by a name, where there is one.
    pub fn told(&self) -> &str {
        self.named.as_deref().unwrap_or(&self.subject)
    }
}
