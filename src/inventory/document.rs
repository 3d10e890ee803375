//! The inventory as it is written: what may stand where. These docstrings are the descriptions in `lvsprov schema`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Image, Pages, TableOwner};
use crate::document::{Entries, Field, OneOrMany, OrText, Text, WordOr};
use crate::ipvs::{Forwarding, Protocol, Scheduler, SyncState};

/// A cluster: its directors, real servers and clients, and the services that the directors balance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "lvsprov inventory", rename = "Inventory")]
pub(super) struct RawInventory {
    /// The cluster's name; a lab is known by it. Letters, digits, `_`, `.` and `-`.
    pub cluster: Field<String>,
    /// How ssh reaches the hosts; a host's own `ssh` goes before it, key by key.
    pub ssh: Option<Field<RawSsh>>,
    /// Variables for all hosts.
    pub vars: Option<Field<Entries<Value>>>,
    /// The directors by name: they take the clients' connections and pass them on.
    pub directors: Field<Entries<RawDirector>>,
    /// The real servers by name: they answer the requests.
    pub real_servers: Field<Entries<RawRealServer>>,
    /// The clients by name: the curl loops run there.
    pub clients: Option<Field<Entries<RawClient>>>,
    /// Further groups by name, each a list of hosts and groups, for `hosts:` and `--limit`.
    pub groups: Option<Field<Entries<Vec<Field<String>>>>>,
    /// Who owns the directors' table: ipvsadm, or keepalived, which also moves the addresses of directors that share a VIP
    /// between them. When it is left out: keepalived where directors share a VIP, else ipvsadm. This version deploys ipvsadm.
    pub engine: Option<Field<TableOwner>>,
    /// The services that the directors balance over the real servers.
    pub virtual_services: Option<Field<Vec<Field<RawService>>>>,
    /// How long the directors remember a connection of which they see nothing more.
    pub timeouts: Option<Field<RawTimeouts>>,
    /// Where the cluster's time comes from.
    pub time: Option<Field<RawTime>>,
    /// What becomes of an `index.html` on a real server that somebody else wrote: keep leaves it, and has each real server
    /// tell who it is on a page at another path; replace puts that page in its place. keep when it is left out.
    pub pages: Option<Field<Pages>>,
}

/// A director.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Director")]
pub(super) struct RawDirector {
    /// The virtual IP address with its prefix length: `192.168.175.100/24`; or a list, IPv4 and IPv6 mixed. Clients
    /// connect to it. Directors that name the same one are a pair, and share all of their vips and dips.
    pub vip: Field<OneOrMany<String>>,
    /// The address in the real servers' subnet with its prefix length: `192.168.40.100/24`; or a list.
    pub dip: Field<OneOrMany<String>>,
    /// The addresses that are this host's for ever; one, or a list. With them, `lvsprov` puts vip and dip on the interfaces
    /// that have the own addresses in their subnets. Without them, vip and dip are the host's already, and are used as
    /// they are.
    pub own: Option<Field<OneOrMany<String>>>,
    /// Of directors that share a vip, the one with the highest priority has it: 1 to 254; 100 when it is left out.
    pub priority: Option<Field<u8>>,
    /// Its sync daemons, by which another director learns of its connections: one that sends, one that takes, or both.
    pub sync_daemons: Option<Field<Vec<Field<RawSyncDaemon>>>>,
    /// What ssh connects to; else the first own address, else the first dip.
    pub address: Option<Field<String>>,
    /// How ssh reaches this host.
    pub ssh: Option<Field<RawSsh>>,
    /// This host's variables.
    pub vars: Option<Field<Entries<Value>>>,
    /// What its machine in a lab is like.
    pub lab: Option<Field<RawLab>>,
}

/// A real server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RealServer")]
pub(super) struct RawRealServer {
    /// Its address with its prefix length: `192.168.40.101/24`; or a list, IPv4 and IPv6 mixed.
    pub rip: Field<OneOrMany<String>>,
    /// What ssh connects to; else the first rip.
    pub address: Option<Field<String>>,
    /// How ssh reaches this host.
    pub ssh: Option<Field<RawSsh>>,
    /// This host's variables.
    pub vars: Option<Field<Entries<Value>>>,
    /// What its machine in a lab is like.
    pub lab: Option<Field<RawLab>>,
}

/// A client.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Client")]
pub(super) struct RawClient {
    /// Its address with its prefix length: `192.168.175.50/24`; or a list, IPv4 and IPv6 mixed.
    pub cip: Field<OneOrMany<String>>,
    /// What ssh connects to; else the first cip.
    pub address: Option<Field<String>>,
    /// How ssh reaches this host.
    pub ssh: Option<Field<RawSsh>>,
    /// This host's variables.
    pub vars: Option<Field<Entries<Value>>>,
    /// What its machine in a lab is like.
    pub lab: Option<Field<RawLab>>,
}

/// What a host's machine in a lab is like. It says nothing of the real host.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Lab")]
pub(super) struct RawLab {
    /// What the machine is made from; what `--image` names, else debian-12, when it is left out.
    pub image: Option<Field<Image>>,
}

/// How ssh reaches a host. What is left out is up to `~/.ssh/config` and ssh's defaults.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Ssh")]
pub(super) struct RawSsh {
    /// The login name.
    pub user: Option<Field<String>>,
    /// sshd's port, 1 to 65535.
    pub port: Option<Field<u16>>,
    /// The private key to use, and no other.
    pub identity_file: Option<Field<String>>,
    /// A jump host, as `ssh -J` takes it.
    pub jump: Option<Field<String>>,
    /// Become root through sudo.
    pub r#become: Option<Field<bool>>,
    /// Further options as in ssh_config(5).
    pub options: Option<Field<Entries<Text>>>,
}

