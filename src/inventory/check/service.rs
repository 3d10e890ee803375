//! Virtual services.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use super::super::document::{RawInventory, RawService};
use super::super::{ServiceDeclaration, same_family};
use super::Cast;
use super::machine::Machine;
use super::member::{gateway, members};
use super::service_check::service_check;
use crate::document::{Complaints, Field, Spanned, choose_from};
use crate::ipvs::{Forwarding, ServiceKey, VirtualService};

/// The longest time that ipvsadm takes for `-p`, in seconds: 31 days (`MAX_TIMEOUT` in ipvsadm.c).
const LONGEST_PERSISTENCE: u32 = 31 * 24 * 60 * 60;

/// The longest time for connections to end, in seconds: a deploy waits for that long.
const LONGEST_DRAIN: u32 = 24 * 60 * 60;

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
    for (address, host, real_server) in members(raw, address, forwarding, director, cast, complaints) {
        hosts.push((address, host));
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
    let name = raw.name.value().cloned().unwrap_or_default();
    let check = service_check(raw, protocol, socket.port(), complaints);
    let drain = drain(raw, complaints);
    ServiceDeclaration { name, service, forwarding, check, drain, hosts }
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

fn drain(raw: &RawService, complaints: &mut Complaints) -> Option<u32> {
    let seconds = raw.drain.as_ref().and_then(Field::get)?;
    if seconds.value > LONGEST_DRAIN {
        let message = format!("`drain` cannot be {} seconds", seconds.value);
        let remedy = format!("write 0 to {LONGEST_DRAIN} seconds (a day): a deploy waits for that long");
        complaints.add(seconds.span, message, remedy);
    }
    Some(seconds.value)
}

/// The director that has the VIP; the first of those that share it.
fn director<'a>(
    address: &Spanned<SocketAddr>,
    forwarding: Forwarding,
    cast: &'a Cast,
    complaints: &mut Complaints,
) -> Option<&'a Machine> {
    let ip = address.value.ip();
    let has = |machine: &&Machine| machine.nets("vip").any(|vip| vip.net.addr() == ip);
    let Some(director) = cast.of_group("directors").find(has) else {
        let mut directors = cast.of_group("directors").peekable();
        // Without its VIP, a director's complaint is enough.
        let known = directors.peek().is_some() && directors.all(|machine| machine.is_whole("vip"));
        if known {
            let vips = cast.of_group("directors").flat_map(|machine| machine.nets("vip"));
            let vips: Vec<String> =
                vips.map(|vip| as_written(SocketAddr::new(vip.net.addr(), address.value.port()))).collect();
            let message = format!("{ip} is no director's VIP");
            complaints.add(address.span, message, choose_from("", vips.iter().map(String::as_str)));
        }
        return None;
    };
    if let Some(dip) = director.nets("dip").next()
        && forwarding != Forwarding::Tun
        && director.is_whole("dip")
        && !director.nets("dip").any(|dip| same_family(dip.net.addr(), ip))
    {
        let message = "the service and its real servers must both be IPv4, or both IPv6".to_owned();
        complaints
            .add(address.span, message, "give the director a VIP of the other kind, or the real servers")
            .also(dip.span, "the real servers are in this subnet");
        return None;
    }
    Some(director)
}
