//! A virtual service as the inventory declares it.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ipvs::{Forwarding, ServiceKey, VirtualService};

/// A virtual service as declared.
#[derive(Clone, Debug)]
pub struct ServiceDeclaration {
    /// What reports call it.
    pub name: String,
    /// What the director's table must hold.
    pub service: VirtualService,
    /// How packets reach its real servers.
    pub forwarding: Forwarding,
    /// What a new real server must do before it enters the table.
    pub check: Check,
    /// The real servers' host names by address, in the file's order.
    pub hosts: Vec<(SocketAddr, String)>,
}

/// What a new real server must do before it enters a director's table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// It takes a TCP connection from the director.
    #[default]
    Tcp,
    /// Nothing.
    None,
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