/// A virtual service.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "VirtualService")]
pub(super) struct RawService {
    /// What reports call it.
    pub name: Field<String>,
    /// A director's VIP and the port: `192.168.175.100:80`, `"[2001:db8::100]:80"`. Port 0 stands for all ports of a
    /// persistent service.
    pub address: Field<String>,
    /// The transport protocol; tcp when it is left out.
    pub protocol: Option<Field<Protocol>>,
    /// How a real server is picked for a new connection; the kernel's default, wlc, when it is left out.
    pub scheduler: Option<Field<Scheduler>>,
    /// How packets reach the real servers; nat, the only method that this version deploys, when it is left out.
    pub forwarding: Option<Field<Forwarding>>,
    /// Seconds for which a client stays with its real server, 1 to 2678400 (31 days).
    pub persistent: Option<Field<u32>>,
    /// What shows that it serves: the director asks it of a new real server before that enters the table, and the clients
    /// ask it of the service. When it is left out, the director opens a TCP connection, and the clients get the page at `/`
    /// over HTTP.
    pub check: Option<Field<WordOr<CheckWord, RawCheck>>>,
    /// Seconds that the connections of a real server that leaves the service are given to end, 0 to 86400 (a day); 10 when
    /// it is left out, and 0 cuts them at once.
    pub drain: Option<Field<u32>>,
    /// The real servers of the service; all of the director's, with weight 1 and the service's port, when it is left
    /// out. An entry may be just a host's name.
    pub real_servers: Option<Field<Vec<Field<OrText<RawEntry>>>>>,
}

/// A real server's part in a service.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ServiceRealServer")]
pub(super) struct RawEntry {
    /// The real server's host name.
    pub host: Field<String>,
    /// Its share of new connections, 0 to 65535; 1 when it is left out, and 0 takes no new one.
    pub weight: Option<Field<u16>>,
    /// The port that it listens on; the service's when it is left out.
    pub port: Option<Field<u16>>,
    /// Connections at which it takes no new one; no bound when it is left out.
    pub upper_threshold: Option<Field<u32>>,
    /// Connections below which it takes new ones again, once it had too many; three quarters of the upper threshold when
    /// it is left out.
    pub lower_threshold: Option<Field<u32>>,
}

/// A check in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum CheckWord {
    /// The page at `/` comes over HTTP.
    Http,
    // Without a name to hold its certificate against it is refused: see the check.
    #[schemars(skip)]
    Https,
    /// A TCP connection is taken.
    Tcp,
    /// Nobody asks anything.
    None,
}

/// What is asked: one of the three.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Check")]
pub(super) struct RawCheck {
    /// A page over HTTP.
    pub http: Option<Field<RawHttp>>,
    /// A page over HTTPS.
    pub https: Option<Field<RawHttps>>,
    /// A few words over a TCP connection; just the connection, when both are left out.
    pub tcp: Option<Field<RawTalk>>,
}

/// A page over HTTP.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpCheck")]
pub(super) struct RawHttp {
    /// Its path: `/health`; `/` when it is left out.
    pub path: Option<Field<String>>,
    /// The name that it is asked by: `shop.example`; the address when it is left out.
    pub host: Option<Field<String>>,
    /// The status that it must come with, 200 to 599; 200 when it is left out.
    pub status: Option<Field<u16>>,
}

/// A page over HTTPS.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpsCheck")]
pub(super) struct RawHttps {
    /// Its path: `/health`; `/` when it is left out.
    pub path: Option<Field<String>>,
    /// The name that it is asked by, and that its certificate must be for: `shop.example`.
    pub host: Option<Field<String>>,
    /// The status that it must come with, 200 to 599; 200 when it is left out.
    pub status: Option<Field<u16>>,
    /// Take any certificate.
    pub insecure: Option<Field<bool>>,
}

/// A few words over a TCP connection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TcpCheck")]
pub(super) struct RawTalk {
    /// What is sent, as it is: `"PING\r\n"`; nothing when it is left out.
    pub send: Option<Field<Text>>,
    /// What a line of the answer must hold: `+PONG`; any line will do when it is left out.
    pub expect: Option<Field<Text>>,
}

/// How long a director remembers a connection of which it sees nothing more, in seconds. What is left out stays as the
/// kernel has it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Timeouts")]
pub(super) struct RawTimeouts {
    /// A TCP connection; the kernel begins with 900.
    pub tcp: Option<Field<u32>>,
    /// A TCP connection after its FIN; the kernel begins with 120.
    pub tcp_fin: Option<Field<u32>>,
    /// A flow of UDP; the kernel begins with 300.
    pub udp: Option<Field<u32>>,
}

/// A sync daemon of a director.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SyncDaemon")]
pub(super) struct RawSyncDaemon {
    /// master: it sends what the director knows of its connections; backup: it takes what another one sends.
    pub state: Field<SyncState>,
    /// The interface of its multicast: `eth1`; that of the first dip when it is left out.
    pub interface: Option<Field<String>>,
    /// Daemons hear of those with the same number alone, 0 to 255; 0 when it is left out.
    pub syncid: Option<Field<u8>>,
}

/// Where time comes from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Time")]
pub(super) struct RawTime {
    /// NTP servers that the directors follow.
    pub servers: Option<Field<Vec<Field<String>>>>,
}
