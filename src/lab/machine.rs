//! One machine: a User-mode Linux kernel, which is many processes of this machine.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use super::error::{At, LabError};
use super::program::{Program, command, tail};
use super::proxy::greets;
use super::topology::Plan;
use super::{network, ssh};

/// What a guest may use, and takes as it needs it. Apache, chrony and a package installation fit well; with less, a guest
/// that has done much reads its programs from the disk again and again.
const MEMORY: &str = "mem=384M";

/// A machine of a lab, running or not.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What it is made from.
    pub plan: Plan,
    /// The lab's folder.
    pub lab: PathBuf,
    /// The lab's network namespace.
    pub namespace: String,
}

/// A process that belongs to a machine of a lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// The host name of its machine.
    pub host: String,
}

impl Machine {
    /// Its own folder: disk, seed, host key, console.
    pub fn folder(&self) -> PathBuf {
        folder(&self.lab, &self.plan.host)
    }

    /// What its kernel and its systemd print.
    pub fn console(&self) -> PathBuf {
        self.folder().join("console.log")
    }

    /// Its first process, if it runs.
    pub fn pid(&self) -> Option<i32> {
        processes(&self.lab)
            .into_iter()
            .filter(|process| process.host == self.plan.host)
            .map(|one| one.pid)
            .min()
    }

