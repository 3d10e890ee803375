//! Two deploys of different inventories at once.

use crate::support::{Cluster, Outcome, tell};

/// Holds the director until it is told to hurry, and then edits the table.
const SLOW: &str = r#"
- name: The director balances, after a long moment
  hosts: directors
  tasks:
    - name: a long moment
      command: { cmd: "until [ -e /run/hurry ]; do sleep 0.3; done; touch /run/slow", creates: /run/slow, timeout: 300 }
    - virtual_services: { persist: true }
"#;

const DIRECTOR: &str = "lvs_director";

pub fn the_table_is_whole(cluster: &Cluster) {
    cluster.write("slow.yaml", SLOW);
    cluster.write_weights("first.yaml", [2, 3, 4]);
    let second = cluster.write_weights("second.yaml", [5, 6, 7]).replace("scheduler: rr ", "scheduler: wrr");
    assert!(second.contains("scheduler: wrr"), "{second}");
    cluster.write("second.yaml", &second);
    let [first, second] = [table("rr", [2, 3, 4]), table("wrr", [5, 6, 7])];
    let now = || cluster.on(DIRECTOR, "ipvsadm -Sn | sort").trim_end().to_owned();
    let before = now();
    assert_eq!(before, table("rr", [1, 1, 1]));

    let mut slow = cluster.start_lab("deploy", "first.yaml", &["--playbook", "slow.yaml", "--no-verify"]);
    assert!(slow.sees_step("a long moment"), "{:?}", slow.ends());
    let refused = cluster.lab("deploy", "second.yaml", &[]).exits(1);
    let failure = refused.events.failure(DIRECTOR);
    let message = failure["message"].as_str().unwrap();
    tell(&format!("   refused: {message}"));
    for part in ["another run changes this host: ", "@", " from 192.168.", " since 20"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(failure["remedy"].as_str().unwrap().contains("--lock-wait"), "{failure}");
    assert_eq!(refused.events.changed(), 0);
    assert_eq!(now(), before, "the one that was refused has changed nothing");

    let waiting = ["--no-verify", "--lock-wait", "60"];
    let mut waits = cluster.start_lab("deploy", "second.yaml", &waiting);
    let mut what = String::new();
    let told = waits.sees(|event| {
        what = event["what"].as_str().unwrap_or_default().to_owned();
        event["event"] == "waiting" && event["host"] == DIRECTOR
    });
    assert!(told, "{:?}", waits.ends());
    assert!(what.starts_with("another run that changes it: "), "{what}");
    tell(&format!("   waits for {what}"));
    assert_eq!(now(), before, "the one that waits has changed nothing");
    cluster.on(DIRECTOR, "touch /run/hurry");
    cluster.ended(slow).exits(0);
    cluster.ended(waits).exits(0);
    assert_eq!(now(), second, "the one that waited came last");
    cluster.lab("verify", "second.yaml", &[]).exits(0);

    // Both have something to do.
    cluster.lab("deploy", cluster.inventory, &["--no-verify"]).exits(0);
    let both =
        ["first.yaml", "second.yaml"].map(|inventory| cluster.start_lab("deploy", inventory, &waiting));
    let both = both.map(|run| cluster.ended(run).exits(0));
    let waits = |run: &&Outcome| run.events.of("waiting").any(|event| event["host"] == DIRECTOR);
    let waited = both.iter().filter(waits).count();
    let last = now();
    assert!([&first, &second].contains(&&last), "neither the one's nor the other's\n{last}");
    let whose = if last == first { "first" } else { "second" };
    tell(&format!("   both at once: {waited} waited, and the table is that of the {whose}"));

    cluster.on(DIRECTOR, "rm /run/hurry /run/slow");
    cluster.lab("deploy", cluster.inventory, &[]).exits(0);
    cluster.is_as_declared(cluster.inventory);
}

/// What `ipvsadm -Sn | sort` prints for the service `web`.
fn table(scheduler: &str, weights: [u8; 3]) -> String {
    let mut lines = vec![format!("-A -t 192.168.175.100:80 -s {scheduler}")];
    for (last, weight) in (101..).zip(weights) {
        lines.push(format!("-a -t 192.168.175.100:80 -r 192.168.40.{last}:80 -m -w {weight}"));
    }
    lines.join("\n")
}
