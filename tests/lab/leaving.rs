//! A real server leaves a service while clients are busy with it.

use std::time::Duration;

use crate::support::{Cluster, until};

/// A connection that stays, with a page that is longer than all buffers on the way.
const HOLD: &str = r"rm -f /root/stop
{ curl --silent --noproxy '*' http://192.168.175.100/big.txt | {
    head -c 65536 >/dev/null
    while ! [ -e /root/stop ]; do sleep 0.5; done
  } } </dev/null >/dev/null 2>&1 &";

/// New connections, until told to stop.
const ASK: &str = r"{ while ! [ -e /root/stop ]; do
    curl --silent --output /dev/null --noproxy '*' --max-time 5 --write-out '%{http_code}\n' http://192.168.175.100/
    sleep 0.2
  done >/root/codes; } </dev/null >/dev/null 2>&1 &";

pub fn a_hash_refuses_nobody_meanwhile(cluster: &Cluster) {
    let hashed = cluster.lab("deploy", "tutorial-sh.yaml", &[]).exits(0);
    let leaver = hashed.events.sequence().swap_remove(0);
    cluster.on(&leaver, "seq 1 2200000 >/var/www/html/big.txt");
    let without: String = include_str!("../../inventories/tutorial-sh.yaml")
        .lines()
        .filter(|line| !line.contains(&format!("host: {leaver}")))
        .map(|line| format!("{line}\n"))
        .collect();
    cluster.write("without.yaml", &without);
    cluster.on("client", HOLD);
    let active = || cluster.on("lvs_director", "ipvsadm -Lnc").contains("ESTABLISHED");
    until("the client's connection is there", Duration::from_secs(20), || active().then_some(()));
    cluster.on("client", ASK);

    let left = cluster.lab("deploy", "without.yaml", &[]).exits(0);
    let cut =
        |noted: &serde_json::Value| noted["text"].as_str().is_some_and(|text| text.contains("after 10 s"));
    assert!(left.events.of("noted").any(cut), "{}", left.stdout);
    let codes = cluster.on("client", "touch /root/stop; cat /root/codes");
    let codes: Vec<&str> = codes.lines().collect();
    assert!(codes.len() >= 10 && codes.iter().all(|code| *code == "200"), "{codes:?}");
    let table = cluster.on("lvs_director", "ipvsadm -Sn");
    assert!(table.starts_with("-A -t 192.168.175.100:80 -s sh\n") && table.lines().count() == 2, "{table}");
    cluster.is_as_declared("without.yaml");

    cluster.on(&leaver, "rm /var/www/html/big.txt");
    cluster.lab("deploy", "tutorial.yaml", &[]).exits(0);
}
