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
    let state = state.map_or(String::new(), |state| format!("; the device is {state}"));
    let kind = if interface == "lo" { "loopback" } else { "ethernet" };
    Refusal {
        reason: format!("NetworkManager has no profile for {interface}{state}"),
        remedy: format!(
            "make one: `nmcli connection add type {kind} ifname {interface} con-name {interface} {}`",
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
