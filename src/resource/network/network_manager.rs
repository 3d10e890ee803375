//! NetworkManager's profiles.
//!
//! A profile is twice there: in its file, which counts at boot, and as NetworkManager has loaded it. The file is edited,
//! in the lines that it is about, and loaded; the address or route that runs is set beside, as under any other owner. A
//! profile that is no keyfile is refused with the commands that change it.

use std::collections::BTreeMap;

use super::conf_file::ConfFile;
use super::edit::{Edit, PROFILES};
use super::gateway::{Gateway, IpVersion, Via};
use super::owner::{Assigned, Owner, Setting, Told, refuse};
use crate::resource::{Refusal, Unreadable, quote};

mod keyfile;

use keyfile::Said;

/// A running NetworkManager.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkManager {
    devices: Vec<Device>,
    /// The keyfiles of the active profiles.
    files: Vec<ConfFile>,
}

/// A device as NetworkManager has it.
#[derive(Clone, Debug, PartialEq)]
struct Device {
    interface: String,
    /// `connected`, `unmanaged`, ...
    state: String,
    /// The name of its active profile; empty when it has none.
    profile: String,
    /// The profile's file; empty where NetworkManager does not tell it.
    file: String,
    /// What the profile says, as it is loaded: `ipv4.method`, `ipv6.gateway`, ...
    settings: BTreeMap<String, String>,
}

impl Owner for NetworkManager {
    fn probe() -> &'static str {
        r#"if [ -d /run/NetworkManager ] && command -v nmcli >/dev/null 2>&1; then
  lvsprov_profiles="
$(nmcli -t -e no -f UUID,FILENAME connection show --active 2>/dev/null)
"
  while IFS=: read -r d s u c; do
    printf 'device %s\nstate %s\n' "$d" "$s"
    [ -n "$c" ] || continue
    f=${lvsprov_profiles#*"
$u:"}
    f=${f%%"
"*}
    printf 'profile %s\nfile %s\n' "$c" "$f"
    if [ -f "$f" ]; then set -- "$@" "$f"; fi
    nmcli -t -e no -f ipv4.method,ipv4.addresses,ipv4.gateway,ipv4.never-default,ipv6.method,ipv6.addresses,ipv6.gateway,ipv6.never-default connection show "$u" 2>/dev/null </dev/null
  done <<lvsprov_end
$(nmcli -t -e no -f DEVICE,STATE,CON-UUID,CONNECTION device 2>/dev/null)
lvsprov_end
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
                    file: String::new(),
                    settings: BTreeMap::new(),
                });
                continue;
            }
            let device = devices.last_mut().ok_or_else(unreadable)?;
            if let Some(state) = line.strip_prefix("state ") {
                device.state = state.to_owned();
            } else if let Some(profile) = line.strip_prefix("profile ") {
                device.profile = profile.to_owned();
            } else if let Some(file) = line.strip_prefix("file ") {
                device.file = file.to_owned();
            } else {
                let (key, value) = line.split_once(':').ok_or_else(unreadable)?;
                let value = if value == "--" { "" } else { value };
                device.settings.insert(key.to_owned(), value.to_owned());
            }
        }
        let mut files = told.files.to_vec();
        files.retain(|file| devices.iter().any(|device| device.file == file.path));
        Ok(NetworkManager { devices, files })
    }

    fn edits() -> &'static str {
        "/etc/NetworkManager/system-connections/*.nmconnection"
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
        let mut gateways = Vec::new();
        for device in self.devices.iter().filter(|device| device.managed()) {
            let said = self.said(device, version)?;
            if said.never_default {
                continue;
            }
            let how = if version == IpVersion::V4 { "DHCP" } else { "router advertisements" };
            let by = format!("NetworkManager's profile {}", device.profile);
            let via = match (said.method.as_str(), said.gateway) {
                ("auto", _) => Via::Asked { how, by },
                (_, Some(via)) => Via::Address(via),
                (_, None) => continue,
            };
            gateways.push(Gateway { interface: device.interface.clone(), via });
        }
        Ok(gateways)
    }

    fn addresses(&self) -> Vec<Assigned> {
        let of = |device: &Device| {
            let nets = [IpVersion::V4, IpVersion::V6].map(|version| self.written(device, version).nets);
            let by = format!("NetworkManager's profile {}", device.profile);
            let interface = device.interface.clone();
            nets.concat().into_iter().map(move |net| Assigned {
                interface: interface.clone(),
                net,
                by: by.clone(),
            })
        };
        self.devices.iter().filter(|device| device.managed()).flat_map(of).collect()
    }

    fn set(&self, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        let version = setting.version();
        let mut edits = Vec::new();
        let mut edit = |device: &Device, change: &dyn Fn(&str) -> String| {
            let file = self.file_of(device).filter(|file| file.path.starts_with(PROFILES));
            let file = file.ok_or_else(|| by_hand(device, setting))?;
            let text = change(&file.text);
            if text != file.text {
                edits.push(Edit::of(file, text));
            }
            Ok(())
        };
        match *setting {
            Setting::Gateway { .. } | Setting::NoGateway(_) => {
                for device in self.devices.iter().filter(|device| device.managed()) {
                    let via = match *setting {
                        Setting::Gateway { via, interface } if interface == device.interface => Some(via),
                        _ => None,
                    };
                    if self.said(device, version)?.gateway != via {
                        edit(device, &|text| keyfile::with_gateway(text, version, via))?;
                    }
                }
            }
            Setting::Address { net, interface } => {
                let device = self.of(interface).ok_or_else(|| no_profile(interface, setting))?;
                edit(device, &|text| keyfile::with_address(text, net))?;
            }
            Setting::NoAddress { address, interface } => {
                let device = self.of(interface).ok_or_else(|| no_profile(interface, setting))?;
                edit(device, &|text| keyfile::without_address(text, address))?;
            }
        }
        Ok(edits)
    }
}

