//! The real servers of a virtual service.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use super::super::document::{RawEntry, RawService};
use super::super::same_family;
use super::Cast;
use super::machine::{Address, Machine};
use super::topology::neighbours;
use crate::document::{Complaints, Field, OrText, Spanned, choose_from};
use crate::ipvs::{Forwarding, RealServer};

/// Each real server's address in the service, its host and its settings.
pub(super) fn members(
    raw: &RawService,
    service: &Spanned<SocketAddr>,
    forwarding: Forwarding,
    director: Option<&Machine>,
    cast: &Cast,
    complaints: &mut Complaints,
) -> Vec<(SocketAddr, String, RealServer)> {
    let port_of_service = service.value.port();
    let Some(entries) = &raw.real_servers else {
        let all: Vec<_> = cast
            .of_group("real_servers")
            .filter_map(|machine| {
                let rip = rip(machine, service.value.ip(), forwarding, director)?;
                let behind = director.is_some_and(|director| is_behind(rip, director));
                let address = SocketAddr::new(rip.net.addr(), port_of_service);
                behind.then(|| (address, machine.name.value.clone(), RealServer::new(forwarding, 1)))
            })
            .collect();
        if let Some(director) = director
            && all.is_empty()
        {
            nobody(service, director, cast, complaints);
        }
        return all;
    };
    let Some(entries) = entries.get() else { return Vec::new() };
    if entries.value.is_empty() {
        let remedy = "leave the key out for all of the director's real servers, or name at least one; `weight: 0` \
                      keeps one without new connections";
        complaints.add(entries.span, "a service without real servers", remedy);
    }
    let mut members = Vec::new();
    let mut seen = HashMap::new();
    for entry in entries.value.iter().filter_map(Field::get) {
        let (host, entry) = match &entry.value {
            OrText::Text(name) => (Spanned { span: entry.span, value: name.clone() }, None),
            OrText::Full(full) => match full.host.required("host", entry.span, complaints) {
                Some(host) => (host.clone(), Some(full)),
                None => continue,
            },
        };
        let port = port(entry, service.value, forwarding, complaints);
        let Some(machine) = real_server(&host, cast, complaints) else { continue };
        let Some(rip) = rip(machine, service.value.ip(), forwarding, director) else {
            if let Some(director) = director.filter(|_| machine.is_whole("rip")) {
                without_rip(&host, service, director, complaints);
            }
            continue;
        };
        if let Some(director) = director {
            another_directors(&host, machine, rip, director, cast, complaints);
        }
        let address = SocketAddr::new(rip.net.addr(), port);
        if let Some(first) = seen.insert(address, host.span) {
            let message = format!("`{}` is in this service twice with port {port}", host.value);
            complaints.add(host.span, message, "leave one of the two out").also(first, "the first");
            continue;
        }
        let weight = entry.and_then(|entry| entry.weight.as_ref()).and_then(Field::value).copied();
        let (upper_threshold, lower_threshold) = thresholds(entry, complaints);
        let settings = RealServer::new(forwarding, weight.unwrap_or(1));
        members.push((address, host.value, RealServer { upper_threshold, lower_threshold, ..settings }));
    }
    members
}

/// The rip that a service has a real server by: one of its own family, in the director's subnet if there is one. Only
/// a tunnel may lead to the other family.
fn rip<'a>(
    machine: &'a Machine,
    service: IpAddr,
    forwarding: Forwarding,
    director: Option<&Machine>,
) -> Option<&'a Address> {
    let like = || machine.nets("rip").filter(|rip| same_family(rip.net.addr(), service));
    let behind = like().find(|rip| director.is_some_and(|director| is_behind(rip, director)));
    let other = || machine.nets("rip").next().filter(|_| forwarding == Forwarding::Tun);
    behind.or_else(|| like().next()).or_else(other)
}

/// Whether a rip and one of the director's dips are in each other's subnet.
fn is_behind(rip: &Address, director: &Machine) -> bool {
    director.nets("dip").any(|dip| neighbours(dip, rip))
}

fn family(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "IPv4" } else { "IPv6" }
}

/// The director's subnet in which the service's real servers are.
fn subnet<'a>(director: &'a Machine, service: &Spanned<SocketAddr>) -> Option<&'a Address> {
    director.nets("dip").find(|dip| same_family(dip.net.addr(), service.value.ip()))
}

/// Complains of a service that has no real server, though its director has some. One without any was complained of.
fn nobody(service: &Spanned<SocketAddr>, director: &Machine, cast: &Cast, complaints: &mut Complaints) {
    let mut real_servers = cast.of_group("real_servers");
    let known = cast.of_group("real_servers").all(|machine| machine.is_whole("rip"));
    if !known || !real_servers.any(|machine| machine.nets("rip").any(|rip| is_behind(rip, director))) {
        return;
    }
    let Some(dip) = subnet(director, service) else { return };
    let message = format!("no real server has an {} address for this service", family(service.value.ip()));
    complaints.add(service.span, message, format!("give one a rip in {}", dip.net.trunc()));
}

fn without_rip(
    host: &Spanned<String>,
    service: &Spanned<SocketAddr>,
    director: &Machine,
    complaints: &mut Complaints,
) {
    let message = format!("`{}` has no {} address for this service", host.value, family(service.value.ip()));
    let remedy = match subnet(director, service) {
        Some(dip) => format!("add one in {} to its rip", dip.net.trunc()),
        None => "add one to its rip".to_owned(),
    };
    complaints.add(host.span, message, remedy);
}

