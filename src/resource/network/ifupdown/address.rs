//! Static addresses in interfaces(5): a stanza each.

use std::net::IpAddr;

use ipnet::IpNet;

use super::MAIN;
use super::stanza::{Stanza, brought_up, counts, stanzas};
use crate::resource::Refusal;
use crate::resource::network::conf_file::ConfFile;
use crate::resource::network::edit::Edit;
use crate::resource::network::owner::{Assigned, refuse};

/// What the stanzas and the commands in them bring.
pub fn all(files: &[ConfFile]) -> Vec<Assigned> {
    let of = |stanza: Stanza| {
        let path = &files[stanza.file].path;
        let assigned = |net| Assigned { interface: stanza.interface.clone(), net, by: path.clone() };
        let by_hand = stanza.commands().filter_map(|(.., command)| added(command, &stanza.interface));
        let fixed = stanza.net().filter(|_| stanza.method == "static").map(assigned);
        let all: Vec<Assigned> = fixed
            .into_iter()
            .chain(by_hand.map(|(interface, net)| Assigned { interface, ..assigned(net) }))
            .collect();
        all
    };
    stanzas(files).into_iter().flat_map(of).collect()
}

/// What `ip address add 192.0.2.1/32 dev lo` adds, as a command of the interface's stanza.
fn added(command: &str, interface: &str) -> Option<(String, IpNet)> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let verb = words.windows(2).position(|pair| {
        pair[0].starts_with('a') && "address".starts_with(pair[0]) && matches!(pair[1], "add" | "replace")
    })?;
    words[..verb].iter().find(|word| **word == "ip" || word.ends_with("/ip"))?;
    let net = words
        .iter()
        .skip(verb + 2)
        .find_map(|word| word.parse().ok().or_else(|| word.parse::<IpAddr>().map(IpNet::from).ok()))?;
    let device = words.iter().skip_while(|word| **word != "dev").nth(1)?;
    let device = if matches!(*device, "$IFACE" | "${IFACE}" | "\"$IFACE\"") { interface } else { device };
    Some((device.to_owned(), net))
}

/// The name of lvsprov's own file for an address, which `source-directory` takes as well.
fn own(net: IpNet, interface: &str) -> String {
    let name = format!("lvsprov-{interface}-{}", net.addr());
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    name.chars().map(plain).collect()
}

/// A stanza of its own, in a file of its own where such files count.
pub fn add(files: &[ConfFile], net: IpNet, interface: &str) -> Edit {
    let family = if net.addr().is_ipv4() { "inet" } else { "inet6" };
    let up = if interface == "lo" || brought_up(files).contains(&interface) {
        String::new()
    } else {
        format!("auto {interface}\n")
    };
    let stanza = format!("# Written by lvsprov.\n{up}iface {interface} {family} static\n    address {net}\n");
    let name = own(net, interface);
    match files.iter().find(|file| file.path == MAIN) {
        Some(main) if !counts(files, &name) => Edit::of(main, format!("{}\n{stanza}", main.text)),
        _ => Edit { path: format!("{MAIN}.d/{name}"), old: None, new: Some(stanza) },
    }
}

/// Without the stanza that brings it.
pub fn remove(files: &[ConfFile], address: IpAddr, interface: &str) -> Result<Vec<Edit>, Refusal> {
    let stanzas = stanzas(files);
    let mut edits = Vec::new();
    for stanza in &stanzas {
        let file = &files[stanza.file];
        let mut commands = stanza.commands();
        let by_hand = commands.find(|(.., command)| {
            added(command, &stanza.interface).is_some_and(|(i, net)| i == interface && net.addr() == address)
        });
        if let Some((line, key, command)) = by_hand {
            return refuse(
                format!("{}:{}: `{key} {command}` brings {address}", file.path, line + 1),
                "remove that line by hand, and the one that takes the address away again, if there is one",
            );
        }
        if stanza.interface != interface || stanza.net().is_none_or(|net| net.addr() != address) {
            continue;
        }
        if file.path.ends_with(&format!("/{}", own(IpNet::from(address), interface))) {
            edits.push(Edit { path: file.path.clone(), old: Some(file.text.clone()), new: None });
            continue;
        }
        // what else the stanza does would go with it
        let alone = stanza.label == stanza.interface
            && stanzas.iter().filter(|s| s.label == stanza.label && s.version == stanza.version).count() == 1;
        let plain =
            |key: &str| matches!(key, "address" | "netmask" | "broadcast" | "network" | "dad-attempts");
        if alone || stanza.options.iter().any(|(_, key, _)| !plain(key)) {
            return refuse(
                format!(
                    "{}:{}: the stanza that brings {address} is more than that address",
                    file.path,
                    stanza.first + 1
                ),
                format!("take {address} out of {} by hand, and run again", file.path),
            );
        }
        let within = stanza.first..=stanza.last();
        let kept = file.text.lines().enumerate().filter(|(number, _)| !within.contains(number));
        let others = stanzas.iter().filter(|other| other.label == stanza.label).count() > 1;
        let named = |(_, line): (usize, &str)| {
            if others { Some(line.to_owned()) } else { without_name(line, &stanza.label) }
        };
        let text = kept.filter_map(named).map(|line| line + "\n").collect();
        edits.push(Edit::of(file, text));
    }
    Ok(edits)
}

/// An `auto` or `allow-hotplug` without this name; `None` when it names nothing else.
fn without_name(line: &str, label: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let brings_up = words.first().is_some_and(|key| *key == "auto" || key.starts_with("allow-"));
    if !brings_up || !words.contains(&label) {
        return Some(line.to_owned());
    }
    let kept: Vec<&str> = words.into_iter().filter(|word| *word != label).collect();
    (kept.len() > 1).then(|| kept.join(" "))
}
