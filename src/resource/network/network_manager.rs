//! NetworkManager's profiles. They are read, and not edited yet: what is to be set is refused with the commands that
//! set it.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::edit::Edit;
use super::gateway::{Gateway, IpVersion, Via};
use super::netplan;
use super::owner::{Assigned, Owner, Setting, Told, refuse};
use crate::resource::{Refusal, Unreadable, quote};

/// A running NetworkManager.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkManager {
    devices: Vec<Device>,
}

/// A device as NetworkManager has it.
#[derive(Clone, Debug, PartialEq)]
struct Device {
    interface: String,
    /// `connected`, `unmanaged`, ...
    state: String,
    /// The name of its active profile; empty when it has none.
    profile: String,
    /// What the profile says: `ipv4.method`, `ipv6.gateway`, ...
    settings: BTreeMap<String, String>,
}

impl Owner for NetworkManager {
    fn probe() -> &'static str {
        r#"if [ -d /run/NetworkManager ] && command -v nmcli >/dev/null 2>&1; then
  nmcli -t -e no -f DEVICE,STATE,CONNECTION device 2>/dev/null | while IFS=: read -r d s c; do
    printf 'device %s\nstate %s\n' "$d" "$s"
    [ -n "$c" ] || continue
    printf 'profile %s\n' "$c"
    nmcli -t -e no -f ipv4.method,ipv4.addresses,ipv4.gateway,ipv4.never-default,ipv6.method,ipv6.addresses,ipv6.gateway,ipv6.never-default connection show "$c" 2>/dev/null </dev/null
  done
fi
"#
    }

    fn read(told: &Told<'_>) -> Result<Self, Unreadable> {
        let mut devices: Vec<Device> = Vec::new();
        for line in told.lines {
            let unreadable = || Unreadable::new("NetworkManager", *line);
            if let Some(interface) = line.strip_prefix("device ") {
                devices.push(Device {
                    interface: interface.to_owned(),
                    state: String::new(),
                    profile: String::new(),
                    settings: BTreeMap::new(),
                });
                continue;
            }
            let device = devices.last_mut().ok_or_else(unreadable)?;
            if let Some(state) = line.strip_prefix("state ") {
                device.state = state.to_owned();
            } else if let Some(profile) = line.strip_prefix("profile ") {
                device.profile = profile.to_owned();
            } else {
                let (key, value) = line.split_once(':').ok_or_else(unreadable)?;
                let value = if value == "--" { "" } else { value };
                device.settings.insert(key.to_owned(), value.to_owned());
            }
        }
        Ok(NetworkManager { devices })
    }

    fn name(&self) -> &'static str {
        "NetworkManager"
    }

    fn configures(&self, interface: &str) -> bool {
        self.of(interface).is_some()
    }

    fn adopts(&self) -> bool {
        self.devices.iter().any(Device::managed)
    }

    fn speaks_for(&self) -> &'static [&'static str] {
        // it reads their files where it is told to
        &["network-scripts"]
    }

    fn gateways(&self, version: IpVersion) -> Result<Vec<Gateway>, Refusal> {
        let gateway = |device: &Device| {
            let value = |key| device.setting(version, key);
            if value("never-default") == "yes" {
                return None;
            }
            let how = if version == IpVersion::V4 { "DHCP" } else { "router advertisements" };
            let by = format!("NetworkManager's profile {}", device.profile);
            let via = match value("method") {
                "auto" => Via::Asked { how, by },
                _ => Via::Address(value("gateway").parse().ok()?),
            };
            Some(Gateway { interface: device.interface.clone(), via })
        };
        Ok(self.devices.iter().filter(|device| device.managed()).filter_map(gateway).collect())
    }

    fn addresses(&self) -> Vec<Assigned> {
        let of = |device: &Device| {
            let texts = [IpVersion::V4, IpVersion::V6].map(|version| device.setting(version, "addresses"));
            let nets: Vec<IpNet> = texts
                .iter()
                .flat_map(|text| text.split(','))
                .filter_map(|net| net.trim().parse().ok())
                .collect();
            let by = format!("NetworkManager's profile {}", device.profile);
            let interface = device.interface.clone();
            nets.into_iter().map(move |net| Assigned { interface: interface.clone(), net, by: by.clone() })
        };
        self.devices.iter().filter(|device| device.managed()).flat_map(of).collect()
    }

    fn set(&self, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        let (interface, key, value) = match *setting {
            Setting::Gateway { via, interface } => (interface, "gateway", via.to_string()),
            Setting::NoGateway(version) => {
                return refuse(
                    "a profile of NetworkManager, which lvsprov does not edit, brings another default gateway",
                    format!(
                        "`nmcli connection modify PROFILE ip{version}.gateway ''` for every profile that has one"
                    ),
                );
            }
            Setting::Address { net, interface } => (interface, "addresses", net.to_string()),
            Setting::NoAddress { address, interface } => (interface, "addresses", address.to_string()),
        };
        let profile = self.of(interface).map_or("", |device| &device.profile);
        if profile.starts_with("netplan-") {
            return netplan::refusal(setting);
        }
        let version = setting.version();
        let sign = match setting {
            Setting::Address { .. } => "+",
            Setting::NoAddress { .. } => "-",
            Setting::Gateway { .. } | Setting::NoGateway(_) => "",
        };
        let name = if profile.is_empty() { "PROFILE".to_owned() } else { quote(profile) };
        let others = if key == "gateway" {
            format!("; and `ip{version}.gateway ''` for every other profile that has one")
        } else {
            String::new()
        };
        refuse(
            format!("{interface} is configured by NetworkManager, which lvsprov does not edit"),
            format!(
                "nmcli connection modify {name} {sign}ip{version}.{key} {value} && nmcli device reapply {interface}{others}"
            ),
        )
    }
}

impl NetworkManager {
    fn of(&self, interface: &str) -> Option<&Device> {
        self.devices.iter().find(|device| device.interface == interface && device.managed())
    }
}

impl Device {
    /// Whether it is NetworkManager that configured it: of another's work it makes a profile as well, which does not
    /// outlive a reboot.
    fn managed(&self) -> bool {
        self.state != "unmanaged" && !self.state.contains("externally")
    }

    fn setting(&self, version: IpVersion, key: &str) -> &str {
        self.settings.get(&format!("ip{version}.{key}")).map_or("", String::as_str)
    }
}
