//! EL's /etc/sysconfig/network-scripts. They are read, and not edited yet: what is to be set is refused with what to
//! write.

use std::net::IpAddr;

use ipnet::IpNet;

use super::conf_file::ConfFile;
use super::edit::Edit;
use super::gateway::{Gateway, IpVersion, Via};
use super::owner::{Assigned, Owner, Setting, Told, refuse};
use crate::resource::{Refusal, Unreadable};

/// The `ifcfg-` files that there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkScripts {
    files: Vec<ConfFile>,
}

impl Owner for NetworkScripts {
    fn probe() -> &'static str {
        r#"for f in /etc/sysconfig/network-scripts/ifcfg-*; do
  if [ -f "$f" ]; then set -- "$@" "$f"; fi
done
"#
    }

    fn read(told: &Told<'_>) -> Result<Self, Unreadable> {
        Ok(NetworkScripts { files: told.below("/etc/sysconfig/network-scripts/") })
    }

    fn name(&self) -> &'static str {
        "network-scripts"
    }

    fn configures(&self, interface: &str) -> bool {
        self.files.iter().any(|file| of(file) == interface)
    }

    fn adopts(&self) -> bool {
        !self.files.is_empty()
    }

    fn gateways(&self, version: IpVersion) -> Result<Vec<Gateway>, Refusal> {
        let gateway = |file: &ConfFile| {
            let asks = matches!(value(file, "BOOTPROTO"), Some("dhcp" | "bootp"));
            let via = match version {
                IpVersion::V4 if asks => Via::Asked { how: "DHCP", by: file.path.clone() },
                IpVersion::V4 => Via::Address(value(file, "GATEWAY")?.parse().ok()?),
                // it may carry its interface: fe80::1%eth0
                IpVersion::V6 => {
                    Via::Address(value(file, "IPV6_DEFAULTGW")?.split('%').next()?.parse().ok()?)
                }
            };
            Some(Gateway { interface: of(file).to_owned(), via })
        };
        Ok(self.files.iter().filter_map(gateway).collect())
    }

    fn addresses(&self) -> Vec<Assigned> {
        let of = |file: &ConfFile| {
            let numbers = std::iter::once(String::new()).chain((0..=9).map(|n| n.to_string()));
            let v4 = numbers.filter_map(|n| {
                let address: IpAddr = value(file, &format!("IPADDR{n}"))?.parse().ok()?;
                match value(file, &format!("PREFIX{n}")) {
                    Some(length) => IpNet::new(address, length.parse().ok()?).ok(),
                    None => {
                        let mask = value(file, &format!("NETMASK{n}"))?.parse().ok()?;
                        IpNet::with_netmask(address, mask).ok()
                    }
                }
            });
            let more = value(file, "IPV6ADDR_SECONDARIES").unwrap_or("").split_whitespace();
            let v6 = value(file, "IPV6ADDR").into_iter().chain(more).filter_map(|net| net.parse().ok());
            let assigned = |net| Assigned { interface: of(file).to_owned(), net, by: file.path.clone() };
            v4.chain(v6).map(assigned).collect::<Vec<_>>()
        };
        self.files.iter().flat_map(of).collect()
    }

    fn set(&self, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        let key = |v4, v6| if setting.version() == IpVersion::V4 { v4 } else { v6 };
        let gateway = key("GATEWAY", "IPV6_DEFAULTGW");
        let (interface, remedy) = match *setting {
            Setting::Gateway { via, interface } => (
                interface,
                format!("set {gateway}={via} in ifcfg-{interface}, and remove it from all other files there"),
            ),
            Setting::NoGateway(_) => {
                ("another interface", format!("remove {gateway} from the files that have it"))
            }
            Setting::Address { net: IpNet::V4(net), interface } => (
                interface,
                format!(
                    "set IPADDRn={} and PREFIXn={} in ifcfg-{interface}, with a number that is free",
                    net.addr(),
                    net.prefix_len()
                ),
            ),
            Setting::Address { net, interface } => {
                (interface, format!("add {net} to IPV6ADDR_SECONDARIES in ifcfg-{interface}"))
            }
            Setting::NoAddress { address, interface } => {
                (interface, format!("remove {address} from ifcfg-{interface}"))
            }
        };
        refuse(
            format!(
                "{interface} is configured by /etc/sysconfig/network-scripts, which lvsprov does not edit"
            ),
            remedy,
        )
    }
}

/// The interface that a file is for; of `ifcfg-eth0:1`, an alias, `eth0`.
fn of(file: &ConfFile) -> &str {
    let name = file.path.rsplit_once("/ifcfg-").map_or("", |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}

/// What a variable is set to, which is quoted as in sh.
fn value<'a>(file: &'a ConfFile, key: &str) -> Option<&'a str> {
    let set = |line: &'a str| line.trim().strip_prefix(key)?.strip_prefix('=');
    let value = file.text.lines().filter_map(set).next_back()?.trim_matches(['"', '\'']);
    (!value.is_empty()).then_some(value)
}
