//! EL's ifcfg-eth0 with the route-eth0 and route6-eth0 beside it, as network-scripts and NetworkManager's plugin read
//! them (sysconfig.txt of initscripts, nm-settings-ifcfg-rh(5)).

use std::net::IpAddr;

use ipnet::IpNet;

use super::conf_file::ConfFile;
use super::edit::{Edit, NETWORK_SCRIPTS};
use super::gateway::IpVersion;
use super::sysconfig::{self, assignments, boolean, joined, value};

mod address;
mod routes;

/// Endings of files that nobody reads (`__sed_discard_ignored_files` in network-functions).
const IGNORED: [&str; 7] = ["~", ".bak", ".old", ".orig", ".rpmnew", ".rpmorig", ".rpmsave"];

/// What configures one interface, or one alias of it.
#[derive(Clone, Copy, Debug)]
pub struct Ifcfg<'a> {
    pub file: &'a ConfFile,
    route: Option<&'a ConfFile>,
    route6: Option<&'a ConfFile>,
}

/// Every `ifcfg-` file of these.
pub fn all(files: &[ConfFile]) -> Vec<Ifcfg<'_>> {
    let named = |name: String| files.iter().find(|file| file.path == format!("{NETWORK_SCRIPTS}{name}"));
    let of = |file| {
        let name = name_of(file)?;
        let ignored = IGNORED.iter().any(|ending| name.ends_with(ending)) || name.contains("-range");
        let (route, route6) = (named(format!("route-{name}")), named(format!("route6-{name}")));
        (!ignored).then_some(Ifcfg { file, route, route6 })
    };
    files.iter().filter_map(of).collect()
}

fn name_of(file: &ConfFile) -> Option<&str> {
    file.path.strip_prefix(NETWORK_SCRIPTS)?.strip_prefix("ifcfg-")
}

fn key(version: IpVersion) -> &'static str {
    if version == IpVersion::V4 { "GATEWAY" } else { "IPV6_DEFAULTGW" }
}

impl<'a> Ifcfg<'a> {
    /// The interface; of an alias, `ifcfg-eth0:1`, the one that it is on.
    pub fn interface(&self) -> String {
        let device = value(&self.file.text, "DEVICE");
        let name = device.unwrap_or_else(|| name_of(self.file).unwrap_or_default().to_owned());
        name.split(':').next().unwrap_or_default().to_owned()
    }

    /// Whether it is an alias, which has no routes of its own.
    pub fn is_alias(&self) -> bool {
        name_of(self.file).is_some_and(|name| name.contains(':'))
    }

    /// Whether it is brought up at boot.
    pub fn comes_up(&self) -> bool {
        boolean(&self.file.text, "ONBOOT") != Some(false)
    }

