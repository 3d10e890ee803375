//! The probe and the scripts of `virtual_services` under real dash, bash and busybox sh, in a throw-away root with
//! a stand-in for ipvsadm that has its words, errors and exit codes.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lvsprov::resource::{Change, Context, Facts, Family, Kind, Os, VirtualServices};

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash", "--posix"], &["busybox", "sh"]];
const RR: &str = include_str!("cases/virtual_services/tutorial.rules");
const WRR: &str = include_str!("cases/virtual_services/tutorial-wrr.rules");
const DEFAULTS: &str =
    "# ipvsadm\n\nAUTO=\"false\"\n\n# daemon method (none|master|backup)\nDAEMON=\"none\"\n";

/// A Debian director that has just got its packages.
struct Director {
    root: tempfile::TempDir,
    shell: &'static [&'static str],
}

impl Director {
    fn new(shell: &'static [&'static str]) -> Self {
        let director = Director { root: tempfile::tempdir().unwrap(), shell };
        for directory in ["etc/default", "etc/init.d", "proc/net", "run/systemd/system"] {
            fs::create_dir_all(director.path(directory)).unwrap();
        }
        for level in 2..=5 {
            let directory = director.path(&format!("etc/rc{level}.d"));
            fs::create_dir(&directory).unwrap();
            symlink("../init.d/ipvsadm", directory.join("K01ipvsadm")).unwrap();
        }
        for (name, content) in [
            ("etc/init.d/ipvsadm", "#!/bin/sh\n"),
            ("etc/ipvsadm.rules", "# emtpy rules file for ipvsadm\n"),
            ("etc/default/ipvsadm", DEFAULTS),
            ("kernel", ""),
            ("calls", ""),
            ("tried", ""),
            ("slept", ""),
            ("down", ""),
            ("active", "0\n"),
            ("inactive", "1000\n"),
        ] {
            fs::write(director.path(name), content).unwrap();
        }
        let rules = director.path("etc/ipvsadm.rules");
        fs::set_permissions(rules, fs::Permissions::from_mode(0o640)).unwrap();
        director
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The calls of ipvsadm that change something.
    fn calls(&self) -> Vec<String> {
        self.read("calls").lines().map(str::to_owned).collect()
    }

    /// Runs a text as the engine does, with every path under the root.
    fn run(&self, text: &str) -> Output {
        let root = self.root.path().to_str().unwrap();
        // busybox sh takes its own applets before any command on PATH; a function comes before both.
        let mut text = format!(
            "modprobe() {{ : >/proc/net/ip_vs; }}\nsleep() {{ echo \"$1\" >>\"$ROOT/slept\"; }}\n(\nset -eu\n{text}\n)"
        );
        for path in ["/etc/", "/proc/net/", "/run/systemd/", "/usr/lib/systemd/", " /lib/systemd/"] {
            let (space, path) = path.split_at(path.find('/').unwrap());
            text = text.replace(&format!("{space}{path}"), &format!("{space}{root}{path}"));
        }
        let stubs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stubs/virtual_services");
        Command::new("setsid")
            .args(self.shell)
            .args(["-c", &text])
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", stubs.display()))
            .env("LC_ALL", "C")
            .env("ROOT", root)
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{:?} and setsid must be installed: {error}", self.shell))
    }

    fn differ(&self, declared: &VirtualServices) -> Option<Change> {
        let facts = debian();
        let probed = self.run(&VirtualServices::probe(&[declared], &facts));
        let root = self.root.path().to_str().unwrap();
        let printed = String::from_utf8(probed.stdout).unwrap().replace(root, "");
        let observed = VirtualServices::parse(&[declared], &facts, printed.as_bytes()).unwrap().remove(0);
        assert!(!self.path("loaded-by-a-probe").exists(), "a probe loaded IPVS");
        declared.differ(&observed, Context { facts: &facts, changing: &BTreeSet::new() }).unwrap()
    }

    /// Plans, applies, and finds nothing more to do.
    fn deploy(&self, declared: &VirtualServices) {
        let change = self.differ(declared).expect("something to do");
        let output = self.run(&change.unguarded());
        assert!(output.status.success(), "{:?}: {output:?}", self.shell);
        assert_eq!(self.differ(declared), None, "{:?}: it did not take", self.shell);
        assert!(!self.path("etc/.lvsprov.ipvsadm.rules.new").exists());
    }
}