    /// Starts its kernel, which goes on without us: no process of ours watches it.
    pub async fn start(&self, image: &Path) -> Result<(), LabError> {
        let folder = self.folder();
        let console = self.console();
        let log = File::options().create(true).append(true).open(&console).at(&console)?;
        let errors = log.try_clone().at(&console)?;
        let mut command = command("nsenter");
        command
            .arg(format!("--net={}", network::link(&self.namespace).display()))
            .args(["taskset", "--cpu-list", &self.processor(), "setsid", "--fork"])
            .arg(wrapper(&self.lab))
            .arg(format!("umid={}", self.plan.host))
            .arg(format!("uml_dir={}/", folder.display()))
            .arg(format!("ubd0={},{}", folder.join("disk.cow").display(), image.display()))
            .arg(format!("ubd1r={}", folder.join("seed.tar").display()))
            .args([MEMORY, "root=/dev/ubda", "rw", "init=/usr/sbin/lab-init"])
            // What this machine has in its page cache outlives any guest: waiting for its disk would buy nothing.
            .arg("rootflags=nobarrier")
            .args(["con=null", "con0=null,fd:1", "ssl=null"]);
        for (number, card) in self.plan.cards.iter().enumerate() {
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

    /// Waits until its sshd greets, as long as it lives and the deadline has not come.
    pub async fn greeted(&self, deadline: Duration) -> Result<(), LabError> {
        let begun = Instant::now();
        loop {
            if self.answers(Duration::from_secs(5)).await {
                return Ok(());
            }
            if begun.elapsed() > Duration::from_secs(2) && self.pid().is_none() {
                return Err(self.died());
            }
            if begun.elapsed() > deadline {
                return Err(self.silent(deadline));
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Reboots it as its administrator would, and waits until its sshd answers with a new boot id.
    pub async fn reboot(&self, config: &Path, deadline: Duration) -> Result<(), LabError> {
        let boot_id = "cat /proc/sys/kernel/random/boot_id";
        let begun = Instant::now();
        let order = format!("{boot_id}; systemctl --no-block reboot");
        let old = ssh::run(config, &self.plan.host, &order, Duration::from_secs(30)).await?;
        loop {
            sleep(Duration::from_millis(500)).await;
            self.greeted(deadline.saturating_sub(begun.elapsed())).await?;
            // The old sshd may still have greeted, and be gone by now.
            match ssh::run(config, &self.plan.host, boot_id, Duration::from_secs(20)).await {
                Ok(new) if new.trim() != old.trim() => return Ok(()),
                _ if begun.elapsed() > deadline => return Err(self.silent(deadline)),
                _ => {}
            }
        }
    }

    /// Whether its sshd greets within `deadline`.
    pub async fn answers(&self, deadline: Duration) -> bool {
        greets(&self.namespace, SocketAddr::new(self.plan.address, self.plan.port), deadline).await
    }

    /// It has ended, and should not have.
    pub fn died(&self) -> LabError {
        LabError::MachineDied {
            host: self.plan.host.clone(),
            console: self.console(),
            tail: self.console_tail(),
        }
    }

    /// It has not answered within `after`.
    pub fn silent(&self, after: Duration) -> LabError {
        LabError::MachineSilent {
            host: self.plan.host.clone(),
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
        let chosen = allowed.get(self.plan.index % allowed.len().max(1));
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

/// The folder of a machine in its lab's.
pub fn folder(lab: &Path, host: &str) -> PathBuf {
    lab.join("machines").join(host)
}

/// The program that starts a lab's kernels; its path marks all their processes, through reboots as well.
pub fn wrapper(lab: &Path) -> PathBuf {
    lab.join("boot")
}

/// All processes of a lab's machines, whoever started them and however that one ended.
pub fn processes(lab: &Path) -> Vec<Process> {
    processes_within(&network::link(&network::name(lab)), &wrapper(lab))
}

fn processes_within(namespace: &Path, wrapper: &Path) -> Vec<Process> {
    let namespace = inode(namespace);
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Some(host) = machine_of(&words(&entry.path(), namespace), wrapper) {
            found.push(Process { pid, host });
        }
    }
    found
}

/// The words of a process's command line. For a moment of each execve(2), of which a kernel begins with several, there
/// are none: a process of the namespace is read again until it has its words, or has ended.
fn words(process: &Path, namespace: Option<u64>) -> Vec<u8> {
    let begun = Instant::now();
    // A thread of this machine's kernel has no program, nor ever words.
    let executes = || process.join("exe").read_link().is_ok() && inode(&process.join("ns/net")) == namespace;
    loop {
        let words = fs::read(process.join("cmdline")).unwrap_or_default();
        if !words.is_empty() || namespace.is_none() || !executes() || begun.elapsed() > Duration::from_secs(1)
        {
            return words;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What tells one network namespace from another. A process that has ended is in none.
fn inode(namespace: &Path) -> Option<u64> {
    fs::metadata(namespace).ok().map(|namespace| namespace.ino())
}

/// Whose process it is, from the words of its command line, each ended by a zero byte: the wrapper's path is among them,
/// followed by the machine's name. So it is from `nsenter` on to the last process of the guest.
fn machine_of(words: &[u8], wrapper: &Path) -> Option<String> {
    let mut words =
        words.split(|byte| *byte == 0).skip_while(|word| *word != wrapper.as_os_str().as_encoded_bytes());
    words.next()?;
    let name = words.next()?.strip_prefix(b"umid=")?;
    Some(String::from_utf8_lossy(name).into_owned())
}

/// Ends all processes of the lab's machines that `ours` picks.
pub async fn end(lab: &Path, ours: impl Fn(&str) -> bool) -> Result<(), LabError> {
    let begun = Instant::now();
    loop {
        let left: Vec<i32> =
            processes(lab).into_iter().filter(|process| ours(&process.host)).map(|one| one.pid).collect();
        if left.is_empty() {
            return Ok(());
        }
        if begun.elapsed() > Duration::from_secs(15) {
            let name = lab.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(LabError::Unkillable { lab: name, pids: left });
        }
        for pid in left.into_iter().filter_map(Pid::from_raw) {
            // One that has ended by itself in between is as good.
            let _ = kill_process(pid, Signal::KILL);
        }
        sleep(Duration::from_millis(30)).await;
    }
}

/// Writes the program that starts the lab's kernels.
pub async fn write_wrapper(lab: &Path) -> Result<(), LabError> {
    let path = wrapper(lab);
    fs::write(&path, include_str!("image/boot")).at(&path)?;
    Program::new("chmod").arg("755").arg(path).run().await.map(drop)
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

    #[test]
    fn a_process_is_known_by_its_words() {
        let of = |words: &[u8]| machine_of(words, Path::new("/s/web/boot"));
        assert_eq!(of(b"/s/web/boot\0umid=client\0mem=1\0").as_deref(), Some("client"));
        assert_eq!(of(b"setsid\0--fork\0/s/web/boot\0umid=client\0").as_deref(), Some("client"));
        assert_eq!(of(b"/s/other/boot\0umid=client\0"), None);
        assert_eq!(of(b"less\0/s/web/boot\0"), None);
        assert_eq!(of(b""), None);
    }

    #[test]
    fn a_process_in_the_middle_of_an_exec_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let wrapper = folder.path().join("boot");
        // Its command line is empty for a moment of every round.
        fs::write(&wrapper, "exec sh \"$0\" \"$@\"").unwrap();
        let mut child = std::process::Command::new("sh").arg(&wrapper).arg("umid=client").spawn().unwrap();
        let unseen = (0..500)
            .filter(|_| processes_within(Path::new("/proc/self/ns/net"), &wrapper).is_empty())
            .count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(unseen, 0, "of 500 looks");
    }
}
