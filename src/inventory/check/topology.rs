//! What LVS-NAT asks of the subnets: a real server's replies must return through the director.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::super::document::{RawInventory, RawService};
use super::super::{Dip, Rip, address, same_family};
use super::Cast;
use super::machine::{Address, Machine};
use crate::document::{Complaints, Field};
use crate::ipvs::Forwarding;

/// Complains of real servers outside every DIP's subnet, of directors without real servers, and of clients to whom
/// a real server would answer directly.
pub(crate) fn topology(cast: &Cast, raw: &RawInventory, complaints: &mut Complaints) {
    let Some(asked) = asked(raw) else { return };
    let dips: Vec<(&Machine, &Address)> = with(cast, "directors", "dip");
    let rips: Vec<(&Machine, &Address)> = with(cast, "real_servers", "rip");
    if cast.of_group("directors").all(|director| director.is_whole("dip")) && !dips.is_empty() {
        for machine in cast.of_group("real_servers") {
            if let Some(rip) = astray(machine, &dips, &asked) {
                outside(machine, rip, &dips, complaints);
            }
        }
    }
    if cast.of_group("real_servers").all(|machine| machine.is_whole("rip")) && !rips.is_empty() {
        for director in cast.of_group("directors") {
            idle(director, &rips, complaints);
        }
    }
    // Many real servers share few subnets.
    let mut subnets = BTreeMap::new();
    for (machine, address) in dips.iter().chain(&rips) {
        if asked.is_empty() || asked.iter().any(|ip| same_family(*ip, address.net.addr())) {
            subnets.entry(address.net.trunc()).or_insert((machine, address));
        }
    }
    for (client, cip) in with(cast, "clients", "cip") {
        let near = subnets.iter().find(|(subnet, _)| subnet.contains(&cip.net.addr()));
        let Some((subnet, (other, address))) = near else { continue };
        let message = format!("under nat the client `{}` cannot be inside {subnet}", client.name.value);
        let remedy = "give it an address outside the real servers' subnet: real servers would answer it directly, \
                      past the director";
        complaints
            .add(cip.span, message, remedy)
            .also(address.span, format!("the {} of `{}`", address.key, other.name.value));
    }
}

/// Whether each of the two is in the other's subnet.
pub(super) fn neighbours(dip: &Address, rip: &Address) -> bool {
    address::neighbours(Dip(dip.net), Rip(rip.net))
}

/// The addresses of the services that forward by nat, the default, as far as they can be read; `None` when there are
/// services, but none that does.
fn asked(raw: &RawInventory) -> Option<Vec<IpAddr>> {
    let services = raw.virtual_services.as_ref().and_then(Field::value).map_or(&[][..], Vec::as_slice);
    let by_nat = |service: &&Field<RawService>| {
        let method = service.value().and_then(|service| service.forwarding.as_ref());
        method.is_none_or(|method| method.value().is_none_or(|method| *method == Forwarding::Nat))
    };
    let ip = |service: &Field<RawService>| {
        Some(service.value()?.address.value()?.parse::<SocketAddr>().ok()?.ip())
    };
    if !services.is_empty() && !services.iter().any(|service| by_nat(&service)) {
        return None;
    }
    Some(services.iter().filter(by_nat).filter_map(ip).collect())
}

fn with<'a>(cast: &'a Cast, group: &str, key: &'a str) -> Vec<(&'a Machine, &'a Address)> {
    cast.of_group(group).flat_map(|machine| machine.nets(key).map(move |net| (machine, net))).collect()
}

/// The rip of a real server that is in no DIP's subnet, where one must be: of each family that services have one rip,
/// and one in any case.
fn astray<'a>(machine: &'a Machine, dips: &[(&Machine, &Address)], asked: &[IpAddr]) -> Option<&'a Address> {
    if !machine.is_whole("rip") {
        return None;
    }
    let near = |rip: &Address| dips.iter().any(|(_, dip)| neighbours(dip, rip));
    if !machine.nets("rip").any(near) {
        return machine.nets("rip").next();
    }
    // Where no DIP is of a service's family, the service is complained of.
    let wanted = |rip: &Address| {
        asked.iter().any(|ip| same_family(*ip, rip.net.addr()))
            && dips.iter().any(|(_, dip)| dip.is_like(rip))
    };
    let alone =
        |rip: &&Address| wanted(rip) && !machine.nets("rip").any(|other| other.is_like(rip) && near(other));
    machine.nets("rip").find(alone)
}

/// Complains of a director in whose subnets no real server is.
fn idle(director: &Machine, rips: &[(&Machine, &Address)], complaints: &mut Complaints) {
    let Some(dip) = director.nets("dip").next().filter(|_| director.is_whole("dip")) else { return };
    if director.nets("dip").any(|dip| rips.iter().any(|(_, rip)| neighbours(dip, rip))) {
        return;
    }
    let message = format!("`{}` has no real server", director.name.value);
    let remedy = format!("give a real server a rip in {}, or leave the director out", dip.net.trunc());
    complaints.add(director.name.span, message, remedy).also(dip.span, "no rip is in this subnet");
}

fn outside(machine: &Machine, rip: &Address, dips: &[(&Machine, &Address)], complaints: &mut Complaints) {
    let (host, own) = (&machine.name.value, rip.net);
    // A prefix that is too long is another mistake than an address that is elsewhere.
    let near = dips.iter().find(|(_, dip)| dip.net.contains(&own.addr()));
    if let Some((director, dip)) = near {
        let message = format!("the subnet of `{host}`, {}, lacks the DIP {}", own.trunc(), dip.net.addr());
        let remedy = format!("write `{}/{}`, with the DIP's prefix length", own.addr(), dip.net.prefix_len());
        let what = format!("the dip of `{}`", director.name.value);
        complaints.add(rip.span, message, remedy).also(dip.span, what);
        return;
    }
    let like: Vec<_> = dips.iter().filter(|(_, dip)| dip.is_like(rip)).collect();
    let subnets: BTreeSet<_> = if like.is_empty() {
        dips.iter().map(|(_, dip)| dip.net.trunc()).collect()
    } else {
        like.iter().map(|(_, dip)| dip.net.trunc()).collect()
    };
    let message = format!("under nat the rip of `{host}` must be in a DIP's subnet");
    let shown = subnets.iter().take(5).map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    let complaint = complaints.add(rip.span, message, format!("give it an address in {shown}"));
    complaint.label(format!("{} is outside", own.addr()));
    if let [(director, dip)] = dips {
        complaint.also(dip.span, format!("the dip of `{}`", director.name.value));
    }
}
