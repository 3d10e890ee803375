//! NetworkManager's profiles.
//!
//! A profile is twice there: in its file, which counts at boot, and as NetworkManager has loaded it. The file, a keyfile or
//! EL's ifcfg, is edited in the lines that it is about, and loaded; the address or route that runs is set beside, as under
//! any other owner. A profile that is neither is refused with the commands that change it.

use super::conf_file::ConfFile;
use super::edit::{Edit, NETWORK_SCRIPTS, PROFILES};
use super::gateway::{Gateway, IpVersion, Via};
use super::ifcfg::{self, Ifcfg};
use super::owner::{Assigned, Owner, Setting, Told, refuse};
use crate::resource::{Refusal, Unreadable, quote};

mod by_hand;
mod device;
mod keyfile;

use by_hand::{by_hand, no_profile};
use device::Device;
use keyfile::Said;

/// A NetworkManager that runs, or that is to at boot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkManager {
    told: device::Told,
    /// The files of its profiles.
    files: Vec<ConfFile>,
}

/// What a profile is read from and edited in.
enum Source<'a> {
    Keyfile(&'a ConfFile),
    Ifcfg(Ifcfg<'a>),
}

impl Owner for NetworkManager {
    fn probe() -> &'static str {
        device::PROBE
    }

    fn read(told: &Told<'_>) -> Result<Self, Unreadable> {
        let own = device::read(told.lines)?;
        let mut files = told.files.to_vec();
        files.retain(|file| {
            file.path.starts_with(NETWORK_SCRIPTS)
                || own.devices.iter().any(|device| device.file == file.path)
                || own.profiles.iter().any(|profile| profile.file == file.path)
        });
        Ok(NetworkManager { told: own, files })
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
        self.told.stopped || self.managed().next().is_some()
    }

    fn unsettled(&self, interface: &str) -> bool {
        self.of(interface).is_some_and(Device::moves)
    }

    fn speaks_for(&self) -> &'static [&'static str] {
        // it reads their files where it is told to
        &["network-scripts"]
    }

    fn gateways(&self, version: IpVersion) -> Result<Vec<Gateway>, Refusal> {
        self.runs()?;
        let mut gateways = Vec::new();
        for device in self.managed() {
            let said = self.said(device, version)?;
            if said.never_default {
                continue;
            }
            let how = if version == IpVersion::V4 { "DHCP" } else { "router advertisements" };
            let by = format!("NetworkManager's profile {}", device.profile);
            let via = if said.method == "auto" && !said.ignores_auto {
                let yields = matches!(self.source(device), Some(Source::Keyfile(_)));
                Via::Asked { how, by, yields }
            } else if let Some(via) = said.brings() {
                Via::Address(via)
            } else {
                continue;
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
        self.managed().flat_map(of).collect()
    }

    fn set(&self, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        self.runs()?;
        let version = setting.version();
        match *setting {
            Setting::Gateway { .. } | Setting::NoGateway(_) => {
                let mut edits = Vec::new();
                for device in self.managed() {
                    let via = match *setting {
                        Setting::Gateway { via, interface } if interface == device.interface => {
                            self.at_rest(device)?;
                            Some(via)
                        }
                        _ => None,
                    };
                    let said = self.said(device, version)?;
                    let asks = said.method == "auto" && !said.ignores_auto || said.never_default;
                    if said.brings() == via && !(asks && via.is_some()) {
                        continue;
                    }
                    match self.source(device).ok_or_else(|| by_hand(device, setting))? {
                        Source::Keyfile(file) => {
                            edits.push(Edit::of(file, keyfile::with_gateway(&file.text, version, via)));
                        }
                        Source::Ifcfg(ifcfg) => {
                            edits.extend(ifcfg.set_gateway(version, via, via.is_some()));
                        }
                    }
                }
                Ok(edits)
            }
            Setting::Address { net, interface } => {
                let device = self.ready(interface, setting)?;
                Ok(match self.source(device).ok_or_else(|| by_hand(device, setting))? {
                    Source::Keyfile(file) => vec![Edit::of(file, keyfile::with_address(&file.text, net))],
                    Source::Ifcfg(ifcfg) => vec![ifcfg.with_address(net)],
                })
            }
            Setting::NoAddress { address, interface } => {
                let device = self.ready(interface, setting)?;
                Ok(match self.source(device).ok_or_else(|| by_hand(device, setting))? {
                    Source::Keyfile(file) => {
                        let text = keyfile::without_address(&file.text, address);
                        let left = keyfile::said(&text, version);
                        // NetworkManager does not take such a profile: "gateway cannot be set if there are no addresses"
                        if let Some(gateway) = left.gateway.filter(|_| left.nets.is_empty()) {
                            return refuse(
                                format!(
                                    "{address} is the only address of {}, whose gateway {gateway} needs one",
                                    device.profile
                                ),
                                "give the interface another address, or take the gateway away, first",
                            );
                        }
                        vec![Edit::of(file, text)]
                    }
                    Source::Ifcfg(ifcfg) => ifcfg.without_address(address).into_iter().collect(),
                })
            }
        }
    }
}

impl NetworkManager {
    fn managed(&self) -> impl Iterator<Item = &Device> {
        self.told.devices.iter().filter(|device| device.managed())
    }

    fn of(&self, interface: &str) -> Option<&Device> {
        self.managed().find(|device| device.interface == interface)
    }

    fn runs(&self) -> Result<(), Refusal> {
        if !self.told.stopped {
            return Ok(());
        }
        refuse(
            "NetworkManager is enabled and does not run, so that what it brings at boot can't be asked for",
            "`systemctl start NetworkManager`, and see `systemctl status NetworkManager`; or disable it, where another \
             configures the network",
        )
    }

    /// The interface's device, with a profile that can be edited.
    fn ready(&self, interface: &str, setting: &Setting<'_>) -> Result<&Device, Refusal> {
        let device = self.of(interface).filter(|device| !device.profile.is_empty());
        let Some(device) = device else {
            let any = self.told.devices.iter().find(|device| device.interface == interface);
            return Err(no_profile(interface, any.map(|device| device.state.as_str()), setting));
        };
        self.at_rest(device)?;
        self.said(device, setting.version())?;
        Ok(device)
    }

    /// That NetworkManager is not about to set the device's addresses and routes itself.
    fn at_rest(&self, device: &Device) -> Result<(), Refusal> {
        if !device.moves() {
            return Ok(());
        }
        let Device { interface, state, .. } = device;
        refuse(
            format!("NetworkManager is not done with {interface}: {state}"),
            format!("run again once `nmcli device show {interface}` tells that it is connected"),
        )
    }

    /// What the profile's file is, where it is one that can be edited.
    fn source(&self, device: &Device) -> Option<Source<'_>> {
        if device.file.starts_with(NETWORK_SCRIPTS) {
            let mut all = ifcfg::all(&self.files).into_iter();
            let ifcfg = all.find(|ifcfg| ifcfg.file.path == device.file)?;
            return ifcfg.computed().is_none().then_some(Source::Ifcfg(ifcfg));
        }
        self.keyfile(device).filter(|file| file.path.starts_with(PROFILES)).map(Source::Keyfile)
    }

    fn keyfile(&self, device: &Device) -> Option<&ConfFile> {
        self.files.iter().find(|file| file.path == device.file && file.text.contains('['))
    }

    /// What the profile brings at boot: what its file says, and where that can't be read, what is loaded.
    fn written(&self, device: &Device, version: IpVersion) -> Said {
        match self.source(device) {
            Some(Source::Ifcfg(ifcfg)) => of_ifcfg(&ifcfg, version, device),
            _ => self
                .keyfile(device)
                .map_or_else(|| device.loaded(version), |file| keyfile::said(&file.text, version)),
        }
    }

    /// The same.
    ///
    /// # Errors
    /// It is not what runs, or does not come back, with what to do.
    fn said(&self, device: &Device, version: IpVersion) -> Result<Said, Refusal> {
        let (profile, path) = (quote(&device.profile), &device.file);
        let (said, loaded) = (self.written(device, version), device.loaded(version));
        self.comes_back(device)?;
        if said.gateway.is_some() && path.starts_with("/run/") {
            return refuse(
                format!(
                    "NetworkManager's profile {profile} lies in /run, so that it runs now and is gone after a reboot"
                ),
                format!("keep it: `nmcli connection modify {profile} connection.autoconnect yes`"),
            );
        }
        if let Some((route, _)) = said.default_route.as_ref().filter(|_| !said.ignores_auto) {
            let place =
                path.replace("/ifcfg-", if version == IpVersion::V4 { "/route-" } else { "/route6-" });
            return refuse(
                format!("{place}: the route `{route}` is a default route behind the gateway's back"),
                format!(
                    "remove that line and run `nmcli connection load {}`: the profile's own gateway takes its place",
                    quote(path)
                ),
            );
        }
        if said.brings() != loaded.brings() || said.nets != loaded.nets {
            return refuse(
                format!(
                    "the gateway or the addresses that are read in {path} are not those that NetworkManager has loaded"
                ),
                format!(
                    "`nmcli -f ip{version} connection show {profile}` shows what is loaded; where the file was edited, \
                     `nmcli connection load {}` takes it as it is; then run again",
                    quote(path)
                ),
            );
        }
        Ok(said)
    }

    /// That the device has this profile again after a reboot: it connects by itself, and before any other one that is for
    /// the same interface.
    fn comes_back(&self, device: &Device) -> Result<(), Refusal> {
        let its = |file: &str| self.told.profiles.iter().find(|profile| profile.file == file);
        let Some(own) = its(&device.file) else { return Ok(()) };
        let (profile, interface) = (quote(&device.profile), &device.interface);
        if !own.autoconnect {
            return refuse(
                format!("NetworkManager's profile {profile} does not connect {interface} at boot"),
                format!("`nmcli connection modify {profile} connection.autoconnect yes`"),
            );
        }
        let rival = self.told.profiles.iter().find(|other| {
            let named = || self.files.iter().find(|file| file.path == other.file).and_then(interface_of);
            let may = !other.active && other.autoconnect && other.priority >= own.priority;
            may && other.file != own.file && named().as_ref() == Some(interface)
        });
        match rival {
            None => Ok(()),
            Some(other) => refuse(
                format!(
                    "NetworkManager has two profiles for {interface}, {} and {}, and which one comes at boot is not sure",
                    device.file, other.file
                ),
                format!(
                    "have one of the two not connect by itself, `connection.autoconnect no`, or give {profile} the higher \
                     `connection.autoconnect-priority`"
                ),
            ),
        }
    }
}

/// The interface that a profile names.
fn interface_of(file: &ConfFile) -> Option<String> {
    if file.path.starts_with(NETWORK_SCRIPTS) {
        let all = ifcfg::all(std::slice::from_ref(file));
        return all.first().map(Ifcfg::interface);
    }
    keyfile::interface(&file.text)
}

/// What an ifcfg file says. Where it leaves the method to NetworkManager, that is as it is loaded.
fn of_ifcfg(ifcfg: &Ifcfg<'_>, version: IpVersion, device: &Device) -> Said {
    let loaded = device.loaded(version);
    let nets = ifcfg.nets().into_iter().filter(|net| IpVersion::of(net.addr()) == version);
    let route = ifcfg.routes(version).first().map(|via| (format!("default via {via}"), *via));
    Said {
        gateway: ifcfg.gateway(version),
        never_default: !ifcfg.defroute(version),
        nets: nets.collect(),
        default_route: route,
        ..loaded
    }
}
