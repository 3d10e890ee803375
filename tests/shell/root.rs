//! A throw-away root for one test under one shell: its own `/etc`, `/run` and network, the machine's `/usr`, and
//! stand-ins for the commands that would change the machine, which write down how they were called.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use lvsprov::resource::{Change, Context, Facts, Observed, Refusal, Resource, by_itself};

/// A shell that hosts have as /bin/sh: what runs it, and the package that brings it.
#[derive(Clone, Copy, Debug)]
pub struct Shell(pub &'static [&'static str], &'static str);

pub const SHELLS: [Shell; 3] = [
    Shell(&["/usr/bin/dash"], "dash"),
    Shell(&["/usr/bin/bash", "--posix"], "bash"),
    Shell(&["/usr/bin/busybox", "sh"], "busybox-static"),
];

/// The awk of the BSDs. It stands beside dash: with bash goes the machine's own, mawk or gawk, and busybox has one itself.
const ONE_TRUE_AWK: &str = "/usr/bin/original-awk";

/// Runs the test under each shell, in a fresh root each.
pub fn under_each_shell(test: impl Fn(&Root)) {
    for shell in SHELLS {
        println!("under {}", shell.0.join(" "));
        test(&Root::new(shell));
    }
}

pub struct Root {
    dir: tempfile::TempDir,
    shell: Shell,
    /// Keeps the namespaces; ends when its standard input does.
    holder: Child,
}

const MOUNTS: &str = r#"
cd "$1"
mount --make-rprivate /
mount --bind /usr usr
mount -o remount,bind,ro usr
for d in usr/lib/sysctl.d usr/lib/modules-load.d; do
  [ ! -d $d ] || mount -t tmpfs none $d
done
mount --rbind /proc proc
mount -t sysfs none sys
mount --rbind /dev dev
ip link set lo up
"#;

const READY: &str = "echo ready\nread _ || :\n";

impl Root {
    pub fn new(shell: Shell) -> Root {
        Root::with(shell, "")
    }

    /// One in which more was done, by a text of sh in its folder, before anything runs there.
    pub fn with(shell: Shell, more: &str) -> Root {
        assert!(Path::new(shell.0[0]).exists(), "{} is missing: apt-get install {}", shell.0[0], shell.1);
        // in memory where there is such a place: `sync` is most of what these tests wait for
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let dir = tempfile::tempdir_in(place).unwrap();
        for name in ["usr", "proc", "sys", "dev", "etc", "run", "tmp", "var/lib", "stub"] {
            fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        for name in ["bin", "sbin", "lib", "lib64"] {
            symlink(format!("usr/{name}"), dir.path().join(name)).unwrap();
        }
        for name in ["etc/passwd", "etc/group", "etc/os-release"] {
            fs::copy(Path::new("/").join(name), dir.path().join(name)).unwrap();
        }
        // by which Debian's /usr/bin finds its awk
        if let Ok(awk) = fs::read_link("/etc/alternatives/awk") {
            fs::create_dir(dir.path().join("etc/alternatives")).unwrap();
            symlink(awk, dir.path().join("etc/alternatives/awk")).unwrap();
        }
        if shell.1 == "dash" {
            assert!(Path::new(ONE_TRUE_AWK).exists(), "it is missing: apt-get install original-awk");
            symlink(ONE_TRUE_AWK, dir.path().join("stub/awk")).unwrap();
        }
        // what a script starts as `sh` is run by the same shell
        let sh = format!("#!/usr/bin/dash\nexec {} \"$@\"\n", shell.0.join(" "));
        fs::write(dir.path().join("stub/sh"), sh).unwrap();
        fs::set_permissions(dir.path().join("stub/sh"), fs::Permissions::from_mode(0o755)).unwrap();
        let mut holder = Command::new("unshare")
            .args(["--mount", "--net", "sh", "-euc", &format!("{MOUNTS}{more}{READY}"), "sh"])
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare (util-linux) starts");
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "no namespace of its own: these tests must run as root");
        Root { dir, shell, holder }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path.trim_start_matches('/'))
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn mkdir(&self, path: &str) {
        fs::create_dir_all(self.path(path)).unwrap();
    }

