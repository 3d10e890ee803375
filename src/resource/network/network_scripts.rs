//! EL's network-scripts: the `ifcfg-`, `route-` and `route6-` files of /etc/sysconfig/network-scripts, and
//! /etc/sysconfig/network.
//!
//! They are this owner's where its scripts are there. On a host without them, which EL 8 is unless they were
//! installed, the files are NetworkManager's.

use std::net::IpAddr;

use super::conf_file::ConfFile;
use super::edit::{Edit, NETWORK_SCRIPTS};
use super::gateway::{Gateway, IpVersion, Via};
use super::ifcfg::{self, Ifcfg};
use super::owner::{Assigned, Owner, Setting, Told, refuse};
use super::sysconfig::{self, value};
use crate::resource::{Refusal, Unreadable};

/// What counts for all interfaces.
const GLOBAL: &str = "/etc/sysconfig/network";

/// network-scripts, where there are some to read the files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkScripts {
    files: Vec<ConfFile>,
    global: Option<ConfFile>,
}

impl Owner for NetworkScripts {
    fn probe() -> &'static str {
        r#"if [ -d /etc/sysconfig/network-scripts ]; then
  for f in /etc/sysconfig/network-scripts/ifcfg-* /etc/sysconfig/network-scripts/route-* \
    /etc/sysconfig/network-scripts/route6-* /etc/sysconfig/network /var/lib/dhclient/dhclient*.lease*; do
    if [ -f "$f" ]; then set -- "$@" "$f"; fi
  done
  if [ -e /etc/sysconfig/network-scripts/ifup-eth ]; then echo scripts; fi
fi
"#
    }

    fn read(told: &Told<'_>) -> Result<Self, Unreadable> {
        if told.lines.is_empty() {
            return Ok(NetworkScripts::default());
        }
        let global = told.files.iter().find(|file| file.path == GLOBAL).cloned();
        Ok(NetworkScripts { files: told.below(NETWORK_SCRIPTS), global })
    }

    fn edits() -> &'static str {
        "/etc/sysconfig/network-scripts/ifcfg-* /etc/sysconfig/network-scripts/route*-* /etc/sysconfig/network"
    }

    fn name(&self) -> &'static str {
        "network-scripts"
    }

    fn configures(&self, interface: &str) -> bool {
        self.all().iter().any(|ifcfg| ifcfg.interface() == interface)
    }

    fn adopts(&self) -> bool {
        !self.files.is_empty()
    }

    fn gateways(&self, version: IpVersion) -> Result<Vec<Gateway>, Refusal> {
        self.readable()?;
        let mut gateways: Vec<Gateway> = Vec::new();
        for ifcfg in self.all().iter().filter(|ifcfg| !ifcfg.is_alias() && ifcfg.comes_up()) {
            let interface = ifcfg.interface();
            if let Some(how) = ifcfg.asks(version) {
                let via = Via::Asked { how, by: ifcfg.file.path.clone(), yields: false };
                gateways.push(Gateway { interface: interface.clone(), via });
            }
            let own = ifcfg.gateway(version).filter(|_| ifcfg.defroute(version));
            let own = own.filter(|_| self.chosen(version).is_none_or(|chosen| chosen == interface));
            let all = own.into_iter().chain(ifcfg.routes(version));
            gateways.extend(all.map(|via| Gateway::new(&interface, via)));
        }
        if let Some(via) = self.everybodys(version) {
            let interface = self.chosen(version).or_else(|| self.near(via));
            // an ifcfg file's own comes before it
            let covered = |g: &Gateway| Some(&g.interface) == interface.as_ref();
            if !gateways.iter().any(covered) {
                gateways.extend(interface.map(|interface| Gateway::new(interface, via)));
            }
        }
        Ok(gateways)
    }

    fn addresses(&self) -> Vec<Assigned> {
        let of = |ifcfg: &Ifcfg<'_>| {
            let (interface, by) = (ifcfg.interface(), ifcfg.file.path.clone());
            let assigned = |net| Assigned { interface: interface.clone(), net, by: by.clone() };
            ifcfg.nets().into_iter().map(assigned).collect::<Vec<_>>()
        };
        let all = self.all().into_iter();
        all.filter(|ifcfg| ifcfg.is_alias() || ifcfg.comes_up()).flat_map(|ifcfg| of(&ifcfg)).collect()
    }

    fn set(&self, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        self.readable()?;
        match *setting {
            Setting::Gateway { via, interface } => {
                self.main(interface, setting)?;
                Ok(self.set_gateway(IpVersion::of(via), Some((via, interface))))
            }
            Setting::NoGateway(version) => Ok(self.set_gateway(version, None)),
            Setting::Address { net, interface } => Ok(vec![self.main(interface, setting)?.with_address(net)]),
            Setting::NoAddress { address, interface } => {
                let all = self.all().into_iter().filter(|ifcfg| ifcfg.interface() == interface);
                Ok(all.filter_map(|ifcfg| ifcfg.without_address(address)).collect())
            }
        }
    }
}

