//! Directors that have addresses of their own, and those that share a VIP.

use super::super::TableOwner;
use super::super::document::RawInventory;
use super::Cast;
use super::machine::{Address, Machine};
use crate::document::{Complaints, Field};

/// Complains of VIPs and DIPs whose interface no `own` address tells, and of directors that share a VIP and are no pair.
pub(crate) fn directors(cast: &Cast, complaints: &mut Complaints) {
    let mut before: Vec<&Machine> = Vec::new();
    for director in cast.of_group("directors") {
        interfaces(director, complaints);
        if let Some(first) = before.iter().find(|first| is_pair(first, director)) {
            pair(first, director, complaints);
        }
        before.push(director);
    }
}

/// Who owns the table: where nothing is said, keepalived when directors share a VIP.
pub(crate) fn engine(raw: &RawInventory, cast: &Cast) -> TableOwner {
    let said = raw.engine.as_ref().and_then(Field::value).copied();
    let directors: Vec<&Machine> = cast.of_group("directors").collect();
    let pairs = || {
        directors.iter().enumerate().any(|(at, one)| directors[..at].iter().any(|other| is_pair(one, other)))
    };
    said.unwrap_or_else(|| if pairs() { TableOwner::Keepalived } else { TableOwner::Ipvsadm })
}

/// Whether two directors share a VIP.
pub(super) fn is_pair(one: &Machine, other: &Machine) -> bool {
    one.nets("vip").any(|vip| other.nets("vip").any(|same| same.net.addr() == vip.net.addr()))
}

/// The addresses under one key are on one interface: that of an own address in the subnet of one of them.
fn interfaces(director: &Machine, complaints: &mut Complaints) {
    if !director.is_whole("own") || director.nets("own").next().is_none() {
        return;
    }
    for key in ["vip", "dip"] {
        let Some(first) = director.nets(key).next() else { continue };
        let known = director.nets(key).any(|net| director.nets("own").any(|own| own.is_near(net)));
        if !known && director.is_whole(key) {
            let name = &director.name.value;
            let message = format!("no own address of `{name}` is in the subnet of its {key}");
            let remedy = format!("add one in {} to `own`: it tells the {key}'s interface", first.net.trunc());
            complaints.add(first.span, message, remedy);
        }
    }
}

/// Two directors that share a VIP must share the rest, and each must have addresses that stay.
fn pair(first: &Machine, second: &Machine, complaints: &mut Complaints) {
    let names = (first.name.value.as_str(), second.name.value.as_str());
    for (one, other) in [(first, second), (second, first)] {
        if one.nets("own").next().is_some() || !one.is_whole("own") {
            continue;
        }
        let Some(vip) = one.nets("vip").find(|vip| has(other, vip)) else { continue };
        let (name, other) = (&one.name.value, &other.name.value);
        let message =
            format!("`{name}` shares the VIP {} with `{other}`, but has no own address", vip.net.addr());
        let remedy = "add `own: [...]`, the addresses that stay with it when the VIP moves, or give it a VIP of its own";
        complaints.add(vip.span, message, remedy);
    }
    for (one, other) in [(first, second), (second, first)] {
        for key in ["vip", "dip"] {
            if !other.is_whole(key) {
                continue;
            }
            for address in one.nets(key).filter(|address| !has(other, address)) {
                let other_name = &other.name.value;
                let message = format!(
                    "`{}` and `{}` share a VIP, but `{other_name}` lacks the {key} {}",
                    names.0, names.1, address.net
                );
                let remedy = format!("give both the same vips and dips: the {key}s move together");
                complaints
                    .add(address.span, message, remedy)
                    .also(other.name.span, format!("`{other_name}`"));
            }
        }
    }
}

/// Whether a machine has an address, under the same key and with the same prefix length.
fn has(machine: &Machine, address: &Address) -> bool {
    machine.nets(address.key).any(|own| own.net == address.net)
}
