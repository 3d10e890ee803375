//! The director's part of the inventory's virtual services.

use minijinja::Value;
use schemars::JsonSchema;
use serde::Deserialize;

use super::composite::{Composite, ExpandError};
use crate::ipvs::Table;
use crate::playbook::scope::Scope;
use crate::resource::{self, Resource};

/// The inventory's virtual services on the director's VIP.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VirtualServices {
    /// Whether the next boot brings the same table.
    #[serde(default = "yes")]
    persist: bool,
    /// Whether services that are not declared go.
    #[serde(default)]
    prune: bool,
}

fn yes() -> bool {
    true
}

impl Composite for VirtualServices {
    const MODULE: &'static str = "virtual_services";

    fn expand(self, scope: Scope<'_>, _variables: &Value) -> Result<Vec<Resource>, ExpandError> {
        let mut table = Table::default();
        for declared in scope.inventory.services_of(scope.host) {
            table.services.insert(declared.service.key, declared.service.clone());
        }
        let VirtualServices { persist, prune } = self;
        Ok(vec![resource::VirtualServices { table, persist, prune, ..Default::default() }.into()])
    }
}
