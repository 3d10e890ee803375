//! What the declaration of a playbook for a host is made from.

use super::Engine;
use crate::inventory::{Host, Inventory};
use crate::resource::Facts;

/// Everything but the variables.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) engine: &'a Engine,
    pub(super) inventory: &'a Inventory,
    pub(super) host: &'a Host,
    pub(super) facts: &'a Facts,
}
