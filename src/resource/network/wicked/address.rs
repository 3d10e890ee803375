//! The addresses in an ifcfg file of SUSE's: IPADDR and IPADDR with any ending, IPv4 and IPv6 alike.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::resource::network::sysconfig::{self, assignments, value};

/// The variables of one address; behind each, its ending.
const NAMES: [&str; 7] = ["IPADDR", "PREFIXLEN", "NETMASK", "BROADCAST", "LABEL", "SCOPE", "IP_OPTIONS"];

/// Whether it is brought up at boot.
pub fn comes_up(text: &str) -> bool {
    !matches!(value(text, "STARTMODE").as_deref(), Some("manual" | "off"))
}

/// Whether it asks DHCP for an IPv4 gateway.
pub fn asks(text: &str) -> bool {
    let protocol = value(text, "BOOTPROTO").unwrap_or_default();
    protocol.split('+').any(|word| matches!(word, "dhcp" | "dhcp4"))
}

/// A variable of an address that sh computes.
pub fn computed(text: &str) -> Option<String> {
    sysconfig::computed(text, |key| {
        ["IPADDR", "PREFIXLEN", "NETMASK", "BOOTPROTO", "STARTMODE"].iter().any(|name| key.starts_with(name))
    })
}

fn endings(text: &str) -> Vec<String> {
    let all = assignments(text).into_iter();
    let mut endings: Vec<String> = Vec::new();
    for ending in all.filter_map(|one| one.key.strip_prefix("IPADDR").map(str::to_owned)) {
        if !endings.contains(&ending) {
            endings.push(ending);
        }
    }
    endings
}

fn net(text: &str, ending: &str) -> Option<IpNet> {
    let written = value(text, &format!("IPADDR{ending}"))?;
    if let Ok(net) = written.parse() {
        return Some(net);
    }
    let address: IpAddr = written.parse().ok()?;
    if let Some(length) = value(text, &format!("PREFIXLEN{ending}")) {
        return IpNet::new(address, length.parse().ok()?).ok();
    }
    match value(text, &format!("NETMASK{ending}")) {
        Some(mask) => IpNet::with_netmask(address, mask.parse().ok()?).ok(),
        None => Some(IpNet::from(address)),
    }
}

/// All of them. An interface that is to have none has none.
pub fn nets(text: &str) -> Vec<IpNet> {
    if value(text, "BOOTPROTO").as_deref() == Some("none") {
        return Vec::new();
    }
    endings(text).iter().filter_map(|ending| net(text, ending)).collect()
}

/// The text with one more.
pub fn with(text: &str, net: IpNet) -> String {
    let below = assignments(text).into_iter().filter(|one| NAMES.iter().any(|n| one.key.starts_with(n)));
    let below = below.map(|one| one.line).next_back();
    // any ending will do; of two addresses that come in one run, neither is to take the other's
    let ending = format!("_{}", net.addr().to_string().replace(['.', ':'], "_"));
    let text = sysconfig::with(text, &format!("IPADDR{ending}"), Some(&net.to_string()), below);
    if value(&text, "BOOTPROTO").as_deref() == Some("none") {
        sysconfig::with(&text, "BOOTPROTO", Some("static"), None)
    } else {
        text
    }
}

/// The text without one.
pub fn without(text: &str, gone: IpAddr) -> String {
    let mut text = text.to_owned();
    for ending in endings(&text) {
        if net(&text, &ending).is_some_and(|net| net.addr() == gone) {
            for name in NAMES {
                text = sysconfig::with(&text, &format!("{name}{ending}"), None, None);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_and_go() {
        let text = "BOOTPROTO='static'\nSTARTMODE='auto'\nIPADDR='192.168.40.101/24'\nIPADDR_1='10.0.0.2'\nPREFIXLEN_1='24'\n\
            LABEL_1='old'\nMTU=''\n";
        let parsed = |nets: &[&str]| nets.iter().map(|net| net.parse().unwrap()).collect::<Vec<IpNet>>();
        assert_eq!(nets(text), parsed(&["192.168.40.101/24", "10.0.0.2/24"]));
        let more = with(text, "2001:db8::1/64".parse().unwrap());
        assert_eq!(more, text.replace("MTU", "IPADDR_2001_db8__1='2001:db8::1/64'\nMTU"));
        assert_eq!(without(&more, "2001:db8::1".parse().unwrap()), text);
        let rest = without(text, "10.0.0.2".parse().unwrap());
        assert_eq!(rest, "BOOTPROTO='static'\nSTARTMODE='auto'\nIPADDR='192.168.40.101/24'\nMTU=''\n");
        assert_eq!(nets("BOOTPROTO='none'\nIPADDR='10.0.0.2/24'\n"), []);
        assert!(asks("BOOTPROTO='dhcp4+dhcp6'\n") && !asks("BOOTPROTO='dhcp6'\n"));
    }
}
