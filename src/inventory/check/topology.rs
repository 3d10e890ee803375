//! What LVS-NAT asks of the subnets: a real server's replies must return through the director.

use std::collections::{BTreeMap, BTreeSet};

use super::super::cluster;
use super::super::document::{RawInventory, RawService};
use super::Cast;
use super::cast::{Address, Machine};
use crate::document::{Complaints, Field};
use crate::ipvs::Forwarding;

/// Complains of real servers outside every DIP's subnet, of directors without real servers, and of clients to whom
/// a real server would answer directly.
pub(crate) fn topology(cast: &Cast, raw: &RawInventory, complaints: &mut Complaints) {
    if !forwards_by_nat(raw) {
        return;
    }
    let dips: Vec<(&Machine, &Address)> = with(cast, "directors", "dip");
    let rips: Vec<(&Machine, &Address)> = with(cast, "real_servers", "rip");
    // An address that could not be read may be the very one that is looked for.
    let all_dips = dips.len() == cast.of_group("directors").count();
    let all_rips = rips.len() == cast.of_group("real_servers").count();

    if all_dips && !dips.is_empty() {
        for (machine, rip) in &rips {
            if !dips.iter().any(|(_, dip)| neighbours(dip, rip)) {
                outside(machine, rip, &dips, complaints);
            }
        }
    }
    if all_rips && !rips.is_empty() {
        for (director, dip) in &dips {
            if !rips.iter().any(|(_, rip)| neighbours(dip, rip)) {
                let message = format!("`{}` has no real server", director.name.value);
                let remedy =
                    format!("give a real server a rip in {}, or leave the director out", dip.net.trunc());
                complaints
                    .add(director.name.span, message, remedy)
                    .also(dip.span, "no rip is in this subnet");
            }
        }
    }
    // Many real servers share few subnets.
    let mut subnets = BTreeMap::new();
    for (machine, address) in dips.iter().chain(&rips) {
        subnets.entry(address.net.trunc()).or_insert((machine, address));
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
    cluster::neighbours(dip.net, rip.net)
}

/// Whether any service forwards by nat, the default.
fn forwards_by_nat(raw: &RawInventory) -> bool {
    let services = raw.virtual_services.as_ref().and_then(Field::value).map_or(&[][..], Vec::as_slice);
    let by_nat = |service: &Field<RawService>| {
        let method = service.value().and_then(|service| service.forwarding.as_ref());
        method.is_none_or(|method| method.value().is_none_or(|method| *method == Forwarding::Nat))
    };
    services.is_empty() || services.iter().any(by_nat)
}

fn with<'a>(cast: &'a Cast, group: &str, key: &str) -> Vec<(&'a Machine, &'a Address)> {
    cast.of_group(group).filter_map(|machine| Some((machine, machine.net(key)?))).collect()
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
    let subnets: BTreeSet<_> = dips.iter().map(|(_, dip)| dip.net.trunc()).collect();
    let message = format!("under nat the rip of `{host}` must be in a DIP's subnet");
    let shown = subnets.iter().take(5).map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    let complaint = complaints.add(rip.span, message, format!("give it an address in {shown}"));
    complaint.label(format!("{} is outside", own.addr()));
    if let [(director, dip)] = dips {
        complaint.also(dip.span, format!("the dip of `{}`", director.name.value));
    }
}
