//! How long the connections of what leaves are given to end, and what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Risk;
use super::named;
use crate::ipvs::{Connections, Names, ServiceKey, TableDiff};

/// The seconds of a service that does not say how many, and of one that is not declared.
pub(super) const DEFAULT: u32 = 10;

/// What the removals of a change do to connections: one for each time that they are given. Those that have none are not
/// told. `connections` is `None` where nobody counted them.
pub(super) fn risks(
    diff: &TableDiff<'_>,
    connections: Option<&Connections>,
    drain: &dyn Fn(ServiceKey) -> u32,
    names: &Names,
) -> Vec<Risk> {
    let mut turns: BTreeMap<u32, (BTreeSet<ServiceKey>, u64)> = BTreeMap::new();
    for (key, address) in diff.leavers() {
        let (services, open) = turns.entry(drain(key)).or_default();
        services.insert(key);
        *open += connections.map_or(0, |connections| connections.of(key, address));
    }
    let several = turns.len() > 1;
    let risk = |(seconds, (services, open)): (u32, (BTreeSet<ServiceKey>, u64))| {
        let connections = connections.map(|_| open);
        let services = several.then(|| named(services.iter(), names));
        (connections != Some(0)).then_some(Risk::Drain { connections, seconds, services })
    };
    turns.into_iter().filter_map(risk).collect()
}
