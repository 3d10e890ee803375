//! Owners whose configuration is read but not edited: NetworkManager and EL's network-scripts. Where they bring the
//! declared gateway already, all is well; where they don't, the refusal says what to run.

use std::net::Ipv4Addr;

use super::Boot;
use super::observed::Observed;
use crate::resource::Refusal;

/// A device as NetworkManager has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The interface.
    pub interface: String,
    /// `connected`, `unmanaged`, ...
    pub state: String,
    /// Its active profile's method: `manual`, `auto`.
    pub method: String,
    /// Its active profile's gateway; empty when it has none.
    pub gateway: String,
}

/// What NetworkManager's active profiles bring, when the interface is one of theirs.
pub(super) fn network_manager(via: Ipv4Addr, interface: &str, observed: &Observed) -> Option<Boot> {
    let own = observed.devices.iter().find(|d| d.interface == interface && d.state != "unmanaged")?;
    let remedy = if observed.netplan.is_empty() {
        format!(
            "c=$(nmcli -g GENERAL.CONNECTION device show {interface}); nmcli connection modify \"$c\" ipv4.gateway {via} \
             && nmcli connection up \"$c\"; and `ipv4.gateway ''` for every other profile that has one"
        )
    } else {
        netplan(via, interface)
    };
    let leads =
        |d: &Device| d.interface == interface || observed.routes.iter().any(|r| r.device == d.interface);
    let gateway = |d: &Device| match d.method.as_str() {
        "auto" if leads(d) => Some((d.interface.clone(), "DHCP".to_owned())),
        _ if d.gateway.is_empty() => None,
        _ => Some((d.interface.clone(), d.gateway.clone())),
    };
    let reason =
        format!("{interface} is configured by NetworkManager ({}), which lvsprov does not edit", own.state);
    Some(Boot {
        gateways: observed.devices.iter().filter_map(gateway).collect(),
        edits: Vec::new(),
        refusal: Some(Refusal { reason, remedy }),
    })
}

/// What /etc/sysconfig/network-scripts brings, when the interface has a file there.
pub(super) fn network_scripts(via: Ipv4Addr, interface: &str, observed: &Observed) -> Option<Boot> {
    let name = |path: &str| path.rsplit_once("/ifcfg-").map(|(_, interface)| interface.to_owned());
    observed.ifcfg.iter().find(|file| name(&file.path).as_deref() == Some(interface))?;
    let gateways = observed.ifcfg.iter().filter_map(|file| {
        let value = file.text.lines().filter_map(|line| line.trim().strip_prefix("GATEWAY=")).next_back()?;
        let value = value.trim_matches(['"', '\'']);
        (!value.is_empty()).then(|| (name(&file.path).unwrap_or_default(), value.to_owned()))
    });
    Some(Boot {
        gateways: gateways.collect(),
        edits: Vec::new(),
        refusal: Some(Refusal {
            reason: format!(
                "{interface} is configured by /etc/sysconfig/network-scripts, which lvsprov does not edit"
            ),
            remedy: format!(
                "set GATEWAY={via} in ifcfg-{interface}, and remove it from all other files there"
            ),
        }),
    })
}

/// What to write where netplan generates the configuration.
pub(super) fn netplan(via: Ipv4Addr, interface: &str) -> String {
    format!(
        "in /etc/netplan, below {interface}: `routes: [{{ to: default, via: {via} }}]`, without any `gateway4`; then \
         `netplan apply`"
    )
}
