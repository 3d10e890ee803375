//! The addresses in an ifcfg file: IPADDR, IPADDR1, ..., IPV6ADDR and IPV6ADDR_SECONDARIES.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{assignments, is_number, joined, sysconfig, value};
use crate::resource::network::gateway::IpVersion;

/// The variables of one IPv4 address; behind each, its number.
const NAMES: [&str; 4] = ["IPADDR", "PREFIX", "NETMASK", "BROADCAST"];

/// Whether a variable is about addresses of a version.
pub fn is_about(key: &str, version: IpVersion) -> bool {
    match version {
        IpVersion::V4 => {
            let number = NAMES.iter().find_map(|name| key.strip_prefix(name));
            number.is_some_and(|number| number.is_empty() || is_number(number))
        }
        IpVersion::V6 => matches!(key, "IPV6ADDR" | "IPV6ADDR_SECONDARIES"),
    }
}

/// The numbers that there are, the one that is none first.
fn numbers(text: &str) -> Vec<String> {
    let all = assignments(text).into_iter();
    let mut numbers: Vec<String> =
        all.filter_map(|one| one.key.strip_prefix("IPADDR").map(str::to_owned)).collect();
    numbers.retain(|number| number.is_empty() || is_number(number));
    numbers.sort_by_key(|number| (number.len(), number.clone()));
    numbers.dedup();
    numbers
}

fn numbered(text: &str, number: &str) -> Option<IpNet> {
    let address: IpAddr = value(text, &format!("IPADDR{number}"))?.parse().ok()?;
    if let Some(length) = value(text, &format!("PREFIX{number}")) {
        return IpNet::new(address, length.parse().ok()?).ok();
    }
    match value(text, &format!("NETMASK{number}")) {
        Some(mask) => IpNet::with_netmask(address, mask.parse().ok()?).ok(),
        None => IpNet::new(address, class(address)).ok(),
    }
}

/// The prefix length that an address has by its class, where none is given (`ipcalc --netmask`).
fn class(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(v4) if v4.octets()[0] < 128 => 8,
        IpAddr::V4(v4) if v4.octets()[0] < 192 => 16,
        _ => 24,
    }
}

fn secondaries(text: &str) -> Vec<String> {
    let value = value(text, "IPV6ADDR_SECONDARIES").unwrap_or_default();
    value.split_whitespace().map(str::to_owned).collect()
}

/// One without a length is of a /64 (`ipv6_add_addr_on_device` in network-functions-ipv6).
fn net6(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| IpNet::new(text.parse().ok()?, 64).ok())
}

/// All of them.
pub fn nets(text: &str) -> Vec<IpNet> {
    let v4 = numbers(text).into_iter().filter_map(|number| numbered(text, &number));
    let v6 = value(text, "IPV6ADDR").into_iter().chain(secondaries(text));
    v4.chain(v6.filter_map(|net| net6(&net))).collect()
}

/// The text with one more.
pub fn with(text: &str, net: IpNet) -> String {
    let below = |text: &str, version| {
        assignments(text).iter().filter(|one| is_about(&one.key, version)).map(|one| one.line).next_back()
    };
    match net {
        IpNet::V4(net) => {
            let taken = numbers(text);
            // those from 2 on are read up to the first that is not there
            let free = (1..).map(|n: u16| n.to_string()).find(|n| !taken.contains(n));
            let number = free.filter(|_| !taken.is_empty()).unwrap_or_default();
            let line = below(text, IpVersion::V4);
            let text = sysconfig::with(text, &format!("IPADDR{number}"), Some(&net.addr().to_string()), line);
            let line = below(&text, IpVersion::V4);
            let length = net.prefix_len().to_string();
            sysconfig::with(&text, &format!("PREFIX{number}"), Some(&length), line)
        }
        IpNet::V6(_) => {
            let line = below(text, IpVersion::V6);
            let text = if value(text, "IPV6ADDR").is_none() {
                sysconfig::with(text, "IPV6ADDR", Some(&net.to_string()), line)
            } else {
                let all = [secondaries(text), vec![net.to_string()]].concat().join(" ");
                sysconfig::with(text, "IPV6ADDR_SECONDARIES", Some(&all), line)
            };
            if sysconfig::boolean(&text, "IPV6INIT") == Some(true) {
                text
            } else {
                sysconfig::with(&text, "IPV6INIT", Some("yes"), None)
            }
        }
    }
}

