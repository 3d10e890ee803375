//! How ssh reaches the machines: an ssh_config(5) and the known host keys, as texts.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::error::{At, LabError};
use super::program::Program;
use super::seed;
use super::topology::Blueprint;

/// One `Host` entry a machine: its name, and whatever else the inventory calls it.
///
/// `folder` is the lab's, `exe` the program that has the `lab-proxy` verb.
pub fn config(blueprints: &[Blueprint], folder: &Path, exe: &Path, namespace: &str) -> String {
    let path = |path: &Path| format!("\"{}\"", path.to_string_lossy().replace('%', "%%"));
    let mut text = "# Written by `lvsprov lab up`; gone with the lab.\n".to_owned();
    for blueprint in blueprints {
        let names: Vec<_> =
            std::iter::once(&blueprint.host).chain(&blueprint.aliases).map(String::as_str).collect();
        text.push_str(&format!("\nHost {}\n", names.join(" ")));
        text.push_str(&format!("    HostName {}\n    Port {}\n", blueprint.address, blueprint.port));
        if let Some(user) = &blueprint.user {
            text.push_str(&format!("    User {user}\n"));
        }
    }
    text.push_str(&format!(
        "\nHost *\n    User root\n    IdentityFile {}\n    IdentitiesOnly yes\n    UserKnownHostsFile {}\n    \
         GlobalKnownHostsFile /dev/null\n    StrictHostKeyChecking yes\n    UpdateHostKeys no\n    \
         ProxyCommand '{}' lab-proxy {namespace} %h %p\n    ProxyUseFdpass yes\n",
        path(&folder.join("login_key")),
        path(&folder.join("known_hosts")),
        exe.to_string_lossy().replace('%', "%%").replace('\'', "'\\''"),
    ));
    text
}

/// The known_hosts text: each machine's public host key under each name that ssh may look it up by.
pub fn known_hosts(
    blueprints: &[Blueprint],
    key: impl Fn(&Blueprint) -> Result<String, LabError>,
) -> Result<String, LabError> {
    let mut text = String::new();
    for blueprint in blueprints {
        let key = key(blueprint)?;
        // Type and key; what follows is a comment.
        let key = key.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        for name in std::iter::once(&blueprint.host).chain(&blueprint.aliases) {
            let name =
                if blueprint.port == 22 { name.clone() } else { format!("[{name}]:{}", blueprint.port) };
            text.push_str(&format!("{name} {key}\n"));
        }
    }
    Ok(text)
}

/// The public host key of the machine whose folder that is.
pub fn public_key(folder: &Path) -> Result<String, LabError> {
    let path = seed::host_key(folder).with_extension("pub");
    fs::read_to_string(&path).at(path)
}

/// Runs a command on a machine as a user would, and gives its stdout.
pub async fn run(config: &Path, host: &str, command: &str, deadline: Duration) -> Result<String, LabError> {
    Program::new("ssh")
        .arg("-F")
        .arg(config)
        .args(["-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o", "ControlPath=none", host, command])
        .within(deadline)
        .run()
        .await
}

#[cfg(test)]
mod tests {
    use super::super::topology::Topology;
    use super::super::topology::tests::{client, host, inventory, tutorial};
    use super::*;

    #[test]
    fn a_host_is_known_by_name_and_by_address() {
        let topology = Topology::of(&tutorial()).unwrap();
        let text = config(&topology.blueprints, Path::new("/s/web"), Path::new("/b/lvsprov"), "lvsprov-web");
        assert!(
            text.contains(
                "\nHost lvs_real_server01 192.168.40.101\n    HostName 192.168.40.101\n    Port 22\n"
            )
        );
        assert!(text.contains("    IdentityFile \"/s/web/login_key\"\n"));
        assert!(
            text.contains(
                "    ProxyCommand '/b/lvsprov' lab-proxy lvsprov-web %h %p\n    ProxyUseFdpass yes\n"
            )
        );
    }

    #[test]
    fn the_first_user_that_is_said_counts() {
        let mut c = host("c", client(&["10.0.0.9/24"]));
        c.ssh.user = Some("ops".to_owned());
        let topology = Topology::of(&inventory(vec![c])).unwrap();
        let text = config(&topology.blueprints, Path::new("/s/web"), Path::new("/b/lvsprov"), "lvsprov-web");
        let (own, all) = (text.find("\n    User ops\n").unwrap(), text.find("\n    User root\n").unwrap());
        assert!(own < all, "{text}");
    }

    #[test]
    fn another_port_is_part_of_the_known_name() {
        let mut c = host("c", client(&["10.0.0.9/24"]));
        c.ssh.port = Some(2222);
        let topology = Topology::of(&inventory(vec![c])).unwrap();
        let text = known_hosts(&topology.blueprints, |_| Ok("ssh-ed25519 AAAA c\n".to_owned())).unwrap();
        assert_eq!(text, "[c]:2222 ssh-ed25519 AAAA\n[10.0.0.9]:2222 ssh-ed25519 AAAA\n");
    }
}
