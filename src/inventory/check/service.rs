//! Virtual services.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use super::super::ServiceDeclaration;
use super::super::document::{RawEntry, RawInventory, RawService};
use super::Cast;
use super::cast::{Address, Machine};
use super::topology::neighbours;
use crate::document::{Complaints, Field, OrText, Spanned, choose_from};
use crate::ipvs::{Forwarding, RealServer, ServiceKey, VirtualService};

/// The longest time that ipvsadm takes for `-p`, in seconds: 31 days (`MAX_TIMEOUT` in ipvsadm.c).
const LONGEST_PERSISTENCE: u32 = 31 * 24 * 60 * 60;

/// The services, each with its real servers.
pub(crate) fn services(
    raw: &RawInventory,
    cast: &Cast,
    complaints: &mut Complaints,
) -> Vec<ServiceDeclaration> {
    let raw = raw.virtual_services.as_ref().and_then(Field::value);
    let (mut names, mut keys) = (HashMap::new(), HashMap::new());
    let mut services = Vec::new();
    for raw in raw.into_iter().flatten().filter_map(Field::get) {
        let name = raw.value.name.required("name", raw.span, complaints);
        if let Some(name) = name {
            if name.value.trim().is_empty() {
                complaints.add(name.span, "a service's name is empty", "write what reports shall call it");
            }
            if let Some(first) = names.insert(&name.value, name.span) {
                let message = format!("there are two services `{}`", name.value);
                complaints.add(name.span, message, "rename one of the two").also(first, "the first");
            }
        }
        let Some(address) = raw.value.address.required("address", raw.span, complaints) else { continue };
        let Some(socket) = socket(address, complaints) else { continue };
        let address = Spanned { span: address.span, value: socket };
        let service = service(&raw.value, &address, cast, complaints);
        if let Some(first) = keys.insert(service.service.key, address.span) {
            let message = format!("there are two services on {}", service.service.key);
            let remedy = "leave one of the two out, or change its port or protocol";
            complaints.add(address.span, message, remedy).also(first, "the first");
        }
        services.push(service);
    }
    services
}

/// Reads `IP:PORT` or `[IPv6]:PORT`.
fn socket(text: &Spanned<String>, complaints: &mut Complaints) -> Option<SocketAddr> {
    let written = text.value.as_str();
    if let Ok(socket) = written.parse() {
        return Some(socket);
    }
    let (message, remedy) = match written.parse() {
        Ok(IpAddr::V4(ip)) => ("a service's `address` lacks its port", format!("write `{ip}:80`")),
        Ok(IpAddr::V6(ip)) => {
            ("a service's `address` lacks its port", format!("write `\"[{ip}]:80\"`, in quotes"))
        }
        Err(_) => (
            "a service's `address` must be an IP address and a port",
            "write it as `192.168.175.100:80` or `\"[2001:db8::100]:80\"`, the port from 0 to 65535"
                .to_owned(),
        ),
    };
    complaints.add(text.span, message, remedy).label(format!("this is `{written}`"));
    None
}

/// An address with its port, as YAML takes it: an IPv6 one begins with a bracket.
fn as_written(socket: SocketAddr) -> String {
    if socket.is_ipv6() { format!("\"{socket}\"") } else { socket.to_string() }
}

fn service(
    raw: &RawService,
    address: &Spanned<SocketAddr>,
    cast: &Cast,
    complaints: &mut Complaints,
) -> ServiceDeclaration {
    let (span, socket) = (address.span, address.value);
    let forwarding = forwarding(raw, complaints);
    let persistence = persistence(raw, complaints);
    if socket.port() == 0 && raw.persistent.is_none() {
        let remedy =
            "write the port, or add `persistent: 300`: port 0 stands for all ports of a persistent service";
        complaints.add(span, "port 0 without `persistent`", remedy);
    }
    let director = director(address, forwarding, cast, complaints);

    let mut hosts = Vec::new();
    let mut real_servers = std::collections::BTreeMap::new();
    for (address, host, weight) in members(raw, socket, forwarding, director, cast, complaints) {
        hosts.push((address, host));
        let real_server = RealServer::new(forwarding, weight);
        real_servers.insert(address, real_server);
    }
    if forwarding == Forwarding::Nat
        && let Some(director) = director
    {
        gateway(address, director, &hosts, cast, complaints);
    }
    let protocol = raw.protocol.as_ref().and_then(Field::value).copied().unwrap_or_default();
    // The kernel's own default.
    let scheduler = raw.scheduler.as_ref().and_then(Field::value).copied();
    let service = VirtualService {
        key: ServiceKey::Address(protocol, socket),
        scheduler: scheduler.unwrap_or(crate::ipvs::Scheduler::Wlc),
        scheduler_flags: Vec::new(),
        persistence,
        netmask: None,
        persistence_engine: None,
        one_packet: false,
        real_servers,
    };
    ServiceDeclaration { name: raw.name.value().cloned().unwrap_or_default(), service, hosts }
}

fn forwarding(raw: &RawService, complaints: &mut Complaints) -> Forwarding {
    let Some(method) = raw.forwarding.as_ref().and_then(Field::get) else { return Forwarding::Nat };
    if method.value != Forwarding::Nat {
        let remedy = "write `nat`, or leave the key out";
        complaints.add(method.span, "only nat is deployed by this version", remedy);
    }
    method.value
}

