//! What must be true just before a real server enters the table: that it answers the director.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::super::Gate;
use crate::ipvs::{Check, Protocol, ServiceKey, Table, TableDiff};

/// A gate for each real server that a TCP connection can try and that is to take connections, but for those that are not
/// checked. `next` is what the next boot brings without the change.
pub(super) fn gates(diff: &TableDiff<'_>, next: &Table, checks: &BTreeMap<ServiceKey, Check>) -> Vec<Gate> {
    let mut gates: BTreeMap<(SocketAddr, bool, Check), Vec<ServiceKey>> = BTreeMap::new();
    for (key, address, server) in diff.newcomers() {
        let tcp = matches!(key, ServiceKey::Address(Protocol::Tcp, _));
        let check = checks.get(&key).unwrap_or(&Check::Usual).of_director();
        if let Some(check) = check.filter(|_| tcp && address.port() != 0 && server.weight > 0) {
            let service = next.services.get(&key);
            let known = service.is_some_and(|service| service.real_servers.contains_key(&address));
            gates.entry((address, known, check)).or_default().push(key);
        }
    }
    gates
        .into_iter()
        .map(|((address, known, check), services)| Gate { address, services, known, check })
        .collect()
}
