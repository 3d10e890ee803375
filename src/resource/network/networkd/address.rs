//! Static addresses in systemd.network(5): a drop-in each.

use std::net::IpAddr;

use ipnet::IpNet;

use super::unit::sections;
use super::{Networkd, OWN, not_to_edit};
use crate::resource::Refusal;
use crate::resource::network::edit::Edit;
use crate::resource::network::owner::{Assigned, refuse};

/// lvsprov's own file for an interface that no other file is for.
fn main(interface: &str) -> String {
    format!("{OWN}lvsprov-{interface}.network")
}

/// lvsprov's own drop-in for an address, beside the interface's file.
fn own(main: &str, address: IpAddr) -> String {
    let name = main.rsplit('/').next().unwrap_or(main);
    format!("{OWN}{name}.d/lvsprov-{}.conf", address.to_string().replace(':', "-"))
}

/// The addresses of those own files that networkd has not read yet, as it reads them at boot.
pub fn waiting(networkd: &Networkd) -> Vec<Assigned> {
    let mut waiting = Vec::new();
    for file in &networkd.files {
        let Some(rest) = file.path.strip_prefix(OWN).and_then(|rest| rest.strip_prefix("lvsprov-")) else {
            continue;
        };
        let Some((interface, _)) = rest.split_once(".network.d/") else { continue };
        let there = networkd.files.iter().any(|other| other.path == main(interface));
        if there && !networkd.configured().any(|link| link.interface == interface) {
            let nets: Vec<IpNet> = sections(&file.text)
                .iter()
                .flat_map(|section| section.addresses().map(|(_, net)| net).collect::<Vec<_>>())
                .collect();
            let assigned = |net| Assigned { interface: interface.to_owned(), net, by: file.path.clone() };
            waiting.extend(nets.into_iter().map(assigned));
        }
    }
    waiting
}

/// A drop-in of its own, and a file for it to be beside where there is none.
pub fn add(networkd: &Networkd, net: IpNet, interface: &str) -> Vec<Edit> {
    let link = networkd.configured().find(|link| link.interface == interface);
    let file = link.and_then(|link| link.file.clone());
    let path = file.clone().unwrap_or_else(|| main(interface));
    let new = |path: String, text: String| Edit { path, old: None, new: Some(text) };
    let first = file.is_none().then(|| {
        let text = format!(
            "# Written by lvsprov; the addresses are in {path}.d.\n[Match]\nName={interface}\n\n\
             [Link]\nRequiredForOnline=no\n"
        );
        new(path.clone(), text)
    });
    let text = format!("# Written by lvsprov.\n[Network]\nAddress={net}\n");
    first.into_iter().chain([new(own(&path, net.addr()), text)]).collect()
}

/// Without the lines that bring it.
pub fn remove(networkd: &Networkd, address: IpAddr, interface: &str) -> Result<Vec<Edit>, Refusal> {
    let link = networkd.configured().find(|link| link.interface == interface);
    let path = link.and_then(|link| link.file.clone()).unwrap_or_else(|| main(interface));
    let own = own(&path, address);
    let own_file = networkd.files.iter().filter(|file| file.path == own);
    let mut edits: Vec<Edit> =
        own_file.map(|file| Edit { path: own.clone(), old: Some(file.text.clone()), new: None }).collect();
    let files = link.map_or(Vec::new(), |link| networkd.files_of(link));
    for file in files.into_iter().filter(|file| file.path != own) {
        let mut lines: Vec<Option<&str>> = file.text.lines().map(Some).collect();
        for section in sections(&file.text) {
            for (line, _) in section.addresses().filter(|(_, net)| net.addr() == address) {
                if section.name == "Address" {
                    section.lines().for_each(|line| lines[line] = None);
                } else {
                    lines[line] = None;
                }
            }
        }
        let text: String = lines.into_iter().flatten().map(|line| format!("{line}\n")).collect();
        if text != file.text {
            if !file.path.starts_with(OWN) {
                return refuse(
                    not_to_edit(&file.path, interface),
                    format!("copy it to {OWN}, or change what generates it, without `Address={address}`"),
                );
            }
            edits.push(Edit::of(file, text));
        }
    }
    // the last of the addresses takes the file with it that was written for them
    let own_main = networkd.files.iter().find(|file| file.path == main(interface));
    let beside = format!("{}.d/", main(interface));
    let others = networkd.files.iter().any(|file| file.path.starts_with(&beside) && file.path != own);
    if let Some(file) = own_main.filter(|_| path == main(interface) && !edits.is_empty() && !others) {
        edits.push(Edit { path: file.path.clone(), old: Some(file.text.clone()), new: None });
    }
    Ok(edits)
}
