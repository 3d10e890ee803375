//! What the kernel prints in `/proc/net/ip_vs` (`ip_vs_info_seq_show` of net/netfilter/ipvs/ip_vs_ctl.c).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Connections, Forwarding, Protocol, RealServer, ServiceKey, Table};

/// What the lines below a service's belong to.
enum Service {
    Key(ServiceKey),
    /// The kernel does not tell whose family a mark is; the real servers do, but behind a tunnel.
    Mark(u32),
}

impl Service {
    /// The key of the service that has a real server at that address.
    fn key(&self, address: SocketAddr) -> ServiceKey {
        match *self {
            Service::Key(key) => key,
            Service::Mark(mark) => ServiceKey::FirewallMark(mark, address.is_ipv6()),
        }
    }
}

impl Table {
    /// Puts the real servers that the kernel lists into the table's services. What belongs to a service that the table
    /// does not hold is passed over: it came between the two readings. A line `=`, which is not the kernel's, stands for the
    /// real servers of the last service before that has any.
    ///
    /// Those behind a tunnel are not told whole, and so do not read.
    ///
    /// Gives their connections, unless the lines were cut before these.
    ///
    /// # Errors
    /// The line that does not read.
    pub fn learn_real_servers<'a>(
        &mut self,
        lines: impl Iterator<Item = &'a str>,
    ) -> Result<Option<Connections>, &'a str> {
        let mut service = None;
        let (mut servers, mut ended): (BTreeMap<SocketAddr, RealServer>, bool) = (BTreeMap::new(), true);
        let mut connections = Some(Connections::default());
        for line in lines {
            let words: Vec<_> = line.split_whitespace().collect();
            match words[..] {
                [] | ["IP", "Virtual", ..] | ["Prot", ..] | ["->", "RemoteAddress:Port", ..] => {}
                ["->", address, forwarding, weight, ref counts @ ..] => {
                    let server = server(address, forwarding, weight).ok_or(line)?;
                    if std::mem::take(&mut ended) {
                        servers.clear();
                    }
                    servers.insert(server.0, server.1);
                    let service = service.as_ref().ok_or(line)?;
                    self.insert(service, [server]);
                    match (&mut connections, counts) {
                        (Some(connections), [active, inactive, ..]) => {
                            let count = |word: &&str| word.parse::<u64>().map_err(|_| line);
                            connections.add(
                                service.key(server.0),
                                server.0,
                                count(active)?,
                                count(inactive)?,
                            );
                        }
                        (connections, _) => *connections = None,
                    }
                }
                ["="] => {
                    connections = None;
                    let service = service.as_ref().ok_or(line)?;
                    let there =
                        servers.keys().next().and_then(|any| self.services.get_mut(&service.key(*any)));
                    match (service, there) {
                        // Many services have the same: a whole map is copied faster than it is filled.
                        (Service::Key(_), Some(there)) if there.real_servers.is_empty() => {
                            there.real_servers.clone_from(&servers);
                        }
                        _ => {
                            self.insert(service, servers.iter().map(|(address, server)| (*address, *server)))
                        }
                    }
                }
                ["FWM", mark, ..] => {
                    service = Some(Service::Mark(u32::from_str_radix(mark, 16).map_err(|_| line)?));
                    ended = true;
                }
                [protocol, at, ..] => {
                    let protocol = Protocol::listed(protocol).ok_or(line)?;
                    let at = address(at).ok_or(line)?;
                    service = Some(Service::Key(ServiceKey::Address(protocol, at)));
                    ended = true;
                }
                _ => return Err(line),
            }
        }
        Ok(connections)
    }

    fn insert(&mut self, service: &Service, servers: impl IntoIterator<Item = (SocketAddr, RealServer)>) {
        for (address, server) in servers {
            if let Some(service) = self.services.get_mut(&service.key(address)) {
                service.real_servers.insert(address, server);
            }
        }
    }
}

fn server(at: &str, forwarding: &str, weight: &str) -> Option<(SocketAddr, RealServer)> {
    let forwarding = match forwarding {
        "Masq" => Forwarding::Nat,
        // A real server on the director itself is `Local` to older kernels; ipvsadm saves it as `-g`.
        "Route" | "Local" => Forwarding::Dr,
        _ => return None,
    };
    Some((address(at)?, RealServer::new(forwarding, weight.parse().ok()?)))
}

