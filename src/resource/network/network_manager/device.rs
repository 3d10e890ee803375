//! What NetworkManager tells of its devices and profiles.

use std::collections::BTreeMap;

use super::keyfile::{self, Said};
use crate::resource::Unreadable;
use crate::resource::network::gateway::IpVersion;

/// What its probe has told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Whether it is enabled and does not run.
    pub stopped: bool,
    pub devices: Vec<Device>,
    pub profiles: Vec<Profile>,
}

/// A device as NetworkManager has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    pub interface: String,
    /// `connected`, `unmanaged`, ...
    pub state: String,
    /// The name of its active profile; empty when it has none.
    pub profile: String,
    /// The profile's file; empty where NetworkManager does not tell it.
    pub file: String,
    /// What the profile says, as it is loaded: `ipv4.method`, `ipv6.gateway`, ...
    settings: BTreeMap<String, String>,
}

/// A profile that is active, or may become so by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    pub file: String,
    pub active: bool,
    pub autoconnect: bool,
    /// The higher goes first.
    pub priority: i32,
}

/// POSIX sh. A profile that is not active is looked at where it may become so, and holds no passwords. EL's ifcfg files
/// are wanted by their other owner already; what is wanted twice would be read twice.
pub const PROBE: &str = r#"if command -v nmcli >/dev/null 2>&1; then
  if [ -d /run/NetworkManager ] && lvsprov_devices=$(nmcli -t -e no -f DEVICE,STATE,CON-UUID,CONNECTION device 2>/dev/null); then
    lvsprov_profiles="
$(nmcli -t -e no -f UUID,ACTIVE,AUTOCONNECT,AUTOCONNECT-PRIORITY,TYPE,FILENAME connection show 2>/dev/null)
"
    while IFS=: read -r u c d n s f; do
      case $c:$d:$s in
      yes:* | no:yes:*ethernet | no:yes:bond | no:yes:bridge | no:yes:team | no:yes:vlan)
        printf 'known %s %s %s %s\n' "$c" "$d" "$n" "$f"
        case $f in
        /etc/sysconfig/network-scripts/*) ;;
        *) if [ -f "$f" ]; then set -- "$@" "$f"; fi ;;
        esac ;;
      esac
    done <<lvsprov_end
$lvsprov_profiles
lvsprov_end
    while IFS=: read -r d s u c; do
      printf 'device %s\nstate %s\n' "$d" "$s"
      [ -n "$c" ] || continue
      f=${lvsprov_profiles#*"
$u:"}
      f=${f%%"
"*}
      printf 'profile %s\nfile %s\n' "$c" "${f#*:*:*:*:}"
      nmcli -t -e no -f ipv4.method,ipv4.addresses,ipv4.gateway,ipv4.routes,ipv4.ignore-auto-routes,ipv4.never-default,ipv6.method,ipv6.addresses,ipv6.gateway,ipv6.routes,ipv6.ignore-auto-routes,ipv6.never-default connection show "$u" 2>/dev/null </dev/null
    done <<lvsprov_end
$lvsprov_devices
lvsprov_end
  else
    for f in /etc/systemd/system/*.wants/NetworkManager.service; do
      if [ -L "$f" ] || [ -e "$f" ]; then echo stopped; break; fi
    done
  fi
fi
"#;

/// From what [`PROBE`] printed.
///
/// # Errors
/// It can't have printed that.
pub fn read(lines: &[&str]) -> Result<Told, Unreadable> {
    let mut told = Told::default();
    for line in lines {
        let unreadable = || Unreadable::new("NetworkManager", *line).by("nmcli");
        if *line == "stopped" {
            told.stopped = true;
        } else if let Some(rest) = line.strip_prefix("known ") {
            let words: Vec<&str> = rest.splitn(4, ' ').collect();
            let [active, autoconnect, priority, file] = words[..] else { return Err(unreadable()) };
            told.profiles.push(Profile {
                file: file.to_owned(),
                active: active == "yes",
                autoconnect: autoconnect == "yes",
                priority: priority.parse().map_err(|_| unreadable())?,
            });
        } else if let Some(interface) = line.strip_prefix("device ") {
            told.devices.push(Device {
                interface: interface.to_owned(),
                state: String::new(),
                profile: String::new(),
                file: String::new(),
                settings: BTreeMap::new(),
            });
        } else {
            told.devices.last_mut().ok_or_else(unreadable)?.add(line).ok_or_else(unreadable)?;
        }
    }
    Ok(told)
}

impl Device {
    fn add(&mut self, line: &str) -> Option<()> {
        if let Some(state) = line.strip_prefix("state ") {
            self.state = state.to_owned();
        } else if let Some(profile) = line.strip_prefix("profile ") {
            self.profile = profile.to_owned();
        } else if let Some(file) = line.strip_prefix("file ") {
            self.file = file.to_owned();
        } else {
            let (key, value) = line.split_once(':')?;
            let value = if value == "--" { "" } else { value };
            self.settings.insert(key.to_owned(), value.to_owned());
        }
        Some(())
    }

    /// Whether it is NetworkManager that configured it: of another's work it makes a profile as well, which does not
    /// outlive a reboot. What netplan has generated for it is netplan's.
    pub fn managed(&self) -> bool {
        let others = self.state == "unmanaged" || self.state.contains("externally");
        !others && !self.file.starts_with("/run/NetworkManager/system-connections/netplan-")
    }

    /// Whether NetworkManager is at work on it, and may take away what is set beside.
    pub fn moves(&self) -> bool {
        self.state.starts_with("connecting") || self.state.starts_with("deactivating")
    }

    /// What its profile says as it is loaded.
    pub fn loaded(&self, version: IpVersion) -> Said {
        let value = |key| self.settings.get(&format!("ip{version}.{key}")).map_or("", String::as_str);
        let routes = value("routes");
        Said {
            method: value("method").to_owned(),
            gateway: value("gateway").parse().ok(),
            never_default: value("never-default") == "yes",
            ignores_auto: value("ignore-auto-routes") == "yes",
            default_route: keyfile::everywhere(routes).map(|via| (routes.to_owned(), via)),
            nets: value("addresses").split(',').filter_map(|net| net.trim().parse().ok()).collect(),
        }
    }
}
