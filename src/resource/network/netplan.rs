//! netplan(5): the YAML from which it generates the files of systemd-networkd or the profiles of NetworkManager.
//!
//! What it generates lies in /run and is generated again at boot, so that its YAML is what counts. What changes is
//! edited in its own line. What is new gets a file of its own: netplan adds up the lists of all files. `netplan
//! generate` then writes the renderer's files; nothing is applied, as that takes interfaces down for a moment.

use std::net::IpAddr;

use ipnet::IpNet;

use super::conf_file::ConfFile;
use super::edit::{Edit, NETPLAN};
use super::gateway::{Gateway, IpVersion, Via};
use super::owner::{Assigned, Owner, Setting, Told, refuse};
use crate::resource::{Refusal, Unreadable};

mod definition;
mod lines;
mod own;
mod yaml;

use definition::{Found, Link, Part};
use lines::Lines;

/// netplan, where it has something to generate from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Netplan {
    /// The files that count, in the order in which they are read.
    files: Vec<ConfFile>,
    parts: Vec<Part>,
    /// Who renders what does not say otherwise: `networkd`, `NetworkManager`.
    renderer: String,
    links: Vec<Link>,
    /// A file that does not read, and why.
    broken: Option<(String, String)>,
}

impl Owner for Netplan {
    fn probe() -> &'static str {
        r#"if command -v netplan >/dev/null 2>&1; then
  links=
  for f in /etc/netplan/*.yaml /run/netplan/*.yaml /lib/netplan/*.yaml; do
    if [ -f "$f" ]; then set -- "$@" "$f"; links=yes; fi
  done
  if [ -n "$links" ]; then
    for f in /sys/class/net/*/address; do
      read -r n 2>/dev/null <"$f" || n=
      f=${f%/address}; d=-
      if [ -e "$f/device" ]; then d=device; fi
      printf '%s %s %s\n' "${f##*/}" "$d" "$n"
    done
  fi
fi
"#
    }

    fn read(told: &Told<'_>) -> Result<Self, Unreadable> {
        let mut netplan = Netplan { renderer: "networkd".into(), ..Netplan::default() };
        if told.lines.is_empty() {
            return Ok(netplan);
        }
        for line in told.lines {
            let mut words = line.split(' ');
            let (Some(name), Some(device)) = (words.next(), words.next()) else {
                return Err(Unreadable::new("netplan", *line));
            };
            let mac = words.next().unwrap_or("").to_owned();
            netplan.links.push(Link { name: name.to_owned(), mac, device: device == "device" });
        }
        // one of the same name shadows those after it
        for folder in ["/run/netplan/", NETPLAN, "/lib/netplan/"] {
            for file in told.below(folder).into_iter().filter(|file| file.path.ends_with(".yaml")) {
                if !netplan.files.iter().any(|other| name_of(other) == name_of(&file)) {
                    netplan.files.push(file);
                }
            }
        }
        netplan.files.sort_by(|a, b| name_of(a).cmp(name_of(b)));
        for (index, file) in netplan.files.iter().enumerate() {
            match yaml::read(&file.text) {
                Ok(None) => {}
                Ok(Some(document)) => {
                    let renderer = document.get("network").and_then(|network| network.get("renderer"));
                    netplan.renderer = renderer.map_or(netplan.renderer, |node| node.text().to_owned());
                    netplan.parts.extend(definition::parts(index, &document));
                }
                Err(why) => netplan.broken = Some((file.path.clone(), why)),
            }
        }
        Ok(netplan)
    }

    fn edits() -> &'static str {
        "/etc/netplan/*.yaml"
    }

    fn name(&self) -> &'static str {
        "netplan"
    }

    fn configures(&self, interface: &str) -> bool {
        self.broken.is_some() || self.id_of(interface).is_some()
    }

    fn adopts(&self) -> bool {
        !self.files.is_empty() && self.renderer != "NetworkManager"
    }

    fn speaks_for(&self) -> &'static [&'static str] {
        &["systemd-networkd"]
    }

    fn gateways(&self, version: IpVersion) -> Result<Vec<Gateway>, Refusal> {
        self.readable()?;
        let mut gateways = Vec::new();
        for id in self.ids() {
            for interface in self.interfaces(id) {
                if let Some(by) = self.dhcp(id).filter(|_| version == IpVersion::V4) {
                    let via = Via::Asked { how: "DHCP", by: by.to_owned(), yields: false };
                    gateways.push(Gateway { interface: interface.clone(), via });
                }
                gateways.extend(
                    self.written(id, version)?.iter().map(|(_, via, _)| Gateway::new(&interface, *via)),
                );
            }
        }
        Ok(gateways)
    }

    fn addresses(&self) -> Vec<Assigned> {
        let mut all = Vec::new();
        for part in &self.parts {
            for interface in self.interfaces(&part.id) {
                all.extend(part.addresses().into_iter().map(|(net, _)| Assigned {
                    interface: interface.clone(),
                    net,
                    by: self.files[part.file].path.clone(),
                }));
            }
        }
        all
    }

    fn set(&self, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        self.readable()?;
        match *setting {
            Setting::Gateway { via, interface } => self.set_gateway(Some((via, interface)), setting),
            Setting::NoGateway(_) => self.set_gateway(None, setting),
            Setting::Address { net, interface } => self.add_address(net, interface, setting),
            Setting::NoAddress { address, interface } => {
                let mut edits = vec![Lines::default(); self.files.len()];
                let about = |part: &&Part| self.interfaces(&part.id).iter().any(|name| name == interface);
                for part in self.parts.iter().filter(about) {
                    let found = part.addresses().into_iter().filter(|(net, _)| net.addr() == address);
                    let found: Vec<Found<'_>> = found.map(|(_, found)| found).collect();
                    edits[part.file].remove(&self.files[part.file].text, part, &found);
                }
                self.edited(edits, setting)
            }
        }
    }
}

