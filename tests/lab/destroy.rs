//! What a first deploy made of bare machines is taken back: each host is as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::bare::alternates;
use crate::support::{Cluster, Outcome, tell};

const SERVERS: &[&str] = &["lvs_director", "lvs_real_server01", "lvs_real_server02"];

/// Prints what there is on a host: a line each, `SECTION KEY<tab>VALUE`.
const SNAPSHOT: &str = include_str!("destroy/snapshot.sh");

/// What is not compared, by `SECTION KEY`, in which a `*` stands for anything, and why.
const LEFT_OUT: [(&str, &str); 36] = [
    ("content /var/log/*", "what was done is logged: by apt, dpkg, systemd, and by sshd each login"),
    ("node /var/log/apt/*", "apt's logs; the packages' own must be gone"),
    ("node /var/log/dpkg.log", "dpkg's log"),
    ("content /var/cache/apt/pkgcache.bin", "apt's cache of what dpkg says"),
    ("node /var/cache/apt/archives/partial", "apt gives its folder to its own user with the first download"),
    ("node /var/cache/ldconfig/aux-cache", "the linker's cache: dpkg's triggers write it"),
    ("content /var/cache/ldconfig/aux-cache", "the same"),
    ("content /var/cache/debconf/templates.dat-old", "debconf's copy from before its last change"),
    ("content /var/lib/dpkg/status-old", "dpkg's copy from before its last change"),
    ("node /var/lib/dpkg/statoverride-old", "the same"),
    ("content /var/lib/dpkg/statoverride-old", "the same"),
    (
        "node /var/lib/dpkg/statoverride",
        "dpkg makes it for its first override; what is in it is compared apart",
    ),
    ("content /var/lib/dpkg/statoverride", "the same"),
    ("node /var/lib/ucf/hashfile.*", "ucf's copies from before its last changes"),
    ("content /var/lib/ucf/hashfile.*", "the same"),
    ("node /var/lib/ucf/registry.*", "the same"),
    ("content /var/lib/ucf/registry.*", "the same"),
    ("content /etc/passwd-", "adduser's copies from before its last change"),
    ("content /etc/group-", "the same"),
    ("content /etc/shadow-", "the same"),
    ("content /etc/gshadow-", "the same"),
    ("runtime /run/systemd/*", "systemd's own, until the next boot"),
    ("runtime /run/adduser", "adduser's lock, until the next boot"),
    ("runtime /run/apache2*", "apache2's, whose purge leaves them until the next boot"),
    ("runtime /run/lvsprov", "it has the lock"),
    ("runtime /run/lvsprov/lock", "another run may be at it: it stays until the next boot"),
    ("unit time-set.target", "one that was reached stays so until the next boot"),
    ("unit time-sync.target", "the same"),
    ("unit network-online.target", "the same"),
    ("sysctl /proc/sys/net/ipv4/inet_peer_threshold", "the kernel counts its memory at each boot"),
    ("sysctl /proc/sys/net/ipv4/tcp_*mem", "the same"),
    ("sysctl /proc/sys/net/ipv4/tcp_ehash_entries", "the same"),
    ("sysctl /proc/sys/net/ipv4/tcp_max_orphans", "the same"),
    ("sysctl /proc/sys/net/ipv4/tcp_max_tw_buckets", "the same"),
    ("sysctl /proc/sys/net/ipv4/udp_mem", "the same"),
    ("sysctl /proc/sys/net/netfilter/*", "the same"),
];

/// What is not compared on an EL-like guest beside that, and why.
const LEFT_OUT_EL: [(&str, &str); 13] = [
    ("content /var/lib/rpm/rpmdb.sqlite*", "what rpm says is compared apart"),
    ("node /var/lib/dnf/history.sqlite*", "dnf's log of its transactions"),
    ("content /var/lib/dnf/history.sqlite*", "the same"),
    ("node /var/cache/dnf/*", "dnf's cache of its repositories"),
    ("content /var/cache/dnf/*", "the same"),
    ("content /etc/passwd", "an RPM leaves the user that it made: files may be that user's"),
    ("content /etc/group", "the same"),
    ("content /etc/shadow", "the same"),
    ("content /etc/gshadow", "the same"),
    ("node /var/log/httpd*", "an RPM leaves the logs, and their folder"),
    ("runtime /run/chrony", "chronyd's, until the next boot"),
    ("node /var/lib/NetworkManager/*", "NetworkManager's own state, which the reboot has it write"),
    ("content /var/lib/NetworkManager/*", "the same"),
];

