//! What a director has beside the services that are declared.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::super::{Undeclared, UndeclaredService};
use super::VirtualServices;
use super::observed::Observed;
use crate::ipvs::{ServiceKey, VirtualService};

impl VirtualServices {
    /// Services of the kernel's table or the rules file that stay, and real servers that leave declared services. Where
    /// all is as declared, nothing leaves, and a table without more services than are declared has no others.
    pub(super) fn beside(&self, observed: &Observed, as_declared: bool) -> Vec<Undeclared> {
        let live = &observed.live.services;
        let boot = self.persist.then_some(&observed.boot.rules.table.services);
        let declared = &self.table.services;
        let tables = || [Some(live), boot].into_iter().flatten();
        if as_declared && tables().all(|table| table.len() == declared.len()) {
            return Vec::new();
        }
        let mut others: BTreeSet<ServiceKey> = BTreeSet::new();
        let mut leaving: BTreeSet<(ServiceKey, SocketAddr)> = BTreeSet::new();
        for service in tables().flat_map(|table| table.values()) {
            match declared.get(&service.key) {
                None if self.prune => {}
                None => _ = others.insert(service.key),
                Some(_) if as_declared => {}
                Some(wanted) => {
                    let addresses = service.real_servers.keys();
                    let leaves = addresses.filter(|address| !wanted.real_servers.contains_key(*address));
                    leaving.extend(leaves.map(|address| (service.key, *address)));
                }
            }
        }
        let other = |key: ServiceKey| {
            let (running, saved) = (live.get(&key), boot.and_then(|boot| boot.get(&key)));
            let real_servers: BTreeSet<SocketAddr> = addresses(running).chain(addresses(saved)).collect();
            let touched = [&observed.touched.live, &observed.touched.rules];
            Undeclared::Service(UndeclaredService {
                key,
                real_servers: real_servers.into_iter().collect(),
                running: running.is_some(),
                at_boot: boot.map(|_| saved.is_some()),
                ours: touched.iter().any(|keys| keys.contains(&key)),
            })
        };
        let leaving = leaving.into_iter().map(|(key, address)| Undeclared::RealServer(key, address));
        others.into_iter().map(other).chain(leaving).collect()
    }
}

fn addresses(service: Option<&VirtualService>) -> impl Iterator<Item = SocketAddr> {
    service.into_iter().flat_map(|service| service.real_servers.keys().copied())
}
