//! The lab itself.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use crate::machines;
use crate::support::{Cluster, commands, tell, until};

/// The real server's login becomes root through sudo.
pub const SMALL: &str = "
directors:
  director: { vip: 10.1.0.10/24, dip: 10.2.0.10/24 }
real_servers:
  server: { rip: 10.2.0.11/24, ssh: { user: ops, become: true } }
";

pub fn two_labs_with_the_same_addresses() {
    // `edge` has one cluster, and `far`, with the same hosts and addresses, another.
    let labs = Cluster::new("two");
    let [edge, far] = ["edge", "far"].map(|name| labs.written(name));
    for (name, _) in [&edge, &far] {
        tell(&format!("lab up: {name}"));
        labs.lvsprov(&["lab", "up", name, "--output", "json"]).exits(0);
    }
    for (name, _) in [&edge, &far] {
        labs.inside(name, "server", &format!("echo {name} >~/whose; ping -c 1 -W 20 10.2.0.10 >/dev/null"));
    }
    for (name, _) in [&edge, &far] {
        assert_eq!(labs.inside(name, "server", "cat ~/whose"), *name);
        let status = labs.lvsprov(&["lab", "status", name]).exits(0);
        for host in ["director", "server"] {
            assert!(status.stdout.contains(host), "{}", status.stdout);
        }
    }

    tell("lab up, again: the machines stay as they are");
    const BOOT: &str = "cat /proc/sys/kernel/random/boot_id";
    let boots = ["director", "server"].map(|host| labs.inside(&edge.0, host, BOOT));
    let again = labs.lvsprov(&["lab", "up", &edge.0, "--output", "json"]).exits(0);
    assert_eq!((again.events.of("machine_kept").count(), again.events.of("machine_started").count()), (2, 0));
    assert_eq!(["director", "server"].map(|host| labs.inside(&edge.0, host, BOOT)), boots);

    tell("lab reboot: one machine, and no other");
    labs.lvsprov(&["lab", "reboot", "server", "--inventory", &edge.0]).exits(0);
    assert_ne!(labs.inside(&edge.0, "server", BOOT), boots[1]);
    assert_eq!(labs.inside(&edge.0, "director", BOOT), boots[0]);
    assert_eq!(labs.inside(&edge.0, "server", "cat ~/whose"), edge.0);

    tell("two plans at once: one master a host");
    labs.forget_connections();
    let both = [1, 2].map(|_| labs.start(&["plan", &edge.0, "--lab", "--output", "json"]));
    for plan in both {
        labs.ended(plan).exits(3);
    }
    let socket = labs.control_dir().to_string_lossy().into_owned();
    let masters = || commands().into_iter().filter(|words| words.contains(&socket)).collect::<Vec<_>>();
    assert_eq!(masters().len(), 2, "{:#?}", masters());

    machines::sudo_is_rehearsed(&labs, &edge);
    machines::a_power_cut_and_a_killed_kernel(&labs, &edge);
    machines::what_the_lab_lacks_is_named(&labs, &edge);
    what_lab_up_cannot_do_it_takes_back(&labs, &edge);
    machines::a_renamed_host(&labs, &edge);

    tell("lab down: nothing is left, and the other stays");
    labs.lvsprov(&["lab", "down", &edge.0]).exits(0);
    nothing_is_left(&labs, &edge.1);
    assert_eq!(labs.inside(&far.0, "server", "cat ~/whose"), far.0);
    labs.lvsprov(&["lab", "down", &edge.0]).exits(0);
    let gone = labs.lvsprov(&["plan", &edge.0, "--lab"]).exits(2);
    assert!(gone.stderr.contains("lab up"), "{}", gone.stderr);
    labs.lvsprov(&["lab", "down", &far.0]).exits(0);
    nothing_is_left(&labs, &far.1);
}

