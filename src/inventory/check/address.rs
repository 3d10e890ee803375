//! Addresses with their subnets.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::document::{Complaints, Spanned};

/// Reads `IP/PREFIX`, as the value of `key` (vip, dip, own, rip or cip). It must be an address that a host can have.
pub(super) fn address(text: &Spanned<String>, key: &str, complaints: &mut Complaints) -> Option<IpNet> {
    let (span, text) = (text.span, text.value.as_str());
    let Ok(net) = text.parse::<IpNet>() else {
        let (message, remedy) = match text.parse::<IpAddr>() {
            Ok(ip) => {
                let usual = if ip.is_ipv4() { 24 } else { 64 };
                let remedy = format!("write `{text}/{usual}`, with the prefix length of its subnet");
                (format!("`{key}` lacks its prefix length"), remedy)
            }
            Err(_) => (
                format!("`{key}` must be an IP address with its prefix length"),
                "write it as `192.168.40.101/24`".to_owned(),
            ),
        };
        complaints.add(span, message, remedy).label(format!("this is `{text}`"));
        return None;
    };
    let ip = net.addr();
    let point_to_point = net.prefix_len() + 1 >= net.max_prefix_len();
    let fault = if ip.is_unspecified() || ip.is_multicast() {
        Some("not an address that a host can have")
    } else if !point_to_point && ip == net.network() {
        Some("the subnet itself")
    } else if !point_to_point && ip.is_ipv4() && ip == net.broadcast() {
        Some("the subnet's broadcast address")
    } else {
        None
    };
    let Some(fault) = fault else { return Some(net) };
    let remedy = match (point_to_point, first_and_last(net)) {
        (false, Some((first, last))) if !ip.is_multicast() && !ip.is_unspecified() => {
            format!("write one from {first} to {last}")
        }
        _ => "write the host's own address, as `192.168.40.101/24`".to_owned(),
    };
    complaints.add(span, format!("`{key}`: {ip} is {fault}"), remedy);
    None
}

/// The first and last address of a subnet that hosts can have.
fn first_and_last(net: IpNet) -> Option<(IpAddr, IpAddr)> {
    let mut hosts = net.hosts();
    let first = hosts.next()?;
    let last = match net {
        IpNet::V4(net) => IpAddr::V4(u32::from(net.broadcast()).checked_sub(1)?.into()),
        IpNet::V6(net) => IpAddr::V6(net.broadcast()),
    };
    Some((if first == net.network() { hosts.next()? } else { first }, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Source, Span};

    fn complaint(text: &str) -> Option<String> {
        let mut complaints = Complaints::about(Source::new("x", text));
        let spanned = Spanned { span: Span { offset: 0, length: text.len() }, value: text.to_owned() };
        let net = address(&spanned, "rip", &mut complaints);
        assert_eq!(net.is_none(), !complaints.is_empty());
        complaints.iter().next().map(|complaint| format!("{}; {}", complaint.message, complaint.remedy))
    }

    #[test]
    fn what_a_host_can_have() {
        for good in ["192.168.40.101/24", "10.0.0.0/31", "10.0.0.1/32", "127.0.3.4/8", "2001:db8::1/64"] {
            assert_eq!(complaint(good), None, "{good}");
        }
    }

    #[test]
    fn what_it_cannot() {
        let says = |text: &str, what: &str| {
            let complaint = complaint(text).unwrap();
            assert!(complaint.contains(what), "{text}: {complaint}");
        };
        says("192.168.40.101", "write `192.168.40.101/24`");
        says("2001:db8::1", "write `2001:db8::1/64`");
        says("192.168.40.0/24", "the subnet itself; write one from 192.168.40.1 to 192.168.40.254");
        says("192.168.40.255/24", "broadcast");
        says("2001:db8::/64", "write one from 2001:db8::1 to 2001:db8::ffff:ffff:ffff:ffff");
        says("0.0.0.0/0", "not an address");
        says("224.0.0.1/24", "not an address");
        says("192.168.40.300/24", "must be an IP address");
        says("192.168.40.1/33", "must be an IP address");
        says("", "must be an IP address");
    }
}
