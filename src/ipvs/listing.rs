//! What `ipvsadm -Ln --thresholds` prints: the services with all of their settings, and of the real servers what `-S`
//! forgets.

use std::net::SocketAddr;

use super::rule::netmask;
use super::{Protocol, Scheduler, ServiceKey, Table, VirtualService};

/// A line of the listing.
enum Line<'a> {
    Heading,
    /// The service's key and the words of its settings.
    Service(ServiceKey, &'a [&'a str]),
    /// The real server's address, upper and lower threshold.
    RealServer(SocketAddr, u32, u32),
}

impl<'a> Line<'a> {
    fn read(words: &'a [&'a str]) -> Option<Self> {
        Some(match *words {
            [] | ["IP", "Virtual", ..] | ["Prot", ..] | ["->", "RemoteAddress:Port", ..] => Line::Heading,
            ["->", address, upper, lower, ..] => {
                Line::RealServer(address.parse().ok()?, upper.parse().ok()?, lower.parse().ok()?)
            }
            ["FWM", mark, "IPv6", ref settings @ ..] => {
                Line::Service(ServiceKey::FirewallMark(mark.parse().ok()?, true), settings)
            }
            ["FWM", mark, ref settings @ ..] => {
                Line::Service(ServiceKey::FirewallMark(mark.parse().ok()?, false), settings)
            }
            [protocol, address, ref settings @ ..] => Line::Service(
                ServiceKey::Address(Protocol::listed(protocol)?, address.parse().ok()?),
                settings,
            ),
            _ => return None,
        })
    }
}

impl Protocol {
    /// The protocol that ipvsadm and the kernel list so.
    pub(super) fn listed(name: &str) -> Option<Self> {
        match name {
            "TCP" => Some(Protocol::Tcp),
            "UDP" => Some(Protocol::Udp),
            "SCTP" => Some(Protocol::Sctp),
            _ => None,
        }
    }
}

impl ServiceKey {
    /// The words that a listing has for it: `TCP 192.168.175.100:80`, `FWM 7 IPv6`.
    pub fn listed(&self) -> String {
        match self {
            ServiceKey::Address(protocol, address) => format!("{} {address}", protocol.name().to_uppercase()),
            ServiceKey::FirewallMark(mark, false) => format!("FWM {mark}"),
            ServiceKey::FirewallMark(mark, true) => format!("FWM {mark} IPv6"),
        }
    }

    /// The service for which a listing has these words.
    pub(super) fn of_listing(words: &[&str]) -> Option<Self> {
        match *words {
            ["FWM", mark] => Some(ServiceKey::FirewallMark(mark.parse().ok()?, false)),
            ["FWM", mark, "IPv6"] => Some(ServiceKey::FirewallMark(mark.parse().ok()?, true)),
            [protocol, address] => {
                Some(ServiceKey::Address(Protocol::listed(protocol)?, address.parse().ok()?))
            }
            _ => None,
        }
    }
}

impl Table {
    /// The services of the listing, without their real servers.
    ///
    /// # Errors
    /// The line that does not read.
    pub fn listed<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Table, &'a str> {
        let mut table = Table::default();
        for line in lines {
            let words: Vec<_> = line.split_whitespace().collect();
            match Line::read(&words).ok_or(line)? {
                Line::Service(key, settings) => {
                    table.services.insert(key, service(key, settings).ok_or(line)?);
                }
                Line::Heading | Line::RealServer(..) => {}
            }
        }
        Ok(table)
    }

    /// Puts the thresholds of the listing into the table. What the table does not hold is passed over: it came between
    /// the two readings.
    ///
    /// # Errors
    /// The line that does not read.
    pub fn learn_thresholds<'a>(&mut self, lines: impl Iterator<Item = &'a str>) -> Result<(), &'a str> {
        let mut service = None;
        for line in lines {
            let words: Vec<_> = line.split_whitespace().collect();
            match Line::read(&words).ok_or(line)? {
                Line::Heading => {}
                Line::Service(key, _) => service = self.services.get_mut(&key),
                Line::RealServer(address, upper, lower) => {
                    let servers = service.as_mut().map(|service| &mut service.real_servers);
                    if let Some(server) = servers.and_then(|servers| servers.get_mut(&address)) {
                        server.upper_threshold = upper;
                        server.lower_threshold = lower;
                    }
                }
            }
        }
        Ok(())
    }
}

/// `sh (sh-fallback,sh-port) persistent 100 mask 255.255.255.0 pe sip ops`
fn service(key: ServiceKey, settings: &[&str]) -> Option<VirtualService> {
    let (scheduler, mut rest) = settings.split_first()?;
    let scheduler: Scheduler = scheduler.parse().ok()?;
    let mut service = VirtualService::new(key, scheduler);
    while let [word, more @ ..] = rest {
        rest = match (*word, more) {
            ("ops", _) => {
                service.one_packet = true;
                more
            }
            ("persistent", [seconds, more @ ..]) => {
                service.persistence = Some(seconds.parse().ok()?);
                more
            }
            ("mask", [mask, more @ ..]) => {
                service.netmask = netmask(mask, key.is_ipv6()).ok()?;
                more
            }
            ("pe", [engine, more @ ..]) => {
                service.persistence_engine = Some((*engine).to_owned());
                more
            }
            (flags, _) => {
                let flags = flags.strip_prefix('(')?.strip_suffix(')')?;
                service.scheduler_flags = scheduler.flags(flags).ok()?;
                more
            }
        };
    }
    Some(service)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAVED: &str = include_str!("../../tests/cases/virtual_services/saved.txt");
    const LISTED: &str = include_str!("../../tests/cases/virtual_services/listed.txt");

    #[test]
    fn the_thresholds_that_save_forgets_are_learnt() {
        let before: Table = SAVED.parse().unwrap();
        let mut after = before.clone();
        after.learn_thresholds(LISTED.lines()).unwrap();
        let mut expected = before;
        let key = ServiceKey::Address(Protocol::Tcp, "192.168.175.100:80".parse().unwrap());
        let service = expected.services.get_mut(&key).unwrap();
        let server = service.real_servers.get_mut(&"192.168.40.102:80".parse().unwrap()).unwrap();
        server.upper_threshold = 100;
        server.lower_threshold = 50;
        assert_eq!(after, expected);
        assert!(after.to_string().contains("-r 192.168.40.102:80 -m -w 4 -x 100 -y 50\n"));
    }

    #[test]
    fn the_services_are_those_that_save_tells() {
        let mut expected: Table = SAVED.parse().unwrap();
        for service in expected.services.values_mut() {
            service.real_servers.clear();
        }
        assert_eq!(Table::listed(LISTED.lines()).unwrap(), expected);
    }

    #[test]
    fn a_line_that_does_not_read_is_given_back() {
        for line in ["nonsense", "Can't initialize ipvs: Permission denied", "TCP 1.2.3.4:80 rr what"] {
            assert_eq!(Table::listed([line].into_iter()), Err(line));
        }
        assert_eq!(Table::default().learn_thresholds(["nonsense"].into_iter()), Err("nonsense"));
    }
}
