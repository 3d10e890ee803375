//! NetworkManager: a keyfile a card, nm-settings-keyfile(5).

use ipnet::IpNet;

use super::Owner;
use crate::lab::seed_file::SeedFile;
use crate::lab::topology::{Blueprint, Card};

/// Its package enables its unit.
pub const NETWORK_MANAGER: Owner = Owner { packages: &["network-manager"], units: &[], files };

/// It leaves a device alone until udev has named it, and a guest has no udev: nothing ever comes or goes.
const NAMED: &str = "\
[Service]
ExecStartPre=+/bin/sh -c 'mkdir -p /run/udev/data; : >/run/udev/control; for f in /sys/class/net/*/ifindex; do read -r i <$f; echo I:1 >/run/udev/data/n$i; done'
";

/// Debian's has a plugin for interfaces(5) too, EL's has not; and nobody here answers DNS.
const SETTINGS: &str = "[main]\nplugins=keyfile\ndns=none\nno-auto-default=*\n";

fn files(blueprint: &Blueprint) -> Vec<SeedFile> {
    let cards = blueprint.cards.iter().enumerate().map(|(number, card)| {
        let path = format!("etc/NetworkManager/system-connections/vec{number}.nmconnection");
        SeedFile::secret(&path, profile(number, card, blueprint))
    });
    let named = SeedFile::readable("usr/lib/systemd/system/NetworkManager.service.d/lab.conf", NAMED);
    let settings = SeedFile::readable("etc/NetworkManager/conf.d/lab.conf", SETTINGS);
    cards.chain([named, settings]).collect()
}

fn profile(number: usize, card: &Card, blueprint: &Blueprint) -> String {
    let name = format!("vec{number}");
    let mut text = format!("[connection]\nid={name}\ntype=ethernet\ninterface-name={name}\n\n[ethernet]\n");
    let (four, six): (Vec<&IpNet>, Vec<&IpNet>) =
        card.addresses.iter().partition(|address| matches!(address, IpNet::V4(_)));
    for (section, addresses) in [("ipv4", four), ("ipv6", six)] {
        text.push_str(&format!("\n[{section}]\n"));
        for (number, address) in addresses.iter().enumerate() {
            text.push_str(&format!("address{}={address}\n", number + 1));
        }
        // A profile has one gateway of an IP version.
        let gateway = addresses.iter().flat_map(|address| blueprint.gateways_at(**address)).next();
        if let Some(gateway) = gateway {
            text.push_str(&format!("gateway={gateway}\n"));
        }
        let method = match (addresses.is_empty(), section) {
            (false, _) => "manual",
            (true, "ipv6") => "link-local",
            (true, _) => "disabled",
        };
        text.push_str(&format!("method={method}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::topology::Topology;
    use crate::lab::topology::tests::tutorial;

    #[test]
    fn a_real_server_begins_with_the_old_router() {
        let blueprint = &Topology::of(&tutorial()).unwrap().blueprints[1];
        assert_eq!(
            profile(0, &blueprint.cards[0], blueprint),
            "[connection]\nid=vec0\ntype=ethernet\ninterface-name=vec0\n\n[ethernet]\n\n\
             [ipv4]\naddress1=192.168.40.101/24\ngateway=192.168.40.1\nmethod=manual\n\n\
             [ipv6]\nmethod=link-local\n"
        );
    }

    #[test]
    fn a_director_has_two_profiles_that_only_root_reads() {
        let blueprint = &Topology::of(&tutorial()).unwrap().blueprints[0];
        let profiles: Vec<_> =
            files(blueprint).into_iter().filter(|file| file.path.ends_with(".nmconnection")).collect();
        assert_eq!(profiles.len(), 2);
        assert!(profiles.iter().all(|file| file.mode == 0o600 && !file.text.contains("gateway")));
    }
}
