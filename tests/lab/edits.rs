//! The tutorial's own edits, made while a client downloads through the VIP.

use std::time::Duration;

use crate::support::{Cluster, tell, until};

/// Sixteen megabytes: more than all the buffers on the way hold, so that most of it comes after the edits.
const MAKE_FILE: &str = "seq 1 2200000 >/var/www/html/big.txt; cksum </var/www/html/big.txt";

/// Stops reading after the first piece, until told to go on.
const DOWNLOAD: &str = r#"rm -f /root/go /root/sum
{ curl --silent --show-error --fail --noproxy '*' http://192.168.175.100/big.txt 2>/root/said | {
    head -c 65536
    while ! [ -e /root/go ]; do sleep 0.5; done
    cat
  } | cksum >/root/sum; } </dev/null >/dev/null 2>&1 &"#;

/// Takes the place of ipvsadm and writes every call down; the director's own scripts meet it as well.
const WATCH: &str = r#"mv /usr/sbin/ipvsadm /usr/sbin/ipvsadm.real
cat >/usr/sbin/ipvsadm <<'END'
#!/bin/sh
echo "$*" >>/run/ipvsadm.calls
exec /usr/sbin/ipvsadm.real "$@"
END
chmod 755 /usr/sbin/ipvsadm
: >/run/ipvsadm.calls"#;

const UNWATCH: &str = "mv /usr/sbin/ipvsadm.real /usr/sbin/ipvsadm; rm /run/ipvsadm.calls";

/// The calls that change the table, since the last time.
#[track_caller]
fn edits(cluster: &Cluster) -> Vec<String> {
    let calls = cluster.on("lvs_director", "cat /run/ipvsadm.calls; : >/run/ipvsadm.calls");
    let reads =
        |call: &&str| ["-L", "-l", "-S", "--list", "--save"].iter().any(|read| call.starts_with(read));
    let calls: Vec<&str> = calls.lines().collect();
    assert!(calls.iter().any(reads), "the table was read through the wrapper: {calls:?}");
    calls.iter().filter(|call| !reads(call)).map(ToString::to_string).collect()
}

pub fn a_download_outlives_the_edits(cluster: &Cluster) {
    let servers = ["lvs_real_server01", "lvs_real_server02"];
    let sums = cluster.on_each(&servers, MAKE_FILE);
    assert_eq!(sums[servers[0]], sums[servers[1]]);
    cluster.on("client", DOWNLOAD);
    until("the download has begun", Duration::from_secs(20), || downloading(cluster));
    cluster.on("lvs_director", WATCH);

    let wrr = cluster.lab("deploy", "tutorial-wrr.yaml", &[]).exits(0);
    let mut sent = edits(cluster);
    sent.sort_unstable();
    assert_eq!(
        sent,
        ["-E -t 192.168.175.100:80 -s wrr", "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 4"],
        "what the deploy of tutorial-wrr.yaml did to the table"
    );
    // The table, and the module of the scheduler for the next boot.
    assert_eq!(wrr.events.changed(), 2);
    let counted = cluster.lab("verify", "tutorial-wrr.yaml", &["--requests", "20"]).exits(0);
    let verdict = counted.events.of("verdict").next().expect("a verdict");
    assert_eq!(verdict["counts"], serde_json::json!({ "lvs_real_server01": 4, "lvs_real_server02": 16 }));
    tell(&format!("   wrr 1:4: {}", short(&counted.events.sequence())));
    cluster.is_as_declared("tutorial-wrr.yaml");

    let sh = cluster.lab("deploy", "tutorial-sh.yaml", &[]).exits(0);
    let mut sent = edits(cluster);
    sent.sort_unstable();
    assert_eq!(
        sent,
        ["-E -t 192.168.175.100:80 -s sh", "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 1"],
        "what the deploy of tutorial-sh.yaml did to the table"
    );
    let sequence = sh.events.sequence();
    assert!(sequence.len() >= 6 && sequence.iter().all(|name| *name == sequence[0]), "{sequence:?}");
    tell(&format!("   sh: {}", short(&sequence)));
    cluster.lab("verify", "tutorial-sh.yaml", &[]).exits(0);

    cluster.lab("deploy", "tutorial.yaml", &[]).exits(0);
    assert!(downloading(cluster).is_some(), "the download is still under way after the edits");
    cluster.on("client", "touch /root/go");
    let sum = until("the download ends", Duration::from_secs(180), || {
        let sum = cluster.on("client", "cat /root/sum");
        (!sum.is_empty()).then_some(sum)
    });
    assert_eq!(sum, sums[servers[0]], "curl said: {}", cluster.on("client", "cat /root/said"));
    cluster.on("lvs_director", UNWATCH);
    cluster.on_each(&servers, "rm /var/www/html/big.txt");
    cluster.is_as_declared("tutorial.yaml");
}

/// Whether the director holds the download's connection.
#[track_caller]
fn downloading(cluster: &Cluster) -> Option<()> {
    cluster.on("lvs_director", "ipvsadm -Lnc").contains("ESTABLISHED").then_some(())
}

/// `01 02 02 02 02`
fn short(sequence: &[String]) -> String {
    let last: Vec<&str> = sequence.iter().map(|name| &name[name.len().saturating_sub(2)..]).collect();
    last.join(" ")
}
