//! systemd-networkd: systemd.network(5).

use ipnet::IpNet;

use super::Owner;
use crate::lab::seed_file::SeedFile;
use crate::lab::topology::{Blueprint, Card};

/// It is part of Debian's systemd, and off.
pub const NETWORKD: Owner = Owner { packages: &[], units: &["systemd-networkd.service"], files };

/// networkd leaves a device alone until udev has named it, and a guest has no udev: nothing ever comes or goes.
const NAMED: &str = "\
[Service]
ExecStartPre=+/bin/sh -c 'mkdir -p /run/udev/data; for f in /sys/class/net/*/ifindex; do read -r i <$f; echo I:1 >/run/udev/data/n$i; done'
";

fn files(blueprint: &Blueprint) -> Vec<SeedFile> {
    let cards = blueprint.cards.iter().enumerate().map(|(number, card)| {
        let path = format!("etc/systemd/network/10-vec{number}.network");
        SeedFile::readable(path, network(number, card, blueprint))
    });
    let named = SeedFile::readable("usr/lib/systemd/system/systemd-networkd.service.d/lab.conf", NAMED);
    cards.chain([named]).collect()
}

fn network(number: usize, card: &Card, blueprint: &Blueprint) -> String {
    let mut text = format!("[Match]\nName=vec{number}\n\n[Network]\nIPv6AcceptRA=no\n");
    let (four, six): (Vec<&IpNet>, Vec<&IpNet>) =
        card.addresses.iter().partition(|address| matches!(address, IpNet::V4(_)));
    for address in four {
        text.push_str(&format!("Address={address}\n"));
    }
    for gateway in card.addresses.iter().flat_map(|address| blueprint.gateways_at(*address)) {
        text.push_str(&format!("Gateway={gateway}\n"));
    }
    for address in six {
        // Nobody else is on this wire; waiting for the doubt to clear would slow every boot.
        text.push_str(&format!("\n[Address]\nAddress={address}\nDuplicateAddressDetection=none\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::topology::Topology;
    use crate::lab::topology::tests::{host, inventory, real_server, tutorial};

    #[test]
    fn a_real_server_begins_with_the_old_router() {
        let blueprint = &Topology::of(&tutorial()).unwrap().blueprints[1];
        assert_eq!(
            network(0, &blueprint.cards[0], blueprint),
            "[Match]\nName=vec0\n\n[Network]\nIPv6AcceptRA=no\nAddress=192.168.40.101/24\nGateway=192.168.40.1\n"
        );
    }

    #[test]
    fn a_director_has_two_files_and_no_gateway() {
        let files = files(&Topology::of(&tutorial()).unwrap().blueprints[0]);
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(
            paths[..2],
            ["etc/systemd/network/10-vec0.network", "etc/systemd/network/10-vec1.network"]
        );
        assert!(
            files[1].text.contains("Name=vec1\n") && files[1].text.contains("Address=192.168.40.100/24\n")
        );
        assert!(files.iter().all(|file| !file.text.contains("Gateway=")));
    }

    #[test]
    fn an_ipv6_address_is_there_at_once() {
        let server = host("r", real_server(&["fd00::2/64"]));
        let blueprint = &Topology::of(&inventory(vec![server])).unwrap().blueprints[0];
        let text = network(0, &blueprint.cards[0], blueprint);
        assert!(text.contains("[Network]\nIPv6AcceptRA=no\nGateway=fd00::1\n"), "{text}");
        assert!(
            text.ends_with("\n[Address]\nAddress=fd00::2/64\nDuplicateAddressDetection=none\n"),
            "{text}"
        );
    }
}