/// The text without one. Those behind it move up, as a gap in their numbers would end them.
pub fn without(text: &str, gone: IpAddr) -> String {
    let mut text = text.to_owned();
    for number in numbers(&text).into_iter().rev() {
        if numbered(&text, &number).is_some_and(|net| net.addr() == gone) {
            for name in NAMES {
                text = sysconfig::with(&text, &format!("{name}{number}"), None, None);
            }
            text = moved_up(&text, &number);
        }
    }
    let is = |net: &str| net6(net).is_some_and(|net| net.addr() == gone);
    let mut rest = secondaries(&text);
    let before = rest.len();
    rest.retain(|net| !is(net));
    let joined = |rest: &[String]| (!rest.is_empty()).then(|| rest.join(" "));
    if value(&text, "IPV6ADDR").is_some_and(|net| is(&net)) {
        // the first of the others is the interface's own from then on
        let first = (!rest.is_empty()).then(|| rest.remove(0));
        text = sysconfig::with(&text, "IPV6ADDR", first.as_deref(), None);
    }
    if rest.len() != before {
        text = sysconfig::with(&text, "IPV6ADDR_SECONDARIES", joined(&rest).as_deref(), None);
    }
    text
}

fn moved_up(text: &str, gone: &str) -> String {
    let Some(gone) = gone.parse::<u16>().ok().filter(|gone| *gone >= 2) else { return text.to_owned() };
    let mut lines: Vec<Option<String>> = text.lines().map(|line| Some(line.to_owned())).collect();
    for one in assignments(text) {
        let named = NAMES.iter().find_map(|name| Some((name, one.key.strip_prefix(name)?)));
        let Some((name, number)) = named.and_then(|(name, number)| Some((name, number.parse::<u16>().ok()?)))
        else {
            continue;
        };
        if let Some(line) = lines[one.line].as_mut().filter(|_| number > gone) {
            *line = line.replacen(&one.key, &format!("{name}{}", number - 1), 1);
        }
    }
    joined(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_come_and_go() {
        let text = "DEVICE=eth0\nIPADDR=192.168.40.101\nNETMASK=255.255.255.0\nONBOOT=yes\n";
        let more = with(text, net("10.0.0.7/32"));
        let expected = text.replace("ONBOOT", "IPADDR1=10.0.0.7\nPREFIX1=32\nONBOOT");
        assert_eq!(more, expected);
        assert_eq!(nets(&more), [net("192.168.40.101/24"), net("10.0.0.7/32")]);
        assert_eq!(without(&more, net("10.0.0.7/32").addr()), text);
        let v6 = with(text, net("fd00::1/64"));
        assert_eq!(v6, format!("{text}IPV6ADDR=fd00::1/64\nIPV6INIT=yes\n"));
        let two = with(&v6, net("fd00::2/64"));
        assert_eq!(two, v6.replace("IPV6INIT", "IPV6ADDR_SECONDARIES=fd00::2/64\nIPV6INIT"));
        assert_eq!(nets(&two)[1..], [net("fd00::1/64"), net("fd00::2/64")]);
        assert_eq!(without(&two, net("fd00::2/64").addr()), v6);
        assert_eq!(nets(&without(&two, net("fd00::1/64").addr()))[1..], [net("fd00::2/64")]);
    }

    #[test]
    fn no_gap_is_left_among_the_numbers() {
        let text: String = (0..5).map(|n| format!("IPADDR{n}=\"10.0.0.{n}\"\nPREFIX{n}=24\n")).collect();
        let rest = without(&text, net("10.0.0.2/24").addr());
        assert_eq!(nets(&rest), ["0", "1", "3", "4"].map(|n| net(&format!("10.0.0.{n}/24"))));
        assert!(rest.contains("IPADDR2=\"10.0.0.3\"\nPREFIX2=24\nIPADDR3=\"10.0.0.4\"\n"), "{rest}");
        assert_eq!(nets("IPADDR=10.0.0.1\n"), [net("10.0.0.1/8")]);
    }
}
