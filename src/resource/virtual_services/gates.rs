//! What must be true just before a real server enters the table: that it answers the director.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::super::Gate;
use crate::ipvs::{Protocol, ServiceKey, Table, TableDiff};

/// A gate for each real server that a TCP connection can try and that is to take connections, but for those of the
/// `ungated` services. `next` is what the next boot brings without the change.
pub(super) fn gates(diff: &TableDiff<'_>, next: &Table, ungated: &BTreeSet<ServiceKey>) -> Vec<Gate> {
    let mut gates: BTreeMap<(SocketAddr, bool), Vec<ServiceKey>> = BTreeMap::new();
    for (key, address, server) in diff.newcomers() {
        let tcp = matches!(key, ServiceKey::Address(Protocol::Tcp, _));
        if tcp && address.port() != 0 && server.weight > 0 && !ungated.contains(&key) {
            let service = next.services.get(&key);
            let known = service.is_some_and(|service| service.real_servers.contains_key(&address));
            gates.entry((address, known)).or_default().push(key);
        }
    }
    gates.into_iter().map(|((address, known), services)| Gate { address, services, known }).collect()
}
