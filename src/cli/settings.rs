//! Where things are: the environment is read here, and nowhere below.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::exit::Stop;
use crate::inventory::Inventory;
use crate::lab::{Lab, LabSettings};
use crate::transport::{Settings, configuration};

/// How long a connection stays for the next run.
const PERSIST: Duration = Duration::from_secs(300);

/// How long reading what is on one host may take.
const READ_TIMEOUT: Duration = Duration::from_secs(90);

/// The lab of an inventory.
pub(super) fn lab_of(inventory: &Inventory) -> Result<Lab, Stop> {
    let exe = std::env::current_exe().map_err(|error| {
        Stop::usage(format!("can't find this program's own file: {error}"), "call it by its path")
    })?;
    let settings = LabSettings {
        cache: directory("XDG_CACHE_HOME", ".cache")?.join("lvsprov"),
        state: directory("XDG_STATE_HOME", ".local/state")?.join("lvsprov").join("lab"),
        exe,
    };
    Ok(Lab::new(&settings, &inventory.cluster))
}

/// How to connect: to the lab's machines when there is a lab, else to the real ones.
pub(super) async fn connections(lab: Option<&Lab>, connect_timeout: Duration) -> Settings {
    let config_file = lab.map(Lab::ssh_config);
    Settings {
        control_dir: lab.map_or_else(control_dir, lab_control_dir),
        configuration: configuration(config_file.as_deref(), connect_timeout).await,
        config_file,
        connect_timeout,
        read_timeout: READ_TIMEOUT,
        persist: PERSIST,
    }
}

/// Where the sockets of a lab's connections are. They go with the lab, so that the next lab of that name is not taken
/// for this one.
pub(super) fn lab_control_dir(lab: &Lab) -> PathBuf {
    let digest = Sha256::digest(lab.ssh_config().as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    control_dir().join(format!("lab-{name}"))
}

/// Where the sockets of live connections are: short, and nobody else's.
fn control_dir() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(dir) = variable("LVSPROV_CONTROL_DIR") {
        return dir;
    }
    let me = rustix::process::geteuid().as_raw();
    // After `su` it may still be the other user's.
    match variable("XDG_RUNTIME_DIR").filter(|dir| dir.metadata().is_ok_and(|there| there.uid() == me)) {
        Some(dir) => dir.join("lvsprov"),
        None => Path::new("/tmp").join(format!("lvsprov-{me}")),
    }
}

/// Where the facts of a cluster's hosts are kept for the next run; `None` where the user has no folder for that.
pub(super) fn facts_file(cluster: &str, lab: bool) -> Option<PathBuf> {
    let kind = if lab { "lab" } else { "hosts" };
    let folder = directory("XDG_CACHE_HOME", ".cache").ok()?.join("lvsprov").join("facts");
    Some(folder.join(format!("{cluster}.{kind}.json")))
}

/// How this run is called on the hosts that it locks: `ann@desk`.
pub(super) fn holder() -> String {
    let user = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    let user = user.unwrap_or_else(|| format!("uid {}", rustix::process::geteuid().as_raw()));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{user}@{host} (pid {})", std::process::id())
}

/// A directory of the XDG base directory specification.
fn directory(variable: &str, in_home: &str) -> Result<PathBuf, Stop> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set(variable)
        .or_else(|| Some(set("HOME")?.join(in_home)))
        .ok_or_else(|| Stop::usage("neither $HOME nor its substitutes are set", format!("set ${variable}")))
}

/// A word that nobody can guess.
pub(super) fn mark() -> Result<String, Stop> {
    let mut bytes = [0; 12];
    let random = || Stop::usage("the kernel gives no random numbers", "see getrandom(2)");
    match rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty()) {
        Ok(12) => Ok(bytes.iter().fold("lvsprov-".to_owned(), |word, byte| format!("{word}{byte:02x}"))),
        _ => Err(random()),
    }
}
