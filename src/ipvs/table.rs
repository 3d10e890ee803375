//! The table: virtual services, each with its real servers.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Scheduler;

/// The transport protocol that a virtual service listens on.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// `-t`
    #[default]
    Tcp,
    /// `-u`
    Udp,
    /// `--sctp-service`
    Sctp,
}

/// How a packet reaches the real server.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Forwarding {
    /// Masquerading, `-m`: replies return through the director.
    #[default]
    Nat,
    /// Direct routing, `-g`.
    Dr,
    /// IP-IP encapsulation, `-i`.
    Tun,
}

/// How packets are wrapped for a real server behind a tunnel: `--tun-type`, since ipvsadm 1.31.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tunnel {
    /// IP in IP; also what every real server has that is not behind a tunnel.
    #[default]
    Ipip,
    /// Generic UDP encapsulation.
    Gue {
        /// `--tun-port`: the real server's UDP port.
        port: u16,
        /// What its header carries.
        checksum: TunnelChecksum,
    },
    /// Generic routing encapsulation.
    Gre {
        /// What its header carries; never [`TunnelChecksum::Remote`].
        checksum: TunnelChecksum,
    },
}

/// The checksum in a tunnel's header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TunnelChecksum {
    /// `--tun-nocsum`
    #[default]
    None,
    /// `--tun-csum`
    Full,
    /// `--tun-remcsum`: remote checksum offload.
    Remote,
}

/// What identifies a virtual service in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServiceKey {
    /// An address and port of a protocol; port 0 stands for all ports of a persistent service.
    Address(Protocol, SocketAddr),
    /// A firewall mark, `-f`; `true` for IPv6 (`-6`).
    FirewallMark(u32, bool),
}

/// One virtual service with its real servers, in canonical form: two equal values behave alike in the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualService {
    /// What identifies it.
    pub key: ServiceKey,
    /// Its scheduler.
    pub scheduler: Scheduler,
    /// `-b`: scheduler flags as ipvsadm prints them (`sh-fallback`, `sh-port`, `flag-3`), sorted.
    pub scheduler_flags: Vec<String>,
    /// `-p`: seconds for which a client stays with its real server.
    pub persistence: Option<u32>,
    /// `-M`: the persistent granularity: a dotted mask (IPv4) or prefix length (IPv6), absent when it is the default.
    pub netmask: Option<String>,
    /// `--pe`: the persistence engine.
    pub persistence_engine: Option<String>,
    /// `-o`: one-packet scheduling.
    pub one_packet: bool,
    /// The real servers by address.
    pub real_servers: BTreeMap<SocketAddr, RealServer>,
}

/// One real server of a virtual service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RealServer {
    /// How packets reach it.
    pub forwarding: Forwarding,
    /// 0 to 65535; 0 takes no new connection.
    pub weight: u16,
    /// `-x`: connections above which it takes no new one; 0 for no bound. `ipvsadm -S` never prints it.
    pub upper_threshold: u32,
    /// `-y`: connections below which it takes new ones again. `ipvsadm -S` never prints it.
    pub lower_threshold: u32,
    /// How packets are wrapped when `forwarding` is a tunnel; else [`Tunnel::Ipip`].
    pub tunnel: Tunnel,
}

/// The whole table. Order does not matter to the kernel, so it is kept sorted.
/// Written down it is a text of rules, as ipvsadm has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Table {
    /// Each service under its key.
    pub services: BTreeMap<ServiceKey, VirtualService>,
}

impl Table {
    /// The table of these services.
    pub fn of(services: impl IntoIterator<Item = VirtualService>) -> Self {
        Table { services: services.into_iter().map(|service| (service.key, service)).collect() }
    }
}

impl VirtualService {
    /// A service with the kernel's defaults and no real server.
    pub fn new(key: ServiceKey, scheduler: Scheduler) -> Self {
        VirtualService {
            key,
            scheduler,
            scheduler_flags: Vec::new(),
            persistence: None,
            netmask: None,
            persistence_engine: None,
            one_packet: false,
            real_servers: BTreeMap::new(),
        }
    }

    /// Its own settings, without its real servers: what `-E` changes.
    pub fn bare(&self) -> Self {
        VirtualService {
            key: self.key,
            scheduler: self.scheduler,
            scheduler_flags: self.scheduler_flags.clone(),
            persistence: self.persistence,
            netmask: self.netmask.clone(),
            persistence_engine: self.persistence_engine.clone(),
            one_packet: self.one_packet,
            real_servers: BTreeMap::new(),
        }
    }

    /// Whether the other one's own settings are the same, whatever the real servers.
    pub fn has_settings_of(&self, other: &Self) -> bool {
        self.bare() == other.bare()
    }
}

impl RealServer {
    /// A real server without thresholds.
    pub fn new(forwarding: Forwarding, weight: u16) -> Self {
        RealServer { forwarding, weight, upper_threshold: 0, lower_threshold: 0, tunnel: Tunnel::Ipip }
    }
}

impl ServiceKey {
    /// Whether real servers are IPv6 by default, and a netmask is a prefix length.
    pub fn is_ipv6(&self) -> bool {
        match self {
            ServiceKey::Address(_, address) => address.is_ipv6(),
            ServiceKey::FirewallMark(_, ipv6) => *ipv6,
        }
    }
}

impl Forwarding {
    /// The lower-case name, as an inventory has it.
    pub fn name(self) -> &'static str {
        match self {
            Forwarding::Nat => "nat",
            Forwarding::Dr => "dr",
            Forwarding::Tun => "tun",
        }
    }
}

impl fmt::Display for Forwarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Protocol {
    /// The lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServiceKey::Address(protocol, address) => write!(f, "{protocol} {address}"),
            ServiceKey::FirewallMark(mark, false) => write!(f, "fwmark {mark}"),
            ServiceKey::FirewallMark(mark, true) => write!(f, "fwmark {mark} IPv6"),
        }
    }
}
