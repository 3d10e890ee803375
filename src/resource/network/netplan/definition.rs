//! What netplan's files say of an interface: netplan(5).

use std::net::IpAddr;

use ipnet::IpNet;

use super::yaml::Node;
use crate::resource::network::gateway::IpVersion;

/// The sections that define interfaces.
const SECTIONS: [&str; 9] = [
    "ethernets",
    "wifis",
    "bonds",
    "bridges",
    "vlans",
    "tunnels",
    "dummy-devices",
    "virtual-ethernets",
    "nm-devices",
];

/// A definition as far as one file has it. netplan adds up those of the same id: lists grow, values are replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The file's place in the order in which netplan reads them.
    pub file: usize,
    /// `ethernets`, ...
    pub section: String,
    /// The name of the definition: the interface's, where nothing is to match.
    pub id: String,
    /// All that is said.
    pub node: Node,
}

/// Something that a definition says by a key, or by an item of the list that a key has.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The key with its value.
    pub entry: &'a (Node, Node),
    /// Which item of the list; `None` where it is the value.
    pub item: Option<usize>,
    /// The address itself.
    pub scalar: &'a Node,
}

/// An interface that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub name: String,
    pub mac: String,
    /// Whether there is a device behind it: a bridge or a VLAN has the address of its port.
    pub device: bool,
}

/// The parts in a file's document.
pub fn parts(file: usize, document: &Node) -> Vec<Part> {
    let mut parts = Vec::new();
    let Some(network) = document.get("network") else { return parts };
    for section in SECTIONS {
        let all = network.get(section).map_or(&[][..], Node::entries);
        parts.extend(all.iter().filter(|(key, _)| key.text() != "renderer").map(|(key, node)| Part {
            file,
            section: section.to_owned(),
            id: key.text().to_owned(),
            node: node.clone(),
        }));
    }
    parts
}

impl Part {
    /// Every default route of a version that it has by a gateway.
    ///
    /// # Errors
    /// One has no gateway.
    pub fn gateways(&self, version: IpVersion) -> Result<Vec<(IpAddr, Found<'_>)>, String> {
        let mut found = Vec::new();
        let of = |via: &Node| via.text().parse().ok().filter(|via| IpVersion::of(*via) == version);
        for entry in self.node.entries() {
            let (key, value) = entry;
            if key.text() == format!("gateway{}", if version == IpVersion::V4 { 4 } else { 6 }) {
                found.extend(of(value).map(|via| (via, Found { entry, item: None, scalar: value })));
            }
            let routes = if key.text() == "routes" { value.items() } else { &[] };
            for (item, route) in routes.iter().enumerate().filter(|(_, route)| everywhere(route, version)) {
                match route.get("via") {
                    Some(scalar) => {
                        found.extend(of(scalar).map(|via| (via, Found { entry, item: Some(item), scalar })));
                    }
                    None => return Err(format!("{} has a default route without a gateway", self.id)),
                }
            }
        }
        Ok(found)
    }

    /// Every static address.
    pub fn addresses(&self) -> Vec<(IpNet, Found<'_>)> {
        let mut found = Vec::new();
        for entry in self.node.entries().iter().filter(|(key, _)| key.text() == "addresses") {
            for (item, node) in entry.1.items().iter().enumerate() {
                // one with options of its own is the key of a mapping: `10.0.0.1/24: { label: x }`
                let scalar = node.entries().first().map_or(node, |(key, _)| key);
                let net = scalar.text().parse().ok();
                found.extend(net.map(|net| (net, Found { entry, item: Some(item), scalar })));
            }
        }
        found
    }

    /// What is handed to NetworkManager as it is and brings an address or a gateway: `ipv4.address1`.
    pub fn passed_through(&self) -> Option<String> {
        let brings = |key: &str| {
            let of = |name| key.strip_prefix(&format!("ip{name}.")).unwrap_or_default();
            [of("v4"), of("v6")].iter().any(|key| {
                let route = key.strip_prefix("route").is_some_and(|n| n.parse::<u16>().is_ok());
                key.starts_with("address") || *key == "gateway" || route
            })
        };
        let leaves = self.node.leaves();
        let key = |(path, _): &(String, String)| Some(path.split_once("/passthrough/")?.1.to_owned());
        leaves.iter().filter_map(key).find(|key| brings(key))
    }
}

/// Whether it is a default route of the main table. One to `default` is of its gateway's version; without a gateway, of
/// either.
fn everywhere(route: &Node, version: IpVersion) -> bool {
    let text = |key| route.get(key).map_or("", Node::text);
    let to = match text("to") {
        "default" => route
            .get("via")
            .is_none_or(|via| via.text().parse().map(IpVersion::of).is_ok_and(|its| its == version)),
        "0.0.0.0/0" | "0/0" => version == IpVersion::V4,
        "::/0" | "0::/0" => version == IpVersion::V6,
        _ => false,
    };
    to && matches!(text("table"), "" | "254") && matches!(text("type"), "" | "unicast")
}

/// The interfaces that a definition is for, from its parts.
pub fn interfaces(id: &str, parts: &[&Part], links: &[Link]) -> Vec<String> {
    let last = |key: &str| parts.iter().rev().find_map(|part| part.node.get(key));
    let named = |key: &str| {
        let matched = parts.iter().rev().filter_map(|part| part.node.get("match"));
        matched.filter_map(|node| node.get(key)).map(|node| node.text().to_owned()).next()
    };
    if let Some(name) = last("set-name") {
        return vec![name.text().to_owned()];
    }
    if !parts.iter().any(|part| part.node.get("match").is_some_and(|node| !node.entries().is_empty())) {
        return vec![id.to_owned()];
    }
    let (name, mac) = (named("name"), named("macaddress"));
    // one that is not there yet may be named all the same
    if let Some(name) = name.as_ref().filter(|name| !name.contains(['*', '?', '['])) {
        return vec![name.clone()];
    }
    if name.is_none() && mac.is_none() {
        return Vec::new();
    }
    let fits = |link: &&Link| {
        name.as_ref().is_none_or(|name| like(name.as_bytes(), link.name.as_bytes()))
            && mac.as_ref().is_none_or(|mac| mac.eq_ignore_ascii_case(&link.mac) && link.device)
    };
    links.iter().filter(fits).map(|link| link.name.clone()).collect()
}

/// A name with `*` and `?`; one with brackets is taken to fit nothing.
fn like(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => like(rest, name) || !name.is_empty() && like(pattern, &name[1..]),
        (Some((b'?', rest)), Some((_, others))) => like(rest, others),
        (Some((p, rest)), Some((n, others))) => p == n && like(rest, others),
        _ => false,
    }
}
