//! A director whose root is a folder.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lvsprov::resource::{
    Change, Context, Facts, Family, Observed, Os, Record, Refusal, Resource, Unreadable, VirtualServices,
};

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash", "--posix"], &["busybox", "sh"]];
pub const RR: &str = include_str!("../cases/virtual_services/tutorial.rules");
pub const WRR: &str = include_str!("../cases/virtual_services/tutorial-wrr.rules");
pub const DEFAULTS: &str =
    "# ipvsadm\n\nAUTO=\"false\"\n\n# daemon method (none|master|backup)\nDAEMON=\"none\"\n";

/// A second is over at once, but for the kernel's own clock.
const SLEEP: &str = r#"sleep() {
    echo "$1" >>"$ROOT/slept"
    read -r up idle </proc/uptime
    echo "$((${up%.*} + $1)).${up#*.} $idle" >/proc/uptime
}
"#;

/// What RHEL's package has for the boot.
const RHEL_UNIT: &str = "[Service]\nExecStop=/bin/bash -c \"exec /sbin/ipvsadm-save -n > /etc/sysconfig/ipvsadm\"\n\
    ExecStop=/sbin/ipvsadm -C\n";

/// A director, Debian's unless it is made another's, that has just got its packages.
pub struct Director {
    pub root: tempfile::TempDir,
    pub shell: &'static [&'static str],
    facts: Facts,
}

