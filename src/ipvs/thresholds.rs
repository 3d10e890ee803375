//! What `ipvsadm -Ln --thresholds` prints, and `-S` forgets.

use std::net::SocketAddr;

use super::{Protocol, ServiceKey, Table};

impl Table {
    /// Puts the thresholds of the listing into the table. What the table does not hold is passed over: it came
    /// between the two readings.
    ///
    /// # Errors
    /// The line that does not read.
    pub fn learn_thresholds(&mut self, listing: &str) -> Result<(), String> {
        let mut current = None;
        for line in listing.lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            let unreadable = || line.to_owned();
            match words[..] {
                [] | ["IP", "Virtual", ..] | ["Prot", ..] | ["->", "RemoteAddress:Port", ..] => {}
                ["->", address, upper, lower, ..] => {
                    let address: SocketAddr = address.parse().map_err(|_| unreadable())?;
                    let upper = upper.parse().map_err(|_| unreadable())?;
                    let lower = lower.parse().map_err(|_| unreadable())?;
                    let service = current.and_then(|key| self.services.get_mut(&key));
                    if let Some(server) = service.and_then(|service| service.real_servers.get_mut(&address)) {
                        server.upper_threshold = upper;
                        server.lower_threshold = lower;
                    }
                }
                [protocol, address, ref rest @ ..] => {
                    let key = match protocol {
                        "TCP" => Protocol::Tcp,
                        "UDP" => Protocol::Udp,
                        "SCTP" => Protocol::Sctp,
                        "FWM" => {
                            let mark = address.parse().map_err(|_| unreadable())?;
                            current = Some(ServiceKey::FirewallMark(mark, rest.first() == Some(&"IPv6")));
                            continue;
                        }
                        _ => return Err(unreadable()),
                    };
                    current = Some(ServiceKey::Address(key, address.parse().map_err(|_| unreadable())?));
                }
                _ => return Err(unreadable()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAVED: &str = include_str!("../../tests/cases/virtual_services/saved.txt");
    const LISTED: &str = include_str!("../../tests/cases/virtual_services/thresholds.txt");

    #[test]
    fn the_thresholds_that_save_forgets_are_learnt() {
        let before: Table = SAVED.parse().unwrap();
        let mut after = before.clone();
        after.learn_thresholds(LISTED).unwrap();
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
    fn a_line_that_does_not_read_is_given_back() {
        assert_eq!(Table::default().learn_thresholds("nonsense"), Err("nonsense".into()));
    }
}
