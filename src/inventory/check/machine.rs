//! A host in the making, with the places of what was said about it.

use ipnet::IpNet;
use serde_json::{Map, Value};

use super::super::document::{RawClient, RawDirector, RawLab, RawRealServer, RawSsh};
use super::super::{
    Cip, DEFAULT_PRIORITY, Dip, Host, Image, Rip, Role, Ssh, SyncDeclaration, Vip, same_family,
};
use super::sync_daemon::SyncDaemons;
use crate::document::{Entries, Field, OneOrMany, Span, Spanned};

/// A host in the making. It lacks addresses that were wrong, but other checks know of it.
pub(super) struct Machine {
    pub name: Spanned<String>,
    /// `directors`, `real_servers` or `clients`.
    pub group: &'static str,
    /// Those that could be read, key by key in the file's order.
    pub addresses: Vec<Address>,
    /// The keys of which an address is missing or could not be read.
    pub unread: Vec<&'static str>,
    pub priority: Option<u8>,
    pub sync_daemons: Vec<SyncDeclaration>,
    pub address: Option<String>,
    pub ssh: Ssh,
    pub vars: Map<String, Value>,
    pub image: Option<Image>,
}

/// One of a machine's addresses.
pub(super) struct Address {
    /// `vip`, `dip`, `own`, `rip` or `cip`.
    pub key: &'static str,
    pub net: IpNet,
    pub span: Span,
}

impl Machine {
    /// The addresses under a key that could be read.
    pub(super) fn nets<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Address> {
        self.addresses.iter().filter(move |address| address.key == key)
    }

    /// Whether all addresses under a key could be read. One that could not may be the very one that is looked for.
    pub(super) fn is_whole(&self, key: &str) -> bool {
        !self.unread.contains(&key)
    }

    pub(super) fn into_host(self) -> Option<Host> {
        let nets = |key| -> Option<Vec<IpNet>> {
            let nets: Vec<IpNet> = self.nets(key).map(|address| address.net).collect();
            (!nets.is_empty()).then_some(nets)
        };
        let role = match self.group {
            "directors" => Role::Director {
                vips: nets("vip")?.into_iter().map(Vip).collect(),
                dips: nets("dip")?.into_iter().map(Dip).collect(),
                own: nets("own").unwrap_or_default(),
                priority: self.priority.unwrap_or(DEFAULT_PRIORITY),
                sync_daemons: self.sync_daemons,
            },
            "real_servers" => Role::RealServer { rips: nets("rip")?.into_iter().map(Rip).collect() },
            _ => Role::Client { cips: nets("cip")?.into_iter().map(Cip).collect() },
        };
        Some(Host {
            name: self.name.value,
            role,
            address: self.address,
            ssh: self.ssh,
            vars: self.vars,
            image: self.image,
        })
    }
}

impl Address {
    /// What a complaint calls it.
    pub(super) fn called(&self) -> &'static str {
        if self.key == "own" { "own address" } else { self.key }
    }

    /// Whether both are IPv4, or both IPv6.
    pub(super) fn is_like(&self, other: &Address) -> bool {
        same_family(self.net.addr(), other.net.addr())
    }

    /// Whether one of the two is in the other's subnet.
    pub(super) fn is_near(&self, other: &Address) -> bool {
        self.net.contains(&other.net.addr()) || other.net.contains(&self.net.addr())
    }
}

/// One address under a key, or a list.
pub(super) type Addresses = Field<OneOrMany<String>>;

/// A section's kind of host, as it is written.
pub(super) trait RawHost {
    const GROUP: &'static str;
    /// The keys of the addresses that it must have.
    const KEYS: &'static [&'static str];

    /// What it says.
    fn parts(&self) -> Parts<'_>;
}

/// What a host says, whatever its kind.
pub(super) struct Parts<'a> {
    /// In the order of its kind's keys.
    pub addresses: Vec<&'a Addresses>,
    pub own: Option<&'a Addresses>,
    pub priority: Option<&'a Field<u8>>,
    pub sync_daemons: Option<&'a SyncDaemons>,
    pub address: Option<&'a Field<String>>,
    pub ssh: Option<&'a Field<RawSsh>>,
    pub vars: Option<&'a Field<Entries<Value>>>,
    pub lab: Option<&'a Field<RawLab>>,
}

impl RawHost for RawDirector {
    const GROUP: &'static str = "directors";
    const KEYS: &'static [&'static str] = &["vip", "dip"];

    fn parts(&self) -> Parts<'_> {
        Parts {
            addresses: vec![&self.vip, &self.dip],
            own: self.own.as_ref(),
            priority: self.priority.as_ref(),
            sync_daemons: self.sync_daemons.as_ref(),
            address: self.address.as_ref(),
            ssh: self.ssh.as_ref(),
            vars: self.vars.as_ref(),
            lab: self.lab.as_ref(),
        }
    }
}

/// The two kinds that have addresses under one key and no more.
macro_rules! plain {
    ($($raw:ident, $group:literal, $key:ident;)*) => {$(
        impl RawHost for $raw {
            const GROUP: &'static str = $group;
            const KEYS: &'static [&'static str] = &[stringify!($key)];

            fn parts(&self) -> Parts<'_> {
                Parts {
                    addresses: vec![&self.$key],
                    own: None,
                    priority: None,
                    sync_daemons: None,
                    address: self.address.as_ref(),
                    ssh: self.ssh.as_ref(),
                    vars: self.vars.as_ref(),
                    lab: self.lab.as_ref(),
                }
            }
        }
    )*};
}

plain! {
    RawRealServer, "real_servers", rip;
    RawClient, "clients", cip;
}