fn debian() -> Facts {
    Facts {
        os: Os { id: "debian".into(), version: "12".into(), family: Family::Debian },
        hostname: "lvs_director".into(),
        kernel: "6.1.176".into(),
        boot_id: String::new(),
        uid: 0,
        systemd: true,
        addresses: Vec::new(),
        connection: None,
    }
}

fn declared(rules: &str) -> VirtualServices {
    VirtualServices { table: rules.parse().unwrap(), persist: true, prune: false }
}

fn directors() -> impl Iterator<Item = Director> {
    SHELLS.into_iter().map(Director::new)
}

#[test]
fn a_first_deploy_fills_the_table_and_the_next_boot() {
    for director in directors() {
        director.deploy(&declared(RR));
        assert_eq!(director.calls(), RR.lines().collect::<Vec<_>>());
        assert_eq!(director.read("etc/ipvsadm.rules"), format!("# emtpy rules file for ipvsadm\n{RR}"));
        assert_eq!(director.read("etc/default/ipvsadm"), DEFAULTS.replace("false", "true"));
        assert_eq!(director.read("systemctl"), "enable ipvsadm\n");
        let mode = fs::metadata(director.path("etc/ipvsadm.rules")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o640, "the file keeps its mode");
    }
}

#[test]
fn the_tutorials_change_is_two_calls_and_one_file() {
    for director in directors() {
        director.deploy(&declared(RR));
        fs::write(director.path("calls"), "").unwrap();
        let defaults = fs::metadata(director.path("etc/default/ipvsadm")).unwrap().modified().unwrap();
        director.deploy(&declared(WRR));
        let expected =
            ["-E -t 192.168.175.100:80 -s wrr", "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 4"];
        assert_eq!(director.calls(), expected);
        let after = fs::metadata(director.path("etc/default/ipvsadm")).unwrap().modified().unwrap();
        assert_eq!(defaults, after);
    }
}

#[test]
fn a_script_may_be_started_again() {
    for director in directors() {
        let change = director.differ(&declared(RR)).unwrap();
        for _ in 0..3 {
            let output = director.run(&change.unguarded());
            assert!(output.status.success(), "{:?}: {output:?}", director.shell);
        }
        assert_eq!(director.differ(&declared(RR)), None);
        assert_eq!(director.read("etc/default/ipvsadm").matches("AUTO").count(), 1);
    }
}

#[test]
fn a_run_that_is_killed_is_finished_by_the_next() {
    for director in directors() {
        for (from, to) in [("", RR), (RR, WRR)] {
            for fatal in 1..=3 {
                let director = Director::new(director.shell);
                if !from.is_empty() {
                    director.deploy(&declared(from));
                    fs::write(director.path("calls"), "").unwrap();
                }
                let change = director.differ(&declared(to)).unwrap();
                fs::write(director.path("fatal"), fatal.to_string()).unwrap();
                let killed = director.run(&change.unguarded());
                let reached = !director.path("fatal").exists();
                assert_ne!(killed.status.success(), reached, "{killed:?}");
                _ = fs::remove_file(director.path("fatal"));
                if reached {
                    director.deploy(&declared(to));
                }
                assert_eq!(director.differ(&declared(to)), None);
            }
        }
    }
}

#[test]
fn a_real_server_that_does_not_answer_is_never_added() {
    for director in directors() {
        fs::write(director.path("down"), "http://192.168.40.102:80/\n").unwrap();
        let change = director.differ(&declared(RR)).unwrap();
        let output = director.run(&change.unguarded());
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("real server 192.168.40.102:80 does not answer the director: "), "{said}");
        assert_eq!(director.calls(), [""; 0]);
        assert!(!director.read("etc/ipvsadm.rules").contains("-A"));
        assert!(director.read("tried").lines().count() <= 21, "the waiting is bounded");
    }
}