    pub fn link(&self, path: &str, target: &str) {
        symlink(target, self.path(path)).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    pub fn exists(&self, path: &str) -> bool {
        self.path(path).symlink_metadata().is_ok()
    }

    /// Mode, owner and group.
    pub fn attributes(&self, path: &str) -> (u32, u32, u32) {
        let data = fs::metadata(self.path(path)).unwrap();
        (data.mode() & 0o7777, data.uid(), data.gid())
    }

    /// The names in a directory.
    pub fn names(&self, path: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(path))
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// A stand-in for a command: it writes its words down, then does `body`.
    pub fn stub(&self, name: &str, body: &str) {
        let path = self.path(&format!("stub/{name}"));
        fs::write(&path, format!("#!/bin/sh\nprintf '%s\\n' \"{name} $*\" >>/calls\n{body}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Whether the shell takes its own commands before any in the path, so that no stand-in can replace them.
    pub fn has_applets(&self) -> bool {
        self.shell.1 == "busybox-static"
    }

    /// How the stand-ins were called since this was last asked.
    pub fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let _ = fs::remove_file(self.path("calls"));
        calls.lines().map(str::to_owned).collect()
    }

    /// What leads into it: the words before those of a command that is to run there.
    pub fn entrance(&self) -> Vec<String> {
        let holder = self.holder.id().to_string();
        let words = ["nsenter", "--target", &holder, "--root", "--mount", "--net", "chroot"];
        words.into_iter().map(str::to_owned).chain([self.dir.path().display().to_string()]).collect()
    }

    fn command(&self, script: &str) -> Command {
        self.write("/script", script);
        let entrance = self.entrance();
        let mut command = Command::new(&entrance[0]);
        command
            .args(&entrance[1..])
            .args(self.shell.0)
            .arg("/script")
            .env_clear()
            .envs([("PATH", "/stub:/usr/sbin:/usr/bin:/sbin:/bin"), ("LC_ALL", "C")])
            .env("SSH_CONNECTION", "10.9.9.9 50000 192.168.40.101 22")
            .stdin(Stdio::null());
        command
    }

    /// Runs it as the engine runs a change.
    pub fn run(&self, script: &str) -> Output {
        self.command(&format!("(\nset -eu\n{script}\n)\n")).output().unwrap()
    }

    /// Starts it in a process group of its own.
    pub fn start(&self, script: &str) -> Child {
        let mut command = self.command(&format!("(\nset -eu\n{script}\n)\n"));
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Prints of a script that must succeed.
    pub fn sh(&self, script: &str) -> String {
        let output = self.run(script);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it as the engine runs a probe.
    fn probe(&self, script: &str) -> Vec<u8> {
        self.command(&format!("(\n{script}\n)\n")).output().unwrap().stdout
    }

    pub fn facts(&self) -> Facts {
        Facts::parse(&self.probe(&by_itself(&Facts::probe()))).unwrap()
    }

    pub fn observe(&self, resources: &[&Resource]) -> Vec<Observed> {
        self.observe_with(&self.facts(), resources)
    }

    fn observe_with(&self, facts: &Facts, resources: &[&Resource]) -> Vec<Observed> {
        let mut observed: Vec<Option<Observed>> = vec![None; resources.len()];
        for section in Resource::probe_all(resources, facts) {
            let output = self.probe(&section.by_itself());
            let each = section.parse(resources, facts, &output);
            let each = each.unwrap_or_else(|e| panic!("{e}\n{}", String::from_utf8_lossy(&output)));
            for (&index, one) in section.indices.iter().zip(each) {
                observed[index] = Some(one);
            }
        }
        observed.into_iter().map(Option::unwrap).collect()
    }

    pub fn plan(&self, resource: &Resource, changing: &[&str]) -> Result<Option<Change>, Refusal> {
        let facts = self.facts();
        let observed = self.observe_with(&facts, &[resource]).remove(0);
        let changing: BTreeSet<String> = changing.iter().map(|&p| p.to_owned()).collect();
        resource.differ(&observed, Context { facts: &facts, changing: &changing })
    }

    /// Plans, changes, and plans again: the law is that the second plan is empty. Gives what the first showed.
    pub fn settle(&self, resource: &Resource) -> Vec<String> {
        let Some(change) = self.plan(resource, &[]).unwrap() else { return Vec::new() };
        self.sh(&change.unguarded());
        if resource.settles() {
            assert_eq!(self.plan(resource, &[]).unwrap(), None, "did not take");
        }
        // a run that was cut off may start the same script again
        self.sh(&change.unguarded());
        if resource.settles() {
            assert_eq!(self.plan(resource, &[]).unwrap(), None, "did not take when run twice");
        }
        shown(&change)
    }

    /// Plans and runs a change that must fail; gives what it told the operator.
    pub fn fail(&self, resource: &Resource) -> String {
        let change = self.plan(resource, &[]).unwrap().expect("there is a change");
        let output = self.run(&change.unguarded());
        assert!(!output.status.success(), "it must fail");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// `what: old -> new` of each aspect.
pub fn shown(change: &Change) -> Vec<String> {
    let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".into());
    change.aspects.iter().map(|a| format!("{}: {} -> {}", a.what, side(&a.old), side(&a.new))).collect()
}

impl Drop for Root {
    fn drop(&mut self) {
        if let Some(mut stdin) = self.holder.stdin.take() {
            let _ = stdin.write_all(b"\n");
        }
        let _ = self.holder.wait();
    }
}
