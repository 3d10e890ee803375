//! What differs between two tables, found once: the edits and the words for a plan both come from it.

use std::net::SocketAddr;

use super::names::{NAMELESS, Names};
use super::{RealServer, ServiceKey, Table, VirtualService};

/// What has to change so that `current` becomes `desired`.
///
/// A service in `desired` owns its real servers: others leave it. A whole service that is only in `current` stays as it
/// is, unless `prune`.
#[derive(Clone, Debug)]
pub struct TableDiff<'a> {
    /// Those that change or come, by key, and then those that go.
    pub(super) services: Vec<ServiceDiff<'a>>,
    pub(super) current: &'a Table,
    pub(super) desired: &'a Table,
    pub(super) names: &'a Names,
}

/// One service that differs.
#[derive(Clone, Debug)]
pub(super) struct ServiceDiff<'a> {
    pub(super) key: ServiceKey,
    /// What is there; `None` when it comes.
    pub(super) old: Option<&'a VirtualService>,
    /// What is to be there; `None` when it goes, with all of its real servers.
    pub(super) new: Option<&'a VirtualService>,
    /// Its real servers that differ: first those that come or change, then those that leave. All of them when it goes.
    pub(super) servers: Vec<ServerDiff<'a>>,
}

/// One real server of a service that differs.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServerDiff<'a> {
    pub(super) address: SocketAddr,
    pub(super) old: Option<&'a RealServer>,
    pub(super) new: Option<&'a RealServer>,
}

impl<'a> TableDiff<'a> {
    /// Compares two tables.
    pub fn between(current: &'a Table, desired: &'a Table, prune: bool) -> TableDiff<'a> {
        let mut services = Vec::new();
        for (&key, new) in &desired.services {
            let old = current.services.get(&key);
            let servers = servers(old, new);
            let same = old.is_some_and(|old| old.has_settings_of(new));
            if !same || !servers.is_empty() {
                services.push(ServiceDiff { key, old, new: Some(new), servers });
            }
        }
        let gone = current.services.iter().filter(|(key, _)| prune && !desired.services.contains_key(key));
        services.extend(gone.map(|(&key, old)| {
            ServiceDiff {
                key,
                old: Some(old),
                new: None,
                servers: old
                    .real_servers
                    .iter()
                    .map(|(&address, server)| ServerDiff { address, old: Some(server), new: None })
                    .collect(),
            }
        }));
        TableDiff { services, current, desired, names: &NAMELESS }
    }

    /// The same, told by these names.
    pub fn with_names(self, names: &'a Names) -> TableDiff<'a> {
        TableDiff { names, ..self }
    }

    /// Whether nothing has to change.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// The services that come, change or go.
    pub fn keys(&self) -> impl Iterator<Item = ServiceKey> {
        self.services.iter().map(|service| service.key)
    }

    /// The real servers that come: the service, the address, the settings.
    pub fn newcomers(&self) -> impl Iterator<Item = (ServiceKey, SocketAddr, &'a RealServer)> {
        let of_service = |service: &ServiceDiff<'a>| {
            let key = service.key;
            let new = |server: &ServerDiff<'a>| {
                Some((key, server.address, server.new?)).filter(|_| server.old.is_none())
            };
            service.servers.iter().filter_map(new).collect::<Vec<_>>()
        };
        self.services.iter().flat_map(of_service)
    }

    /// The real servers that leave, alone or with their service: the service, the address.
    pub fn leavers(&self) -> impl Iterator<Item = (ServiceKey, SocketAddr)> {
        self.services.iter().flat_map(|service| {
            let leaving = service.servers.iter().filter(|server| server.new.is_none());
            leaving.map(|server| (service.key, server.address))
        })
    }
}

impl ServiceDiff<'_> {
    /// Whether a real server leaves it.
    pub(super) fn loses(&self) -> bool {
        self.servers.iter().any(|server| server.new.is_none())
    }
}

fn servers<'a>(old: Option<&'a VirtualService>, new: &'a VirtualService) -> Vec<ServerDiff<'a>> {
    let mut found = Vec::new();
    for (&address, server) in &new.real_servers {
        let there = old.and_then(|old| old.real_servers.get(&address));
        if there != Some(server) {
            found.push(ServerDiff { address, old: there, new: Some(server) });
        }
    }
    for (&address, server) in old.into_iter().flat_map(|old| &old.real_servers) {
        if !new.real_servers.contains_key(&address) {
            found.push(ServerDiff { address, old: Some(server), new: None });
        }
    }
    found
}
