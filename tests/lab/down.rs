//! What gets there while a real server is down, and what waits for it.

use serde_json::Value;

use crate::support::{Cluster, tell};
use crate::three::SERVERS;

const DEAD: &str = SERVERS[2];

/// A weight changes, the dead one's becomes 0, and a service is new.
fn edited(cluster: &Cluster) {
    let text = cluster.write_weights("down.yaml", [3, 1, 0]);
    let members: String =
        SERVERS.iter().map(|server| format!("      - {{ host: {server}, port: 80 }}\n")).collect();
    let service = format!(
        "  - name: second\n    address: 192.168.175.100:8080\n    scheduler: rr\n    real_servers:\n{members}\ntime:"
    );
    assert!(text.contains("\ntime:"), "{text}");
    cluster.write("down.yaml", &text.replacen("\ntime:", &service, 1));
}

pub fn all_else_gets_there(cluster: &Cluster) {
    edited(cluster);
    cluster.lvsprov(&["lab", "off", DEAD, "--inventory", cluster.inventory]).exits(0);
    assert!(!cluster.runs(DEAD));
    let table = || cluster.on("lvs_director", "ipvsadm -Sn | sort");
    let down = cluster.lab("deploy", "down.yaml", &[]).exits(4);
    let without = "\
-A -t 192.168.175.100:80 -s rr
-A -t 192.168.175.100:8080 -s rr
-a -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 3
-a -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 1
-a -t 192.168.175.100:80 -r 192.168.40.103:80 -m -w 0
-a -t 192.168.175.100:8080 -r 192.168.40.101:80 -m -w 1
-a -t 192.168.175.100:8080 -r 192.168.40.102:80 -m -w 1";
    assert_eq!(table().trim_end(), without, "all but the dead one's entry in the new service");
    assert_eq!(down.events.summary()["hosts"][DEAD]["unreachable"], true);
    assert_eq!(down.events.summary()["not_read"], serde_json::json!([DEAD]));
    let left = down.events.summary()["left"].as_array().expect("the summary tells what is left");
    assert_eq!(left.len(), 1, "{left:?}");
    let [what, why] = ["what", "why"].map(|key| left[0][key].as_str().unwrap());
    assert!(what.contains(DEAD) && what.ends_with(" of second"), "{what}");
    assert!(why.contains("can't be reached"), "{why}");
    tell(&format!("   left: {what}: {why}"));

    cluster.on("lvs_director", "ipvsadm -C");
    let text = cluster.lvsprov(&["deploy", "down.yaml", "--lab", "--no-verify"]).exits(4);
    assert_eq!(table().trim_end(), without, "the table that was lost is there again");
    assert!(text.stdout.contains("left") && text.stdout.contains(why), "{}", text.stdout);

    let up = cluster.lvsprov(&["lab", "up", cluster.inventory, "--output", "json"]).exits(0);
    let started: Vec<&Value> = up.events.of("machine_started").map(|event| &event["host"]).collect();
    assert_eq!(started, [DEAD]);
    cluster.lab("deploy", "down.yaml", &[]).exits(0);
    let entry = "-a -t 192.168.175.100:8080 -r 192.168.40.103:80 -m -w 1";
    assert_eq!(table().trim_end(), format!("{without}\n{entry}"));
    cluster.is_as_declared("down.yaml");

    cluster.on("lvs_director", "ipvsadm -D -t 192.168.175.100:8080; sed -i /8080/d /etc/ipvsadm.rules");
    cluster.lab("deploy", cluster.inventory, &["--no-verify"]).exits(0);
    cluster.is_as_declared(cluster.inventory);
}
