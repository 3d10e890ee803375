//! One machine: a User-mode Linux kernel, which is many processes of this machine.

use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::{At, LabError};
use super::folder::{self, Folder};
use super::program::{command, tail};
use super::proxy::greets;
use super::topology::Blueprint;
use super::{network, process, ssh};

/// In how many looks running, a fifth of a second apart, its kernel must not be there to count as ended.
const LOOKS: u32 = 5;

/// What a guest may use, and takes as it needs it. Apache, chrony and a package installation fit well; with less, a guest
/// that has done much reads its programs from the disk again and again.
const MEMORY: &str = "mem=384M";

/// A machine of a lab, running or not.
#[derive(Clone, Debug)]
pub struct Guest {
    /// What it is made from.
    pub blueprint: Blueprint,
    /// The lab's folder.
    pub lab: Folder,
    /// The lab's network namespace.
    pub namespace: String,
}

impl Guest {
    /// Its own folder: disk, seed, host key, console.
    pub fn folder(&self) -> PathBuf {
        folder::machine(&self.lab.path, &self.blueprint.host)
    }

    /// What its kernel and its systemd print.
    pub fn console(&self) -> PathBuf {
        self.folder().join("console.log")
    }

    /// Its kernel's process, if it runs.
    pub fn pid(&self) -> Option<i32> {
        let own = |process: &process::Process| process.kernel && process.host == self.blueprint.host;
        process::all(&self.lab.path).into_iter().find(own).map(|one| one.pid)
    }

    /// Starts its kernel, which goes on without us: no process of ours watches it. What an earlier kernel left ends
    /// first, since its disk is locked as long as one of its processes lives.
    pub async fn start(&self) -> Result<(), LabError> {
        self.cut_off().await?;
        let folder = self.folder();
        let base = self.lab.base(self.blueprint.image);
        let base = fs::read_to_string(&base).at(base)?;
        let console = self.console();
        let log = File::options().create(true).append(true).open(&console).at(&console)?;
        let errors = log.try_clone().at(&console)?;
        let mut command = command("nsenter");
        command
            .arg(format!("--net={}", network::link(&self.namespace).display()))
            .args(["taskset", "--cpu-list", &self.processor(), "setsid", "--fork"])
            .arg(process::wrapper(&self.lab.path))
            .arg(format!("umid={}", self.blueprint.host))
            .arg(format!("uml_dir={}/", folder.display()))
            .arg(format!("ubd0={},{}", folder.join("disk.cow").display(), base))
            .arg(format!("ubd1r={}", folder.join("seed.tar").display()))
            .args([MEMORY, "root=/dev/ubda", "rw", "init=/usr/sbin/lab-init"])
            // What this machine has in its page cache outlives any guest: waiting for its disk would buy nothing.
            .arg("rootflags=nobarrier")
            .args(["con=null", "con0=null,fd:1", "ssl=null"]);
        for (number, card) in self.blueprint.cards.iter().enumerate() {
            command.arg(format!("vec{number}:transport=tap,ifname={},mac={}", card.tap, card.mac));
        }
        // A guest's memory is a file in $TMPDIR; in /dev/shm it never goes to a disk.
        let started =
            command.env("TMPDIR", "/dev/shm").stdin(Stdio::null()).stdout(log).stderr(errors).status();
        let status = tokio::time::timeout(Duration::from_secs(10), started)
            .await
            .map_err(|_| LabError::CommandTimeout {
                command: "nsenter".to_owned(),
                after: Duration::from_secs(10),
            })?
            .at("nsenter")?;
        if status.success() { Ok(()) } else { Err(self.died()) }
    }

    /// Starts it, as after a power cut where it runs, and waits until its sshd greets.
    pub async fn restarted(&self, deadline: Duration) -> Result<(), LabError> {
        let begun = Instant::now();
        self.start().await?;
        self.greeted(begun, deadline).await
    }

