//! The whole way in one command.

use rustix::process::Signal;

use crate::bare::alternates;
use crate::labs::nothing_is_left;
use crate::support::{Cluster, Events, tell};

/// IPv4 and IPv6 side by side, on a director that boots with addresses of its own alone, and for a client that is in a
/// subnet of its own with IPv4. The login becomes root through sudo.
pub fn a_rehearsal_goes_the_whole_way_and_leaves_nothing() {
    let cluster = Cluster::new("all");
    let mut own = include_str!("../../inventories/tutorial-ipv6.yaml").to_owned();
    for (shipped, ours) in [
        ("cluster: web-ipv6\n", "cluster: web \n"),
        ("  lvs_director:\n", "  lvs_director:\n    own: [192.168.175.11/24, 192.168.40.11/24]\n"),
        ("ssh: { user: root }", "ssh: { user: ops, become: true }"),
        ("cip: [192.168.175.50/24, ", "cip: [192.0.2.50/24, "),
    ] {
        assert!(own.contains(shipped), "{own}");
        own = own.replace(shipped, ours);
    }
    cluster.write("own.yaml", &own);
    tell(
        "rehearse IPv4 and IPv6 with a director that has own addresses, through sudo, and with a client far off",
    );
    let whole = cluster.lvsprov(&["rehearse", "own.yaml", "--output", "json"]).exits(0);
    for host in ["lvs_director", "lvs_real_server01", "lvs_real_server02"] {
        let rebooted = whole.events.of("machine_rebooting").any(|event| event["host"] == host);
        assert!(rebooted, "{host} was not rebooted");
    }
    let put: Vec<&str> = whole
        .events
        .of("change")
        .filter(|event| event["module"] == "address")
        .filter_map(|event| event["subject"].as_str())
        .collect();
    let every = ["192.168.175.100/24", "2001:db8:175::100/64", "192.168.40.100/24", "2001:db8:40::100/64"];
    assert!(every.iter().all(|net| put.iter().any(|subject| subject.starts_with(net))), "{put:?}");
    let summaries: Vec<Events> =
        whole.events.of("summary").map(|summary| Events(vec![summary.clone()])).collect();
    let changed: Vec<u64> = summaries.iter().map(Events::changed).collect();
    assert!(
        matches!(changed[..], [first, 0, 0, ..] if first > 10),
        "changes of deploy, deploy, verify: {changed:?}"
    );
    // Of each service after the deploy, after the second one, and after the reboot.
    assert_eq!(whole.events.of("verdict").count(), 6);
    for verdict in whole.events.of("verdict") {
        assert_eq!(verdict["pass"], true, "{verdict}");
        let one = Events(vec![verdict.clone()]).sequence();
        tell(&format!("   {}", one.join(" ")));
        alternates(&one);
    }
    nothing_is_left(&cluster, cluster.name());
}

pub fn an_interrupted_rehearsal_leaves_nothing() {
    let cluster = Cluster::new("int");
    for moment in ["machine_started", "step_began"] {
        tell(&format!("rehearse, Ctrl-C at the first {moment}"));
        let mut run = cluster.start(&["rehearse", "tutorial.yaml", "--output", "json"]);
        assert!(run.sees(|event| event["event"] == moment), "{:?}", run.ends());
        run.signal(Signal::INT);
        cluster.ended(run).exits(130);
        nothing_is_left(&cluster, cluster.name());
    }
}
