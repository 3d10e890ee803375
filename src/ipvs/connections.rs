//! How many connections the real servers of a table have that have not ended.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::{Protocol, ServiceKey};

/// The connections that have not ended, by service and real server. What is not among them has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connections(BTreeMap<(ServiceKey, SocketAddr), u64>);

impl Connections {
    /// The real server has so many that are active and so many that are not, as the kernel counts them. One of TCP that is
    /// not active is about to end, or has ended; a flow of UDP has no end that could be seen, and the kernel counts it as
    /// inactive for as long as it remembers it.
    pub fn add(&mut self, key: ServiceKey, address: SocketAddr, active: u64, inactive: u64) {
        let udp = matches!(key, ServiceKey::Address(Protocol::Udp, _));
        let open = active + if udp { inactive } else { 0 };
        if open > 0 {
            self.0.insert((key, address), open);
        }
    }

    /// Those of a real server in a service.
    pub fn of(&self, key: ServiceKey, address: SocketAddr) -> u64 {
        self.0.get(&(key, address)).copied().unwrap_or(0)
    }

    /// From a line for each real server that has some: the service's words in a listing, the real server, how many.
    /// `None` where one does not read.
    pub fn counted<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Connections> {
        let mut connections = Connections::default();
        for line in lines {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [service @ .., address, open] = &words[..] else { return None };
            let key = ServiceKey::of_listing(service)?;
            connections.0.insert((key, address.parse().ok()?), open.parse().ok()?);
        }
        Some(connections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_found_by_service_and_real_server() {
        let lines = "TCP 1.1.1.1:80 10.0.0.1:80 3\nFWM 7 10.0.0.1:80 4\nFWM 7 IPv6 [2001:db8::1]:80 5\n";
        let connections = Connections::counted(lines.lines()).unwrap();
        let tcp = ServiceKey::Address(Protocol::Tcp, "1.1.1.1:80".parse().unwrap());
        let four = "10.0.0.1:80".parse().unwrap();
        assert_eq!(connections.of(tcp, four), 3);
        assert_eq!(connections.of(ServiceKey::FirewallMark(7, false), four), 4);
        assert_eq!(connections.of(ServiceKey::FirewallMark(7, true), "[2001:db8::1]:80".parse().unwrap()), 5);
        assert_eq!(connections.of(tcp, "10.0.0.2:80".parse().unwrap()), 0);
        for line in ["", "TCP 1.1.1.1:80", "TCP 1.1.1.1:80 10.0.0.1:80 many", "ICMP 1.1.1.1:80 10.0.0.1:80 3"]
        {
            assert_eq!(Connections::counted([line].into_iter()), None, "{line}");
        }
    }

    #[test]
    fn what_is_inactive_counts_where_no_end_could_be_seen() {
        let (address, server) = ("1.1.1.1:53".parse().unwrap(), "10.0.0.1:53".parse().unwrap());
        let mut connections = Connections::default();
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            connections.add(ServiceKey::Address(protocol, address), server, 2, 40);
        }
        assert_eq!(connections.of(ServiceKey::Address(Protocol::Tcp, address), server), 2);
        assert_eq!(connections.of(ServiceKey::Address(Protocol::Udp, address), server), 42);
    }
}
