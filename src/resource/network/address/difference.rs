//! What has to change for an address, in its two places.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Address, Observed};
use crate::resource::network::edit::Edit;
use crate::resource::network::owner::{Assigned, Setting, refuse};
use crate::resource::network::running::{Running, put, take};
use crate::resource::{Aspect, Change, Facts, Live, Refusal, Risk, Script, quote};

/// What differs, and the words for it.
#[derive(Debug, Default)]
pub struct Difference {
    pub at_boot: Vec<Aspect>,
    pub boot: Script,
    running: Vec<Aspect>,
    live: String,
    /// Takes the live part back, its last step first.
    undo: String,
    pub risks: Vec<Risk>,
}

impl Difference {
    /// A change of what runs.
    pub fn run(&mut self, old: Option<String>, new: Option<String>, script: &str, undo: &str) {
        self.running.push(Aspect::value("running", old, new));
        self.live += script;
        self.undo = format!("{undo}{}", self.undo);
    }

    /// A change of what comes at boot.
    fn edit(&mut self, aspect: Aspect, edits: &[Edit]) {
        self.at_boot.push(aspect);
        edits.iter().for_each(|edit| self.boot += edit.script());
    }

    /// The whole of it; `None` when nothing differs.
    pub fn change(self) -> Option<Change> {
        let live = Live { script: self.live.into(), undo: self.undo.into() };
        let live = (!self.running.is_empty()).then_some(live);
        let aspects: Vec<Aspect> = self.at_boot.into_iter().chain(self.running).collect();
        (!aspects.is_empty()).then(|| Change { live, risks: self.risks, ..Change::new(aspects, self.boot) })
    }
}

impl Address {
    fn ip(&self) -> IpAddr {
        self.address.addr()
    }

    fn is_about(&self, interface: &str) -> bool {
        self.interface.as_ref().is_none_or(|named| named == interface)
    }

    /// Where the address runs now, of the interfaces that this is about.
    pub fn found<'a>(&'a self, observed: &'a Observed) -> impl Iterator<Item = &'a Running> {
        observed.running.iter().filter(|r| r.net.addr() == self.ip() && self.is_about(&r.interface))
    }

    /// The interface that is to have it: the one that is named, that has it, or that is in its subnet.
    pub fn place<'a>(&'a self, observed: &'a Observed) -> Option<&'a str> {
        let near = || {
            let near = observed.running.iter().filter(|r| r.net.contains(&self.ip()));
            near.max_by_key(|r| r.net.prefix_len())
        };
        let named = self.interface.as_deref();
        named.or_else(|| Some(self.found(observed).next().or_else(near)?.interface.as_str()))
    }

    /// Those that bring the address at boot on an interface that this is about.
    fn assigned(&self, observed: &Observed) -> Vec<Assigned> {
        let all = observed.owners.addresses().into_iter();
        all.filter(|a| a.net.addr() == self.ip() && self.is_about(&a.interface)).collect()
    }

    /// The edits after which the interface gets it at boot.
    pub fn edits_to_put(&self, observed: &Observed, interface: &str) -> Result<Vec<Edit>, Refusal> {
        let assigned = self.assigned(observed);
        if let Some(a) = assigned.iter().find(|a| a.interface == interface) {
            return if a.net == self.address { Ok(Vec::new()) } else { self.other_length(a.net, &a.by) };
        }
        let setting = Setting::Address { net: self.address, interface };
        observed.owners.set(observed.owners.of(interface)?, &setting)
    }

    /// The edits after which nobody brings it at boot.
    pub fn edits_to_take(&self, observed: &Observed) -> Result<Vec<Edit>, Refusal> {
        let mut edits: Vec<Edit> = Vec::new();
        for (interface, owner) in observed.owners.bringing(self.ip()) {
            if self.is_about(&interface) {
                let setting = Setting::NoAddress { address: self.ip(), interface: &interface };
                edits.extend(observed.owners.set(owner, &setting)?);
            }
        }
        Ok(edits)
    }

    fn other_length<T>(&self, net: IpNet, place: &str) -> Result<T, Refusal> {
        refuse(
            format!("{} has another prefix length already: {net} ({place})", self.ip()),
            format!("correct it there, or declare {net}; or take it away first, with `state: absent`"),
        )
    }

