//! systemd.network(5): the .network files of systemd-networkd and their drop-ins.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::conf_file::ConfFile;
use super::edit::Edit;
use super::gateway::{Gateway, IpVersion, Via};
use super::owner::{Assigned, Owner, Setting, Told, refuse};
use crate::resource::{Refusal, Unreadable};

mod address;
pub(super) mod unit;

use unit::sections;

/// The folder of the files that the administrator writes.
const OWN: &str = "/etc/systemd/network/";

/// A running systemd-networkd.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Networkd {
    /// The links that it knows of.
    links: Vec<Link>,
    /// All .network files and their drop-ins.
    files: Vec<ConfFile>,
}

/// An interface as systemd-networkd has it.
#[derive(Clone, Debug, PartialEq)]
struct Link {
    interface: String,
    /// `configured`, `unmanaged`, ...
    state: String,
    /// The .network file that matched it.
    file: Option<String>,
}

impl Owner for Networkd {
    fn probe() -> &'static str {
        r#"links=
for f in /run/systemd/netif/links/*; do
  if [ -e "$f" ]; then links=yes; break; fi
done
if [ -n "$links" ] && systemctl -q is-active systemd-networkd; then
  for f in /sys/class/net/*/ifindex; do
    if read -r n <"$f"; then f=${f%/ifindex}; printf '%s %s\n' "$n" "${f##*/}"; fi
  done
  for f in /run/systemd/netif/links/*; do set -- "$@" "$f"; done
  for d in /etc /run /usr/local/lib /usr/lib; do
    for f in $d/systemd/network/*.network $d/systemd/network/*.network.d/*.conf; do
      if [ -f "$f" ]; then set -- "$@" "$f"; fi
    done
  done
fi
"#
    }

    fn read(told: &Told<'_>) -> Result<Self, Unreadable> {
        let pair =
            |line: &&str| line.split_once(' ').map(|(index, name)| (index.to_owned(), name.to_owned()));
        let indices: BTreeMap<String, String> = told.lines.iter().filter_map(pair).collect();
        let link = |file: ConfFile| {
            let index = file.path.rsplit('/').next()?;
            let value = |key: &str| {
                let mut pairs = file.text.lines().filter_map(|line| line.split_once('='));
                pairs.find(|(k, _)| *k == key).map(|(_, v)| v.to_owned())
            };
            Some(Link {
                interface: indices.get(index)?.clone(),
                state: value("ADMIN_STATE").unwrap_or_default(),
                file: value("NETWORK_FILE"),
            })
        };
        let links = told.below("/run/systemd/netif/links/").into_iter().filter_map(link).collect();
        let unit = |file: &&ConfFile| file.path.contains("/systemd/network/");
        // without links nobody runs who reads them
        let files = told.files.iter().filter(|_| !told.lines.is_empty()).filter(unit).cloned().collect();
        Ok(Networkd { links, files })
    }

    fn edits() -> &'static str {
        "/etc/systemd/network/*.network /etc/systemd/network/*.network.d/*.conf"
    }

    fn name(&self) -> &'static str {
        "systemd-networkd"
    }

    fn configures(&self, interface: &str) -> bool {
        self.configured().any(|link| link.interface == interface)
    }

    fn adopts(&self) -> bool {
        self.configured().next().is_some()
    }

    fn gateways(&self, version: IpVersion) -> Result<Vec<Gateway>, Refusal> {
        let mut gateways = Vec::new();
        for link in self.configured() {
            for file in self.files_of(link) {
                let by = || file.path.clone();
                for section in sections(&file.text) {
                    let dhcp = section.by_dhcp(version).then(|| Via::Asked {
                        how: "DHCP",
                        by: String::new(),
                        yields: false,
                    });
                    let written = section.gateways(version).map(|(_, via)| via);
                    gateways.extend(dhcp.into_iter().chain(written).map(|via| {
                        let via = match via {
                            Via::Asked { how, .. } => Via::Asked { how, by: by(), yields: false },
                            via => via,
                        };
                        Gateway { interface: link.interface.clone(), via }
                    }));
                }
            }
        }
        Ok(gateways)
    }

    fn addresses(&self) -> Vec<Assigned> {
        let of = |link: &Link| {
            let mut all = Vec::new();
            for file in self.files_of(link) {
                for section in sections(&file.text) {
                    let (interface, by) = (&link.interface, &file.path);
                    all.extend(section.addresses().map(|(_, net)| Assigned {
                        interface: interface.clone(),
                        net,
                        by: by.clone(),
                    }));
                }
            }
            all
        };
        self.configured().flat_map(of).chain(address::waiting(self)).collect()
    }

    fn set(&self, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        match *setting {
            Setting::Gateway { via, interface } => {
                self.set_gateway(IpVersion::of(via), Some((via, interface)))
            }
            Setting::NoGateway(version) => self.set_gateway(version, None),
            Setting::Address { net, interface } => Ok(address::add(self, net, interface)),
            Setting::NoAddress { address, interface } => address::remove(self, address, interface),
        }
    }
}

impl Networkd {
    fn configured(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(|link| link.state != "unmanaged" && link.file.is_some())
    }

    /// A link's .network file and its drop-ins, in the order in which they are read.
    fn files_of(&self, link: &Link) -> Vec<&ConfFile> {
        let Some(path) = &link.file else { return Vec::new() };
        let base = |file: &ConfFile| file.path.rsplit('/').next().unwrap_or("").to_owned();
        let beside = format!("/{}.d/", path.rsplit('/').next().unwrap_or(path));
        let main = self.files.iter().filter(|file| file.path == *path);
        let mut dropped: Vec<&ConfFile> =
            self.files.iter().filter(|file| file.path.contains(&beside)).collect();
        dropped.sort_by_key(|file| base(file));
        dropped.dedup_by_key(|file| base(file));
        main.chain(dropped).collect()
    }

    /// One gateway of its version, on the interface, or none.
    fn set_gateway(&self, version: IpVersion, gateway: Option<(IpAddr, &str)>) -> Result<Vec<Edit>, Refusal> {
        let mut edits: Vec<Edit> = Vec::new();
        if let Some((via, interface)) = gateway
            && !self.configures(interface)
        {
            return refuse(
                format!("no .network file of systemd-networkd is for {interface}"),
                format!("write one in {OWN} with its address and `Gateway={via}`"),
            );
        }
        for link in self.configured() {
            let via = gateway.filter(|(_, interface)| *interface == link.interface).map(|(via, _)| via);
            let files = self.files_of(link);
            let mut texts: Vec<Vec<Option<String>>> =
                files.iter().map(|f| f.text.lines().map(|line| Some(line.to_owned())).collect()).collect();
            let mut wanted = via;
            for (file, text) in files.iter().zip(&mut texts) {
                for section in sections(&file.text) {
                    for (line, found) in section.gateways(version) {
                        match wanted.take() {
                            Some(via) if found == Via::Address(via) => {}
                            Some(via) => text[line] = Some(format!("Gateway={via}")),
                            // without its gateway the section means nothing
                            None if section.name == "Route" => section.lines().for_each(|l| text[l] = None),
                            None => text[line] = None,
                        }
                    }
                }
            }
            if let Some(via) = wanted {
                let network = files
                    .first()
                    .and_then(|file| sections(&file.text).into_iter().find(|s| s.name == "Network"));
                let Some(network) = network else {
                    return refuse(
                        format!(
                            "the .network file of {} has no [Network] section to set the gateway in",
                            link.interface
                        ),
                        format!("add one with `Gateway={via}`"),
                    );
                };
                let last = network.lines().last().unwrap_or(network.first);
                if let Some(text) = texts.first_mut().and_then(|lines| lines[last].as_mut()) {
                    *text = format!("{text}\nGateway={via}");
                }
            }
            for (file, lines) in files.into_iter().zip(texts) {
                let text: String = lines.into_iter().flatten().map(|line| line + "\n").collect();
                if text == file.text || edits.iter().any(|edit| edit.path == file.path) {
                    continue;
                }
                if !file.path.starts_with(OWN) {
                    let what = via.map_or("without `Gateway=`".into(), |via| format!("with `Gateway={via}`"));
                    return refuse(
                        not_to_edit(&file.path, &link.interface),
                        format!("copy it to {OWN}, or change what generates it, {what}"),
                    );
                }
                edits.push(Edit::of(file, text));
            }
        }
        Ok(edits)
    }
}

fn not_to_edit(path: &str, interface: &str) -> String {
    format!("{path} configures {interface}, and is not the administrator's file to edit")
}
