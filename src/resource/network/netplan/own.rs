//! Files of lvsprov's own for netplan. Each adds one thing to a definition; netplan adds up the lists of all files. Their
//! names come after the others', as a VLAN is to have its number before it has more.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::resource::network::conf_file::ConfFile;
use crate::resource::network::edit::{Edit, NETPLAN};
use crate::resource::network::gateway::IpVersion;

const NAME: &str = "zz-lvsprov-";
const HEADER: &str = "# Written by lvsprov.\n";

/// All destinations. `default` is not known to netplan before 0.103.
pub fn everywhere(version: IpVersion) -> &'static str {
    if version == IpVersion::V4 { "0.0.0.0/0" } else { "::/0" }
}

/// Whether a file is one of ours, as we have written it.
pub fn is(file: &ConfFile) -> bool {
    file.path.starts_with(&format!("{NETPLAN}{NAME}")) && file.text.starts_with(HEADER)
}

/// The file that brings a default route.
pub fn gateway(section: &str, id: &str, via: IpAddr) -> Edit {
    let version = IpVersion::of(via);
    let lines = format!("      routes:\n      - to: \"{}\"\n        via: \"{via}\"\n", everywhere(version));
    file(section, id, &format!("default-{version}"), &lines)
}

/// The file that brings an address. `first` is whether no other file defines the interface: then it is matched by its
/// name, and the boot does not wait for it.
pub fn address(section: &str, id: &str, net: IpNet, first: bool) -> Edit {
    let named = format!("      match:\n        name: \"{id}\"\n      optional: true\n");
    let lines = format!("{}      addresses:\n      - \"{net}\"\n", if first { &named } else { "" });
    file(section, id, &net.addr().to_string().replace(['.', ':'], "-"), &lines)
}

fn file(section: &str, id: &str, what: &str, lines: &str) -> Edit {
    let name: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let text = format!("{HEADER}network:\n  version: 2\n  {section}:\n    \"{id}\":\n{lines}");
    Edit { path: format!("{NETPLAN}{NAME}{name}-{what}.yaml"), old: None, new: Some(text) }
}