fn persistence(raw: &RawService, complaints: &mut Complaints) -> Option<u32> {
    let seconds = raw.persistent.as_ref().and_then(Field::get)?;
    if !(1..=LONGEST_PERSISTENCE).contains(&seconds.value) {
        let message = format!("`persistent` cannot be {} seconds", seconds.value);
        complaints.add(seconds.span, message, format!("write 1 to {LONGEST_PERSISTENCE} seconds (31 days)"));
    }
    Some(seconds.value)
}

/// The director that has the VIP.
fn director<'a>(
    address: &Spanned<SocketAddr>,
    forwarding: Forwarding,
    cast: &'a Cast,
    complaints: &mut Complaints,
) -> Option<&'a Machine> {
    let ip = address.value.ip();
    let has = |machine: &&Machine| machine.net("vip").is_some_and(|vip| vip.net.addr() == ip);
    let Some(director) = cast.of_group("directors").find(has) else {
        let mut directors = cast.of_group("directors").peekable();
        // Without its VIP, a director's complaint is enough.
        let known = directors.peek().is_some() && directors.all(|machine| machine.net("vip").is_some());
        if known {
            let vips = cast.of_group("directors").filter_map(|machine| machine.net("vip"));
            let vips: Vec<String> =
                vips.map(|vip| as_written(SocketAddr::new(vip.net.addr(), address.value.port()))).collect();
            let message = format!("{ip} is no director's VIP");
            complaints.add(address.span, message, choose_from("", vips.iter().map(String::as_str)));
        }
        return None;
    };
    if let Some(dip) = director.net("dip")
        && forwarding != Forwarding::Tun
        && dip.net.addr().is_ipv4() != ip.is_ipv4()
    {
        let message = "the service and its real servers must both be IPv4, or both IPv6".to_owned();
        complaints
            .add(address.span, message, "give the director a VIP of the other kind, or the real servers")
            .also(dip.span, "the real servers are in this subnet");
        return None;
    }
    Some(director)
}

/// Each real server's address in the service, its host and its weight.
fn members(
    raw: &RawService,
    service: SocketAddr,
    forwarding: Forwarding,
    director: Option<&Machine>,
    cast: &Cast,
    complaints: &mut Complaints,
) -> Vec<(SocketAddr, String, u16)> {
    let dip = director.and_then(|director| director.net("dip"));
    let Some(entries) = &raw.real_servers else {
        let behind = |rip: &&Address| dip.is_some_and(|dip| neighbours(dip, rip));
        let all = cast.of_group("real_servers").filter_map(|machine| {
            let rip = machine.net("rip").filter(behind)?;
            Some((SocketAddr::new(rip.net.addr(), service.port()), machine.name.value.clone(), 1))
        });
        return all.collect();
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
        let port = port(entry, service, forwarding, complaints);
        let Some(machine) = real_server(&host, cast, complaints) else { continue };
        let Some(rip) = machine.net("rip") else { continue };
        if let Some(dip) = dip {
            another_directors(&host, rip, dip, cast, complaints);
        }
        let address = SocketAddr::new(rip.net.addr(), port);
        if let Some(first) = seen.insert(address, host.span) {
            let message = format!("`{}` is in this service twice with port {port}", host.value);
            complaints.add(host.span, message, "leave one of the two out").also(first, "the first");
            continue;
        }
        let weight = entry.and_then(|entry| entry.weight.as_ref()).and_then(Field::value).copied();
        members.push((address, host.value, weight.unwrap_or(1)));
    }
    members
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
    rip: &Address,
    dip: &Address,
    cast: &Cast,
    complaints: &mut Complaints,
) {
    if neighbours(dip, rip) {
        return;
    }
    // A rip in no DIP's subnet was complained of already.
    let Some(other) = gateway_of(rip, cast).and_then(|director| director.net("dip")) else { return };
    let message = format!("`{}` is not in the subnet of this service's director", host.value);
    let remedy = format!("name real servers in {} only", dip.net.trunc());
    complaints.add(host.span, message, remedy).also(other.span, "it is in this director's subnet");
}

/// The director whose DIP a real server has as its gateway: of several in its subnet, the first.
fn gateway_of<'a>(rip: &Address, cast: &'a Cast) -> Option<&'a Machine> {
    let near = |machine: &&Machine| machine.net("dip").is_some_and(|dip| neighbours(dip, rip));
    cast.of_group("directors").find(near)
}

/// Of several directors in one subnet, replies for the others' services would not return through these.
fn gateway(
    address: &Spanned<SocketAddr>,
    director: &Machine,
    hosts: &[(SocketAddr, String)],
    cast: &Cast,
    complaints: &mut Complaints,
) {
    let other = hosts.iter().find_map(|(_, host)| {
        let rip = cast.machine(host)?.net("rip")?;
        let own = director.net("dip").is_some_and(|dip| neighbours(dip, rip));
        gateway_of(rip, cast).filter(|gateway| own && gateway.name.value != director.name.value)
    });
    let Some(other) = other else { return };
    let (own, other_name) = (&director.name.value, &other.name.value);
    let message = format!("replies of this service would return through `{other_name}`, not through `{own}`");
    let remedy = format!(
        "declare it on the VIP of `{other_name}`, or give `{own}` a subnet with real servers of its own: a real server \
         has one gateway"
    );
    let complaint = complaints.add(address.span, message, remedy);
    for director in [director, other] {
        if let Some(dip) = director.net("dip") {
            complaint.also(dip.span, format!("the dip of `{}`", director.name.value));
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
