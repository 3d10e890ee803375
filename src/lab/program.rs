//! Calls of other programs, each with a deadline.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::error::{LabError, Missing};

/// Every program that the lab calls on this machine.
const NEEDED: [Missing; 12] = [
    Missing { program: "linux.uml", package: "user-mode-linux" },
    Missing { program: "mmdebstrap", package: "mmdebstrap" },
    Missing { program: "mke2fs", package: "e2fsprogs" },
    Missing { program: "dpkg-scanpackages", package: "dpkg-dev" },
    Missing { program: "depmod", package: "kmod" },
    Missing { program: "ip", package: "iproute2" },
    Missing { program: "ethtool", package: "ethtool" },
    Missing { program: "ssh", package: "openssh-client" },
    Missing { program: "ssh-keygen", package: "openssh-client" },
    Missing { program: "nsenter", package: "util-linux" },
    Missing { program: "taskset", package: "util-linux" },
    Missing { program: "bash", package: "bash" },
];

/// What compiles, where the lab has to.
const COMPILER: Missing = Missing { program: "gcc", package: "gcc libc6-dev" };

/// Fails with all that this machine lacks; a compiler counts where it is needed.
pub fn check_needed(compiler: bool) -> Result<(), LabError> {
    let path = search_path();
    let missing: Vec<_> = NEEDED
        .into_iter()
        .chain(compiler.then_some(COMPILER))
        .filter(|needed| !std::env::split_paths(&path).any(|folder| folder.join(needed.program).is_file()))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(LabError::MissingPrograms(missing)) }
}

/// A program of this machine's, found and run with the lab's search path. It is killed when nobody waits for it any more.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", search_path()).kill_on_drop(true);
    command
}

/// `$PATH`, and after it the administrator's folders. A user's `$PATH` lacks those on Debian, and root has a user's
/// under `su` and where sudo was told to keep it.
fn search_path() -> OsString {
    with_administrators(&std::env::var_os("PATH").unwrap_or_default())
}

fn with_administrators(path: &OsStr) -> OsString {
    let mut folders: Vec<PathBuf> = std::env::split_paths(path).collect();
    for folder in ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(Path::new) {
        if !folders.iter().any(|known| known == folder) {
            folders.push(folder.to_owned());
        }
    }
    // Nothing that came from a split can fail to join.
    std::env::join_paths(folders).unwrap_or_else(|_| path.to_owned())
}

/// One call.
pub struct Program {
    words: Vec<String>,
    input: String,
    deadline: Duration,
}

impl Program {
    /// A call of `name` that may take ten seconds.
    pub fn new(name: &str) -> Program {
        Program { words: vec![name.to_owned()], input: String::new(), deadline: Duration::from_secs(10) }
    }

    /// Adds an argument.
    pub fn arg(mut self, word: impl AsRef<OsStr>) -> Program {
        self.words.push(word.as_ref().to_string_lossy().into_owned());
        self
    }

    /// Adds arguments.
    pub fn args<W: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = W>) -> Program {
        self.words.extend(words.into_iter().map(|word| word.as_ref().to_string_lossy().into_owned()));
        self
    }

    /// What it reads on stdin.
    pub fn input(mut self, text: String) -> Program {
        self.input = text;
        self
    }

    /// How long it may take.
    pub fn within(mut self, deadline: Duration) -> Program {
        self.deadline = deadline;
        self
    }

    /// Runs it to its end and gives its stdout. It is killed when it is late, or when the caller loses interest.
    pub async fn run(self) -> Result<String, LabError> {
        let command = self.words.join(" ");
        let failed = |status: String, stderr: String| LabError::Command {
            command: command.clone(),
            status,
            stderr: tail(&stderr, 20),
        };
        let mut child = self::command(&self.words[0])
            .args(&self.words[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed("not started".to_owned(), error.to_string()))?;
        let stdin = child.stdin.take();
        let work = async {
            if let Some(mut stdin) = stdin {
                // A program that ends without reading it all tells why by its status.
                let _ = stdin.write_all(self.input.as_bytes()).await;
            }
            child.wait_with_output().await
        };
        let output = tokio::time::timeout(self.deadline, work)
            .await
            .map_err(|_| LabError::CommandTimeout { command: command.clone(), after: self.deadline })?
            .map_err(|error| failed("lost".to_owned(), error.to_string()))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(failed(output.status.to_string(), String::from_utf8_lossy(&output.stderr).into_owned()))
        }
    }
}

/// The last `lines` lines of a text.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_administrators_programs_are_found_from_a_users_path() {
        let whole = |path: &str| with_administrators(path.as_ref()).into_string().unwrap_or_default();
        assert_eq!(whole("/usr/bin:/bin"), "/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin");
        assert_eq!(whole("/opt/sbin:/usr/sbin:/bin"), "/opt/sbin:/usr/sbin:/bin:/usr/local/sbin:/sbin");
    }

    #[test]
    fn a_tail_is_the_end() {
        assert_eq!(tail("a\nb\nc\n", 2), "b\nc");
        assert_eq!(tail("a", 2), "a");
        assert_eq!(tail("", 2), "");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_failed_call_says_what_it_said() {
        let error = Program::new("sh").args(["-c", "echo no >&2; exit 3"]).run().await;
        assert!(matches!(error, Err(LabError::Command { stderr, .. }) if stderr == "no"));
        let late = Program::new("sleep").arg("5").within(Duration::from_millis(50)).run().await;
        assert!(matches!(late, Err(LabError::CommandTimeout { .. })));
        assert_eq!(Program::new("cat").input("x".to_owned()).run().await.ok().as_deref(), Some("x"));
    }
}
