//! The whole cluster.

use std::collections::{BTreeMap, HashMap};

use ipnet::IpNet;
use serde_json::{Map, Value};

use super::{Host, Role};
use crate::ipvs::{ServiceKey, VirtualService};

/// A valid inventory.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// The cluster's name; a lab is known by it.
    pub cluster: String,
    /// Directors, then real servers, then clients, each in the file's order.
    pub hosts: Vec<Host>,
    /// In the file's order.
    pub virtual_services: Vec<ServiceDeclaration>,
    /// Where the cluster's time comes from.
    pub time: Time,
    /// Variables for all hosts.
    pub vars: Map<String, Value>,
    /// The groups that the file declares, beside `all`, `directors`, `real_servers` and `clients`: host names.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Where each name is in `hosts`.
    index: HashMap<String, usize>,
}

/// A virtual service as declared.
#[derive(Clone, Debug)]
pub struct ServiceDeclaration {
    /// What reports call it.
    pub name: String,
    /// What the director's table must hold.
    pub service: VirtualService,
    /// The real servers' host names by address, in the file's order.
    pub hosts: Vec<(std::net::SocketAddr, String)>,
}

/// Where time comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// NTP servers that the directors follow; empty: the distribution's own choice stays.
    pub servers: Vec<String>,
}

impl Inventory {
    /// Takes what is valid: the reader has made sure, or a test has taken care.
    pub(crate) fn new(
        cluster: String,
        hosts: Vec<Host>,
        virtual_services: Vec<ServiceDeclaration>,
        time: Time,
        vars: Map<String, Value>,
        groups: BTreeMap<String, Vec<String>>,
    ) -> Self {
        let index = hosts.iter().enumerate().map(|(index, host)| (host.name.clone(), index)).collect();
        Inventory { cluster, hosts, virtual_services, time, vars, groups, index }
    }

    /// The host of that name.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(self.index_of(name)?)
    }

    /// The hosts' names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().map(|host| host.name.as_str())
    }

    /// Where the host of that name is in `hosts`.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        let index = *self.index.get(name)?;
        // `hosts` can be changed by whoever owns the inventory; the index then finds nothing rather than another host.
        self.hosts.get(index).is_some_and(|host| host.name == name).then_some(index)
    }

    /// The directors, in order.
    pub fn directors(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|host| matches!(host.role, Role::Director { .. }))
    }

    /// The DIP that a real server has as its gateway, with its subnet; `None` for other hosts.
    pub fn dip_for(&self, host: &Host) -> Option<IpNet> {
        let Role::RealServer { rip } = host.role else { return None };
        self.directors().find_map(|director| match director.role {
            Role::Director { dip, .. } if neighbours(dip, rip) => Some(dip),
            _ => None,
        })
    }

    /// The services whose table a director holds: those on its VIP.
    pub fn services_of<'a>(&'a self, director: &'a Host) -> impl Iterator<Item = &'a ServiceDeclaration> {
        self.virtual_services.iter().filter(move |declared| match (director.role, declared.service.key) {
            (Role::Director { vip, .. }, ServiceKey::Address(_, address)) => vip.addr() == address.ip(),
            _ => false,
        })
    }
}

/// Whether each of the two is in the other's subnet: the real server must reach the DIP directly, and the DIP it.
pub(super) fn neighbours(dip: IpNet, rip: IpNet) -> bool {
    dip.contains(&rip.addr()) && rip.contains(&dip.addr())
}
