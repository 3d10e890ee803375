//! The syntax of systemd.network(5), and what its sections say.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::resource::network::gateway::{IpVersion, Via};

/// A section with its assignments; each with its line's number.
#[derive(Debug)]
pub struct Section {
    /// `Network`, `Route`, ...
    pub name: String,
    /// The header's line.
    pub first: usize,
    /// The line's number, the key and its value.
    pub assignments: Vec<(usize, String, String)>,
}

impl Section {
    /// The last value of a key.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.assignments.iter().rev().find(|(_, k, _)| k == key).map(|(.., value)| value.as_str())
    }

    /// The lines that set a default gateway of this version: any `Gateway=` of `[Network]`, and that of a `[Route]`
    /// which has no destination, or all of them. One of another table or type is a policy's, and none of ours.
    pub fn gateways(&self, version: IpVersion) -> impl Iterator<Item = (usize, Via)> {
        let default = match self.name.as_str() {
            "Network" => true,
            "Route" => {
                matches!(self.value("Destination"), None | Some("" | "0.0.0.0/0" | "::/0" | "default"))
                    && matches!(self.value("Table"), None | Some("" | "main" | "254"))
                    && matches!(self.value("Type"), None | Some("" | "unicast"))
            }
            _ => false,
        };
        let lines = self.assignments.iter().filter(move |(_, key, _)| default && key == "Gateway");
        lines.filter_map(move |(line, _, value)| {
            let via = match (value.as_str(), version) {
                ("_dhcp4", IpVersion::V4) => Via::Asked { how: "DHCP", by: String::new(), yields: false },
                ("_ipv6ra", IpVersion::V6) => {
                    Via::Asked { how: "router advertisements", by: String::new(), yields: false }
                }
                (value, _) => {
                    let address = value.parse().ok().filter(|via| IpVersion::of(*via) == version)?;
                    Via::Address(address)
                }
            };
            Some((*line, via))
        })
    }

    /// Whether the link asks DHCP for a gateway of this version. DHCPv6 has none to give.
    pub fn by_dhcp(&self, version: IpVersion) -> bool {
        version == IpVersion::V4
            && self.name == "Network"
            && matches!(self.value("DHCP"), Some("yes" | "true" | "ipv4" | "both"))
    }

    /// The lines that set an address.
    pub fn addresses(&self) -> impl Iterator<Item = (usize, IpNet)> {
        let counts = matches!(self.name.as_str(), "Network" | "Address");
        let lines = self.assignments.iter().filter(move |(_, key, _)| counts && key == "Address");
        lines.filter_map(|(line, _, value)| Some((*line, net(value)?)))
    }

    /// All its lines.
    pub fn lines(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.first).chain(self.assignments.iter().map(|(line, ..)| *line))
    }
}

/// An address without a length is of that one host.
fn net(value: &str) -> Option<IpNet> {
    value.parse().ok().or_else(|| value.parse::<IpAddr>().map(IpNet::from).ok())
}

/// All sections of a text.
pub fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            sections.push(Section { name: name.to_owned(), first: number, assignments: Vec::new() });
        } else if let (Some(section), Some((key, value))) = (sections.last_mut(), line.split_once('=')) {
            section.assignments.push((number, key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    sections
}