    /// What has to change so that the interface has it.
    pub fn to_put(&self, observed: &Observed, facts: &Facts) -> Result<(Difference, Vec<Edit>), Refusal> {
        let net = self.address;
        if facts.connection.is_some_and(|connection| connection.client == self.ip()) {
            return refuse(
                format!("{} is the controller's own address", self.ip()),
                "declare an address that is free",
            );
        }
        let Some(interface) = self.place(observed) else {
            let nets: Vec<String> = observed.running.iter().map(Running::shown).collect();
            return refuse(
                format!("{net} is in none of this host's subnets: {}", nets.join(", ")),
                "name the interface with `interface`",
            );
        };
        let mut difference = Difference::default();
        let edits = self.edits_to_put(observed, interface)?;
        if let Some(edit) = edits.last() {
            let new = format!("{net} ({interface}, {})", edit.path);
            difference.edit(Aspect::value("at boot", None, Some(new)), &edits);
        }
        match observed.running.iter().find(|r| r.interface == interface && r.net.addr() == self.ip()) {
            Some(running) if running.duplicate => {
                return refuse(
                    format!("another machine on {interface}'s link has {} already", self.ip()),
                    "find out which one it is, and give one of the two another address",
                );
            }
            Some(running) if running.net != net => return self.other_length(running.net, interface),
            Some(_) => {}
            None => {
                let down = observed.down.contains(interface);
                let undo = take(net, interface) + &down_again(interface, down);
                let new = format!("{net} ({interface})");
                difference.run(None, Some(new), &put(net, interface), &undo);
                difference.risks.extend(self.risk_of_putting(interface, observed, facts));
            }
        }
        Ok((difference, edits))
    }

    /// What has to change so that no interface that this is about has it.
    pub fn to_take(&self, observed: &Observed, facts: &Facts) -> Result<(Difference, Vec<Edit>), Refusal> {
        let mut difference = Difference::default();
        let edits = self.edits_to_take(observed)?;
        let assigned = self.assigned(observed);
        if !assigned.is_empty() {
            let each: Vec<String> =
                assigned.iter().map(|a| format!("{} ({}, {})", a.net, a.interface, a.by)).collect();
            difference.edit(Aspect::value("at boot", Some(each.join(", ")), None), &edits);
        }
        for running in self.found(observed) {
            let script = take(running.net, &running.interface);
            difference.run(Some(running.shown()), None, &script, &running.add());
            difference.risks.extend(risk_of_taking(running, observed, facts));
        }
        Ok((difference, edits))
    }

    /// A subnet that takes in the controller makes a neighbour of it, who may be none. Where the host does not know of
    /// the ssh connection by which it is reached, any may be the controller's.
    fn risk_of_putting(&self, interface: &str, observed: &Observed, facts: &Facts) -> Option<Risk> {
        let net = self.address;
        let cut_off = |controller| {
            let what = format!("{net} on {interface} takes its subnet for that link's");
            Some(Risk::CutOff { controller, what })
        };
        match facts.connection {
            Some(connection) => {
                let near = |r: &Running| {
                    r.net.contains(&connection.client) && r.net.prefix_len() >= net.prefix_len()
                };
                let takes = net.contains(&connection.client) && !observed.running.iter().any(near);
                if takes { cut_off(Some(connection.client)) } else { None }
            }
            None if facts.over_ssh && net.prefix_len() < net.max_prefix_len() => cut_off(None),
            None => None,
        }
    }
}

/// The address that the controller has connected to, or the one that makes a neighbour of the controller, is not taken
/// away lightly.
pub fn risk_of_taking(running: &Running, observed: &Observed, facts: &Facts) -> Option<Risk> {
    let cut_off =
        |controller| Some(Risk::CutOff { controller, what: format!("address {} goes", running.shown()) });
    let Some(connection) = facts.connection else {
        return if facts.over_ssh { cut_off(None) } else { None };
    };
    let others = || observed.running.iter().filter(|other| *other != running);
    let near = running.net.contains(&connection.client)
        && !others().any(|other| other.net.contains(&connection.client));
    if connection.server == running.net.addr() || near { cut_off(Some(connection.client)) } else { None }
}

/// POSIX sh for an interface that was down before it got its address.
pub fn down_again(interface: &str, was_down: bool) -> String {
    if was_down { format!("ip link set dev {} down\n", quote(interface)) } else { String::new() }
}