    /// Waits until its sshd greets, as long as it lives and the deadline has not come, which counts from `begun`.
    pub async fn greeted(&self, begun: Instant, deadline: Duration) -> Result<(), LabError> {
        let (called, mut gone) = (Instant::now(), 0);
        loop {
            let Err(unanswered) = self.greets(Duration::from_secs(5)).await else { return Ok(()) };
            // A kernel that reboots becomes another program several times, and a look may fall between two of them. One
            // that has ended is not there the next time either.
            gone = if self.pid().is_none() { gone + 1 } else { 0 };
            if called.elapsed() > Duration::from_secs(2) && gone >= LOOKS {
                return Err(self.died());
            }
            if begun.elapsed() > deadline {
                return Err(self.silent(deadline, unanswered.to_string()));
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Reboots it as its administrator would, and waits until its sshd answers with a new boot id.
    pub async fn reboot(&self, config: &Path, deadline: Duration) -> Result<(), LabError> {
        if self.pid().is_none() {
            return Err(LabError::Off { host: self.blueprint.host.clone() });
        }
        let boot_id = "cat /proc/sys/kernel/random/boot_id";
        let begun = Instant::now();
        let order = format!("{boot_id}; {}", self.as_root("systemctl --no-block reboot"));
        let old = ssh::run(config, &self.blueprint.host, &order, Duration::from_secs(30)).await?;
        loop {
            sleep(Duration::from_millis(500)).await;
            self.greeted(begun, deadline).await?;
            // The old sshd may still have greeted, and be gone by now.
            let late = begun.elapsed() > deadline;
            match ssh::run(config, &self.blueprint.host, boot_id, Duration::from_secs(20)).await {
                Ok(new) if new.trim() != old.trim() => return Ok(()),
                Ok(_) if late => return Err(self.not_rebooted(deadline)),
                Err(error) if late => return Err(self.silent(deadline, error.to_string())),
                _ => {}
            }
        }
    }

    /// Powers it off as its administrator would. One that does not answer, or does not end in time, is cut off.
    pub async fn power_off(&self, config: &Path, deadline: Duration) -> Result<(), LabError> {
        let begun = Instant::now();
        let order = self.as_root("systemctl --no-block poweroff");
        if self.pid().is_some()
            && ssh::run(config, &self.blueprint.host, &order, Duration::from_secs(30)).await.is_ok()
        {
            while self.pid().is_some() && begun.elapsed() < deadline {
                sleep(Duration::from_millis(200)).await;
            }
        }
        self.cut_off().await
    }

    /// Ends all of its processes, as a power cut does.
    pub async fn cut_off(&self) -> Result<(), LabError> {
        process::end(&self.lab.path, |host| host == self.blueprint.host).await
    }

    /// The command for whom ssh logs in as, so that root does it.
    fn as_root(&self, command: &str) -> String {
        match self.blueprint.user {
            Some(_) => format!("sudo -n {command}"),
            None => command.to_owned(),
        }
    }

    /// Whether its sshd greets within `deadline`.
    pub async fn answers(&self, deadline: Duration) -> bool {
        self.greets(deadline).await.is_ok()
    }

    async fn greets(&self, deadline: Duration) -> io::Result<()> {
        greets(&self.namespace, SocketAddr::new(self.blueprint.address, self.blueprint.port), deadline).await
    }

    /// It has ended, and should not have.
    pub fn died(&self) -> LabError {
        LabError::GuestDied {
            host: self.blueprint.host.clone(),
            console: self.console(),
            tail: self.console_tail(),
        }
    }

    /// It is not there within `after`; `last` is what came of the last try.
    fn silent(&self, after: Duration, last: String) -> LabError {
        LabError::GuestSilent {
            host: self.blueprint.host.clone(),
            after,
            last,
            console: self.console(),
            tail: self.console_tail(),
        }
    }

    fn not_rebooted(&self, after: Duration) -> LabError {
        LabError::NotRebooted {
            host: self.blueprint.host.clone(),
            after,
            console: self.console(),
            tail: self.console_tail(),
        }
    }

    fn console_tail(&self) -> String {
        last_words(&String::from_utf8_lossy(&fs::read(self.console()).unwrap_or_default()))
    }

    /// The one processor that it keeps to. A guest's kernel and its processes take turns by ptrace; on two processors
    /// each turn wakes the other up, and everything takes twice as long.
    fn processor(&self) -> String {
        let allowed: Vec<usize> = match rustix::thread::sched_getaffinity(None) {
            Ok(set) => (0..rustix::thread::CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect(),
            Err(_) => Vec::new(),
        };
        let chosen = allowed.get(self.blueprint.index % allowed.len().max(1));
        chosen.copied().unwrap_or(0).to_string()
    }
}

/// The end of a console's log; of a kernel that panicked, what led to it rather than the stack that follows.
fn last_words(log: &str) -> String {
    let log = match log.rfind("Kernel panic") {
        Some(panic) => &log[..panic + log[panic..].find('\n').unwrap_or(log.len() - panic)],
        None => log,
    };
    tail(log, 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_the_last_word() {
        assert_eq!(
            last_words("one\nKernel panic - not syncing: no root\nCall Trace:\n"),
            "one\nKernel panic - not syncing: no root"
        );
        assert_eq!(last_words("Kernel panic"), "Kernel panic");
        assert_eq!(last_words("login:\n"), "login:");
    }
}