impl Netplan {
    fn readable(&self) -> Result<(), Refusal> {
        let Some((path, why)) = &self.broken else { return Ok(()) };
        refuse(
            format!("netplan's {path} can't be read for sure: {why}"),
            "write it in plain YAML, and see that `netplan generate` takes it; then run again",
        )
    }

    /// Each definition's name once.
    fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        for part in &self.parts {
            if !ids.contains(&part.id.as_str()) {
                ids.push(&part.id);
            }
        }
        ids
    }

    fn parts_of(&self, id: &str) -> Vec<&Part> {
        self.parts.iter().filter(|part| part.id == id).collect()
    }

    fn interfaces(&self, id: &str) -> Vec<String> {
        definition::interfaces(id, &self.parts_of(id), &self.links)
    }

    fn id_of(&self, interface: &str) -> Option<&str> {
        self.ids().into_iter().find(|id| self.interfaces(id).iter().any(|name| name == interface))
    }

    /// The file that has the interface ask DHCP for a gateway, if one does.
    fn dhcp(&self, id: &str) -> Option<&str> {
        let parts = self.parts_of(id);
        let (part, asks) =
            parts.iter().rev().find_map(|part| Some((part, part.node.get("dhcp4")?.boolean()?)))?;
        let overrides = parts.iter().rev().filter_map(|part| part.node.get("dhcp4-overrides"));
        let routes = overrides.filter_map(|node| node.get("use-routes")?.boolean()).next();
        (asks && routes != Some(false)).then_some(self.files[part.file].path.as_str())
    }

    /// The gateways that a definition brings. Of a key's values, the last one counts.
    fn written<'a>(
        &'a self,
        id: &str,
        version: IpVersion,
    ) -> Result<Vec<(&'a Part, IpAddr, Found<'a>)>, Refusal> {
        let mut all: Vec<(&Part, IpAddr, Found<'_>)> = Vec::new();
        for part in self.parts_of(id) {
            let path = &self.files[part.file].path;
            if let Some(key) = part.passed_through() {
                return refuse(
                    format!("{path} hands `{key}` to NetworkManager as it is, past netplan"),
                    "write it by netplan's own `addresses` and `routes` there, and remove that key",
                );
            }
            let found = part.gateways(version).or_else(|why| {
                let remedy = format!("give it one in {path}, or remove it; then `netplan generate`");
                refuse(format!("{path}: {why}"), remedy)
            })?;
            for (via, found) in found {
                if found.item.is_none() {
                    all.retain(|(_, _, other)| other.item.is_some());
                }
                all.push((part, via, found));
            }
        }
        Ok(all)
    }

    fn set_gateway(
        &self,
        gateway: Option<(IpAddr, &str)>,
        setting: &Setting<'_>,
    ) -> Result<Vec<Edit>, Refusal> {
        let version = setting.version();
        let target = gateway.and_then(|(via, interface)| Some((via, self.id_of(interface)?)));
        if let Some((_, interface)) = gateway {
            self.alone(interface, setting)?;
        }
        let mut wanted = target;
        let mut edits = vec![Lines::default(); self.files.len()];
        for id in self.ids() {
            let effective = self.written(id, version)?;
            let keep = wanted.filter(|(_, target)| *target == id).and_then(|(via, _)| {
                Some((via, effective.iter().find(|(.., found)| found.item.is_some()).or(effective.last())?))
            });
            for part in self.parts_of(id) {
                let text = &self.files[part.file].text;
                let mut gone = Vec::new();
                for (via, found) in part.gateways(version).unwrap_or_default() {
                    match keep {
                        Some((new, (.., kept))) if std::ptr::eq(kept.scalar, found.scalar) => {
                            wanted = None;
                            if via != new {
                                edits[part.file].replace(text, part, &found, &new.to_string());
                            }
                        }
                        _ => gone.push(found),
                    }
                }
                edits[part.file].remove(text, part, &gone);
            }
        }
        let mut edits = self.edited(edits, setting)?;
        if let Some((via, id)) = wanted {
            let section = self.parts_of(id).first().map_or("ethernets", |part| part.section.as_str());
            edits.push(own::gateway(section, id, via));
        } else if let (Some((_, interface)), None) = (gateway, target) {
            return refuse(
                format!("no definition of netplan is for {interface}"),
                format!("write one with the address that the host has in {NETPLAN}; then `netplan generate`"),
            );
        }
        Ok(edits)
    }

    fn add_address(&self, net: IpNet, interface: &str, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        self.alone(interface, setting)?;
        if let Some(id) = self.id_of(interface) {
            let section = self.parts_of(id).first().map_or("ethernets", |part| part.section.as_str());
            let ours = self.parts_of(id).iter().all(|part| own::is(&self.files[part.file]));
            return Ok(vec![own::address(section, id, net, ours)]);
        }
        if self.renderer == "NetworkManager" {
            return refuse(
                format!("netplan has nothing for {interface}, and leaves the rest to NetworkManager"),
                by_hand(setting),
            );
        }
        Ok(vec![own::address("ethernets", interface, net, true)])
    }

    /// That the interface's definition is for no other one.
    fn alone(&self, interface: &str, setting: &Setting<'_>) -> Result<(), Refusal> {
        let all = self.id_of(interface).map(|id| (id, self.interfaces(id)));
        match all {
            Some((id, all)) if all.len() > 1 => refuse(
                format!("netplan's definition {id} is for several interfaces: {}", all.join(", ")),
                format!("give {interface} a definition of its own; {}", by_hand(setting)),
            ),
            _ => Ok(()),
        }
    }

    fn edited(&self, edits: Vec<Lines>, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        let mut all = Vec::new();
        for (file, lines) in self.files.iter().zip(edits).filter(|(_, lines)| !lines.is_empty()) {
            if own::is(file) && lines.removes() {
                all.push(Edit { path: file.path.clone(), old: Some(file.text.clone()), new: None });
                continue;
            }
            if !file.path.starts_with(NETPLAN) {
                return refuse(
                    format!("{} is not the administrator's file to edit", file.path),
                    format!("copy it to {NETPLAN}, where it shadows the other; {}", by_hand(setting)),
                );
            }
            match lines.apply(&file.text) {
                Some(text) => all.push(Edit::of(file, text)),
                None => {
                    return refuse(
                        format!("in {} there is no line of its own for what is to change", file.path),
                        by_hand(setting),
                    );
                }
            }
        }
        Ok(all)
    }
}

fn name_of(file: &ConfFile) -> &str {
    file.path.rsplit('/').next().unwrap_or("")
}

/// What to write in netplan's own files.
fn by_hand(setting: &Setting<'_>) -> String {
    let default = own::everywhere(setting.version());
    let (interface, what) = match *setting {
        Setting::Gateway { via, interface } => (
            interface,
            format!("`routes: [{{ to: \"{default}\", via: \"{via}\" }}]`, without any gateway4 or gateway6"),
        ),
        Setting::NoGateway(_) => ("", format!("no route to {default}, and neither gateway4 nor gateway6")),
        Setting::Address { net, interface } => {
            (interface, format!("`addresses: [\"{net}\"]` beside the others"))
        }
        Setting::NoAddress { address, interface } => (interface, format!("no {address} in `addresses`")),
    };
    let place = if interface.is_empty() { String::new() } else { format!(", below {interface}") };
    format!("write in {NETPLAN}{place}: {what}; then `netplan generate`")
}
