//! The processes of a lab's machines: a User-mode Linux kernel is many processes of this machine.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use super::error::LabError;
use super::network;

/// A process that belongs to a machine of a lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// The host name of its machine.
    pub host: String,
    /// It is the kernel. Other processes help that one, and some outlive it when it is killed.
    pub kernel: bool,
}

/// The program that starts a lab's kernels; its path marks all their processes, through reboots as well.
pub fn wrapper(lab: &Path) -> PathBuf {
    lab.join("boot")
}

/// All processes of a lab's machines, whoever started them and however that one ended.
pub fn all(lab: &Path) -> Vec<Process> {
    each(lab).collect()
}

fn each(lab: &Path) -> impl Iterator<Item = Process> {
    each_within(&network::link(&network::name(lab)), wrapper(lab))
}

fn each_within(namespace: &Path, wrapper: PathBuf) -> impl Iterator<Item = Process> + use<> {
    let namespace = inode(namespace);
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(move |entry| {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok())?;
        let host = host_of(&words(&entry.path(), namespace), &wrapper)?;
        Some(Process { pid, host, kernel: leads_session(&entry.path(), pid) })
    })
}

/// The hosts whose machines run.
pub fn running(lab: &Path) -> Vec<String> {
    each(lab).filter(|process| process.kernel).map(|process| process.host).collect()
}

/// Whether any machine runs.
pub fn any_runs(lab: &Path) -> bool {
    each(lab).any(|process| process.kernel)
}

/// Whether a process began its session: `setsid` starts a kernel so, a reboot leaves it so, and none of those that the
/// kernel starts does it.
fn leads_session(process: &Path, pid: i32) -> bool {
    fs::read_to_string(process.join("stat")).is_ok_and(|stat| session(&stat) == Some(pid))
}

/// The session in a `/proc/PID/stat`, see proc_pid_stat(5). It is 0 where a container's session began outside of it, which
/// the safe wrappers of getsid(2) take for impossible.
fn session(stat: &str) -> Option<i32> {
    // The second field is the program's name in parentheses, and may itself hold blanks and parentheses.
    stat.rsplit_once(')')?.1.split_whitespace().nth(3)?.parse().ok()
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
fn host_of(words: &[u8], wrapper: &Path) -> Option<String> {
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
            all(lab).into_iter().filter(|process| ours(&process.host)).map(|one| one.pid).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_words() {
        let of = |words: &[u8]| host_of(words, Path::new("/s/web/boot"));
        assert_eq!(of(b"/s/web/boot\0umid=client\0mem=1\0").as_deref(), Some("client"));
        assert_eq!(of(b"setsid\0--fork\0/s/web/boot\0umid=client\0").as_deref(), Some("client"));
        assert_eq!(of(b"/s/other/boot\0umid=client\0"), None);
        assert_eq!(of(b"less\0/s/web/boot\0"), None);
        assert_eq!(of(b""), None);
    }

    #[test]
    fn a_session_may_have_begun_outside_of_the_container() {
        assert_eq!(session("7 (sh) S 1 7 7 0 -1 4194304"), Some(7));
        assert_eq!(session("7 (a b) c) S 1 7 0 0 -1 4194304"), Some(0));
        assert_eq!(session("7 (sh"), None);
    }

    #[test]
    fn a_process_in_the_middle_of_an_exec_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let wrapper = folder.path().join("boot");
        // Its command line is empty for a moment of every round.
        fs::write(&wrapper, "exec sh \"$0\" \"$@\"").unwrap();
        let mut child = std::process::Command::new("sh").arg(&wrapper).arg("umid=client").spawn().unwrap();
        let unseen = (0..500)
            .filter(|_| each_within(Path::new("/proc/self/ns/net"), wrapper.clone()).next().is_none())
            .count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(unseen, 0, "of 500 looks");
    }
}
