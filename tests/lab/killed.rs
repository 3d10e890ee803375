//! A run that is killed while dpkg works.

use rustix::process::Signal;

use crate::support::{Cluster, tell};

const HOST: &str = "lvs_real_server01";

/// Waits until dpkg configures what it has unpacked, and holds it, as a slow disk would. (The brackets keep `pgrep`
/// from finding this script.)
const HOLD: &str = "until dpkg=$(pgrep -f '[-]-configure'); do sleep 0.1; done; kill -STOP $dpkg";

const GO_ON: &str = "kill -CONT $(pgrep -f '[-]-configure')";

/// What dpkg finds wrong, and packages that are neither as they were nor whole.
const AUDIT: &str =
    "dpkg --audit; dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | grep -v '^[ir][ic] ' || :";

pub fn the_next_run_waits_for_apt(cluster: &Cluster) {
    let mut run = cluster.start_lab("deploy", cluster.inventory, &[]);
    assert!(run.sees_step("package"), "{:?}", run.ends());
    cluster.on(HOST, HOLD);
    run.signal(Signal::KILL);
    assert_eq!(cluster.ended(run).code, None, "a signal ended it");
    assert_ne!(cluster.on(HOST, AUDIT), "", "it was killed in the middle");

    let mut next = cluster.start_lab("deploy", cluster.inventory, &[]);
    let mut waits = String::new();
    let waiting = next.sees(|event| {
        waits = event["what"].as_str().unwrap_or_default().to_owned();
        event["event"] == "waiting" && event["host"] == HOST
    });
    assert!(waiting, "{:?}", next.ends());
    assert!(waits.starts_with("a package transaction that an earlier run began at "), "{waits}");
    assert!(waits.contains("apache2"), "{waits}");
    tell(&format!("   {HOST}: waiting for {waits}"));
    cluster.on(HOST, GO_ON);
    let next = cluster.ended(next).exits(0);
    let again: Vec<String> = next.events.differences("change");
    let again: Vec<&String> =
        again.iter().filter(|change| change.starts_with(&format!("{HOST} package "))).collect();
    assert!(again.is_empty(), "the killed run's transaction has done it all: {again:?}");
    for (host, wrong) in cluster.on_each(cluster.hosts(), AUDIT) {
        assert_eq!(wrong, "", "{host}");
    }
    cluster.is_as_declared(cluster.inventory);
}
