//! From the text to the cluster: every check is made, and only what passes all of them is an inventory.

use super::check::{self, Cast};
use super::document::RawInventory;
use super::{Inventory, Time, ansible};
use crate::document::{self, Complaints, Field, Source};

/// Reads an inventory.
///
/// # Errors
/// Everything that is wrong with it, in the order of the places.
pub fn read(source: Source) -> Result<Inventory, Complaints> {
    let (inventory, complaints) = read_in_part(source);
    complaints.finish(inventory)
}

/// Reads what can be read of an inventory, beside everything that is wrong with it. With complaints, the inventory is
/// good for nothing but to find out what else is wrong: with its playbook, say.
pub fn read_in_part(source: Source) -> (Option<Inventory>, Complaints) {
    let mut complaints = Complaints::about(source);
    let inventory = inventory(&mut complaints);
    (inventory, complaints)
}

/// The JSON Schema of an inventory (draft 2020-12), for editors.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(RawInventory);
    // What only holds anchors.
    schema.insert("patternProperties".to_owned(), serde_json::json!({ "^x-": true }));
    schema.to_value()
}

fn inventory(complaints: &mut Complaints) -> Option<Inventory> {
    if ansible::is_ini(complaints) {
        return None;
    }
    let root = document::parse(complaints)?;
    let root = ansible::own_part(&root, complaints)?;
    let raw: RawInventory = root.read(complaints)?;

    let cluster = check::cluster(&raw, root.span, complaints);
    let defaults = check::Defaults::of(&raw, complaints);
    let cast = Cast::of(&raw, root.span, &defaults, complaints);
    check::addresses(&cast, complaints);
    check::directors(&cast, complaints);
    check::topology(&cast, &raw, complaints);
    let groups = check::groups(&raw, &cast, complaints);
    let virtual_services = check::services(&raw, &cast, complaints);
    let timeouts = check::timeouts(&raw, complaints);
    let time = time(&raw, complaints);

    let engine = check::engine(&raw, &cast);

    let hosts = cast.into_hosts();
    let cluster = cluster.unwrap_or_default();
    let mut inventory = Inventory::new(cluster, hosts, virtual_services, engine, time, defaults.vars, groups);
    inventory.timeouts = timeouts;
    inventory.pages = raw.pages.as_ref().and_then(Field::value).copied().unwrap_or_default();
    Some(inventory)
}

fn time(raw: &RawInventory, complaints: &mut Complaints) -> Time {
    let time = raw.time.as_ref().and_then(Field::value);
    let servers = time.and_then(|time| time.servers.as_ref()).and_then(Field::value);
    let servers = servers.into_iter().flatten().filter_map(Field::get);
    let servers = servers.filter(|server| {
        check::is_word(server, "an NTP server", "a host name or address: `pool.ntp.org`", complaints)
    });
    Time { servers: servers.map(|server| server.value.clone()).collect() }
}