/// Of each host, by `SECTION KEY`.
pub type Snapshot = BTreeMap<String, BTreeMap<String, String>>;

/// When a destroy is killed: so many milliseconds after a step began whose label holds this, in the order in which they
/// come. A package transaction goes on by itself after a kill, and the next run finds it.
const MOMENTS: [(&str, u64); 5] = [
    ("virtual_services", 0),
    ("kernel_module", 0),
    ("package ipvsadm", 1500),
    ("default_gateway", 0),
    ("package apache2", 2000),
];

/// One of the real servers is under NetworkManager. The destroy is killed again and again.
pub fn debian_12() {
    let tutorial = include_str!("../../inventories/tutorial.yaml");
    let own = tutorial
        .replace("192.168.40.102/24 }", "192.168.40.102/24, lab: { image: debian-12-networkmanager } }");
    assert_ne!(own, tutorial);
    let cluster = bare("back12", "debian-12", &own);
    let before = snapshot(&cluster);
    cluster.lab("deploy", "tutorial.yaml", &["--no-verify"]).exits(0);
    many_times_killed(&cluster);
    is_as_it_was(&cluster, &before);
}

/// Also what a deploy and a reboot are there: the unit that restores the table, and systemd-networkd. One of the real servers
/// has somebody's page. The destroy comes once while somebody else has a service in the table, and once without it.
pub fn debian_13() {
    let cluster = bare("back13", "debian-13", include_str!("../../inventories/tutorial.yaml"));
    cluster.on("lvs_real_server02", "mkdir -p /var/www/html && echo 'The shop' >/var/www/html/index.html");
    let before = snapshot(&cluster);
    let deploy = || cluster.lab("deploy", "tutorial.yaml", &[]).exits(0);
    let deployed = deploy();
    leaves_somebody_elses_page(&cluster, &deployed);
    let told: BTreeMap<String, u64> = deployed
        .events
        .of("planned")
        .map(|planned| (planned["host"].to_string(), planned["changes"].as_u64().unwrap()))
        .collect();
    assert_eq!(told.values().sum::<u64>(), deployed.events.changed(), "{told:?}");
    let again = deploy();
    assert_eq!(again.events.changed(), 0, "a second deploy");
    leaves_somebody_elses_page(&cluster, &again);
    tell("reboot, verify");
    let words = ["lab", "reboot", "--inventory", "tutorial.yaml", "--output", "json"];
    cluster.lvsprov(&[&words[..], SERVERS].concat()).exits(0);
    let verified = cluster.lab("verify", "tutorial.yaml", &[]).exits(0);
    alternates(&verified.events.sequence());
    a_check_changes_nothing(&cluster);
    beside_somebody_elses_service(&cluster);
    is_as_it_was(&cluster, &before);
}

/// It is told, and the real servers are told apart all the same.
#[track_caller]
fn leaves_somebody_elses_page(cluster: &Cluster, deployed: &Outcome) {
    let told = |left: &Value| format!("{}: {}", left["host"], left["what"]).replace('"', "");
    let left: Vec<String> = deployed.events.of("left").map(told).collect();
    assert_eq!(left, ["lvs_real_server02: file /var/www/html/index.html"]);
    alternates(&deployed.events.sequence());
    assert_eq!(cluster.on("lvs_real_server02", "cat /var/www/html/index.html"), "The shop");
}

#[track_caller]
fn bare(name: &str, image: &str, inventory: &str) -> Cluster {
    let cluster = Cluster::new(name);
    cluster.write("tutorial.yaml", inventory);
    tell(&format!("lab up of {image}, deploy"));
    cluster.lvsprov(&["lab", "up", "tutorial.yaml", "--image", image, "--output", "json"]).exits(0);
    cluster
}

#[track_caller]
pub fn takes_back(cluster: &Cluster) -> Outcome {
    cluster.lab("destroy", cluster.inventory, &["--lock-wait", "60"]).exits(0)
}

#[track_caller]
fn a_check_changes_nothing(cluster: &Cluster) {
    tell("destroy --check");
    let files = cluster.files();
    let plan = cluster.lab("destroy", "tutorial.yaml", &["--check"]).exits(3);
    assert_eq!(plan.events.of("change").count(), 21, "both real servers have a page beside index.html");
    assert_eq!(cluster.files(), files, "a check wrote something");
    assert_eq!(cluster.on("lvs_director", "ipvsadm -Sn").lines().count(), 3);
}

