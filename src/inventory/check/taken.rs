//! Addresses that more than one host has.

use std::collections::HashMap;
use std::net::IpAddr;

use super::Cast;
use super::director::is_pair;
use super::machine::{Address, Machine};
use crate::document::Complaints;

/// No two hosts, and no host twice, can have one address; but the directors of a pair share their VIPs and DIPs.
pub(crate) fn addresses(cast: &Cast, complaints: &mut Complaints) {
    let mut seen: HashMap<IpAddr, (&Machine, &Address)> = HashMap::new();
    for machine in &cast.machines {
        for address in &machine.addresses {
            let ip = address.net.addr();
            let Some((owner, first)) = seen.get(&ip) else {
                seen.insert(ip, (machine, address));
                continue;
            };
            let shared = matches!(address.key, "vip" | "dip") && address.key == first.key;
            if shared && !std::ptr::eq(*owner, machine) && is_pair(owner, machine) {
                continue;
            }
            let (owner, name) = (&owner.name.value, &machine.name.value);
            let message = format!("{ip} is already the {} of `{owner}`", first.called());
            let remedy = if owner == name {
                "leave one of the two out".to_owned()
            } else {
                format!("give `{name}` an address of its own")
            };
            complaints
                .add(address.span, message, remedy)
                .label(format!("the {} of `{name}`", address.called()))
                .also(first.span, format!("the {} of `{owner}`", first.called()));
        }
    }
}
