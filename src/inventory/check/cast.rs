//! Who plays which part: all hosts by name, with the places of what was said about them.

use std::collections::HashMap;

use ipnet::IpNet;
use serde_json::{Map, Value};

use super::super::document::{RawInventory, RawSsh};
use super::super::{Host, Role, Ssh};
use super::address::address;
use super::name::{BUILT_IN_GROUPS, is_name, is_word, variables};
use super::ssh::ssh;
use crate::document::{Complaints, Entries, Field, Span, Spanned};

/// What the inventory says for all hosts.
pub(crate) struct Defaults {
    pub ssh: Ssh,
    pub vars: Map<String, Value>,
}

/// A host in the making. It lacks addresses that were wrong, but other checks know of it.
pub(super) struct Machine {
    pub name: Spanned<String>,
    /// `directors`, `real_servers` or `clients`.
    pub group: &'static str,
    /// Those that could be read: vip and dip, or rip, or cip.
    pub addresses: Vec<Address>,
    address: Option<String>,
    ssh: Ssh,
    vars: Map<String, Value>,
}

/// One of a machine's addresses.
pub(super) struct Address {
    /// `vip`, `dip`, `rip` or `cip`.
    pub key: &'static str,
    pub net: IpNet,
    pub span: Span,
}

/// All hosts: directors, then real servers, then clients.
pub(crate) struct Cast {
    pub(super) machines: Vec<Machine>,
    index: HashMap<String, usize>,
}

/// What all three kinds of host have in common.
struct Common<'a> {
    address: Option<&'a Field<String>>,
    ssh: Option<&'a Field<RawSsh>>,
    vars: Option<&'a Field<Entries<Value>>>,
}

impl Defaults {
    pub(crate) fn of(raw: &RawInventory, complaints: &mut Complaints) -> Self {
        Defaults {
            ssh: ssh(raw.ssh.as_ref(), &Ssh::default(), complaints),
            vars: variables(raw.vars.as_ref(), complaints),
        }
    }
}

impl Machine {
    /// The address under a key, when it could be read.
    pub(super) fn net(&self, key: &str) -> Option<&Address> {
        self.addresses.iter().find(|address| address.key == key)
    }

    fn into_host(self) -> Option<Host> {
        let net = |key| self.net(key).map(|address| address.net);
        let role = match self.group {
            "directors" => Role::Director { vip: net("vip")?, dip: net("dip")? },
            "real_servers" => Role::RealServer { rip: net("rip")? },
            _ => Role::Client { cip: net("cip")? },
        };
        Some(Host { name: self.name.value, role, address: self.address, ssh: self.ssh, vars: self.vars })
    }
}

/// Casts one section of the inventory: each host's own addresses by key, and what all hosts have.
macro_rules! section {
    ($cast:ident, $section:expr, $group:literal, [$($key:ident),+], $defaults:ident, $complaints:ident) => {
        for entry in $section.into_iter().flat_map(|hosts| &hosts.0) {
            let addresses: &[(&'static str, Option<&Field<String>>)] =
                &[$((stringify!($key), entry.value.value().map(|host| &host.$key))),+];
            let common = entry.value.value().map(|host| Common {
                address: host.address.as_ref(),
                ssh: host.ssh.as_ref(),
                vars: host.vars.as_ref(),
            });
            // A host with nothing behind its name lacks its addresses; one that is no mapping was complained of.
            let lacking = matches!(entry.value, Field::Missing);
            $cast.add(&entry.key, $group, addresses, lacking, common, $defaults, $complaints);
        }
    };
}

impl Cast {
    pub(crate) fn of(
        raw: &RawInventory,
        root: Span,
        defaults: &Defaults,
        complaints: &mut Complaints,
    ) -> Self {
        let mut cast = Cast { machines: Vec::new(), index: HashMap::new() };
        let directors = raw.directors.required("directors", root, complaints);
        let real_servers = raw.real_servers.required("real_servers", root, complaints);
        let clients = raw.clients.as_ref().and_then(Field::value);
        for (section, named) in [
            (directors.map(|hosts| (hosts.span, hosts.value.0.is_empty())), "director"),
            (real_servers.map(|hosts| (hosts.span, hosts.value.0.is_empty())), "real server"),
        ] {
            if let Some((span, true)) = section {
                complaints.add(span, format!("there is no {named}"), format!("declare at least one {named}"));
            }
        }
        section!(cast, directors.map(|hosts| &hosts.value), "directors", [vip, dip], defaults, complaints);
        section!(cast, real_servers.map(|hosts| &hosts.value), "real_servers", [rip], defaults, complaints);
        section!(cast, clients, "clients", [cip], defaults, complaints);
        cast
    }

    /// The machine of a name; the first, when there are two.
    pub(super) fn machine(&self, name: &str) -> Option<&Machine> {
        self.index.get(name).map(|index| &self.machines[*index])
    }

    /// Those of a group.
    pub(super) fn of_group(&self, group: &str) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter(move |machine| machine.group == group)
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.machines.iter().map(|machine| machine.name.value.as_str())
    }

    /// The hosts that have all of their addresses.
    pub(crate) fn into_hosts(self) -> Vec<Host> {
        self.machines.into_iter().filter_map(Machine::into_host).collect()
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one entry, taken apart by `section`")]
    fn add(
        &mut self,
        name: &Spanned<String>,
        group: &'static str,
        keys: &[(&'static str, Option<&Field<String>>)],
        lacking: bool,
        common: Option<Common<'_>>,
        defaults: &Defaults,
        complaints: &mut Complaints,
    ) {
        is_name(name, "a host's name", complaints);
        if BUILT_IN_GROUPS.contains(&name.value.as_str()) {
            let remedy = "give the host a name of its own";
            complaints.add(
                name.span,
                format!("`{}` is a group, and cannot be a host too", name.value),
                remedy,
            );
        }
        if let Some(first) = self.machine(&name.value) {
            let (first_span, first_group) = (first.name.span, first.group);
            complaints
                .add(name.span, format!("there are two hosts `{}`", name.value), "rename one of the two")
                .label(format!("one of the {group}"))
                .also(first_span, format!("one of the {first_group}"));
        }

        let mut addresses = Vec::with_capacity(keys.len());
        for (key, field) in keys {
            let missing = if lacking { Some(&Field::Missing) } else { None };
            let text = field.or(missing).and_then(|field| field.required(key, name.span, complaints));
            if let Some(text) = text
                && let Some(net) = address(text, key, complaints)
            {
                addresses.push(Address { key, net, span: text.span });
            }
        }

        let ssh_to = common.as_ref().and_then(|common| common.address).and_then(Field::get);
        let what = "the address for ssh";
        let ssh_to = ssh_to.filter(|to| is_word(to, what, "a host name or an IP address", complaints));
        let ssh = ssh(common.as_ref().and_then(|common| common.ssh), &defaults.ssh, complaints);
        let own = variables(common.and_then(|common| common.vars), complaints);
        let mut vars = defaults.vars.clone();
        vars.extend(own);

        self.index.entry(name.value.clone()).or_insert(self.machines.len());
        let address = ssh_to.map(|to| to.value.clone());
        self.machines.push(Machine { name: name.clone(), group, addresses, address, ssh, vars });
    }
}
