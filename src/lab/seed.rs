//! What the controller gives a machine before its first boot: a tar that the guest unpacks over its root.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ipnet::IpNet;

use super::error::{At, LabError};
use super::program::Program;
use super::topology::{Blueprint, digest};

/// Writes `folder/seed.tar`, beside the machine's host key, and gives the tar's path.
///
/// `peers` are all machines of the lab, which know each other by name; `login` is the public key that root accepts.
pub async fn write(
    lab: &str,
    blueprint: &Blueprint,
    peers: &[Blueprint],
    login: &str,
    folder: &Path,
) -> Result<PathBuf, LabError> {
    let key = host_key(folder);
    if !key.exists() {
        new_key(&key, &blueprint.host).await?;
    }
    let read = |path: &Path| fs::read_to_string(path).at(path);
    let tree = folder.join("seed");
    let files = [
        ("etc/hostname", 0o644, format!("{}\n", blueprint.host)),
        // systemd strips from a host name what DNS does not allow, such as an underscore; a sysctl does not.
        ("usr/lib/sysctl.d/lab.conf", 0o644, format!("kernel.hostname = {}\n", blueprint.host)),
        ("etc/hosts", 0o644, hosts(peers)),
        ("etc/machine-id", 0o444, format!("{}\n", digest(&[lab, &blueprint.host], 16))),
        ("etc/network/interfaces", 0o644, interfaces(blueprint)),
        ("etc/ssh/ssh_host_ed25519_key", 0o600, read(&key)?),
        ("etc/ssh/ssh_host_ed25519_key.pub", 0o644, read(&key.with_extension("pub"))?),
        ("etc/ssh/sshd_config.d/port.conf", 0o644, format!("Port {}\n", blueprint.port)),
        ("root/.ssh/authorized_keys", 0o600, login.to_owned()),
        ("var/lib/lab/seeded", 0o644, String::new()),
    ];
    for (name, mode, text) in &files {
        let path = tree.join(name);
        let parent = path.parent().unwrap_or(&tree);
        fs::create_dir_all(parent).at(parent)?;
        fs::write(&path, text).at(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(*mode)).at(&path)?;
    }
    let ssh = tree.join("root/.ssh");
    fs::set_permissions(&ssh, Permissions::from_mode(0o700)).at(&ssh)?;
    let tar = folder.join("seed.tar");
    // Only what is named here goes in, no folder that the guest has already: their modes are the guest's.
    Program::new("tar")
        .args(["--owner=0", "--group=0", "--no-recursion", "--create", "--file"])
        .arg(&tar)
        .arg("--directory")
        .arg(&tree)
        .arg("root/.ssh")
        .args(files.iter().map(|(name, ..)| name))
        .run()
        .await?;
    fs::remove_dir_all(&tree).at(&tree)?;
    Ok(tar)
}

/// A machine's private host key, as the controller keeps it.
pub fn host_key(folder: &Path) -> PathBuf {
    folder.join("host_key")
}

/// Makes an ed25519 pair at `path` and `path.pub`.
pub async fn new_key(path: &Path, comment: &str) -> Result<(), LabError> {
    Program::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f"])
        .arg(path)
        .run()
        .await
        .map(drop)
}

fn hosts(peers: &[Blueprint]) -> String {
    let mut text = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n".to_owned();
    for peer in peers {
        text.push_str(&format!("{} {}\n", peer.address, peer.host));
    }
    text
}

/// Debian's /etc/network/interfaces (interfaces(5)): a stanza an address.
fn interfaces(blueprint: &Blueprint) -> String {
    let mut text = "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n".to_owned();
    for (number, card) in blueprint.cards.iter().enumerate() {
        text.push_str(&format!("\nauto vec{number}\n"));
        for address in &card.addresses {
            let (family, extra) = match address {
                IpNet::V4(_) => ("inet", ""),
                // Nobody else is on this wire; waiting for the doubt to clear would slow every boot.
                IpNet::V6(_) => ("inet6", "    dad-attempts 0\n"),
            };
            text.push_str(&format!("iface vec{number} {family} static\n    address {address}\n{extra}"));
            for gateway in blueprint.gateways_at(*address) {
                text.push_str(&format!("    gateway {gateway}\n"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::topology::Topology;
    use super::super::topology::tests::{director, host, inventory, tutorial};
    use super::*;

    #[test]
    fn a_real_server_begins_with_the_old_router() {
        let topology = Topology::of(&tutorial()).unwrap();
        assert_eq!(
            interfaces(&topology.blueprints[1]),
            "source /etc/network/interfaces.d/*\n\n\
             auto lo\niface lo inet loopback\n\n\
             auto vec0\niface vec0 inet static\n    address 192.168.40.101/24\n    gateway 192.168.40.1\n"
        );
    }

    #[test]
    fn a_director_has_two_cards_and_no_gateway() {
        let topology = Topology::of(&tutorial()).unwrap();
        let text = interfaces(&topology.blueprints[0]);
        assert!(text.contains("auto vec0\niface vec0 inet static\n    address 192.168.175.100/24\n"));
        assert!(text.contains("auto vec1\niface vec1 inet static\n    address 192.168.40.100/24\n"));
        assert!(!text.contains("gateway"));
    }

    #[test]
    fn two_addresses_on_one_card_are_two_stanzas() {
        let d = director(&["10.0.0.1/32"], &["10.0.0.2/24"], &[]);
        let topology = Topology::of(&inventory(vec![host("d", d)])).unwrap();
        let text = interfaces(&topology.blueprints[0]);
        assert_eq!(text.matches("iface vec0 inet static").count(), 2);
        assert_eq!(text.matches("auto vec0").count(), 1);
    }

    #[test]
    fn everybody_knows_everybody() {
        let topology = Topology::of(&tutorial()).unwrap();
        assert!(hosts(&topology.blueprints).ends_with(
            "192.168.40.100 lvs_director\n192.168.40.101 lvs_real_server01\n\
             192.168.40.102 lvs_real_server02\n192.168.175.50 client\n"
        ));
    }
}