    /// What it asks for a gateway.
    pub fn asks(&self, version: IpVersion) -> Option<&'static str> {
        let text = &self.file.text;
        let dhcp = matches!(value(text, "BOOTPROTO").as_deref(), Some("dhcp" | "bootp"));
        let peer = boolean(text, "PEERROUTES") != Some(false);
        (dhcp && peer && version == IpVersion::V4 && self.defroute(version)).then_some("DHCP")
    }

    /// Whether it may have the default route.
    pub fn defroute(&self, version: IpVersion) -> bool {
        let key = if version == IpVersion::V4 { "DEFROUTE" } else { "IPV6_DEFROUTE" };
        boolean(&self.file.text, key) != Some(false)
    }

    /// Its own gateway. That of an IPv6 link may carry its interface: `fe80::1%eth0`.
    pub fn gateway(&self, version: IpVersion) -> Option<IpAddr> {
        let of = |key: &str| value(&self.file.text, key)?.split('%').next()?.parse().ok();
        let numbered = || (0..=9).find_map(|n| of(&format!("GATEWAY{n}")));
        let via: Option<IpAddr> =
            of(key(version)).or_else(|| numbered().filter(|_| version == IpVersion::V4));
        via.filter(|via| IpVersion::of(*via) == version)
    }

    fn route_file(&self, version: IpVersion) -> Option<&'a ConfFile> {
        if version == IpVersion::V4 { self.route } else { self.route6 }
    }

    /// The default routes in the file beside it.
    pub fn routes(&self, version: IpVersion) -> Vec<IpAddr> {
        let file = self.route_file(version);
        file.map_or_else(Vec::new, |file| routes::defaults(&file.text).into_iter().map(|d| d.via).collect())
    }

    /// Its static addresses.
    pub fn nets(&self) -> Vec<IpNet> {
        address::nets(&self.file.text)
    }

    /// A variable about addresses or gateways that sh computes.
    pub fn computed(&self) -> Option<String> {
        let about = |key: &str| {
            ["GATEWAY", "IPADDR", "PREFIX", "NETMASK", "IPV6ADDR", "IPV6_DEFAULTGW", "DEVICE", "BOOTPROTO"]
                .iter()
                .any(|name| key.starts_with(name))
        };
        sysconfig::computed(&self.file.text, about)
    }

    /// The edits after which it has this one gateway, or none. What stands already is changed in its place, in the first
    /// of its files; nothing is added unless `add`.
    pub fn set_gateway(&self, version: IpVersion, via: Option<IpAddr>, add: bool) -> Vec<Edit> {
        let mut wanted = via;
        let key = key(version);
        let mut text = self.file.text.clone();
        let has = self.gateway(version).is_some() || assignments(&text).iter().any(|one| one.key == key);
        let beside = self.route_file(version);
        let in_routes = beside.is_some_and(|file| !routes::defaults(&file.text).is_empty());
        if has || add && !in_routes {
            let value = wanted.take().map(|via| self.written(via));
            let mut below = assignments(&text).into_iter().filter(|one| address::is_about(&one.key, version));
            let below = below.next_back().map(|one| one.line);
            if version == IpVersion::V4 {
                let numbered = assignments(&text).into_iter().map(|one| one.key);
                let numbered: Vec<String> =
                    numbered.filter(|key| key.strip_prefix("GATEWAY").is_some_and(is_number)).collect();
                for key in numbered {
                    text = sysconfig::with(&text, &key, None, None);
                }
            }
            text = sysconfig::with(&text, key, value.as_deref(), below);
        }
        if via.is_some() && !self.defroute(version) {
            let key = if version == IpVersion::V4 { "DEFROUTE" } else { "IPV6_DEFROUTE" };
            text = sysconfig::with(&text, key, Some("yes"), None);
        }
        let mut edits = vec![(self.file, text)];
        edits.extend(beside.map(|file| (file, routes::with(&file.text, wanted))));
        let changed = edits.into_iter().filter(|(file, text)| file.text != *text);
        changed.map(|(file, text)| Edit::of(file, text)).collect()
    }

    /// That of a link is nothing without its interface.
    fn written(&self, via: IpAddr) -> String {
        match via {
            IpAddr::V6(v6) if v6.is_unicast_link_local() => format!("{via}%{}", self.interface()),
            _ => via.to_string(),
        }
    }

    /// The edit after which it has one more address.
    pub fn with_address(&self, net: IpNet) -> Edit {
        Edit::of(self.file, address::with(&self.file.text, net))
    }

    /// The edit after which it has not this address; an alias that has no other goes.
    pub fn without_address(&self, gone: IpAddr) -> Option<Edit> {
        let nets = self.nets();
        if !nets.iter().any(|net| net.addr() == gone) {
            return None;
        }
        if self.is_alias() && nets.len() == 1 {
            let (path, old) = (self.file.path.clone(), Some(self.file.text.clone()));
            return Some(Edit { path, old, new: None });
        }
        Some(Edit::of(self.file, address::without(&self.file.text, gone)))
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
