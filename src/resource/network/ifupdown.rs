//! interfaces(5): Debian's /etc/network/interfaces and what it sources.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::observed::{ConfFile, Observed};
use super::{Boot, refuse};
use crate::resource::Refusal;

const MAIN: &str = "/etc/network/interfaces";

/// An `iface ... inet ...` with its options.
struct Stanza {
    /// Which of the files.
    file: usize,
    interface: String,
    method: String,
    /// The line's number in the file, the option and its value.
    options: Vec<(usize, String, String)>,
}

impl Stanza {
    fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(_, key, _)| key == name).map(|(_, _, value)| value.as_str())
    }

    fn gateways(&self) -> impl Iterator<Item = &(usize, String, String)> {
        self.options.iter().filter(|(_, key, _)| key == "gateway")
    }

    /// The subnet of its static address.
    fn net(&self) -> Option<Ipv4Net> {
        let address = self.option("address")?;
        if address.contains('/') {
            return address.parse().ok();
        }
        let address = address.parse().ok()?;
        let mask = self.option("netmask")?;
        match mask.parse() {
            Ok(length) => Ipv4Net::new(address, length).ok(),
            Err(_) => Ipv4Net::with_netmask(address, mask.parse().ok()?).ok(),
        }
    }

    /// A command that sets a default route of its own, in the table that the gateway's is in.
    fn route_by_hand(&self) -> Option<&(usize, String, String)> {
        self.options.iter().find(|(_, key, value)| {
            matches!(key.as_str(), "up" | "post-up" | "pre-up") && value.split([';', '&', '|']).any(by_hand)
        })
    }
}

/// Whether a stanza is about the interface.
pub(super) fn has(interface: &str, files: &[ConfFile]) -> bool {
    stanzas(files).iter().any(|stanza| stanza.interface == interface && stanza.method != "manual")
}

/// What the files bring at boot, and the edits that leave one gateway, on `interface`, or none.
pub(super) fn boot(via: Ipv4Addr, interface: Option<&str>, observed: &Observed) -> Result<Boot, Refusal> {
    let files = &observed.interfaces;
    let stanzas = stanzas(files);
    for stanza in &stanzas {
        let path = &files[stanza.file].path;
        if let Some((line, key, value)) = stanza.route_by_hand() {
            return refuse(
                format!(
                    "{path}:{}: `{key} {value}` sets a default route behind the gateway's back",
                    line + 1
                ),
                "remove that line: the stanza's own `gateway` takes its place",
            );
        }
        let leads = observed.routes.iter().any(|route| route.device == stanza.interface);
        if stanza.method == "dhcp" && (Some(stanza.interface.as_str()) == interface || leads) {
            return refuse(
                format!("{} gets its address and default gateway by DHCP ({path})", stanza.interface),
                format!(
                    "give {} a static address there, or have the DHCP server hand out {via} alone",
                    stanza.interface
                ),
            );
        }
    }
    let target = match interface {
        Some(interface) => Some(target(via, interface, &stanzas)?),
        None => None,
    };
    let gateways = stanzas
        .iter()
        .flat_map(|s| s.gateways().map(|(_, _, gateway)| (s.interface.clone(), gateway.clone())));
    let gateways = gateways.collect();
    let mut texts: Vec<Vec<Option<String>>> =
        files.iter().map(|f| f.text.lines().map(|line| Some(line.to_owned())).collect()).collect();
    for stanza in &stanzas {
        let mut keep = target.is_some_and(|target| std::ptr::eq(stanza, target));
        for (line, _, _) in stanza.gateways() {
            let text = &mut texts[stanza.file][*line];
            *text =
                if keep { text.as_deref().map(|old| format!("{}gateway {via}", indent(old))) } else { None };
            keep = false;
        }
    }
    if let Some(target) = target.filter(|target| target.gateways().next().is_none()) {
        // below the address, and below the netmask when there is one
        let after = target
            .options
            .iter()
            .filter(|(_, key, _)| key == "address" || key == "netmask")
            .map(|(line, ..)| *line);
        if let Some(text) = after.max().and_then(|line| texts[target.file][line].as_mut()) {
            *text = format!("{text}\n{}gateway {via}", indent(text));
        }
    }
    let edits = files.iter().zip(texts).filter_map(|(file, lines)| {
        let text: String = lines.into_iter().flatten().map(|line| line + "\n").collect();
        (text != file.text).then(|| (file.clone(), text))
    });
    Ok(Boot { gateways, edits: edits.collect(), refusal: None })
}

/// The stanza that takes the gateway.
fn target<'a>(via: Ipv4Addr, interface: &str, stanzas: &'a [Stanza]) -> Result<&'a Stanza, Refusal> {
    let own = |s: &&Stanza| s.interface == interface && s.net().is_some_and(|net| net.contains(&via));
    match stanzas.iter().find(own) {
        Some(stanza) => Ok(stanza),
        None => refuse(
            format!("no stanza of {interface} in {MAIN} has a static address in the subnet of {via}"),
            format!("write `iface {interface} inet static` there with the address that the host has"),
        ),
    }
}

/// Whether a command is about a default route of the main table.
fn by_hand(command: &str) -> bool {
    let mut words = command.split_whitespace().skip_while(|word| *word != "table").skip(1);
    let main = words.next().is_none_or(|table| matches!(table, "main" | "254"));
    main && command.contains("route") && command.contains("default")
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// The IPv4 stanzas of all files that count.
fn stanzas(files: &[ConfFile]) -> Vec<Stanza> {
    let main = files.iter().find(|f| f.path == MAIN);
    let sourced = |words: &str| {
        words.split_whitespace().any(|w| w.trim_start_matches("/etc/network/").starts_with("interfaces.d"))
    };
    let includes = |key: &str| {
        main.is_some_and(|f| {
            f.text
                .lines()
                .filter_map(|l| l.trim().split_once(char::is_whitespace))
                .any(|(k, v)| k == key && sourced(v))
        })
    };
    let (globs, directory) = (includes("source"), includes("source-directory"));
    let mut stanzas = Vec::new();
    for (file, conf) in files.iter().enumerate() {
        let name = conf.path.rsplit('/').next().unwrap_or("");
        // of a source-directory only plain names count
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if conf.path != MAIN && !globs && !(directory && plain) {
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
                    open = words.get(1) == Some(&"inet");
                    if let (true, [interface, _, method, ..]) = (open, &words[..]) {
                        let (interface, method) = ((*interface).to_owned(), (*method).to_owned());
                        stanzas.push(Stanza { file, interface, method, options: Vec::new() });
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
