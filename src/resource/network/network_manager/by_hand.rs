//! What to do by hand with a profile that is not edited: nmcli(1).

use super::device::Device;
use crate::resource::network::edit::PROFILES;
use crate::resource::network::owner::Setting;
use crate::resource::{Refusal, quote};

/// What to do with a profile that is no file of its own.
pub fn by_hand(device: &Device, setting: &Setting<'_>) -> Refusal {
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

/// What to do for an interface that has no profile. `state` is its device's.
pub fn no_profile(interface: &str, state: Option<&str>, setting: &Setting<'_>) -> Refusal {
    let reason = match state {
        Some(state) => format!("NetworkManager has no profile for {interface}; the device is {state}"),
        None => format!("NetworkManager has no profile for {interface}"),
    };
    let version = setting.version();
    let words = match *setting {
        Setting::Address { net, .. } => format!("ip{version}.method manual ip{version}.addresses {net}"),
        _ => words(setting),
    };
    let remedy = match (interface, state) {
        // NEWS of NetworkManager 1.42: it manages the loopback interface from then on
        ("lo", Some("unmanaged")) => {
            "NetworkManager before 1.42 leaves lo alone: bring the address by a unit that runs \
             `ip addr add` at boot, or by network-scripts' ifcfg-lo where they are installed"
                .into()
        }
        ("lo", _) => format!(
            "make one: `nmcli connection add type loopback ifname lo con-name lo {words}`; then run again, and that one \
             is edited"
        ),
        _ => format!(
            "make one: `nmcli connection add type ethernet ifname {interface} con-name {interface} {words}`; then run \
             again, and that one is edited"
        ),
    };
    Refusal { reason, remedy }
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
