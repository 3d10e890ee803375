//! wicked, of openSUSE and SLE: the `ifcfg-` files, `routes` and the `ifroute-` files of /etc/sysconfig/network
//! (ifcfg(5), routes(5)).

use std::net::IpAddr;

use super::conf_file::ConfFile;
use super::edit::Edit;
use super::gateway::{Gateway, IpVersion, Via};
use super::owner::{Assigned, Owner, Setting, Told, refuse};
use super::sysconfig::{boolean, value};
use crate::resource::{Refusal, Unreadable};

mod address;
mod routes;

const FOLDER: &str = "/etc/sysconfig/network/";

/// wicked, where it is started at boot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wicked {
    files: Vec<ConfFile>,
}

impl Owner for Wicked {
    fn probe() -> &'static str {
        // beside it there may be NetworkManager, and the one of the two that is enabled is the owner
        r#"if [ -d /etc/sysconfig/network ]; then
  for f in /etc/systemd/system/*.wants/wicked.service; do
    if [ -L "$f" ] || [ -e "$f" ]; then
      echo enabled
      for f in /etc/sysconfig/network/ifcfg-* /etc/sysconfig/network/ifroute-* /etc/sysconfig/network/routes \
        /etc/sysconfig/network/dhcp; do
        if [ -f "$f" ]; then set -- "$@" "$f"; fi
      done
      break
    fi
  done
fi
"#
    }

    fn read(told: &Told<'_>) -> Result<Self, Unreadable> {
        let files = if told.lines.is_empty() { Vec::new() } else { told.below(FOLDER) };
        Ok(Wicked { files })
    }

    fn edits() -> &'static str {
        "/etc/sysconfig/network/ifcfg-* /etc/sysconfig/network/ifroute-* /etc/sysconfig/network/routes"
    }

    fn name(&self) -> &'static str {
        "wicked"
    }

    fn configures(&self, interface: &str) -> bool {
        self.ifcfg(interface).is_some()
    }

    fn adopts(&self) -> bool {
        !self.files.is_empty()
    }

    fn gateways(&self, version: IpVersion) -> Result<Vec<Gateway>, Refusal> {
        let mut gateways = Vec::new();
        for (interface, file) in self.all().filter(|(_, file)| address::comes_up(&file.text)) {
            let asks = address::asks(&file.text) && version == IpVersion::V4;
            // what holds for all interfaces stands in a file of its own
            let here = boolean(&file.text, "DHCLIENT_SET_DEFAULT_ROUTE");
            let all = || boolean(&self.file("dhcp")?.text, "DHCLIENT_SET_DEFAULT_ROUTE");
            if asks && here.or_else(all) != Some(false) {
                let via = Via::Asked { how: "DHCP", by: file.path.clone(), yields: false };
                gateways.push(Gateway { interface: interface.to_owned(), via });
            }
        }
        for (file, of) in self.route_files() {
            for default in routes::defaults(&file.text, version) {
                let Some(via) = default.via else {
                    return refuse(
                        format!("{}:{}: a default route without a gateway", file.path, default.line + 1),
                        "write its gateway there, or remove that line",
                    );
                };
                let interface = self.interface(&default, of).unwrap_or_else(|| "-".into());
                gateways.push(Gateway::new(interface, via));
            }
        }
        Ok(gateways)
    }

    fn addresses(&self) -> Vec<Assigned> {
        let of = |(interface, file): (&str, &ConfFile)| {
            let (interface, by) = (interface.to_owned(), file.path.clone());
            let assigned = |net| Assigned { interface: interface.clone(), net, by: by.clone() };
            address::nets(&file.text).into_iter().map(assigned).collect::<Vec<_>>()
        };
        self.all().filter(|(_, file)| address::comes_up(&file.text)).flat_map(of).collect()
    }

    fn set(&self, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        match *setting {
            Setting::Gateway { via, interface } => {
                self.main(interface)?;
                self.set_gateway(IpVersion::of(via), Some((via, interface)))
            }
            Setting::NoGateway(version) => self.set_gateway(version, None),
            Setting::Address { net, interface } => {
                let file = self.main(interface)?;
                Ok(vec![Edit::of(file, address::with(&file.text, net))])
            }
            Setting::NoAddress { address, interface } => {
                let file = self.main(interface)?;
                Ok(vec![Edit::of(file, address::without(&file.text, address))])
            }
        }
    }
}

impl Wicked {
    fn file(&self, name: &str) -> Option<&ConfFile> {
        self.files.iter().find(|file| file.path.strip_prefix(FOLDER) == Some(name))
    }

    fn ifcfg(&self, interface: &str) -> Option<&ConfFile> {
        self.all().find(|(name, _)| *name == interface).map(|(_, file)| file)
    }

    /// Every ifcfg file with its interface. Names of interfaces have no dots but for VLANs' numbers.
    fn all(&self) -> impl Iterator<Item = (&str, &ConfFile)> {
        let ignored = ["~", ".bak", ".old", ".orig", ".rpmnew", ".rpmsave", ".rpmorig", ".template"];
        self.files.iter().filter_map(move |file| {
            let name = file.path.strip_prefix(FOLDER)?.strip_prefix("ifcfg-")?;
            (!ignored.iter().any(|ending| name.ends_with(ending))).then_some((name, file))
        })
    }

    /// The files of routes, each with the interface that it is for, where it is for one.
    fn route_files(&self) -> impl Iterator<Item = (&ConfFile, Option<&str>)> {
        self.files.iter().filter_map(|file| {
            let name = file.path.strip_prefix(FOLDER)?;
            match name.strip_prefix("ifroute-") {
                Some(interface) => self.ifcfg(interface).map(|_| (file, Some(interface))),
                None => (name == "routes").then_some((file, None)),
            }
        })
    }

    /// The interface of a route: the one that it names, that its file is for, or whose subnet its gateway is in.
    fn interface(&self, default: &routes::Default, of: Option<&str>) -> Option<String> {
        let named = default.interface.as_deref().or(of).map(str::to_owned);
        named.or_else(|| {
            let via = default.via?;
            let near =
                |(_, file): &(&str, &ConfFile)| address::nets(&file.text).iter().any(|n| n.contains(&via));
            self.all().find(near).map(|(name, _)| name.to_owned())
        })
    }

    /// The interface's own file.
    fn main(&self, interface: &str) -> Result<&ConfFile, Refusal> {
        let Some(file) = self.ifcfg(interface) else {
            return refuse(
                format!("wicked has no ifcfg-{interface}"),
                format!(
                    "write {FOLDER}ifcfg-{interface} with STARTMODE='auto', BOOTPROTO='static' and its address"
                ),
            );
        };
        if !address::comes_up(&file.text) {
            let mode = value(&file.text, "STARTMODE").unwrap_or_default();
            return refuse(
                format!("{} says STARTMODE={mode}, so that {interface} is not brought up at boot", file.path),
                "set STARTMODE='auto' there, or leave the interface to whoever brings it up",
            );
        }
        if let Some(key) = address::computed(&file.text) {
            return refuse(
                format!("{} is sh, and what it sets {key} to is not known before it runs", file.path),
                format!("write the value of {key} there as it is; then run again"),
            );
        }
        Ok(file)
    }

    fn set_gateway(&self, version: IpVersion, gateway: Option<(IpAddr, &str)>) -> Result<Vec<Edit>, Refusal> {
        let mut wanted = gateway;
        let mut edits = Vec::new();
        for (file, of) in self.route_files() {
            let mut lines: Vec<Option<String>> =
                file.text.lines().map(|line| Some(line.to_owned())).collect();
            for default in routes::defaults(&file.text, version) {
                let its = self.interface(&default, of);
                // without a word on its interface, the new gateway must be in the same subnet
                let fits = |(via, interface): &(IpAddr, &str)| {
                    let by_name = default.interface.is_some() || of.is_some();
                    let same = || self.interface(&routes::Default::new(*via), None) == its;
                    its.as_deref() == Some(*interface) && (by_name || same())
                };
                let new = wanted.take_if(|gateway| fits(gateway)).map(|(via, _)| via);
                let old = lines[default.line].take();
                lines[default.line] = old.zip(new).map(|(line, via)| routes::by(&line, via));
            }
            let text = super::sysconfig::joined(lines);
            if text != file.text {
                edits.push(Edit::of(file, text));
            }
        }
        let Some((via, interface)) = wanted else { return Ok(edits) };
        let line = format!("default {via} - {interface}\n");
        let own = format!("ifroute-{interface}");
        let Some(file) = self.file(&own).or_else(|| self.file("routes")) else {
            edits.push(Edit { path: format!("{FOLDER}{own}"), old: None, new: Some(line) });
            return Ok(edits);
        };
        match edits.iter_mut().find(|edit| edit.path == file.path) {
            Some(edit) => edit.new = edit.new.take().map(|text| text + &line),
            None => edits.push(Edit::of(file, format!("{}{line}", file.text))),
        }
        Ok(edits)
    }
}