impl NetworkManager {
    fn of(&self, interface: &str) -> Option<&Device> {
        self.devices.iter().find(|device| device.interface == interface && device.managed())
    }

    fn file_of(&self, device: &Device) -> Option<&ConfFile> {
        self.files.iter().find(|file| file.path == device.file && file.text.contains('['))
    }

    /// What the profile brings at boot: what its file says, and where that is no keyfile, what is loaded.
    fn written(&self, device: &Device, version: IpVersion) -> Said {
        self.file_of(device).map_or_else(|| device.loaded(version), |file| keyfile::said(&file.text, version))
    }

    /// The same.
    ///
    /// # Errors
    /// It is not what runs, or does not come back, with what to do.
    fn said(&self, device: &Device, version: IpVersion) -> Result<Said, Refusal> {
        let (profile, path) = (quote(&device.profile), &device.file);
        let (said, loaded) = (self.written(device, version), device.loaded(version));
        if said.gateway.is_some() && path.starts_with("/run/") {
            return refuse(
                format!(
                    "NetworkManager's profile {profile} lies in /run, so that it runs now and is gone after a reboot"
                ),
                format!("keep it: `nmcli connection modify {profile} connection.autoconnect yes`"),
            );
        }
        if let Some(route) = &said.default_route {
            return refuse(
                format!("{path}: the route `{route}` is a default route behind the gateway's back"),
                format!(
                    "remove that line and run `nmcli connection load {}`: the profile's own gateway takes its place",
                    quote(path)
                ),
            );
        }
        if said.gateway != loaded.gateway || said.nets != loaded.nets {
            return refuse(
                format!(
                    "the gateway or the addresses that are read in {path} are not those that NetworkManager has loaded"
                ),
                format!(
                    "where it was edited, `nmcli connection load {}` takes it as it is; then run again",
                    quote(path)
                ),
            );
        }
        Ok(said)
    }
}

/// What to do with a profile that is no file of its own.
fn by_hand(device: &Device, setting: &Setting<'_>) -> Refusal {
    let Device { interface, profile, .. } = device;
    Refusal {
        reason: format!(
            "{interface} is configured by NetworkManager's profile {profile}, which is no keyfile in {PROFILES}"
        ),
        remedy: format!(
            "`nmcli connection modify {} {}`, then `nmcli device reapply {interface}`; or `nmcli connection migrate {}`",
            quote(profile),
            words(setting),
            quote(profile)
        ),
    }
}

fn no_profile(interface: &str, setting: &Setting<'_>) -> Refusal {
    Refusal {
        reason: format!("NetworkManager has no profile for {interface}"),
        remedy: format!(
            "make one: `nmcli connection add type ethernet ifname {interface} con-name {interface} {}`",
            words(setting)
        ),
    }
}

/// The words of `nmcli connection modify`.
fn words(setting: &Setting<'_>) -> String {
    let version = setting.version();
    match *setting {
        Setting::Gateway { via, .. } => format!("ip{version}.gateway {via}"),
        Setting::NoGateway(_) => format!("ip{version}.gateway ''"),
        Setting::Address { net, .. } => format!("+ip{version}.addresses {net}"),
        Setting::NoAddress { address, .. } => format!("-ip{version}.addresses {address}"),
    }
}

impl Device {
    /// Whether it is NetworkManager that configured it: of another's work it makes a profile as well, which does not
    /// outlive a reboot. What netplan has generated for it is netplan's.
    fn managed(&self) -> bool {
        let others = self.state == "unmanaged" || self.state.contains("externally");
        !others && !self.file.starts_with("/run/NetworkManager/system-connections/netplan-")
    }

    /// What its profile says as it is loaded.
    fn loaded(&self, version: IpVersion) -> Said {
        let value = |key| self.setting(version, key);
        Said {
            method: value("method").to_owned(),
            gateway: value("gateway").parse().ok(),
            never_default: value("never-default") == "yes",
            default_route: None,
            nets: value("addresses").split(',').filter_map(|net| net.trim().parse().ok()).collect(),
        }
    }

    fn setting(&self, version: IpVersion, key: &str) -> &str {
        self.settings.get(&format!("ip{version}.{key}")).map_or("", String::as_str)
    }
}
