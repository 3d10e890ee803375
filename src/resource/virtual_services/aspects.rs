//! What differs between two tables, in words.

use std::net::SocketAddr;

use super::super::Aspect;
use super::boot::{Boot, UnitState};
use crate::ipvs::{RealServer, Rules, ServiceKey, Table, VirtualService};

/// Each difference that the edits from `current` to `desired` will remove, apart; `prefix` before each.
pub(super) fn aspects(prefix: &str, current: &Table, desired: &Table, prune: bool) -> Vec<Aspect> {
    let mut found = Vec::new();
    for (key, wanted) in &desired.services {
        let there = current.services.get(key);
        match there {
            None => found.push((format!("{key}"), None, Some(scheduling(wanted)))),
            Some(there) => settings(&mut found, there, wanted),
        }
        let servers = there.map(|service| &service.real_servers);
        for (address, wanted) in &wanted.real_servers {
            let name = name(address, key, desired);
            match servers.and_then(|servers| servers.get(address)) {
                None => found.push((format!("real server {name}"), None, Some(words(wanted)))),
                Some(there) => real_server(&mut found, &name, there, wanted),
            }
        }
        for (address, there) in servers.into_iter().flatten() {
            if !wanted.real_servers.contains_key(address) {
                found.push((
                    format!("real server {}", name(address, key, current)),
                    Some(words(there)),
                    None,
                ));
            }
        }
    }
    if prune {
        for (key, there) in &current.services {
            if !desired.services.contains_key(key) {
                let servers: Vec<_> = there.real_servers.keys().map(ToString::to_string).collect();
                let old = format!("{} with real servers: {}", scheduling(there), servers.join(", "));
                found.push((format!("{key}"), Some(old), None));
            }
        }
    }
    found.into_iter().map(|(what, old, new)| Aspect::value(format!("{prefix}{what}"), old, new)).collect()
}

/// The service's settings as one says them: `scheduler rr`, with whatever options follow.
fn scheduling(service: &VirtualService) -> String {
    let settings = service.settings();
    settings.strip_prefix("-s ").map_or(settings.clone(), |rest| format!("scheduler {rest}"))
}

/// What the next boot lacks: the rules, AUTO and the unit.
pub(super) fn boot_aspects(boot: &Boot, wanted: &Rules, prune: bool) -> Vec<Aspect> {
    let mut found = aspects("at boot: ", &boot.rules.table, &wanted.table, prune);
    for line in &boot.rules.rejected {
        let kept = (!prune).then(|| format!("a comment, because {}", line.reason));
        found.push(Aspect::value(format!("at boot: line {}", line.line), Some(line.text.clone()), kept));
    }
    for line in &boot.rules.misspelt {
        let new = wanted.table.to_string().lines().find(|new| same_start(new, &line.text)).map(str::to_owned);
        let what = format!("at boot: line {}, {}", line.line, line.reason);
        found.push(Aspect::value(what, Some(line.text.clone()), new));
    }
    if boot.auto != Some(true) {
        found.push(Aspect::value(
            "at boot: AUTO",
            boot.auto.map(|auto| auto.to_string()),
            Some("true".into()),
        ));
    }
    if boot.unit != UnitState::Enabled {
        let old = (boot.unit != UnitState::Absent).then(|| boot.unit.name().to_owned());
        found.push(Aspect::value("unit ipvsadm at boot", old, Some("enabled".into())));
    }
    found
}

type Found = Vec<(String, Option<String>, Option<String>)>;

/// A service's own settings, each apart.
fn settings(found: &mut Found, there: &VirtualService, wanted: &VirtualService) {
    let key = &wanted.key;
    let mut compare = |what: &str, old: Option<String>, new: Option<String>| {
        if old != new {
            found.push((format!("{what} of {key}"), old, new));
        }
    };
    let flags = |service: &VirtualService| {
        (!service.scheduler_flags.is_empty()).then(|| service.scheduler_flags.join(","))
    };
    let seconds = |service: &VirtualService| service.persistence.map(|seconds| format!("{seconds} s"));
    let one_packet = |service: &VirtualService| service.one_packet.then(|| "on".to_owned());
    compare("scheduler", Some(there.scheduler.to_string()), Some(wanted.scheduler.to_string()));
    compare("scheduler flags", flags(there), flags(wanted));
    compare("persistence", seconds(there), seconds(wanted));
    compare("netmask", there.netmask.clone(), wanted.netmask.clone());
    compare("persistence engine", there.persistence_engine.clone(), wanted.persistence_engine.clone());
    compare("one-packet scheduling", one_packet(there), one_packet(wanted));
}

/// A real server's settings, each apart.
fn real_server(found: &mut Found, name: &str, there: &RealServer, wanted: &RealServer) {
    let mut compare = |what: &str, old: String, new: String| {
        if old != new {
            found.push((format!("{what} of {name}"), Some(old), Some(new)));
        }
    };
    compare("weight", there.weight.to_string(), wanted.weight.to_string());
    compare("forwarding", there.forwarding.to_string(), wanted.forwarding.to_string());
    compare("upper threshold", there.upper_threshold.to_string(), wanted.upper_threshold.to_string());
    compare("lower threshold", there.lower_threshold.to_string(), wanted.lower_threshold.to_string());
    if there.tunnel != wanted.tunnel {
        compare("tunnel", there.settings(), wanted.settings());
    }
}

/// The real server's address, and its service where the address alone does not tell.
fn name(address: &SocketAddr, key: &ServiceKey, table: &Table) -> String {
    let services = table.services.values().filter(|service| service.real_servers.contains_key(address));
    if services.count() > 1 { format!("{address} behind {key}") } else { address.to_string() }
}

fn words(server: &RealServer) -> String {
    format!("{}, weight {}", server.forwarding, server.weight)
}

/// Whether two rules are about the same thing: `-A -t ADDRESS`.
fn same_start(one: &str, other: &str) -> bool {
    one.split_whitespace().take(3).eq(other.split_whitespace().take(3))
}
