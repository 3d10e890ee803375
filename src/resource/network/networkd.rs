//! systemd.network(5): the .network files of systemd-networkd and their drop-ins.

use std::net::Ipv4Addr;

use super::foreign::netplan;
use super::observed::{ConfFile, Link, Observed};
use super::{Boot, refuse};
use crate::resource::Refusal;

/// A section with its assignments; each with its line's number.
struct Section {
    name: String,
    /// The header's line.
    first: usize,
    assignments: Vec<(usize, String, String)>,
}

impl Section {
    fn value(&self, key: &str) -> Option<&str> {
        self.assignments.iter().rev().find(|(_, k, _)| k == key).map(|(.., value)| value.as_str())
    }

    /// The lines that set an IPv4 default gateway: any `Gateway=` of `[Network]`, and that of a `[Route]` which has
    /// no destination, or all of them. One of another table or type is a policy's, and none of ours.
    fn gateways(&self) -> impl Iterator<Item = &(usize, String, String)> {
        let default = match self.name.as_str() {
            "Network" => true,
            "Route" => {
                matches!(self.value("Destination"), None | Some("" | "0.0.0.0/0" | "default"))
                    && matches!(self.value("Table"), None | Some("" | "main" | "254"))
                    && matches!(self.value("Type"), None | Some("" | "unicast"))
            }
            _ => false,
        };
        let lines = self.assignments.iter().filter(move |(_, key, _)| default && key == "Gateway");
        lines.filter(|(.., value)| value.parse::<Ipv4Addr>().is_ok() || value == "_dhcp4")
    }
}

/// What the files bring at boot, and the edits that leave one gateway, on `interface`, or none.
pub(super) fn boot(via: Ipv4Addr, interface: Option<&str>, observed: &Observed) -> Result<Boot, Refusal> {
    let mut gateways = Vec::new();
    let mut edits: Vec<(ConfFile, String)> = Vec::new();
    for link in observed.links.iter().filter(|link| link.configured()) {
        let own = Some(link.interface.as_str()) == interface;
        let files = files_of(link, observed);
        let mut texts: Vec<Vec<Option<String>>> =
            files.iter().map(|f| f.text.lines().map(|line| Some(line.to_owned())).collect()).collect();
        let mut placed = !own;
        for (file, text) in files.iter().zip(&mut texts) {
            for section in sections(&file.text) {
                let dhcp = section.name == "Network"
                    && matches!(section.value("DHCP"), Some("yes" | "true" | "ipv4" | "both"));
                let leads = observed.routes.iter().any(|route| route.device == link.interface);
                if dhcp && (own || leads) {
                    return refuse(
                        format!(
                            "{} gets its address and default gateway by DHCP ({})",
                            link.interface, file.path
                        ),
                        format!(
                            "give it a static address there, or have the DHCP server hand out {via} alone"
                        ),
                    );
                }
                for (line, _, gateway) in section.gateways() {
                    gateways.push((link.interface.clone(), gateway.clone()));
                    if !placed {
                        if *gateway != via.to_string() {
                            text[*line] = Some(format!("Gateway={via}"));
                        }
                        placed = true;
                    } else if section.name == "Route" {
                        // without its gateway the section means nothing
                        for (line, ..) in &section.assignments {
                            text[*line] = None;
                        }
                        text[section.first] = None;
                    } else {
                        text[*line] = None;
                    }
                }
            }
        }
        if !placed {
            let network =
                files.first().and_then(|file| sections(&file.text).into_iter().find(|s| s.name == "Network"));
            let Some(network) = network else {
                return refuse(
                    format!(
                        "the .network file of {} has no [Network] section to set the gateway in",
                        link.interface
                    ),
                    format!("add one with `Gateway={via}`"),
                );
            };
            let last = network.assignments.last().map_or(network.first, |(line, ..)| *line);
            if let Some(text) = texts.first_mut().and_then(|lines| lines[last].as_mut()) {
                *text = format!("{text}\nGateway={via}");
            }
        }
        for (file, lines) in files.into_iter().zip(texts) {
            let text: String = lines.into_iter().flatten().map(|line| line + "\n").collect();
            if text == file.text {
                continue;
            }
            if !file.path.starts_with("/etc/systemd/network/") {
                let remedy = if observed.netplan.is_empty() {
                    format!(
                        "copy it to /etc/systemd/network, or change what generates it, with `Gateway={via}`"
                    )
                } else {
                    netplan(via, &link.interface)
                };
                let reason = format!(
                    "{} configures {}, and is not the administrator's file to edit",
                    file.path, link.interface
                );
                return refuse(reason, remedy);
            }
            if !edits.iter().any(|(edited, _)| edited.path == file.path) {
                edits.push((file.clone(), text));
            }
        }
    }
    Ok(Boot { gateways, edits, refusal: None })
}

/// A link's .network file and its drop-ins, in the order in which they are read.
fn files_of<'a>(link: &Link, observed: &'a Observed) -> Vec<&'a ConfFile> {
    let Some(path) = &link.file else { return Vec::new() };
    let name = path.rsplit('/').next().unwrap_or(path);
    let beside = format!("/{name}.d/");
    let main = observed.networks.iter().filter(|file| file.path == *path);
    let mut dropped: Vec<&ConfFile> =
        observed.networks.iter().filter(|file| file.path.contains(&beside)).collect();
    let base = |file: &ConfFile| file.path.rsplit('/').next().unwrap_or("").to_owned();
    dropped.sort_by_key(|file| base(file));
    dropped.dedup_by_key(|file| base(file));
    main.chain(dropped).collect()
}

fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            sections.push(Section { name: name.to_owned(), first: number, assignments: Vec::new() });
        } else if let (Some(section), Some((key, value))) = (sections.last_mut(), line.split_once('=')) {
            section.assignments.push((number, key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    sections
}
