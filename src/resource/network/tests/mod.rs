//! What the kinds of the network plan from what their probes print.

use std::collections::BTreeSet;

use super::{Address, DefaultGateway};
use crate::resource::{Change, Context, Facts, Kind, Refusal};

mod address;
mod default_gateway;
mod ipv6;
mod netplan;
mod network_manager;
mod owners;
mod reverse;
mod sysconfig;

const MAIN: &str = "/etc/network/interfaces";
const STATIC: &str =
    "auto eth0\niface eth0 inet static\n\taddress 192.168.40.101/24\n\tgateway 192.168.40.1\n";

/// A host as its probes tell it.
#[derive(Clone, Debug, Default)]
struct Host {
    /// Lines of `ip -4 -o route show default`, and the way to the controller.
    v4: Vec<String>,
    /// Of `ip -6 ...`.
    v6: Vec<String>,
    /// Of `ip -o link show`.
    links: Vec<String>,
    /// Of `ip -o addr show`.
    addresses: Vec<String>,
    /// Lines of cloud-init's probe.
    cloud_init: Vec<String>,
    /// Whether there is netplan to read its files.
    netplan: bool,
    /// Whether there are EL's network-scripts, and whether wicked is enabled.
    scripts: bool,
    wicked: bool,
    /// Lines of NetworkManager's probe.
    nm: Vec<String>,
    /// Interfaces that networkd has, each with its file; the first has the index 2.
    networkd: Vec<(String, String)>,
    /// Files with their texts.
    files: Vec<(String, String)>,
}

impl Host {
    fn file(mut self, path: &str, text: &str) -> Host {
        self.files.retain(|(known, _)| known != path);
        self.files.push((path.into(), text.into()));
        self
    }

    fn route(mut self, line: &str) -> Host {
        let v6 = line.contains("via fd") || line.contains("via fe80") || line.contains("pref");
        if v6 {
            self.v6.push(line.into())
        } else {
            self.v4.push(line.into())
        }
        self
    }

    /// `eth0 192.168.40.101/24`
    fn address(mut self, line: &str) -> Host {
        let (interface, net) = line.split_once(' ').unwrap();
        let family = if net.contains("::") { "inet6" } else { "inet" };
        self.addresses.push(format!(
            "2: {interface}    {family} {net} scope global {interface}\\       valid_lft forever"
        ));
        self
    }

    fn networkd(mut self, interface: &str, file: &str, text: &str) -> Host {
        self.networkd.push((interface.into(), file.into()));
        self.file(file, text)
    }

    fn nm(mut self, lines: &[&str]) -> Host {
        self.nm.extend(lines.iter().map(|line| (*line).to_owned()));
        self
    }

    fn owners(&self) -> String {
        let mut files = self.files.clone();
        let mut index = String::new();
        for (n, (interface, file)) in self.networkd.iter().enumerate() {
            index += &format!("{} {interface}\n", n + 2);
            let text = format!("ADMIN_STATE=configured\nNETWORK_FILE={file}\n");
            files.push((format!("/run/systemd/netif/links/{}", n + 2), text));
        }
        let names: String = files.iter().map(|(path, _)| format!("{path}\n")).collect();
        let text = |(path, text): &(String, String)| -> String {
            text.lines().map(|line| format!("{path}:{line}\n")).collect()
        };
        let netplan = if self.netplan {
            "lo - 00:00:00:00:00:00\neth0 device 52:54:00:12:34:56\neth1 device 52:54:00:12:34:57\n"
        } else {
            ""
        };
        let scripts = if self.scripts { "scripts\n" } else { "" };
        let wicked = if self.wicked { "enabled\n" } else { "" };
        let nm: String = self.nm.iter().map(|line| format!("{line}\n")).collect();
        let texts: String = files.iter().map(text).collect();
        let cloud_init: String = self.cloud_init.iter().map(|line| format!("{line}\n")).collect();
        format!("{cloud_init}=\n{netplan}=\n{nm}=\n{index}=\n=\n{scripts}=\n{wicked}=\n{names}=\n{texts}")
    }

    fn lines(lines: &[String]) -> String {
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn of_gateway(&self) -> String {
        format!("ip\n{}=\n{}=\n{}", Host::lines(&self.v4), Host::lines(&self.v6), self.owners())
    }

    fn of_address(&self) -> String {
        format!("ip\n{}=\n{}=\n{}", Host::lines(&self.links), Host::lines(&self.addresses), self.owners())
    }

    /// The host once the change's files are written, as far as `edits` tells them.
    fn with(mut self, edits: Vec<super::edit::Edit>) -> Host {
        for edit in edits {
            self.files.retain(|(path, _)| *path != edit.path);
            if let Some(text) = edit.new {
                self.files.push((edit.path, text));
            }
        }
        self
    }
}

fn context<'a>(facts: &'a Facts, changing: &'a BTreeSet<String>) -> Context<'a> {
    Context { facts, changing }
}

fn observe<K: Kind>(declared: &K, facts: &Facts, output: &str) -> K::Observed {
    K::parse(&[declared], facts, output.as_bytes()).unwrap().remove(0)
}

fn plan<K: Kind>(declared: &K, facts: &Facts, output: &str) -> Result<Option<Change>, Refusal> {
    let observed = observe(declared, facts, output);
    declared.differ(&observed, context(facts, &BTreeSet::new()))
}

fn gateway(via: &str) -> DefaultGateway {
    DefaultGateway { via: via.parse().unwrap(), interface: None }
}

fn on(interface: &str, address: &str) -> Address {
    let interface = (!interface.is_empty()).then(|| interface.to_owned());
    Address { address: address.parse().unwrap(), interface, state: Default::default() }
}

/// `what: old -> new` of each aspect.
fn shown(change: &Change) -> Vec<String> {
    let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".into());
    change.aspects.iter().map(|a| format!("{}: {} -> {}", a.what, side(&a.old), side(&a.new))).collect()
}
