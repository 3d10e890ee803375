//! One machine of the cluster.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde_json::{Map, Value};

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
}

/// What a machine is in the cluster. An address keeps its prefix length, so that its subnet is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes the clients' connections at `vip` and passes them on from `dip`.
    Director {
        /// The virtual IP address with its subnet.
        vip: IpNet,
        /// The director's address in the real servers' subnet.
        dip: IpNet,
    },
    /// Answers the requests.
    RealServer {
        /// Its address with its subnet.
        rip: IpNet,
    },
    /// Where the curl loops run.
    Client {
        /// Its address with its subnet.
        cip: IpNet,
    },
}

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
    /// What ssh is told to connect to: `address`, else the rip, dip or cip.
    pub fn connect_to(&self) -> String {
        match (&self.address, self.role) {
            (Some(address), _) => address.clone(),
            (
                None,
                Role::Director { dip: net, .. } | Role::RealServer { rip: net } | Role::Client { cip: net },
            ) => net.addr().to_string(),
        }
    }

    /// The addresses that the inventory gives it, each with its subnet.
    pub fn networks(&self) -> Vec<IpNet> {
        match self.role {
            Role::Director { vip, dip } => vec![vip, dip],
            Role::RealServer { rip: net } | Role::Client { cip: net } => vec![net],
        }
    }

    /// The group that every host of its role is in.
    pub fn group(&self) -> &'static str {
        match self.role {
            Role::Director { .. } => "directors",
            Role::RealServer { .. } => "real_servers",
            Role::Client { .. } => "clients",
        }
    }

    /// Its rip, when it is a real server.
    pub fn rip(&self) -> Option<IpAddr> {
        match self.role {
            Role::RealServer { rip } => Some(rip.addr()),
            _ => None,
        }
    }
}
