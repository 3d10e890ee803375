//! A host: a root of its own on this machine, whose shell is reached as a host's is, and whose stand-ins take the place
//! of what would change more than that root.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lvsprov::transport::{Target, Way};
use rustix::process::{Pid, Signal, kill_process};

use super::root::{Root, SHELLS};

/// A host's name and its root.
pub struct Machine {
    pub name: String,
    pub root: Root,
    /// The controller's address as the host sees it.
    pub controller: &'static str,
    /// Who is logged in there, when it is not root: a number and a name.
    login: Option<(u32, &'static str)>,
}

/// The kernel of this machine need not have IPVS: its table is a file in a /proc that has little else.
const DIRECTOR: &str = r#"
umount -l proc
mkdir -p proc/sys proc/net proc/self
mount --rbind /proc/sys proc/sys
cp /proc/self/status proc/self/status
ip link add eth0 type veth peer name peer0
ip addr add 192.168.40.100/24 dev eth0
ip addr add 192.168.175.100/24 dev eth0
"#;

/// A real server in the tutorial's subnet, whose gateway is another one than the DIP.
const REAL_SERVER: &str = "ip link add eth0 type veth peer name peer0
ip link set eth0 up
ip link set peer0 up
ip addr add ADDRESS/24 dev eth0
ip route add default via 192.168.40.1 dev eth0
";

/// A link to a root: `$1` is the root, the rest leads to its shell. Only the two that pass on hold our ends.
const LINK: &str = r#"
export LINK="$1"
shift
[ ! -e "$LINK/unreachable" ] || exit 255
exec 3<&0 4>&1
{ cat <&3 3<&- 4>&- & echo $! >>"$LINK/in"; exec 3<&- 4>&- >&-; wait; } |
    "$@" 3<&- 4>&- |
    { exec 3<&0; cat <&3 >&4 3<&- 4>&- & echo $! >>"$LINK/out"; exec <&- 3<&- 4>&- >&-; wait; } &
exec <&- >&- 3<&- 4>&-
wait
"#;

impl Machine {
    /// The director: it does not forward, and its table is empty.
    pub fn director(name: &str) -> Machine {
        let root = Root::with(SHELLS[0], DIRECTOR);
        let machine = Machine { name: name.to_owned(), root, controller: "192.168.40.9", login: None };
        machine.stub("tests/stubs/virtual_services", &["ipvsadm", "curl", "systemctl"]);
        for path in ["/kernel", "/calls", "/tried", "/down"] {
            machine.root.write(path, "");
        }
        machine.root.write("/active", "0\n");
        machine.root.write("/inactive", "0\n");
        machine.root.write("/clock", "100.25 100.25\n");
        machine.root.link("/proc/uptime", "/clock");
        machine.root.write("/proc/net/ip_vs", "IP Virtual Server version 1.2.1 (size=4096)\n");
        machine.root.write("/etc/ipvsadm.rules", "");
        machine.root.write("/etc/default/ipvsadm", "AUTO=\"false\"\n");
        machine.root.write("/etc/init.d/ipvsadm", "#!/bin/sh\n");
        for level in 2..=5 {
            machine.root.mkdir(&format!("/etc/rc{level}.d"));
            machine.root.link(&format!("/etc/rc{level}.d/K01ipvsadm"), "../init.d/ipvsadm");
        }
        machine
    }

    /// The director forwards from now on.
    pub fn forwards(&self) {
        self.root.sh("echo 1 >/proc/sys/net/ipv4/ip_forward");
    }

    /// A real server with apache2 that runs.
    pub fn real_server(name: &str, address: &str) -> Machine {
        let root = Root::with(SHELLS[0], "");
        let machine = Machine { name: name.to_owned(), root, controller: "192.168.40.9", login: None };
        machine.stub("tests/run/stub", &["systemctl", "cut"]);
        machine.root.sh(&REAL_SERVER.replace("ADDRESS", address));
        machine.root.stub("ifup", "");
        machine.root.write("/units/apache2.service", "active enabled\n");
        machine.root.write(
            "/etc/network/interfaces",
            format!("auto eth0\niface eth0 inet static\n\taddress {address}/24\n\tgateway 192.168.40.1\n"),
        );
        machine
    }

    fn stub(&self, folder: &str, names: &[&str]) {
        let top = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (folder, name) in names.iter().map(|name| (folder, *name)).chain([("tests/run/stub", "sleep")]) {
            let to = self.root.path(&format!("/stub/{name}"));
            fs::copy(top.join(folder).join(name), &to).unwrap();
            fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).unwrap();
        }
        self.root.mkdir("/run/systemd/system");
        self.root.write("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
    }

    /// How it is reached: over two processes that pass on what is said, each way. Each leaves its number in the root; while
    /// /unreachable is there, nothing comes up.
    pub fn target(&self) -> Target {
        let root = self.root.path("/").display().to_string();
        let connection = format!("SSH_CONNECTION={} 50000 192.168.40.100 22", self.controller);
        let path = "PATH=/stub:/usr/sbin:/usr/bin:/sbin:/bin";
        let (login, name): (Vec<String>, &str) = match self.login {
            Some((uid, name)) => {
                let ids = [format!("--reuid={uid}"), format!("--regid={uid}"), "--clear-groups".into()];
                (["setpriv".to_owned()].into_iter().chain(ids).collect(), name)
            }
            None => (Vec::new(), "root"),
        };
        let name = format!("LOGNAME={name}");
        let shell = ["env", "-i", path, "ROOT=", &connection, &name, "sh"].map(str::to_owned);
        let words = ["sh", "-c", LINK, "sh", &root].into_iter().map(str::to_owned);
        let words = words.chain(self.root.entrance()).chain(login).chain(shell);
        Target { name: self.name.clone(), way: Way::Local(words.collect()), r#become: None }
    }

    /// From now on somebody logs in there who is not root.
    pub fn log_in_as(&mut self, uid: u32, name: &'static str) {
        self.root.sh("chmod 755 /");
        self.login = Some((uid, name));
    }

    /// How many links came up.
    pub fn links(&self) -> usize {
        self.ends("/in").len()
    }

    fn ends(&self, side: &str) -> Vec<i32> {
        let ends = fs::read_to_string(self.root.path(side)).unwrap_or_default();
        ends.lines().map(|line| line.parse().unwrap()).collect()
    }

    /// Cuts the link of that number, counted from 0.
    pub fn cut(&self, number: usize) {
        let mark = format!("LINK={}", self.root.path("/").display());
        for end in [self.ends("/in")[number], self.ends("/out")[number]] {
            // It may have ended before, and its number be another's now.
            let environment = fs::read_to_string(format!("/proc/{end}/environ")).unwrap_or_default();
            if environment.split('\0').any(|variable| variable == mark) {
                kill_process(Pid::from_raw(end).unwrap(), Signal::KILL).unwrap();
            }
        }
    }

    /// No link comes up from now on, and those that are there are cut.
    pub fn power_off(&self) {
        self.root.write("/unreachable", "");
        (0..self.links()).for_each(|number| self.cut(number));
    }

    pub fn power_on(&self) {
        fs::remove_file(self.root.path("/unreachable")).unwrap();
    }
}
