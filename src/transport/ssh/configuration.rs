//! What ssh's configuration files say, as one word.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use rustix::fs::{MemfdFlags, memfd_create};
use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::time::timeout;

/// A digest of every configuration file that ssh reads, those that they include among them: `~/.ssh/config` and the
/// system's, or the one that `-F` names. A master that was made under other files may lead to another machine, and is not taken up.
///
/// A file that includes no other is read here; all else is asked of ssh. Where ssh can't read them it is empty: connecting
/// then tells why. Where it takes longer than `patience`, as a `Match exec` may run anything, it is a word that no other run
/// has: which masters are of the same files is not known.
pub async fn configuration(config_file: Option<&Path>, patience: Duration) -> String {
    if let Some(file) = config_file.filter(|file| stands_alone(file)) {
        return digest([file.to_owned()]);
    }
    let told = match timeout(patience, told_by_ssh(config_file)).await {
        Ok(Ok(told)) => told,
        Ok(Err(_)) => return String::new(),
        Err(_) => return format!("{} {:?}", std::process::id(), SystemTime::now()),
    };
    digest(files(&String::from_utf8_lossy(&told)))
}

/// Whether ssh, told to read this file, reads no other, and runs nothing to know what it says.
fn stands_alone(file: &Path) -> bool {
    let asks =
        |text: String| ["include", "match"].iter().any(|word| text.to_ascii_lowercase().contains(word));
    std::fs::read_to_string(file).is_ok_and(|text| !asks(text))
}

fn digest(files: impl IntoIterator<Item = PathBuf>) -> String {
    let mut digest = Sha256::new();
    for file in files {
        digest.update(file.as_os_str().as_encoded_bytes());
        digest.update([0]);
        digest.update(Sha256::digest(std::fs::read(&file).unwrap_or_default()));
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn told_by_ssh(config_file: Option<&Path>) -> io::Result<Vec<u8>> {
    // No pipe: what a `Match exec` leaves running in the background would keep it open.
    let mut told = File::from(memfd_create("ssh", MemfdFlags::CLOEXEC)?);
    let mut ssh = Command::new("ssh");
    // -G prints what it would do and connects to nothing; -v names the files as it reads them.
    ssh.args(["-v", "-G"]);
    if let Some(file) = config_file {
        ssh.arg("-F").arg(file);
    }
    ssh.args(["--", "lvsprov"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(told.try_clone()?);
    ssh.kill_on_drop(true).status().await?;
    let mut text = Vec::new();
    told.rewind()?;
    told.read_to_end(&mut text)?;
    Ok(text)
}

/// The files that ssh says it reads (readconf.c).
fn files(debug: &str) -> Vec<PathBuf> {
    let told = debug.lines().filter_map(|line| line.split_once("Reading configuration data "));
    told.map(|(_, path)| PathBuf::from(path.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::write;

    use super::*;

    async fn configuration(file: &Path) -> String {
        super::configuration(Some(file), Duration::from_secs(20)).await
    }

    #[tokio::test]
    async fn what_a_match_leaves_running_is_not_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let config = place.path().join("config");
        let still = place.path().join("still");
        // The background process ends only once the digest is there, or all of the test is over.
        let (folder, file) = (place.path().display(), still.display());
        let left = format!("while [ -d {folder} ] && ! [ -e {file} ]; do sleep 0.1; done");
        write(&config, format!("Match exec \"sh -c '({left}) &'\"\n  User root\n")).unwrap();
        let word = configuration(&config).await;
        write(&still, "").unwrap();
        assert_eq!(word.len(), 64);
    }

    #[tokio::test]
    async fn a_match_that_does_not_end_is_not_waited_for_for_ever() {
        let place = tempfile::tempdir().unwrap();
        let config = place.path().join("config");
        write(&config, "Match exec \"sleep 5\"\n  User root\n").unwrap();
        let impatient = || super::configuration(Some(&config), Duration::from_millis(300));
        assert_ne!(impatient().await, impatient().await, "a master of another configuration may be there");
    }

    #[tokio::test]
    async fn another_text_in_any_file_is_another_word() {
        let place = tempfile::tempdir().unwrap();
        let (config, included) = (place.path().join("config"), place.path().join("included"));
        write(&config, format!("Host web1\n  Include {}\n", included.display())).unwrap();
        write(&included, "HostName 127.0.0.1\n").unwrap();
        let before = configuration(&config).await;
        assert_eq!(configuration(&config).await, before);
        write(&included, "HostName 127.0.0.2\n").unwrap();
        let after = configuration(&config).await;
        assert_ne!(after, before);
        write(&config, "Host web1\n").unwrap();
        let alone = configuration(&config).await;
        assert_ne!(alone, after);
        write(&config, "Host web2\n").unwrap();
        assert_ne!(configuration(&config).await, alone);
    }
}
