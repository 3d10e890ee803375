//! The real servers by name.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::inventory::ServiceDeclaration;

/// The real servers' host names by address.
pub(super) struct Names<'a>(BTreeMap<SocketAddr, &'a str>);

impl<'a> Names<'a> {
    pub(super) fn of(declared: &'a ServiceDeclaration) -> Self {
        Names(declared.hosts.iter().map(|(address, name)| (*address, name.as_str())).collect())
    }

    pub(super) fn name(&self, address: &SocketAddr) -> String {
        self.0.get(address).map_or_else(|| address.to_string(), |name| (*name).to_owned())
    }
}

/// A host that serves on several ports has the shares of all of them: its page does not tell them apart.
pub(super) fn by_name(shares: &[(String, usize)]) -> BTreeMap<String, usize> {
    let mut sums = BTreeMap::new();
    for (name, share) in shares {
        *sums.entry(name.clone()).or_default() += share;
    }
    sums
}
