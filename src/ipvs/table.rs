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
}

/// The whole table. Order does not matter to the kernel, so it is kept sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Each service under its key.
    pub services: BTreeMap<ServiceKey, VirtualService>,
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
