//! From bare machines to a working cluster, killed at eight moments on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Cluster, Running, tell};

/// When a run is killed.
enum Moment {
    /// While connections are being opened.
    Connecting,
    /// So many milliseconds after the first change began.
    Into(u64),
    /// When a change began whose label holds this.
    Began(&'static str),
}

use Moment::{Began, Connecting, Into};

/// In the order in which they come: a package transaction goes on by itself after a kill, so that each run finds more done.
const MOMENTS: [Moment; 8] = [
    Connecting,
    Into(0),
    Began("package"),
    Began("index.html"),
    Began("chrony.conf"),
    Began("default_gateway"),
    Began("kernel_module"),
    Began("virtual_services"),
];

/// The files that a deploy writes, with what they may hold before: the distribution's own text, or nothing.
const FILES: [&str; 5] = [
    "/var/www/html/index.html",
    "/etc/chrony/chrony.conf",
    "/etc/network/interfaces",
    "/etc/ipvsadm.rules",
    "/etc/default/ipvsadm",
];

pub fn many_times_killed(cluster: &Cluster) {
    let plan = cluster.lab("plan", "tutorial.yaml", &[]).exits(3);
    assert!(plan.events.of("change").count() > 10, "bare machines lack nearly everything");
    let bare = digests(cluster);
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (number, moment) in MOMENTS.iter().enumerate() {
        let mut run = cluster.start_lab("deploy", "tutorial.yaml", &["--no-verify"]);
        assert!(
            comes(moment, &mut run),
            "the deploy ended before it was killed for the {}th time",
            number + 1
        );
        run.signal(Signal::KILL);
        let killed = cluster.ended(run);
        assert_eq!(killed.code, None, "a signal ended it");
        let made = killed.events.of("step_done").count();
        tell(&format!("   killed {} of {} times; {made} changes were made", number + 1, MOMENTS.len()));
        cluster.is_quiet();
        for (file, digest) in digests(cluster).into_iter().filter(|(file, _)| !is_temporary(file)) {
            seen.entry(file).or_default().insert(digest);
        }
    }
    let deployed = cluster.lab("deploy", "tutorial.yaml", &[]).exits(0);
    tell(&format!("   converged; the client was answered by {}", deployed.events.sequence().join(" ")));
    alternates(&deployed.events.sequence());
    let last = digests(cluster);
    let temporary: Vec<&String> = last.keys().filter(|file| is_temporary(file)).collect();
    assert!(temporary.is_empty(), "left for ever: {temporary:?}");
    let shipped = shipped(cluster);
    for (file, digests) in seen {
        for digest in digests {
            let whole =
                [bare.get(&file), last.get(&file)].contains(&Some(&digest)) || shipped.contains(&digest);
            assert!(whole, "{file} was seen half-written: {digest}");
        }
    }
    cluster.is_as_declared("tutorial.yaml");
    cluster.lab("verify", "tutorial.yaml", &[]).exits(0);
}

/// A host that is too busy to end what a killed run has begun ends it by force: a new text may then lie beside its file
/// until the next run, which writes that file again.
fn is_temporary(file: &str) -> bool {
    file.contains("/.lvsprov.")
}

#[track_caller]
fn comes(moment: &Moment, run: &mut Running) -> bool {
    match moment {
        Connecting => run.sees(|event| event["event"] == "connecting"),
        Into(milliseconds) => {
            let began = run.sees_step("");
            std::thread::sleep(Duration::from_millis(*milliseconds));
            began
        }
        Began(label) => run.sees_step(label),
    }
}

/// Each of [`FILES`] on each host, by `HOST:FILE`; temporary files that a killed run left count as well.
#[track_caller]
fn digests(cluster: &Cluster) -> BTreeMap<String, String> {
    let script = format!(
        "cksum {} 2>/dev/null; find / -xdev -name '.lvsprov.*' -printf 'temporary 0 %p\\n'",
        FILES.join(" ")
    );
    let mut all = BTreeMap::new();
    for (host, printed) in cluster.on_each(cluster.hosts(), &script) {
        for line in printed.lines() {
            let (digest, file) = line.rsplit_once(' ').expect("cksum prints three words");
            all.insert(format!("{host}:{file}"), digest.to_owned());
        }
    }
    all
}

/// The digests of the texts that the packages bring.
#[track_caller]
fn shipped(cluster: &Cluster) -> BTreeSet<String> {
    let script = r#"cd /tmp && for name in apache2-data chrony ipvsadm; do
    for deb in /srv/packages/"$name"_*.deb; do dpkg-deb -x "$deb" /tmp/shipped; done
done
find /tmp/shipped -type f \( -name 'index.html' -o -name 'chrony.conf' -o -name 'ipvsadm*' \) -exec cksum {} +
rm -rf /tmp/shipped"#;
    let printed = cluster.on("client", script);
    printed.lines().filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned())).collect()
}

/// Round robin over two: nobody answers twice in a row.
#[track_caller]
pub fn alternates(sequence: &[String]) {
    assert!(sequence.len() >= 6, "{sequence:?}");
    assert!(sequence.windows(2).all(|two| two[0] != two[1] && two[0] != "-"), "{sequence:?}");
}
