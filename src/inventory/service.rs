//! A virtual service as the inventory declares it.

use std::net::{IpAddr, SocketAddr};

use crate::ipvs::{Check, Forwarding, ServiceKey, VirtualService};

/// A virtual service as declared.
#[derive(Clone, Debug)]
pub struct ServiceDeclaration {
    /// What reports call it.
    pub name: String,
    /// What the director's table must hold.
    pub service: VirtualService,
    /// How packets reach its real servers.
    pub forwarding: Forwarding,
    /// What shows that it serves.
    pub check: Check,
    /// How many seconds the connections of what leaves it are given to end; `None` for the default.
    pub drain: Option<u32>,
    /// The real servers' host names by address, in the file's order.
    pub hosts: Vec<(SocketAddr, String)>,
}

impl ServiceDeclaration {
    /// The VIP that clients connect to; `None` for a service by firewall mark.
    pub fn vip(&self) -> Option<IpAddr> {
        match self.service.key {
            ServiceKey::Address(_, address) => Some(address.ip()),
            ServiceKey::FirewallMark(..) => None,
        }
    }
}