impl NetworkScripts {
    fn all(&self) -> Vec<Ifcfg<'_>> {
        ifcfg::all(&self.files)
    }

    fn readable(&self) -> Result<(), Refusal> {
        let computed =
            self.all().into_iter().find_map(|ifcfg| Some((ifcfg.file.path.clone(), ifcfg.computed()?)));
        let Some((path, key)) = computed else { return Ok(()) };
        refuse(
            format!("{path} is sh, and what it sets {key} to is not known before it runs"),
            format!("write the value of {key} there as it is; then run again"),
        )
    }

    /// The interface's own file.
    fn main(&self, interface: &str, setting: &Setting<'_>) -> Result<Ifcfg<'_>, Refusal> {
        let found = self.all().into_iter().find(|ifcfg| !ifcfg.is_alias() && ifcfg.interface() == interface);
        match found {
            Some(ifcfg) if ifcfg.comes_up() => Ok(ifcfg),
            Some(ifcfg) => refuse(
                format!("{} says ONBOOT=no, so that {interface} is not brought up at boot", ifcfg.file.path),
                "set ONBOOT=yes there, or leave the interface to whoever brings it up",
            ),
            None => refuse(
                format!("network-scripts have no ifcfg-{interface}"),
                format!("write {NETWORK_SCRIPTS}ifcfg-{interface} with {}", words(setting)),
            ),
        }
    }

    fn of_global(&self, key: &str) -> Option<String> {
        value(&self.global.as_ref()?.text, key)
    }

    /// The one interface that may have the default route (`GATEWAYDEV`), where one is named.
    fn chosen(&self, version: IpVersion) -> Option<String> {
        self.of_global(if version == IpVersion::V4 { "GATEWAYDEV" } else { "IPV6_DEFAULTDEV" })
    }

    /// The gateway of whichever interface is in its subnet.
    fn everybodys(&self, version: IpVersion) -> Option<IpAddr> {
        let value = self.of_global(if version == IpVersion::V4 { "GATEWAY" } else { "IPV6_DEFAULTGW" })?;
        value.split('%').next()?.parse().ok()
    }

    fn near(&self, via: IpAddr) -> Option<String> {
        let all = self.all().into_iter();
        let mut near = all.filter(|ifcfg| ifcfg.nets().iter().any(|net| net.contains(&via)));
        near.next().map(|ifcfg| ifcfg.interface())
    }

    fn set_gateway(&self, version: IpVersion, gateway: Option<(IpAddr, &str)>) -> Vec<Edit> {
        let mut edits = Vec::new();
        for ifcfg in self.all().iter().filter(|ifcfg| !ifcfg.is_alias()) {
            let via = gateway.filter(|(_, interface)| ifcfg.interface() == *interface).map(|(via, _)| via);
            edits.extend(ifcfg.set_gateway(version, via, via.is_some()));
        }
        let Some(file) = &self.global else { return edits };
        let (everybodys, chosen) = match version {
            IpVersion::V4 => ("GATEWAY", "GATEWAYDEV"),
            IpVersion::V6 => ("IPV6_DEFAULTGW", "IPV6_DEFAULTDEV"),
        };
        // the interface's own file has it, or has it from now on
        let mut text = sysconfig::with(&file.text, everybodys, None, None);
        if self.chosen(version).is_some() {
            text = sysconfig::with(&text, chosen, gateway.map(|(_, interface)| interface), None);
        }
        if text != file.text {
            edits.push(Edit::of(file, text));
        }
        edits
    }
}

/// What to write in a file that is not there.
fn words(setting: &Setting<'_>) -> String {
    match *setting {
        Setting::Gateway { via, .. } if via.is_ipv4() => format!("the host's address and GATEWAY={via}"),
        Setting::Gateway { via, .. } => format!("the host's address and IPV6_DEFAULTGW={via}"),
        Setting::Address { net, .. } if net.addr().is_ipv4() => {
            format!("IPADDR={} and PREFIX={}", net.addr(), net.prefix_len())
        }
        Setting::Address { net, .. } => format!("IPV6INIT=yes and IPV6ADDR={net}"),
        Setting::NoGateway(_) | Setting::NoAddress { .. } => "what the interface is to have".into(),
    }
}