#[test]
fn what_leaves_is_deleted_when_its_connections_have_ended_or_the_time_is_up() {
    for director in directors() {
        director.deploy(&declared(RR));
        let one: String = RR.lines().take(2).map(|line| format!("{line}\n")).collect();
        for (active, waited) in [(3, 3), (1000, 10)] {
            fs::write(director.path("slept"), "").unwrap();
            fs::write(director.path("calls"), "").unwrap();
            fs::write(director.path("active"), format!("{active}\n")).unwrap();
            director.deploy(&declared(&one));
            assert_eq!(
                director.calls(),
                [
                    "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 0",
                    "-d -t 192.168.175.100:80 -r 192.168.40.102:80"
                ]
            );
            assert_eq!(director.read("slept").lines().count(), waited, "{:?}", director.shell);
            director.deploy(&declared(RR));
        }
        fs::write(director.path("active"), "2\n").unwrap();
        director.deploy(&VirtualServices { prune: true, ..declared("") });
        assert_eq!(director.read("kernel"), "");
        assert_eq!(director.read("etc/ipvsadm.rules"), "# emtpy rules file for ipvsadm\n");
    }
}

#[test]
fn a_hash_falls_back_until_the_wait_is_over() {
    for director in directors() {
        let two = RR.replace("rr", "sh");
        director.deploy(&declared(&two));
        fs::write(director.path("calls"), "").unwrap();
        fs::write(director.path("active"), "3\n").unwrap();
        let one: String = two.lines().take(2).map(|line| format!("{line}\n")).collect();
        director.deploy(&declared(&one));
        assert_eq!(
            director.calls(),
            [
                "-E -t 192.168.175.100:80 -s sh -b sh-fallback",
                "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 0",
                "-d -t 192.168.175.100:80 -r 192.168.40.102:80",
                "-E -t 192.168.175.100:80 -s sh",
            ]
        );
        assert_eq!(director.read("slept").lines().count(), 3, "{:?}", director.shell);
    }
}

#[test]
fn a_flow_of_udp_is_waited_for_though_it_never_counts_as_active() {
    for director in directors() {
        let two = RR.replace("-t ", "-u ");
        director.deploy(&declared(&two));
        let one: String = two.lines().take(2).map(|line| format!("{line}\n")).collect();
        fs::write(director.path("inactive"), "4\n").unwrap();
        director.deploy(&declared(&one));
        assert_eq!(director.read("slept").lines().count(), 4, "{:?}", director.shell);
    }
}

#[test]
fn what_the_kernel_refuses_is_told_with_the_call() {
    for director in directors() {
        let change = director.differ(&declared(RR)).unwrap();
        // Somebody takes the service away while the run adds to it.
        let script = change.unguarded().replace("edit -A -t 192.168.175.100:80 -s rr\n", "");
        let output = director.run(&script);
        assert!(!output.status.success());
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "ipvsadm -a -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 1: Service not defined\n"
        );
        assert!(!director.read("etc/ipvsadm.rules").contains("-A"), "the kernel first, then the file");
    }
}

#[test]
fn a_file_that_names_no_auto_or_is_missing_gets_it() {
    for director in directors() {
        fs::write(director.path("etc/default/ipvsadm"), "DAEMON=\"none\"").unwrap();
        fs::remove_file(director.path("etc/ipvsadm.rules")).unwrap();
        director.deploy(&declared(RR));
        assert_eq!(director.read("etc/default/ipvsadm"), "DAEMON=\"none\"\nAUTO=\"true\"\n");
        assert_eq!(director.read("etc/ipvsadm.rules"), RR);
    }
}

#[test]
fn a_unit_of_systemds_own_counts_by_its_wants() {
    for director in directors() {
        director.deploy(&declared(RR));
        fs::create_dir_all(director.path("etc/systemd/system/multi-user.target.wants")).unwrap();
        fs::create_dir_all(director.path("usr/lib/systemd/system")).unwrap();
        fs::write(director.path("usr/lib/systemd/system/ipvsadm.service"), "[Unit]\n").unwrap();
        let change = director.differ(&declared(RR)).unwrap();
        assert_eq!(change.aspects.len(), 1);
        assert_eq!(change.aspects[0].what, "unit ipvsadm at boot");
        let wants = director.path("etc/systemd/system/multi-user.target.wants/ipvsadm.service");
        symlink("/usr/lib/systemd/system/ipvsadm.service", wants).unwrap();
        assert_eq!(director.differ(&declared(RR)), None);
    }
}
