//! What ssh's configuration files say, as one word.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use tokio::process::Command;

/// A digest of every configuration file that ssh reads, those that they include among them: `~/.ssh/config` and the
/// system's, or the one that `-F` names. A master that was made under other files may lead to another machine, and is not taken up.
///
/// Where ssh can't read them it is empty: connecting then tells why.
pub async fn configuration(config_file: Option<&Path>) -> String {
    let mut ssh = Command::new("ssh");
    // -G prints what it would do and connects to nothing; -v names the files as it reads them.
    ssh.args(["-v", "-G"]);
    if let Some(file) = config_file {
        ssh.arg("-F").arg(file);
    }
    ssh.args(["--", "lvsprov"]).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let Ok(output) = ssh.stderr(Stdio::piped()).output().await else { return String::new() };
    let mut digest = Sha256::new();
    for file in files(&String::from_utf8_lossy(&output.stderr)) {
        digest.update(file.as_os_str().as_encoded_bytes());
        digest.update([0]);
        digest.update(Sha256::digest(std::fs::read(&file).unwrap_or_default()));
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
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

    #[tokio::test]
    async fn another_text_in_any_file_is_another_word() {
        let place = tempfile::tempdir().unwrap();
        let (config, included) = (place.path().join("config"), place.path().join("included"));
        write(&config, format!("Host web1\n  Include {}\n", included.display())).unwrap();
        write(&included, "HostName 127.0.0.1\n").unwrap();
        let before = configuration(Some(&config)).await;
        assert_eq!(configuration(Some(&config)).await, before);
        write(&included, "HostName 127.0.0.2\n").unwrap();
        let after = configuration(Some(&config)).await;
        assert_ne!(after, before);
        write(&config, "Host web1\n").unwrap();
        assert_ne!(configuration(Some(&config)).await, after);
    }
}
