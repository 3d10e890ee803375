//! The modules: what a task may call.
//!
//! To add one that is a kind of resource: see [`crate::resource`]; it is known here by itself. To add one that is
//! made of other things than its arguments alone, or of several resources: write its file with an `impl` of
//! [`composite::Composite`], and name it in the list below.

mod argument;
mod composite;
mod fault;
mod module;
mod real_server_page;
mod reference;
mod template;
mod time_sync;
mod virtual_services;

pub use argument::{Absence, Argument};
pub use module::Module;
pub use reference::Reference;

const COMPOSITES: [Module; 4] = [
    Module::composite::<real_server_page::RealServerPage>(),
    Module::composite::<template::Template>(),
    Module::composite::<time_sync::TimeSync>(),
    Module::composite::<virtual_services::VirtualServices>(),
];

/// Every module, by name.
pub fn modules() -> Vec<Module> {
    let mut modules: Vec<Module> = Module::kinds().chain(COMPOSITES).collect();
    modules.sort_unstable_by_key(|module| module.name);
    modules
}
