//! One machine of the cluster.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde_json::{Map, Value};

use super::{Cip, Dip, Image, Rip, Vip};
use crate::ipvs::SyncState;

/// A machine with its part in the cluster. Valid by construction: only [`super::Inventory`]'s reader makes one.
#[derive(Clone, Debug)]
pub struct Host {
    /// Unique in the inventory; what `--limit` and reports call it.
    pub name: String,
    /// Its part, with the addresses that come with it.
    pub role: Role,
    /// Where ssh connects to, when that is neither its rip, dip nor cip.
    pub address: Option<String>,
    /// How ssh connects to it: the inventory's defaults overlaid with the host's own.
    pub ssh: Ssh,
    /// Its variables: the inventory's overlaid with the host's own.
    pub vars: Map<String, Value>,
    /// What its machine in a lab is made from, when the inventory says it.
    pub image: Option<Image>,
}

/// What a machine is in the cluster. An address keeps its prefix length, so that its subnet is known. Each list but
/// `own` holds at least one address, IPv4 and IPv6 in the file's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes the clients' connections at a VIP and passes them on from a DIP.
    Director {
        /// What clients connect to.
        vips: Vec<Vip>,
        /// Its addresses in the real servers' subnets.
        dips: Vec<Dip>,
        /// The addresses that are this host's for ever. When there are any, `vips` and `dips` are put on its interfaces
        /// by `lvsprov`; else they are its own already.
        own: Vec<IpNet>,
        /// Of directors that share a VIP, the one with the highest has it: 1 to 254, as in VRRP.
        priority: u8,
        /// Its sync daemons, one of each state at most.
        sync_daemons: Vec<SyncDeclaration>,
    },
    /// Answers the requests.
    RealServer {
        /// Its addresses.
        rips: Vec<Rip>,
    },
    /// Where the curl loops run.
    Client {
        /// Its addresses.
        cips: Vec<Cip>,
    },
}

/// A sync daemon as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncDeclaration {
    /// Whether it sends or takes.
    pub state: SyncState,
    /// The interface of its multicast; `None` for that of the first DIP.
    pub interface: Option<String>,
    /// The number by which daemons know each other.
    pub syncid: u8,
}

/// The priority of a director that says none: VRRP's default (RFC 5798, 5.2.4).
pub const DEFAULT_PRIORITY: u8 = 100;

/// How ssh reaches a host. Absent fields leave the matter to `~/.ssh/config` and ssh's defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ssh {
    /// The login name.
    pub user: Option<String>,
    /// sshd's port.
    pub port: Option<u16>,
    /// The private key to use, and no other.
    pub identity_file: Option<PathBuf>,
    /// A jump host, as `ssh -J` takes it.
    pub jump: Option<String>,
    /// Become root through sudo.
    pub r#become: Option<bool>,
    /// Further `-o KEY=VALUE` options.
    pub options: BTreeMap<String, String>,
}

impl Host {
    /// What ssh is told to connect to: `address`, else the first `own` address, else the first rip, dip or cip.
    pub fn connect_to(&self) -> String {
        match (&self.address, self.ip()) {
            (Some(address), _) => address.clone(),
            (None, Some(ip)) => ip.to_string(),
            (None, None) => self.name.clone(),
        }
    }

    /// Its first `own` address, else its first rip, dip or cip.
    pub fn ip(&self) -> Option<IpAddr> {
        match &self.role {
            Role::Director { own, dips, .. } => {
                own.first().map(IpNet::addr).or(dips.first().map(|dip| dip.ip()))
            }
            Role::RealServer { rips } => rips.first().map(|rip| rip.ip()),
            Role::Client { cips } => cips.first().map(|cip| cip.ip()),
        }
    }

    /// The addresses that it has before `lvsprov` does anything: a director's `own` ones, when it has any; else all that
    /// the inventory gives it. Each with its subnet.
    pub fn standing(&self) -> Vec<IpNet> {
        match &self.role {
            Role::Director { own, .. } if !own.is_empty() => own.clone(),
            Role::Director { .. } => self.shared(),
            Role::RealServer { rips } => rips.iter().map(|rip| rip.0).collect(),
            Role::Client { cips } => cips.iter().map(|cip| cip.0).collect(),
        }
    }

    /// The addresses that `lvsprov` puts on its interfaces: the VIPs and DIPs of a director with `own` addresses.
    pub fn to_configure(&self) -> Vec<IpNet> {
        match &self.role {
            Role::Director { own, .. } if !own.is_empty() => self.shared(),
            _ => Vec::new(),
        }
    }

    /// Whether the inventory gives it the address.
    pub fn has(&self, address: IpAddr) -> bool {
        self.standing().iter().chain(&self.to_configure()).any(|net| net.addr() == address)
    }

    /// Its VIPs; none when it is no director.
    pub fn vips(&self) -> &[Vip] {
        match &self.role {
            Role::Director { vips, .. } => vips,
            _ => &[],
        }
    }

    /// Its DIPs; none when it is no director.
    pub fn dips(&self) -> &[Dip] {
        match &self.role {
            Role::Director { dips, .. } => dips,
            _ => &[],
        }
    }

    /// Its RIPs; none when it is no real server.
    pub fn rips(&self) -> &[Rip] {
        match &self.role {
            Role::RealServer { rips } => rips,
            _ => &[],
        }
    }

    /// Its CIPs; none when it is no client.
    pub fn cips(&self) -> &[Cip] {
        match &self.role {
            Role::Client { cips } => cips,
            _ => &[],
        }
    }

    /// What a pair of directors shares.
    fn shared(&self) -> Vec<IpNet> {
        self.vips().iter().map(|vip| vip.0).chain(self.dips().iter().map(|dip| dip.0)).collect()
    }

    /// The group that every host of its role is in.
    pub fn group(&self) -> &'static str {
        match self.role {
            Role::Director { .. } => "directors",
            Role::RealServer { .. } => "real_servers",
            Role::Client { .. } => "clients",
        }
    }
}
