//! What the controller gives a machine before its first boot: a tar that the guest unpacks over its root.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::error::{At, LabError};
use super::flavour;
use super::program::Program;
use super::seed_file::SeedFile;
use super::topology::{Blueprint, digest};

/// Writes `folder/seed.tar`, beside the machine's host key, and gives the tar's path.
///
/// `peers` are all machines of the lab, which know each other by name; `login` is the public key that root accepts, and
/// the blueprint's user.
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
    let host = &blueprint.host;
    let mut files = vec![
        SeedFile::readable("etc/hostname", format!("{host}\n")),
        // systemd strips from a host name what DNS does not allow, such as an underscore; a sysctl does not.
        SeedFile::readable("usr/lib/sysctl.d/lab.conf", format!("kernel.hostname = {host}\n")),
        SeedFile::readable("etc/hosts", hosts(peers)),
        SeedFile { mode: 0o444, ..SeedFile::readable("etc/machine-id", digest(&[lab, host], 16) + "\n") },
        SeedFile::secret("etc/ssh/ssh_host_ed25519_key", read(&key)?),
        SeedFile::readable("etc/ssh/ssh_host_ed25519_key.pub", read(&key.with_extension("pub"))?),
        SeedFile::readable("etc/ssh/sshd_config.d/port.conf", format!("Port {}\n", blueprint.port)),
        SeedFile::secret("root/.ssh/authorized_keys", login),
    ];
    if let Some(user) = &blueprint.user {
        // lab-init makes that user.
        files.push(SeedFile::readable("var/lib/lab/user", format!("{user}\n")));
        let sudoers = format!("{user} ALL=(ALL:ALL) NOPASSWD: ALL\n");
        files.push(SeedFile { mode: 0o440, ..SeedFile::readable("etc/sudoers.d/lab", sudoers) });
    }
    files.extend(flavour::of(blueprint.image).seed(blueprint));
    for file in &files {
        let path = tree.join(&file.path);
        let parent = path.parent().unwrap_or(&tree);
        fs::create_dir_all(parent).at(parent)?;
        fs::write(&path, &file.text).at(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(file.mode)).at(&path)?;
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
        .args(files.iter().map(|file| &file.path))
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

#[cfg(test)]
mod tests {
    use super::super::topology::Topology;
    use super::super::topology::tests::tutorial;
    use super::*;

    #[test]
    fn everybody_knows_everybody() {
        let topology = Topology::of(&tutorial()).unwrap();
        assert!(hosts(&topology.blueprints).ends_with(
            "192.168.40.100 lvs_director\n192.168.40.101 lvs_real_server01\n\
             192.168.40.102 lvs_real_server02\n192.168.175.50 client\n"
        ));
    }
}
