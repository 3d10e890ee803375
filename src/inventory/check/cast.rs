//! Who plays which part: all hosts by name, with the places of what was said about them.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::document::RawInventory;
use super::super::{Host, Image, Ssh};
use super::address::address;
use super::machine::{Address, Addresses, Machine, Parts, RawHost};
use super::name::{BUILT_IN_GROUPS, is_name, is_word, variables};
use super::ssh::ssh;
use super::sync_daemon::sync_daemons;
use crate::document::{Complaints, Entries, Field, Span, Spanned};

/// What the inventory says for all hosts.
pub(crate) struct Defaults {
    pub ssh: Ssh,
    pub vars: Map<String, Value>,
}

/// All hosts: directors, then real servers, then clients.
pub(crate) struct Cast {
    pub(super) machines: Vec<Machine>,
    index: HashMap<String, usize>,
}

impl Defaults {
    pub(crate) fn of(raw: &RawInventory, complaints: &mut Complaints) -> Self {
        Defaults {
            ssh: ssh(raw.ssh.as_ref(), &Ssh::default(), complaints),
            vars: variables(raw.vars.as_ref(), complaints),
        }
    }
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
        cast.section(directors.map(|hosts| &hosts.value), defaults, complaints);
        cast.section(real_servers.map(|hosts| &hosts.value), defaults, complaints);
        cast.section(clients, defaults, complaints);
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

    /// The hosts that have all that their part asks for.
    pub(crate) fn into_hosts(self) -> Vec<Host> {
        self.machines.into_iter().filter_map(Machine::into_host).collect()
    }

    /// Casts one section of the inventory.
    fn section<T: RawHost>(
        &mut self,
        section: Option<&Entries<T>>,
        defaults: &Defaults,
        complaints: &mut Complaints,
    ) {
        for entry in section.into_iter().flat_map(|hosts| &hosts.0) {
            let (name, parts) = (&entry.key, entry.value.value().map(T::parts));
            self.name(name, T::GROUP, complaints);
            let mut unread = Vec::new();
            let mut addresses = Vec::new();
            for (index, key) in T::KEYS.iter().enumerate() {
                // A host with nothing behind its name lacks its addresses; one that is no mapping was complained of.
                let field = match (&parts, &entry.value) {
                    (Some(parts), _) => parts.addresses[index],
                    (None, Field::Missing) => &Field::Missing,
                    (None, _) => &Field::Wrong,
                };
                field.required(key, name.span, complaints);
                read(field, key, &mut addresses, &mut unread, complaints);
            }
            if let Some(own) = parts.as_ref().and_then(|parts| parts.own) {
                read(own, "own", &mut addresses, &mut unread, complaints);
            }
            let machine = Machine {
                name: name.clone(),
                group: T::GROUP,
                addresses,
                unread,
                priority: parts.as_ref().and_then(|parts| priority(parts, complaints)),
                sync_daemons: sync_daemons(parts.as_ref().and_then(|parts| parts.sync_daemons), complaints),
                address: parts.as_ref().and_then(|parts| ssh_to(parts, complaints)),
                ssh: ssh(parts.as_ref().and_then(|parts| parts.ssh), &defaults.ssh, complaints),
                image: parts.as_ref().and_then(image),
                vars: {
                    let own = variables(parts.and_then(|parts| parts.vars), complaints);
                    defaults.vars.clone().into_iter().chain(own).collect()
                },
            };
            self.index.entry(name.value.clone()).or_insert(self.machines.len());
            self.machines.push(machine);
        }
    }

    fn name(&self, name: &Spanned<String>, group: &str, complaints: &mut Complaints) {
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
    }
}

/// Reads the addresses under a key into `addresses`; into `unread` goes the key when not all could be read.
fn read(
    field: &Addresses,
    key: &'static str,
    addresses: &mut Vec<Address>,
    unread: &mut Vec<&'static str>,
    complaints: &mut Complaints,
) {
    let Some(list) = field.get() else {
        unread.push(key);
        return;
    };
    if list.value.0.is_empty() {
        complaints.add(list.span, format!("`{key}` is an empty list"), "write at least one address");
        unread.push(key);
    }
    for text in &list.value.0 {
        match text.get().and_then(|text| Some((text.span, address(text, key, complaints)?))) {
            Some((span, net)) => addresses.push(Address { key, net, span }),
            None => unread.push(key),
        }
    }
}

fn ssh_to(parts: &Parts<'_>, complaints: &mut Complaints) -> Option<String> {
    let to = parts.address.and_then(Field::get)?;
    let ok = is_word(to, "the address for ssh", "a host name or an IP address", complaints);
    ok.then(|| to.value.clone())
}

fn image(parts: &Parts<'_>) -> Option<Image> {
    parts.lab.and_then(Field::value)?.image.as_ref().and_then(Field::value).copied()
}

/// VRRP gives 0 and 255 meanings of their own (RFC 5798, 5.2.4).
fn priority(parts: &Parts<'_>, complaints: &mut Complaints) -> Option<u8> {
    let priority = parts.priority.and_then(Field::get)?;
    if !(1..=254).contains(&priority.value) {
        let message = format!("`priority` cannot be {}", priority.value);
        complaints.add(priority.span, message, "write 1 to 254; the highest of a pair has the VIP");
    }
    Some(priority.value)
}
