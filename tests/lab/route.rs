//! A default gateway whose change moves a host's own way back to the controller.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Cluster, tell};

const HOST: &str = "lvs_real_server01";

/// An address of the controller that is a neighbour of nobody: whoever answers it asks a gateway.
pub const FAR: &str = "10.99.0.1";

/// The real server is reached from the far address.
pub fn from_afar(cluster: &Cluster, rip: &str) {
    let bridge = "$(ip -oneline -4 address show to 192.168.40.1 | awk '{ print $2 }')";
    cluster.in_namespace(&format!(
        "ip address add {FAR}/32 dev lo; ip route add {rip}/32 dev {bridge} src {FAR}"
    ));
    cluster.forget_connections();
}

/// It is a neighbour again.
pub fn from_nearby(cluster: &Cluster, rip: &str) {
    cluster.in_namespace(&format!("ip route del {rip}/32; ip address del {FAR}/32 dev lo"));
    cluster.on("lvs_director", &format!("ip route del {FAR}/32"));
    cluster.forget_connections();
}

pub fn our_own_way_back_is_guarded(cluster: &Cluster) {
    // The real server as it was before its first deploy: the old router, which is the controller, is its gateway.
    cluster.on(HOST, "ip route replace default via 192.168.40.1");
    from_afar(cluster, "192.168.40.101");
    assert!(
        cluster.on(HOST, "echo $SSH_CONNECTION").starts_with(FAR),
        "the controller is seen by its far address"
    );

    let plan = cluster.lab("plan", "tutorial.yaml", &[]).exits(3);
    let risk = &plan.events.of("change").next().expect("a change")["risks"][0];
    let expected = serde_json::json!({
        "risk": "route_change", "controller": FAR, "old": "192.168.40.1", "new": "192.168.40.100"
    });
    assert_eq!(*risk, expected);
    let told = cluster.lvsprov(&["plan", "tutorial.yaml", "--lab"]).exits(3);
    assert!(told.stdout.contains(FAR), "{}", told.stdout);
    let note = told.stdout.lines().find(|line| line.contains(FAR)).unwrap_or_default();
    tell(&format!("   the plan says: {}", note.trim()));

    let gateway = |via: &str| cluster.on(HOST, &format!("ip route | grep -q '^default via {via} '"));
    // Something to do on the director as well, which is done all the same: it has to forward before.
    cluster.on("lvs_director", "echo 0 >/proc/sys/net/ipv4/ip_forward");
    let cut = cluster.lab("deploy", "tutorial.yaml", &["--guard", "8"]).exits(1);
    assert_eq!(cut.events.of("guarded").count(), 1);
    let failure = cut.events.failure(HOST);
    assert!(failure["message"].as_str().unwrap().contains("not confirmed by a new connection"), "{failure}");
    assert!(failure["remedy"].as_str().unwrap().contains("has taken the change back by itself"), "{failure}");
    tell(&format!("   cut off: {}", failure["message"]));
    gateway("192.168.40.1");
    cluster.on("lvs_director", "grep -q 1 /proc/sys/net/ipv4/ip_forward");

    // The controller is killed while the change waits for its confirmation.
    cluster.forget_connections();
    let mut run = cluster.start_lab("deploy", "tutorial.yaml", &["--guard", "8"]);
    assert!(run.sees(|event| event["event"] == "guarded"), "{:?}", run.ends());
    std::thread::sleep(Duration::from_millis(1500));
    run.signal(Signal::KILL);
    cluster.ended(run);
    std::thread::sleep(Duration::from_secs(10));
    gateway("192.168.40.1");
    tell("   the controller was killed in between: taken back");

    // The new gateway is given a route to the controller: then a new connection confirms the change.
    cluster.on("lvs_director", &format!("ip route add {FAR}/32 via 192.168.40.1"));
    cluster.forget_connections();
    let confirmed = cluster.lab("deploy", "tutorial.yaml", &[]).exits(0);
    assert_eq!(
        confirmed.events.differences("change"),
        [format!("{HOST} default_gateway 192.168.40.100: running")]
    );
    gateway("192.168.40.100");
    cluster.is_as_declared("tutorial.yaml");

    // Without confirmation, when that is asked for.
    cluster.on(HOST, "ip route replace default via 192.168.40.1");
    let allowed = cluster.lab("deploy", "tutorial.yaml", &["--allow-route-change"]).exits(0);
    assert_eq!(allowed.events.of("guarded").count(), 0);
    gateway("192.168.40.100");

    from_nearby(cluster, "192.168.40.101");
    cluster.is_as_declared("tutorial.yaml");
}
