//! The stanzas of interfaces(5), of all files that count.

use std::net::IpAddr;

use ipnet::IpNet;

use super::MAIN;
use crate::resource::network::conf_file::ConfFile;
use crate::resource::network::gateway::IpVersion;

/// An `iface ...` with its options.
#[derive(Debug)]
pub struct Stanza {
    /// Which of the files.
    pub file: usize,
    /// The number of its first line.
    pub first: usize,
    /// What it is called by: the interface, or `eth0:1`, a label for one more address of it.
    pub label: String,
    /// The interface.
    pub interface: String,
    /// `inet` or `inet6`.
    pub version: IpVersion,
    /// `static`, `dhcp`, ...
    pub method: String,
    /// The line's number in the file, the option and its value.
    pub options: Vec<(usize, String, String)>,
}

impl Stanza {
    fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(_, key, _)| key == name).map(|(_, _, value)| value.as_str())
    }

    /// The options that set its gateway.
    pub fn gateways(&self) -> impl Iterator<Item = &(usize, String, String)> {
        self.options.iter().filter(|(_, key, _)| key == "gateway")
    }

    /// Its static address.
    pub fn net(&self) -> Option<IpNet> {
        let address = self.option("address")?;
        if address.contains('/') {
            return address.parse().ok();
        }
        let address: IpAddr = address.parse().ok()?;
        match (self.option("netmask"), self.version) {
            (Some(mask), _) => match mask.parse() {
                Ok(length) => IpNet::new(address, length).ok(),
                Err(_) => IpNet::with_netmask(address, mask.parse().ok()?).ok(),
            },
            (None, IpVersion::V6) => IpNet::new(address, 64).ok(),
            (None, IpVersion::V4) => None,
        }
    }

    /// Commands that run when it comes up.
    pub fn commands(&self) -> impl Iterator<Item = &(usize, String, String)> {
        self.options.iter().filter(|(_, key, _)| matches!(key.as_str(), "up" | "post-up" | "pre-up"))
    }

    /// The number of its last line that says anything.
    pub fn last(&self) -> usize {
        self.options.last().map_or(self.first, |(line, ..)| *line)
    }
}

/// Whether the main file takes in all files of interfaces.d (`source`), or those with plain names alone
/// (`source-directory`).
fn sourced(files: &[ConfFile], key: &str) -> bool {
    let beside = |words: &str| {
        words.split_whitespace().any(|w| w.trim_start_matches("/etc/network/").starts_with("interfaces.d"))
    };
    files.iter().filter(|file| file.path == MAIN).any(|file| {
        let pairs = file.text.lines().filter_map(|line| line.trim().split_once(char::is_whitespace));
        pairs.into_iter().any(|(k, v)| k == key && beside(v))
    })
}

/// Whether a file with this name beside the main one counts.
pub fn counts(files: &[ConfFile], name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    sourced(files, "source") || sourced(files, "source-directory") && plain
}

/// The interfaces that `ifup -a` or udev brings up.
pub fn brought_up(files: &[ConfFile]) -> Vec<&str> {
    let lines = files.iter().flat_map(|file| file.text.lines());
    let named = lines.filter_map(|line| {
        let (key, names) = line.trim().split_once(char::is_whitespace)?;
        (key == "auto" || key.starts_with("allow-")).then(|| names.split_whitespace())
    });
    named.flatten().collect()
}

/// The stanzas of both IP versions.
pub fn stanzas(files: &[ConfFile]) -> Vec<Stanza> {
    let mut stanzas = Vec::new();
    for (file, conf) in files.iter().enumerate() {
        let name = conf.path.rsplit('/').next().unwrap_or("");
        if conf.path != MAIN && !counts(files, name) {
            continue;
        }
        let mut open = false;
        for (number, line) in conf.text.lines().enumerate() {
            let (key, value) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
            let value = value.trim();
            match key {
                "" => {}
                _ if key.starts_with('#') => {}
                "iface" => {
                    let words: Vec<&str> = value.split_whitespace().collect();
                    let version = match words.get(1) {
                        Some(&"inet") => Some(IpVersion::V4),
                        Some(&"inet6") => Some(IpVersion::V6),
                        _ => None,
                    };
                    open = version.is_some();
                    if let (Some(version), [interface, _, method, ..]) = (version, &words[..]) {
                        stanzas.push(Stanza {
                            file,
                            first: number,
                            label: (*interface).to_owned(),
                            interface: interface.split(':').next().unwrap_or(interface).to_owned(),
                            version,
                            method: (*method).to_owned(),
                            options: Vec::new(),
                        });
                    }
                }
                "auto" | "mapping" | "source" | "source-directory" | "no-auto-down" | "no-scripts"
                | "rename" => open = false,
                _ if key.starts_with("allow-") => open = false,
                _ if open => {
                    if let Some(stanza) = stanzas.last_mut() {
                        stanza.options.push((number, key.to_owned(), value.to_owned()));
                    }
                }
                _ => {}
            }
        }
    }
    stanzas
}