impl Director {
    pub fn new(shell: &'static [&'static str]) -> Self {
        let director = Director { root: tempfile::tempdir().unwrap(), shell, facts: debian() };
        for directory in ["etc/default", "etc/init.d", "proc/net", "run/systemd/system", "var/lib"] {
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
            ("restores", ""),
            ("tried", ""),
            ("slept", ""),
            ("down", ""),
            ("active", "0\n"),
            ("inactive", "1000\n"),
            ("proc/uptime", "100.25 100.25\n"),
        ] {
            fs::write(director.path(name), content).unwrap();
        }
        let rules = director.path("etc/ipvsadm.rules");
        fs::set_permissions(rules, fs::Permissions::from_mode(0o640)).unwrap();
        director
    }

    /// A director of another family.
    pub fn of(family: Family, shell: &'static [&'static str]) -> Self {
        let mut director = Director::new(shell);
        fs::remove_file(director.path("etc/ipvsadm.rules")).unwrap();
        fs::remove_file(director.path("etc/default/ipvsadm")).unwrap();
        if family != Family::Alpine {
            fs::remove_file(director.path("etc/init.d/ipvsadm")).unwrap();
            fs::create_dir_all(director.path("usr/lib/systemd/system")).unwrap();
            fs::create_dir_all(director.path("etc/sysconfig")).unwrap();
        }
        let id = match family {
            Family::RedHat => {
                fs::write(director.path("usr/lib/systemd/system/ipvsadm.service"), RHEL_UNIT).unwrap();
                "rocky"
            }
            Family::Suse => {
                fs::write(director.path("usr/lib/systemd/system/ipvsadm.service"), "[Service]\n").unwrap();
                fs::write(director.path("etc/sysconfig/ipvsadm"), "IPVSADM_CONFIG=\"/etc/ipvsadm.rules\"\n")
                    .unwrap();
                fs::write(director.path("etc/ipvsadm.rules"), "#\n# Please insert\n#\n").unwrap();
                "opensuse-leap"
            }
            _ => "alpine",
        };
        director.facts.os = Os { id: id.into(), version: String::new(), family };
        director
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The calls of ipvsadm that change something.
    pub fn calls(&self) -> Vec<String> {
        self.read("calls").lines().map(str::to_owned).collect()
    }

    /// Runs a text as the engine does, with every path under the root.
    pub fn run(&self, text: &str) -> Output {
        let root = self.root.path().to_str().unwrap();
        // busybox sh takes its own applets before any command on PATH; a function comes before both.
        let mut text = format!("modprobe() {{ : >>/proc/net/ip_vs; }}\n{SLEEP}(\nset -eu\n{text}\n)");
        for path in [
            "/etc/",
            "/proc/net/",
            "/proc/uptime",
            "/run/systemd/",
            "/usr/lib/systemd/",
            " /lib/systemd/",
            "/var/lib/",
        ] {
            let (space, path) = path.split_at(path.find('/').unwrap());
            text = text.replace(&format!("{space}{path}"), &format!("{space}{root}{path}"));
        }
        let stubs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stubs/virtual_services");
        // The awk of the BSDs goes with dash, the machine's own with bash, and busybox has one itself.
        if self.shell == SHELLS[0] {
            text = format!("awk() {{ original-awk \"$@\"; }}\n{text}");
        }
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

    pub fn observe(&self, resource: &Resource) -> Observed {
        self.read_of(resource).unwrap()
    }

    pub fn read_of(&self, resource: &Resource) -> Result<Observed, Unreadable> {
        let section = Resource::probe_all(&[resource], &self.facts).remove(0);
        let printed = self.printed(resource);
        Ok(section.parse(&[resource], &self.facts, printed.as_bytes())?.remove(0))
    }

    /// What the probe prints.
    pub fn printed(&self, resource: &Resource) -> String {
        let section = Resource::probe_all(&[resource], &self.facts).remove(0);
        let probed = self.run(&section.by_itself());
        assert!(!self.path("loaded-by-a-probe").exists(), "a probe loaded IPVS");
        String::from_utf8(probed.stdout).unwrap().replace(self.root.path().to_str().unwrap(), "")
    }

    pub fn differ(&self, declared: &VirtualServices) -> Option<Change> {
        let resource = Resource::from(declared.clone());
        let mut observed = self.observe(&resource);
        if let Some(script) = resource.closer(&observed) {
            Resource::learn(&mut observed, &self.run(&script).stdout);
        }
        resource.differ(&observed, Context { facts: &self.facts, changing: &BTreeSet::new() }).unwrap()
    }

    /// Why nothing can be done.
    pub fn refused(&self, declared: &VirtualServices) -> Refusal {
        let resource = Resource::from(declared.clone());
        let observed = self.observe(&resource);
        let context = Context { facts: &self.facts, changing: &BTreeSet::new() };
        resource.differ(&observed, context).unwrap_err()
    }

    /// The change with the record of what there was before.
    pub fn recorded(&self, declared: &VirtualServices, change: &Change) -> String {
        let resource = Resource::from(declared.clone());
        let recorded = resource.record(&self.observe(&resource)).unwrap();
        let find = recorded.0.find();
        Record::write_all(&[recorded]).reveal() + &find + &change.unguarded()
    }

    /// Plans, applies, and finds nothing more to do.
    pub fn deploy(&self, declared: &VirtualServices) {
        let change = self.differ(declared).expect("something to do");
        let output = self.run(&self.recorded(declared, &change));
        assert!(output.status.success(), "{:?}: {output:?}", self.shell);
        assert_eq!(self.differ(declared), None, "{:?}: it did not take", self.shell);
        assert!(!self.path("etc/.lvsprov.ipvsadm.rules.new").exists());
    }

    /// The one change that takes back what was recorded, with the record's folder; `None` when all is as it was.
    pub fn reversal(&self) -> Option<String> {
        let stored = Record::parse(&self.run(&Record::probe()).stdout).unwrap();
        let [stored] = &stored[..] else { panic!("{} records", stored.len()) };
        let resource = Resource::of_record(&stored.record).unwrap();
        let observed = self.observe(&resource);
        let context = Context { facts: &self.facts, changing: &BTreeSet::new() };
        let change = resource.revert(&stored.record, &observed, context).unwrap()?;
        Some(format!("record={}\n{}", stored.folder(), change.unguarded()))
    }

    /// Takes back what was recorded, and finds nothing more to take back.
    pub fn destroy(&self) {
        let output = self.run(&self.reversal().expect("something to take back"));
        assert!(output.status.success(), "{:?}: {output:?}", self.shell);
        assert_eq!(self.reversal(), None, "{:?}: it did not take", self.shell);
    }
}

pub fn debian() -> Facts {
    Facts {
        os: Os { id: "debian".into(), version: "12".into(), family: Family::Debian },
        hostname: "lvs_director".into(),
        kernel: "6.1.176".into(),
        boot_id: String::new(),
        uid: 0,
        systemd: true,
        addresses: Vec::new(),
        forwards_ipv4: false,
        forwards_ipv6: false,
        over_ssh: true,
        selinux: false,
        connection: None,
        firewall: None,
        stateful_firewall: false,
        has_own_page: false,
    }
}

pub fn declared(rules: &str) -> VirtualServices {
    VirtualServices { table: rules.parse().unwrap(), persist: true, ..VirtualServices::default() }
}

/// What a change has said.
pub fn said(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

pub fn directors() -> impl Iterator<Item = Director> {
    SHELLS.into_iter().map(Director::new)
}

pub fn directors_of(family: Family) -> impl Iterator<Item = Director> {
    SHELLS.into_iter().map(move |shell| Director::of(family, shell))
}
