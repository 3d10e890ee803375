//! interfaces(5): Debian's /etc/network/interfaces and what it sources.

use std::net::IpAddr;

use super::conf_file::ConfFile;
use super::edit::Edit;
use super::gateway::{Gateway, IpVersion, Via};
use super::owner::{Assigned, Owner, Setting, Told, refuse};
use crate::resource::{Refusal, Unreadable};

mod address;
mod stanza;

use stanza::{Stanza, stanzas};

const MAIN: &str = "/etc/network/interfaces";

/// ifupdown, where there is one to read its files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ifupdown {
    /// The main file and those beside it.
    files: Vec<ConfFile>,
}

impl Owner for Ifupdown {
    fn probe() -> &'static str {
        r#"if command -v ifup >/dev/null 2>&1; then
  for f in /etc/network/interfaces /etc/network/interfaces.d/* /var/lib/dhcp/dhclient*.leases; do
    if [ -f "$f" ]; then set -- "$@" "$f"; fi
  done
fi
"#
    }

    fn read(told: &Told<'_>) -> Result<Self, Unreadable> {
        Ok(Ifupdown { files: told.below("/etc/network/") })
    }

    fn edits() -> &'static str {
        "/etc/network/interfaces /etc/network/interfaces.d/*"
    }

    fn name(&self) -> &'static str {
        "ifupdown (/etc/network/interfaces)"
    }

    fn configures(&self, interface: &str) -> bool {
        self.stanzas().iter().any(|stanza| stanza.interface == interface && stanza.method != "manual")
    }

    fn adopts(&self) -> bool {
        !self.files.is_empty()
    }

    fn gateways(&self, version: IpVersion) -> Result<Vec<Gateway>, Refusal> {
        let mut gateways = Vec::new();
        for stanza in self.stanzas() {
            let path = &self.files[stanza.file].path;
            let mut commands = stanza.commands();
            if let Some((line, key, value)) = commands.find(|(.., value)| by_hand(value, version)) {
                return refuse(
                    format!(
                        "{path}:{}: `{key} {value}` sets a default route behind the gateway's back",
                        line + 1
                    ),
                    "remove that line: the stanza's own `gateway` takes its place",
                );
            }
            if stanza.version != version {
                continue;
            }
            let how = match stanza.method.as_str() {
                "dhcp" => Some("DHCP"),
                "auto" => Some("router advertisements"),
                _ => None,
            };
            let interface = &stanza.interface;
            if let Some(how) = how {
                let via = Via::Asked { how, by: path.clone(), yields: false };
                gateways.push(Gateway { interface: interface.clone(), via });
            }
            let written = stanza.gateways().filter_map(|(.., gateway)| gateway.parse().ok());
            gateways.extend(written.map(|via: IpAddr| Gateway::new(interface, via)));
        }
        Ok(gateways)
    }

    fn addresses(&self) -> Vec<Assigned> {
        address::all(&self.files)
    }

    fn set(&self, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        match *setting {
            Setting::Gateway { via, interface } => {
                self.set_gateway(IpVersion::of(via), Some((via, interface)))
            }
            Setting::NoGateway(version) => self.set_gateway(version, None),
            Setting::Address { net, interface } => Ok(vec![address::add(&self.files, net, interface)]),
            Setting::NoAddress { address, interface } => address::remove(&self.files, address, interface),
        }
    }
}

impl Ifupdown {
    fn stanzas(&self) -> Vec<Stanza> {
        stanzas(&self.files)
    }

    /// One gateway of its version, in a stanza of the interface, or none.
    fn set_gateway(&self, version: IpVersion, gateway: Option<(IpAddr, &str)>) -> Result<Vec<Edit>, Refusal> {
        let stanzas = self.stanzas();
        let target = match gateway {
            Some((via, interface)) => Some((via, target(via, interface, &stanzas)?)),
            None => None,
        };
        let mut texts: Vec<Vec<Option<String>>> =
            self.files.iter().map(|f| f.text.lines().map(|line| Some(line.to_owned())).collect()).collect();
        for stanza in stanzas.iter().filter(|stanza| stanza.version == version) {
            let mut keep = target.filter(|(_, target)| std::ptr::eq(stanza, *target));
            for (line, ..) in stanza.gateways() {
                let text = &mut texts[stanza.file][*line];
                let kept = |(via, _)| text.as_deref().map(|old| format!("{}gateway {via}", indent(old)));
                *text = keep.take().and_then(kept);
            }
        }
        if let Some((via, target)) = target.filter(|(_, target)| target.gateways().next().is_none()) {
            // below the address, and below the netmask when there is one
            let after = target
                .options
                .iter()
                .filter(|(_, key, _)| key == "address" || key == "netmask")
                .map(|(line, ..)| *line);
            if let Some(text) = after.max().and_then(|line| texts[target.file][line].as_mut()) {
                *text = format!("{text}\n{}gateway {via}", indent(text));
            }
        }
        let edits = self.files.iter().zip(texts).filter_map(|(file, lines)| {
            let text: String = lines.into_iter().flatten().map(|line| line + "\n").collect();
            (text != file.text).then(|| Edit::of(file, text))
        });
        Ok(edits.collect())
    }
}

/// The stanza that takes the gateway. One of a link alone is a neighbour wherever there is an address.
fn target<'a>(via: IpAddr, interface: &str, stanzas: &'a [Stanza]) -> Result<&'a Stanza, Refusal> {
    let of_link = matches!(via, IpAddr::V6(via) if via.is_unicast_link_local());
    let own = |s: &&Stanza| {
        s.interface == interface
            && s.version == IpVersion::of(via)
            && s.net().is_some_and(|net| of_link || net.contains(&via))
    };
    let family = if via.is_ipv4() { "inet" } else { "inet6" };
    match stanzas.iter().find(own) {
        Some(stanza) => Ok(stanza),
        None => refuse(
            format!("no stanza of {interface} in {MAIN} has a static address in the subnet of {via}"),
            format!("write `iface {interface} {family} static` there with the address that the host has"),
        ),
    }
}

/// Whether some command in this line of sh is about a default route of the main table.
fn by_hand(line: &str, version: IpVersion) -> bool {
    line.split([';', '&', '|']).any(|command| {
        let mut words = command.split_whitespace().skip_while(|word| *word != "table").skip(1);
        let main = words.next().is_none_or(|table| matches!(table, "main" | "254"));
        let v6 = command.split_whitespace().any(|word| matches!(word, "-6" | "inet6" | "--inet6"))
            || command.contains("::");
        main && command.contains("route")
            && (command.contains("default") || command.contains("::/0"))
            && v6 == (version == IpVersion::V6)
    })
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}