/// `C0A8AF64:0050`, `[2001:0db8:0000:0000:0000:0000:0000:0001]:0050`
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.rsplit_once(':')?;
    let ip: IpAddr = match ip.strip_prefix('[') {
        Some(ip) => ip.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.into(),
        None => Ipv4Addr::from(u32::from_str_radix(ip, 16).ok()?).into(),
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a 6.1 kernel printed for the services of the other readings that have no tunnel.
    const RUNNING: &str = include_str!("../../tests/cases/virtual_services/running.txt");
    const SAVED: &str = include_str!("../../tests/cases/virtual_services/saved.txt");
    const LISTED: &str = include_str!("../../tests/cases/virtual_services/listed.txt");

    #[test]
    fn the_two_readings_together_are_what_save_and_thresholds_tell() {
        let mut expected: Table = SAVED.parse().unwrap();
        expected.learn_thresholds(LISTED.lines()).unwrap();
        for service in expected.services.values_mut() {
            service.real_servers.retain(|_, server| server.forwarding != Forwarding::Tun);
        }
        let mut table = Table::listed(LISTED.lines()).unwrap();
        table.learn_real_servers(RUNNING.lines()).unwrap();
        table.learn_thresholds(LISTED.lines()).unwrap();
        assert_eq!(table, expected);
    }

    #[test]
    fn a_sign_stands_for_the_real_servers_before() {
        let listed = ["TCP 1.1.1.1:80 rr", "TCP 1.1.1.1:81 rr", "TCP 1.1.1.1:82 rr", "FWM 7 rr"];
        let server = "  -> 0A28040A:0050      Masq    1      0          0         ";
        let whole =
            ["TCP  01010101:0050 rr", server, "TCP  01010101:0051 rr", "TCP  01010101:0052 rr", server];
        let short = ["TCP  01010101:0050 rr", server, "TCP  01010101:0051 rr", "TCP  01010101:0052 rr", "="];
        let table = |lines: &[&'static str], mark: &'static str| {
            let mut table = Table::listed(listed.into_iter()).unwrap();
            let mark = ["FWM  00000007 rr", mark];
            table.learn_real_servers(lines.iter().copied().chain(mark)).unwrap();
            table.to_string()
        };
        assert_eq!(table(&short, "="), table(&whole, server));
        assert_eq!(table(&short, "=").matches("-r 10.40.4.10:80 -m -w 1").count(), 3);
        assert_eq!(Table::default().learn_real_servers(["="].into_iter()), Err("="));
    }

    #[test]
    fn connections_are_told_unless_the_lines_were_cut() {
        let service = "TCP  C0A8AF64:0050 rr  ";
        let (whole, cut) = ("  -> 0A28040A:0050      Masq    1      14         3", "-> 0A28040A:0050 Masq 1");
        let learnt = |line| Table::default().learn_real_servers([service, line].into_iter()).unwrap();
        let key = ServiceKey::Address(Protocol::Tcp, "192.168.175.100:80".parse().unwrap());
        assert_eq!(learnt(whole).unwrap().of(key, "10.40.4.10:80".parse().unwrap()), 14);
        assert_eq!(learnt(cut), None);
    }

    #[test]
    fn a_line_that_does_not_read_is_given_back() {
        let service = "TCP  C0A8AF64:0050 rr  ";
        for line in [
            "  -> 0A28040A:0050      Tunnel  1      0          0         ",
            "  -> 10.40.4.10:80      Masq    1      0          0         ",
            "  -> 0A28040A:0050      Masq    1      many       0         ",
            "TCP  C0A8AF64 rr",
            "ICMP C0A8AF64:0050 rr",
            "nonsense",
        ] {
            assert_eq!(Table::default().learn_real_servers([service, line].into_iter()), Err(line));
        }
        let alone = "  -> 0A28040A:0050      Masq    1      0          0         ";
        assert_eq!(Table::default().learn_real_servers([alone].into_iter()), Err(alone));
    }
}
