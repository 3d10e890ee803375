//! What becomes of a lab's machines: killed, cut off, renamed, never started.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::labs::SMALL;
use crate::support::{Cluster, commands, tell, until};

const BOOT: &str = "cat /proc/sys/kernel/random/boot_id";

/// What only root can do.
const AS_ROOT: &str = "
- hosts: server
  tasks:
    - command: { cmd: id -un >/etc/done-by, creates: /etc/done-by }
";

pub fn sudo_is_rehearsed(labs: &Cluster, (inventory, cluster): &(String, String)) {
    tell("the inventory's user logs in, and becomes root through sudo");
    labs.write("as-root.yaml", AS_ROOT);
    labs.write("without.yaml", &format!("cluster: {cluster}\n{}", SMALL.replace(", become: true", "")));
    labs.lvsprov(&["run", "as-root.yaml", "without.yaml", "--lab"]).exits(1);
    labs.lvsprov(&["run", "as-root.yaml", inventory, "--lab"]).exits(0);
    assert_eq!(labs.inside(inventory, "server", "id -un; cat /etc/done-by"), "ops\nroot");
    assert_eq!(labs.inside(inventory, "director", "id -un"), "root");
}

pub fn a_power_cut_and_a_killed_kernel(labs: &Cluster, (inventory, cluster): &(String, String)) {
    tell("lab ssh runs what ssh would run");
    let ssh = ["lab", "ssh", "server", "--inventory", inventory, "--"];
    let said = |words: &[&str]| labs.lvsprov(&[&ssh, words].concat()).exits(0).stdout;
    assert_eq!(said(&["echo a; echo b"]), "a\nb");
    assert_eq!(said(&["echo", "a  b;", "echo", "c"]), "a b\nc");
    labs.lvsprov(&[&ssh[..], &["exit 7"]].concat()).exits(7);

    tell("lab reboot --hard: another boot from the same disk");
    let before = labs.inside(inventory, "server", &format!("{BOOT}; echo kept >~/kept; sync"));
    labs.lvsprov(&["lab", "reboot", "--hard", "server", "--inventory", inventory]).exits(0);
    let after = labs.inside(inventory, "server", &format!("{BOOT}; grep -q kept ~/kept"));
    assert_ne!(after, before);

    tell("a kernel is killed: its machine is off, and lab up boots it again");
    let folder = labs.labs().join(cluster);
    kill_process(kernel(&folder.join("boot"), "server"), Signal::KILL).unwrap();
    let running = || -> Vec<Value> {
        let status = labs.lvsprov(&["lab", "status", inventory, "--output", "json"]).exits(0);
        status.events.of("machine").map(|machine| machine["running"].clone()).collect()
    };
    until("its kernel is gone", Duration::from_secs(10), || (running() == [true, false]).then_some(()));
    let mark = format!("{} umid=server ", folder.join("boot").display());
    assert!(commands().iter().any(|words| words.contains(&mark)), "what the kernel leaves is there");
    let up = labs.lvsprov(&["lab", "up", inventory, "--output", "json"]).exits(0);
    let started: Vec<&Value> = up.events.of("machine_started").map(|event| &event["host"]).collect();
    assert_eq!(started, ["server"]);
    assert_ne!(labs.inside(inventory, "server", &format!("{BOOT}; grep -q kept ~/kept")), after);
}

pub fn what_the_lab_lacks_is_named(labs: &Cluster, (inventory, cluster): &(String, String)) {
    tell("a host that the lab lacks is named");
    labs.write("more.yaml", &format!("cluster: {cluster}\n{SMALL}  late: {{ rip: 10.2.0.14/24 }}\n"));
    for words in [
        &["plan", "more.yaml", "--lab"][..],
        &["lab", "ssh", "late", "--inventory", "more.yaml"],
        &["lab", "reboot", "late", "--inventory", "more.yaml"],
        &["lab", "off", "late", "--inventory", "more.yaml"],
    ] {
        let refused = labs.lvsprov(words).exits(2);
        assert!(
            refused.stderr.contains("no machine `late`") && refused.stderr.contains("lvsprov lab up"),
            "{}",
            refused.stderr
        );
    }
    labs.lvsprov(&["plan", "more.yaml", "--lab", "--limit", "server"]).exits(3);
    let other = labs.lvsprov(&["lab", "up", inventory, "--image", "debian-13"]).exits(1);
    assert!(other.stderr.contains("another image"), "{}", other.stderr);
}

pub fn a_renamed_host(labs: &Cluster, (inventory, cluster): &(String, String)) {
    tell("a renamed host: its old machine must be off, and is then gone");
    let old = labs.labs().join(cluster).join("machines/server");
    labs.write(inventory, &format!("cluster: {cluster}\n{}", SMALL.replace("server:", "web1:")));
    let up = ["lab", "up", inventory, "--output", "json"];
    let refused = labs.lvsprov(&up).exits(1);
    let errors: Vec<&str> =
        refused.events.of("error").filter_map(|error| error["message"].as_str()).collect();
    assert!(errors.len() == 1 && errors[0].contains("`lvsprov lab off server`"), "{errors:#?}");
    labs.lvsprov(&["lab", "off", "server", "--inventory", inventory]).exits(0);
    assert!(old.exists());
    labs.lvsprov(&up).exits(0);
    assert!(!old.exists());
    assert!(labs.inside(inventory, "web1", "ping -c 1 -W 20 10.2.0.10").contains("1 received"));
}

/// The first process of a machine, which leads the session that all of its processes are in.
#[track_caller]
fn kernel(boot: &Path, host: &str) -> Pid {
    let mark = format!("{} umid={host} ", boot.display());
    let read =
        |pid: i32, file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let leads = |pid: i32| {
        let stat = read(pid, "stat");
        stat.rsplit(')').next().and_then(|fields| fields.split_whitespace().nth(3)) == Some(&pid.to_string())
    };
    let first = ids.find(|pid| read(*pid, "cmdline").replace('\0', " ").contains(&mark) && leads(*pid));
    first.and_then(Pid::from_raw).expect("a kernel runs")
}
