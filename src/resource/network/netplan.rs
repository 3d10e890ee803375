//! netplan, which generates the files of systemd-networkd or the profiles of NetworkManager. It is read by what it
//! generated, and not edited yet: what is to be set is refused with what to write.

use super::conf_file::ConfFile;
use super::edit::Edit;
use super::gateway::{Gateway, IpVersion, Via};
use super::networkd::unit::{Section, sections};
use super::owner::{Assigned, Owner, Setting, Told, refuse};
use crate::resource::{Refusal, Unreadable};

/// netplan, where it has something to generate from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Netplan {
    /// Whether there are files of its own.
    present: bool,
    /// What it generated for systemd-networkd.
    files: Vec<ConfFile>,
}

impl Owner for Netplan {
    fn probe() -> &'static str {
        r#"for f in /etc/netplan/*.yaml /run/netplan/*.yaml /lib/netplan/*.yaml; do
  if [ -e "$f" ]; then echo present; break; fi
done
for f in /run/systemd/network/*netplan-*.network; do
  if [ -f "$f" ]; then set -- "$@" "$f"; fi
done
"#
    }

    fn read(told: &Told<'_>) -> Result<Self, Unreadable> {
        let mut files = told.below("/run/systemd/network/");
        files.retain(|file| file.path.contains("netplan-") && file.path.ends_with(".network"));
        Ok(Netplan { present: !told.lines.is_empty(), files })
    }

    fn name(&self) -> &'static str {
        "netplan"
    }

    fn configures(&self, interface: &str) -> bool {
        self.present && self.files.iter().any(|file| of(file) == interface)
    }

    fn adopts(&self) -> bool {
        self.present
    }

    fn speaks_for(&self) -> &'static [&'static str] {
        &["systemd-networkd"]
    }

    fn gateways(&self, version: IpVersion) -> Result<Vec<Gateway>, Refusal> {
        let mut gateways = Vec::new();
        for (file, section) in self.sections() {
            let asked = |how| Via::Asked { how, by: "netplan".into() };
            let dhcp = section.by_dhcp(version).then(|| asked("DHCP"));
            let vias = dhcp.into_iter().chain(section.gateways(version).map(|(_, via)| via));
            gateways.extend(vias.map(|via| Gateway { interface: of(file).to_owned(), via }));
        }
        Ok(gateways)
    }

    fn addresses(&self) -> Vec<Assigned> {
        let mut all = Vec::new();
        for (file, section) in self.sections() {
            let assigned = |net| Assigned { interface: of(file).to_owned(), net, by: "netplan".into() };
            all.extend(section.addresses().map(|(_, net)| assigned(net)));
        }
        all
    }

    fn set(&self, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        refusal(setting)
    }
}

impl Netplan {
    fn sections(&self) -> impl Iterator<Item = (&ConfFile, Section)> {
        let files = self.files.iter().filter(|_| self.present);
        files.flat_map(|file| sections(&file.text).into_iter().map(move |section| (file, section)))
    }
}

/// The interface that a generated file is for.
fn of(file: &ConfFile) -> &str {
    let named = file.text.lines().find_map(|line| line.strip_prefix("Name="));
    let base = || {
        let (_, rest) = file.path.split_once("netplan-")?;
        rest.strip_suffix(".network")
    };
    named.or_else(base).unwrap_or("")
}

/// What to write in netplan's own files.
pub fn refusal<T>(setting: &Setting<'_>) -> Result<T, Refusal> {
    let default = if setting.version() == IpVersion::V4 { "0.0.0.0/0" } else { "::/0" };
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
    let (who, place) = match interface {
        "" => ("another default gateway".to_owned(), String::new()),
        _ => (interface.to_owned(), format!(", below {interface}")),
    };
    refuse(
        format!("{who} is configured by netplan, which lvsprov does not edit"),
        format!("in /etc/netplan{place}: {what}; then `netplan apply`"),
    )
}