/// A lab of which one machine is off and does not start again.
fn what_lab_up_cannot_do_it_takes_back(labs: &Cluster, (inventory, cluster): &(String, String)) {
    let folder = labs.labs().join(cluster);
    let runs = |host: &str| {
        let mark = format!("{} umid={host} ", folder.join("boot").display());
        commands().iter().any(|words| words.contains(&mark))
    };
    let boot = || labs.inside(inventory, "director", "cat /proc/sys/kernel/random/boot_id");
    let before = boot();
    let up = ["lab", "up", inventory, "--output", "json"];

    labs.lvsprov(&["lab", "off", "server", "--inventory", inventory]).exits(0);
    assert!(!runs("server"));
    tell("lab up, Ctrl-C: what it started is gone, and what ran stays");
    let mut interrupted = labs.start(&up);
    assert!(interrupted.sees(|event| event["event"] == "machine_started"), "{:?}", interrupted.ends());
    interrupted.signal(Signal::INT);
    labs.ended(interrupted).exits(130);
    assert_eq!((runs("server"), boot()), (false, before.clone()));

    tell("lab up of a machine that does not boot: its console stays, and so does what ran");
    let disk = folder.join("machines/server/disk.cow");
    std::fs::write(&disk, "no disk").unwrap();
    let failed = labs.lvsprov(&up).exits(1);
    let errors: Vec<&str> = failed.events.of("error").filter_map(|error| error["message"].as_str()).collect();
    let console = labs.labs().join(format!("{cluster}.failed/server.log"));
    assert!(errors.len() == 1 && errors[0].contains(&*console.to_string_lossy()), "{errors:#?}");
    assert!(std::fs::read_to_string(&console).is_ok_and(|log| !log.is_empty()), "{}", console.display());
    assert_eq!((runs("server"), boot()), (false, before.clone()));

    std::fs::remove_file(&disk).unwrap();
    labs.lvsprov(&up).exits(0);
    assert!(runs("server") && boot() == before && !console.exists());

    tell("lab up with a new host, Ctrl-C: nothing of it is left");
    let third = |rip: &str| format!("cluster: {cluster}\n{SMALL}  third: {{ rip: {rip} }}\n");
    labs.write(inventory, &third("10.2.0.12/24"));
    let mut interrupted = labs.start(&up);
    assert!(interrupted.sees(|event| event["event"] == "machine_started"), "{:?}", interrupted.ends());
    interrupted.signal(Signal::INT);
    labs.ended(interrupted).exits(130);
    assert!(!runs("third") && !folder.join("machines/third").exists() && boot() == before);
    // It may come with another address.
    labs.write(inventory, &third("10.2.0.13/24"));
    labs.lvsprov(&up).exits(0);
    assert!(labs.inside(inventory, "third", "ping -c 1 -W 20 10.2.0.10").contains("1 received"));

    tell("all machines off, then lab up and Ctrl-C: their disks stay");
    labs.inside(inventory, "director", "echo mine >/root/mine; sync");
    labs.lvsprov(&["lab", "off", "director", "server", "--inventory", inventory]).exits(0);
    // As its administrator does it.
    labs.inside(inventory, "third", "systemctl --no-block poweroff");
    let off = || ["director", "server", "third"].iter().all(|host| !runs(host));
    until("all kernels end", Duration::from_secs(120), || off().then_some(()));
    let rehearsal = labs.lvsprov(&["rehearse", inventory, "--output", "json"]).exits(2);
    assert!(
        rehearsal.stderr.contains("lab down") || rehearsal.stdout.contains("lab down"),
        "{}",
        rehearsal.words
    );
    let mut interrupted = labs.start(&up);
    assert!(interrupted.sees(|event| event["event"] == "machine_started"), "{:?}", interrupted.ends());
    interrupted.signal(Signal::INT);
    labs.ended(interrupted).exits(130);
    assert!(off());
    labs.lvsprov(&up).exits(0);
    assert_eq!(labs.inside(inventory, "director", "cat /root/mine"), "mine");
}

/// No process, no namespace, no file of the lab of that name.
#[track_caller]
pub fn nothing_is_left(cluster: &Cluster, lab: &str) {
    let folder = cluster.labs().join(lab);
    assert!(!folder.exists(), "{} is left", folder.display());
    let namespace = Path::new("/run/netns").join(format!("lvsprov-{lab}"));
    assert!(!namespace.exists(), "{} is left", namespace.display());
    let mark = folder.to_string_lossy().into_owned();
    let left: Vec<String> = commands().into_iter().filter(|words| words.contains(&mark)).collect();
    assert_eq!(left, [""; 0], "processes that run still");
}

impl Cluster {
    /// Writes a small inventory. Gives its file and its cluster's name.
    fn written(&self, name: &str) -> (String, String) {
        let cluster = format!("{}-{name}", self.name());
        let file = format!("{name}.yaml");
        self.write(&file, &format!("cluster: {cluster} \n{SMALL}"));
        (file, cluster)
    }

    #[track_caller]
    pub fn inside(&self, inventory: &str, host: &str, script: &str) -> String {
        self.lvsprov(&["lab", "ssh", host, "--inventory", inventory, "--", script]).exits(0).stdout
    }
}
