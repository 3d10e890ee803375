//! What is let in: an address, its port and protocol, and from where.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ipvs::Protocol;

/// New connections to one address, or packets of a protocol that has none: `192.168.175.100:80/tcp`,
/// `[2001:db8::10]:80/tcp`, `192.168.40.100:123/udp from 192.168.40.0/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Opening {
    /// The host's address and port; port 0 is every port.
    pub to: SocketAddr,
    /// The protocol.
    pub protocol: Protocol,
    /// Who may come in; `None` is everybody.
    pub from: Option<IpNet>,
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.to, self.protocol)?;
        self.from.iter().try_for_each(|from| write!(f, " from {from}"))
    }
}

impl FromStr for Opening {
    type Err = String;

    fn from_str(text: &str) -> Result<Opening, String> {
        let wrong = || {
            format!(
                "`{text}` is no opening: write it as 192.168.175.100:80/tcp, [2001:db8::10]:80/tcp or \
                 192.168.40.100:123/udp from 192.168.40.0/24"
            )
        };
        let (to, from) = match text.split_once(" from ") {
            Some((to, from)) => (to, Some(from.trim().parse::<IpNet>().map_err(|_| wrong())?.trunc())),
            None => (text, None),
        };
        let (to, protocol) = to.trim().rsplit_once('/').ok_or_else(wrong)?;
        let to: SocketAddr = to.parse().map_err(|_| wrong())?;
        let protocol = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp]
            .into_iter()
            .find(|known| known.to_string() == protocol)
            .ok_or_else(wrong)?;
        if from.is_some_and(|from| from.addr().is_ipv4() != to.is_ipv4()) {
            return Err(format!("`{text}` mixes IPv4 and IPv6: both sides of an opening are of one of them"));
        }
        Ok(Opening { to, protocol, from })
    }
}

impl Serialize for Opening {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Opening {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Opening, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_is_written_as_it_is_read() {
        for text in [
            "192.168.175.100:80/tcp",
            "[2001:db8::10]:443/sctp",
            "192.168.40.100:123/udp from 192.168.40.0/24",
        ] {
            assert_eq!(text.parse::<Opening>().unwrap().to_string(), text);
        }
        let net = |text: &str| text.parse::<Opening>().unwrap().from.unwrap().to_string();
        assert_eq!(net("192.168.40.100:123/udp from 192.168.40.7/24"), "192.168.40.0/24");
        for text in ["80/tcp", "192.168.175.100:80", "192.168.175.100:80/http", "1.2.3.4:80/tcp from here"] {
            assert!(text.parse::<Opening>().unwrap_err().contains("is no opening"), "{text}");
        }
        assert!("1.2.3.4:80/tcp from fd00::/64".parse::<Opening>().unwrap_err().contains("mixes"));
    }
}
