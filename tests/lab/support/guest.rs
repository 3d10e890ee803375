//! What is read from the machines, and done to them, as their administrator would.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Cluster, until};

/// Every file's name, change time, kind, mode, owner and size, for what is on the disk. Left out are the other file
/// systems, temporary files, what daemons log (sshd and systemd each login among them), where chronyd keeps the
/// clock's drift, and when a timer last fired.
const FILES: &str = "find / -xdev \
    -path /run -prune -o -path /dev -prune -o -path /proc -prune -o -path /sys -prune -o \
    -path /tmp -prune -o -path /var/tmp -prune -o \
    -path /var/log -prune -o \
    -path /var/lib/chrony -prune -o \
    -path /var/lib/systemd/timers -prune -o \
    -printf '%p %C@ %y %m %U:%G %s\\n'";

/// What lvsprov may have on a host while it works: its shells are the only ones that are called `sh` and nothing more,
/// and what it starts is known by name.
const AT_WORK: &str = r#"for p in /proc/[0-9]*; do
    words=$(tr '\0' ' ' <$p/cmdline 2>/dev/null) || continue
    case $words in
        *'case $words in'*) ;; # this script
        'sh ' | 'sleep '* | *apt-get* | *dpkg* | *debconf* | *ipvsadm* | */methods/* | *systemctl*) echo "${p#/proc/} $words" ;;
    esac
done"#;

impl Cluster {
    /// Runs a shell script on a machine, which must succeed, and gives its stdout.
    #[track_caller]
    pub fn on(&self, host: &str, script: &str) -> String {
        let outcome = self.lvsprov(&["lab", "ssh", host, "--inventory", self.inventory, "--", script]);
        assert_eq!(outcome.code, Some(0), "{host}: {script}\n{}\n{}", outcome.stdout, outcome.stderr);
        outcome.stdout
    }

    /// Runs a script on machines side by side. Gives each one's output.
    #[track_caller]
    pub fn on_each(&self, hosts: &[&str], script: &str) -> BTreeMap<String, String> {
        std::thread::scope(|scope| {
            let all: Vec<_> =
                hosts.iter().map(|host| (host, scope.spawn(move || self.on(host, script)))).collect();
            all.into_iter()
                .map(|(host, thread)| {
                    (host.to_string(), thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                })
                .collect()
        })
    }

    /// Every file of every host, a line each.
    #[track_caller]
    pub fn files(&self) -> BTreeMap<String, String> {
        self.on_each(self.hosts(), FILES)
    }

    /// Waits until nothing of lvsprov runs on any host. What watches the connection on a host needs its time: a polite
    /// signal, two seconds, a certain one. A package transaction goes on to its own end.
    #[track_caller]
    pub fn is_quiet(&self) {
        until("nothing of lvsprov runs on any host", Duration::from_secs(300), || {
            let left = self.on_each(self.hosts(), AT_WORK);
            let busy: Vec<String> = left
                .iter()
                .filter(|(_, processes)| !processes.is_empty())
                .map(|(host, processes)| {
                    format!("{host} still has {}", processes.trim_end().replace('\n', "; "))
                })
                .collect();
            busy.iter().for_each(|busy| eprintln!("   {busy}"));
            busy.is_empty().then_some(())
        });
    }
}
