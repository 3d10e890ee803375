//! A cluster of a test's own in a lab of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use super::{Outcome, Running, tell};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// How much of each console is shown when a test fails.
const CONSOLE_LINES: usize = 25;

/// How many of the last runs are shown when a test fails.
const RUNS: usize = 8;

/// How much of what each of them said is shown.
const RUN_LINES: usize = 80;

/// Inventories in a folder of their own, whose labs are taken down at the end, however that comes.
pub struct Cluster {
    /// The inventories' folder, and lvsprov's working directory.
    pub folder: PathBuf,
    name: String,
    /// The inventory that its machines are made from.
    pub inventory: &'static str,
    hosts: &'static [&'static str],
    /// What was run so far, and what came of it.
    journal: Mutex<Vec<String>>,
    /// `None` when the lab is to stay for the next run.
    temporary: Option<TempDir>,
}

const TUTORIAL: &[&str] = &["lvs_director", "lvs_real_server01", "lvs_real_server02", "client"];

impl Cluster {
    /// A cluster that is not up yet, with the repository's inventories under a name of its own.
    pub fn new(name: &str) -> Cluster {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let kept = std::env::var_os("LAB_KEEP").map(PathBuf::from);
        let unique = if kept.is_some() { "kept".into() } else { format!("{}-{number}", std::process::id()) };
        let temporary =
            kept.is_none().then(|| TempDir::with_prefix("lab").expect("a temporary folder can be made"));
        let folder = kept.or_else(|| Some(temporary.as_ref()?.path().to_owned())).expect("one of the two");
        let cluster = Cluster {
            folder,
            name: format!("t-{name}-{unique}"),
            inventory: "tutorial.yaml",
            hosts: TUTORIAL,
            journal: Mutex::default(),
            temporary,
        };
        for inventory in ["tutorial", "tutorial-wrr", "tutorial-sh"] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("inventories/{inventory}.yaml"));
            let text = std::fs::read_to_string(&file).expect("the repository's inventory");
            assert!(text.contains("\ncluster: web "), "{} has another cluster name", file.display());
            cluster.write(&format!("{inventory}.yaml"), &text);
        }
        cluster
    }

    /// The same, with machines that another of its inventories describes.
    pub fn with(mut self, inventory: &'static str, text: &str, hosts: &'static [&'static str]) -> Cluster {
        self.write(inventory, text);
        (self.inventory, self.hosts) = (inventory, hosts);
        self
    }

    /// Writes a file beside the inventories; `cluster: web` becomes this cluster's name.
    pub fn write(&self, file: &str, text: &str) {
        let text = text.replace("cluster: web ", &format!("cluster: {} ", self.name));
        std::fs::write(self.folder.join(file), text).expect("the temporary folder can be written");
    }

    pub fn hosts(&self) -> &'static [&'static str] {
        self.hosts
    }

    /// The name in its inventories.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The lab's network namespace.
    pub fn namespace(&self) -> String {
        format!("lvsprov-{}", self.name)
    }

    /// Where the lab keeps what it keeps.
    pub fn lab_folder(&self) -> PathBuf {
        self.labs().join(&self.name)
    }

    /// Where all labs of this test keep what they keep.
    pub fn labs(&self) -> PathBuf {
        self.folder.join("s/lvsprov/lab")
    }

    /// Whether the machine has a process on this one.
    pub fn runs(&self, host: &str) -> bool {
        let wanted = format!("{} umid={host} ", self.lab_folder().join("boot").display());
        commands().iter().any(|words| words.contains(&wanted))
    }

    /// Where the sockets of its connections are.
    pub fn control_dir(&self) -> PathBuf {
        self.folder.join("c")
    }

    /// A command line of lvsprov, with a state of its own and the user's cache.
    pub fn command(&self, words: &[&str]) -> Command {
        // Signals that whoever runs the tests ignores, as under `nohup`, are heeded here.
        let mut command = Command::new("env");
        command.args(["--default-signal=HUP,INT,TERM", env!("CARGO_BIN_EXE_lvsprov")]);
        command.args(words).current_dir(&self.folder);
        // A user's, as `sudo --preserve-env=PATH` and `su` hand it on: without the administrator's programs.
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("XDG_STATE_HOME", self.folder.join("s"));
        command.env("LVSPROV_CONTROL_DIR", self.control_dir());
        for variable in ["LVSPROV_INVENTORY", "LVSPROV_BECOME_PASSWORD"] {
            command.env_remove(variable);
        }
        command
    }

    /// Starts lvsprov.
    pub fn start(&self, words: &[&str]) -> Running {
        Running::start(self.command(words))
    }

    /// Runs lvsprov to its end.
    #[track_caller]
    pub fn lvsprov(&self, words: &[&str]) -> Outcome {
        self.ended(self.start(words))
    }

    /// Waits for a run's end, and remembers it for whoever must find out why a test failed.
    #[track_caller]
    pub fn ended(&self, running: Running) -> Outcome {
        let outcome = running.ends();
        for event in outcome.events.of("machine_started_again") {
            tell(&format!("{} was not there ({}); it was started once more", event["host"], event["last"]));
        }
        let Outcome { words, code, stdout, stderr, .. } = &outcome;
        let (stdout, stderr) = (end(stdout, RUN_LINES), end(stderr, RUN_LINES));
        let told = format!("$ lvsprov {words}\n{stdout}\n{stderr}\n=> {code:?}\n");
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).push(told);
        outcome
    }

    /// Runs a verb on the lab's machines as described by an inventory, with JSON events.
    #[track_caller]
    pub fn lab(&self, verb: &str, inventory: &str, more: &[&str]) -> Outcome {
        self.ended(self.start_lab(verb, inventory, more))
    }

    /// Starts a verb on the lab's machines.
    pub fn start_lab(&self, verb: &str, inventory: &str, more: &[&str]) -> Running {
        let words = [&[verb, inventory, "--lab", "--output", "json", "-vv"], more].concat();
        self.start(&words)
    }

    /// Starts `run` of a playbook that is written for it.
    pub fn start_playbook(&self, playbook: &str, more: &[&str]) -> Running {
        self.write("playbook.yaml", playbook);
        self.start_lab("run", "playbook.yaml", &[&[self.inventory], more].concat())
    }

    /// Runs a playbook that is written for it.
    #[track_caller]
    pub fn playbook(&self, playbook: &str, more: &[&str]) -> Outcome {
        self.ended(self.start_playbook(playbook, more))
    }

    /// Puts its machines up.
    #[track_caller]
    pub fn up(&self) {
        tell("lab up");
        self.lvsprov(&["lab", "up", self.inventory, "--output", "json"]).exits(0);
    }

    /// Every scenario's last words: a plan finds nothing to change.
    #[track_caller]
    pub fn is_as_declared(&self, inventory: &str) {
        let plan = self.lab("plan", inventory, &[]).exits(0);
        assert_eq!(plan.events.differences("change"), [""; 0], "a plan after convergence");
    }

    /// Ends the live connections, so that the next run opens new ones.
    pub fn forget_connections(&self) {
        let mut folders = vec![self.control_dir()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let _ = Command::new("ssh")
                        .args(["-F", "none", "-O", "exit", "-S"])
                        .arg(&path)
                        .arg("none")
                        .stderr(std::process::Stdio::null())
                        .status();
                    let _ = std::fs::remove_file(&path);
                }
            }
        }
    }

    /// For whoever must find out why a test failed: the last runs, and how the machines' consoles end.
    pub fn show_what_happened(&self) {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        for told in journal.iter().rev().take(RUNS).rev() {
            eprintln!("{told}");
        }
        for host in self.hosts {
            let console = self.lab_folder().join("machines").join(host).join("console.log");
            let Ok(bytes) = std::fs::read(&console) else { continue };
            let text = String::from_utf8_lossy(&bytes);
            eprintln!("== the console of {host} ends with\n{}", end(&text, CONSOLE_LINES));
        }
    }
}

/// The text's last lines.
fn end(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// The command lines of all processes of this machine, each as one text.
pub fn commands() -> Vec<String> {
    let processes = std::fs::read_dir("/proc").expect("/proc can be read").flatten();
    let words = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    words.map(|words| String::from_utf8_lossy(&words).replace('\0', " ")).collect()
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_what_happened();
        }
        self.forget_connections();
        if self.temporary.is_none() {
            return;
        }
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let inventory = std::fs::read_to_string(&path).is_ok_and(|text| text.contains("cluster: t-"));
            if inventory {
                let outcome = self.start(&["lab", "down", &path.to_string_lossy()]).ends();
                if outcome.code != Some(0) {
                    eprintln!("lab down: {}", outcome.stderr);
                }
            }
        }
    }
}