/// What needs IPVS stays for as long as it is needed, and is named.
#[track_caller]
fn beside_somebody_elses_service(cluster: &Cluster) {
    tell("destroy, with a service in the table that somebody else has put there");
    let (service, real_server) = ("-t 192.168.175.100:8080", "-r 192.168.40.101:80 -m -w 1");
    cluster.on("lvs_director", &format!("ipvsadm -A {service} -s rr; ipvsadm -a {service} {real_server}"));
    let first = takes_back(cluster);
    let left: Vec<String> = first
        .events
        .of("left")
        .map(|left| format!("{}: {}: {}", left["host"], left["what"], left["why"]).replace('"', ""))
        .collect();
    left.iter().for_each(|left| tell(&format!("   left: {left}")));
    let named = |what: &str| left.iter().any(|left| left.contains(what));
    assert!(named("the kernel module ip_vs stays loaded: it is in use"), "{left:?}");
    assert!(named("the package ipvsadm:amd64 stays: this host has virtual services of others"), "{left:?}");
    assert_eq!(
        cluster.on("lvs_director", "ipvsadm -Sn").trim_end(),
        format!("-A {service} -s rr\n-a {service} {real_server}")
    );
    let again = takes_back(cluster);
    assert_eq!(again.events.of("change").count(), 3, "what was left is tried again: {}", again.stdout);

    cluster.on("lvs_director", &format!("ipvsadm -D {service}"));
    tell("destroy, without it");
    takes_back(cluster);
}

#[track_caller]
fn many_times_killed(cluster: &Cluster) {
    tell("destroy, and kill it");
    for (number, (label, milliseconds)) in MOMENTS.iter().enumerate() {
        let mut run = cluster.start_lab("destroy", "tutorial.yaml", &["--lock-wait", "60"]);
        assert!(run.sees_step(label), "the destroy ended before its {label}: {:?}", run.ends());
        std::thread::sleep(Duration::from_millis(*milliseconds));
        run.signal(Signal::KILL);
        let killed = cluster.ended(run);
        assert_eq!(killed.code, None, "a signal ended it");
        let made = killed.events.of("step_done").count();
        tell(&format!("   killed {} of 5 times, at {label}; {made} reverses were made", number + 1));
    }
    let last = takes_back(cluster);
    tell(&format!("   the last run made {} reverses", last.events.changed()));
}

/// Compares every host with what it was, tells how much was compared, and every difference. A second destroy finds
/// nothing.
#[track_caller]
pub fn is_as_it_was(cluster: &Cluster, before: &Snapshot) {
    let after = snapshot(cluster);
    let mut differences = Vec::new();
    for (host, before) in before {
        let after = &after[host];
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for key in keys {
            *counts.entry(key.split(' ').next().unwrap_or_default()).or_default() += 1;
            let (was, is) = (before.get(key), after.get(key));
            if was != is {
                differences.push(format!("{host}: {key}: {was:?} -> {is:?}"));
            }
        }
        let counts: Vec<String> =
            counts.iter().map(|(section, count)| format!("{count} {section}")).collect();
        tell(&format!("   {host}: compared {}", counts.join(", ")));
    }
    differences.iter().for_each(|difference| eprintln!("   {difference}"));
    tell(&format!("   {} differences", differences.len()));
    assert!(differences.is_empty(), "{} differences", differences.len());
    let again = cluster.lab("destroy", cluster.inventory, &[]).exits(0);
    assert_eq!((again.events.of("change").count(), again.events.changed()), (0, 0), "{}", again.stdout);
}

#[track_caller]
pub fn snapshot(cluster: &Cluster) -> Snapshot {
    let begun = Instant::now();
    let read = |printed: String| {
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        let on_el = printed.lines().any(|line| line.starts_with("rpm "));
        let left_out = LEFT_OUT.iter().chain(LEFT_OUT_EL.iter().filter(|_| on_el));
        for line in printed.lines() {
            let (key, value) = line.split_once('\t').unwrap_or((line, ""));
            let left_out = left_out.clone().any(|(pattern, _)| match pattern.split_once('*') {
                Some((beginning, end)) => key.starts_with(beginning) && key.ends_with(end),
                None => key == *pattern,
            });
            // There may be several of a key: a parameter with two lines.
            if !left_out {
                let values = all.entry(key.to_owned()).or_default();
                values.push_str(value);
                values.push(';');
            }
        }
        all
    };
    let printed = cluster.on_each(cluster.hosts(), SNAPSHOT);
    let all = printed.into_iter().map(|(host, text)| (host, read(text))).collect();
    tell(&format!("   every host was read in {:.1} s", begun.elapsed().as_secs_f32()));
    all
}