fn real_server<'a>(
    host: &Spanned<String>,
    cast: &'a Cast,
    complaints: &mut Complaints,
) -> Option<&'a Machine> {
    let name = &host.value;
    let real_servers = || cast.of_group("real_servers").map(|machine| machine.name.value.as_str());
    match cast.machine(name) {
        Some(machine) if machine.group == "real_servers" => return Some(machine),
        Some(machine) => {
            let message = format!("`{name}` is one of the {}, not a real server", machine.group);
            let remedy = choose_from(name, real_servers());
            complaints.add(host.span, message, remedy).also(machine.name.span, "declared here");
        }
        None => {
            let remedy = choose_from(name, real_servers());
            complaints.add(host.span, format!("there is no real server `{name}`"), remedy);
        }
    }
    None
}

/// Under nat a real server's replies return through its default gateway, which is one director's DIP.
fn another_directors(
    host: &Spanned<String>,
    machine: &Machine,
    rip: &Address,
    director: &Machine,
    cast: &Cast,
    complaints: &mut Complaints,
) {
    if is_behind(rip, director) {
        return;
    }
    // A rip in no DIP's subnet was complained of already.
    let Some((_, other)) = gateway_of(machine, rip, cast) else { return };
    let Some(dip) = director.nets("dip").find(|dip| dip.is_like(rip)) else { return };
    let message = format!("`{}` is not in the subnet of this service's director", host.value);
    let remedy = format!("name real servers in {} only", dip.net.trunc());
    complaints.add(host.span, message, remedy).also(other.span, "it is in this director's subnet");
}

/// The director, and its DIP, that a real server has as the gateway of a rip's family: of several, the first.
fn gateway_of<'a>(machine: &Machine, rip: &Address, cast: &'a Cast) -> Option<(&'a Machine, &'a Address)> {
    machine.nets("rip").filter(|own| own.is_like(rip)).find_map(|own| {
        cast.of_group("directors")
            .find_map(|director| Some((director, director.nets("dip").find(|dip| neighbours(dip, own))?)))
    })
}

/// Of several directors in one subnet, replies for the others' services would not return through these.
pub(super) fn gateway(
    address: &Spanned<SocketAddr>,
    director: &Machine,
    hosts: &[(SocketAddr, String)],
    cast: &Cast,
    complaints: &mut Complaints,
) {
    let has = |dip: &Address| director.nets("dip").any(|own| own.net.addr() == dip.net.addr());
    let other = hosts.iter().find_map(|(at, host)| {
        let machine = cast.machine(host)?;
        let rip = machine.nets("rip").find(|rip| rip.net.addr() == at.ip())?;
        gateway_of(machine, rip, cast).filter(|(_, dip)| is_behind(rip, director) && !has(dip))
    });
    let Some((other, dip)) = other else { return };
    let (own, other_name) = (&director.name.value, &other.name.value);
    let message = format!("replies of this service would return through `{other_name}`, not through `{own}`");
    let remedy = format!(
        "declare it on the VIP of `{other_name}`, or give `{own}` a subnet with real servers of its own: a real server \
         has one gateway"
    );
    let complaint = complaints.add(address.span, message, remedy);
    for (machine, dip) in [(director, director.nets("dip").find(|own| own.is_like(dip))), (other, Some(dip))]
    {
        if let Some(dip) = dip {
            complaint.also(dip.span, format!("the dip of `{}`", machine.name.value));
        }
    }
}

fn port(
    entry: Option<&RawEntry>,
    service: SocketAddr,
    forwarding: Forwarding,
    complaints: &mut Complaints,
) -> u16 {
    let Some(port) = entry.and_then(|entry| entry.port.as_ref()).and_then(Field::get) else {
        return service.port();
    };
    if port.value == 0 && service.port() != 0 {
        let remedy = "write the port that it listens on, or leave the key out for the service's";
        complaints.add(port.span, "a real server cannot listen on port 0", remedy);
    } else if port.value != service.port() && forwarding != Forwarding::Nat {
        let message = "without nat a real server's port must be the service's";
        complaints.add(port.span, message, format!("write {}, or leave the key out", service.port()));
    }
    port.value
}

/// The upper and the lower threshold; 0 for none. The kernel refuses a lower one that is above the upper one
/// (`__ip_vs_update_dest`).
fn thresholds(entry: Option<&RawEntry>, complaints: &mut Complaints) -> (u32, u32) {
    let Some(entry) = entry else { return (0, 0) };
    let upper = entry.upper_threshold.as_ref().and_then(Field::get);
    let lower = entry.lower_threshold.as_ref().and_then(Field::get);
    if let Some(lower) = lower {
        match upper {
            None if matches!(entry.upper_threshold, Some(Field::Wrong)) => {}
            None if lower.value > 0 => {
                let remedy =
                    "add `upper_threshold`, from which on it takes no new connection, or leave this out";
                complaints.add(lower.span, "`lower_threshold` without an `upper_threshold`", remedy);
            }
            Some(upper) if lower.value > upper.value => {
                let message = format!("`lower_threshold` is above the upper one, {}", upper.value);
                let remedy = format!("write {} at most", upper.value);
                complaints.add(lower.span, message, remedy).also(upper.span, "the upper threshold");
            }
            _ => {}
        }
    }
    let value = |threshold: Option<&Spanned<u32>>| threshold.map_or(0, |threshold| threshold.value);
    (value(upper), value(lower))
}
