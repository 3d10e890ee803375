//! The whole way in one command.

use rustix::process::Signal;

use crate::bare::alternates;
use crate::labs::nothing_is_left;
use crate::support::{Cluster, Events, tell};

pub fn a_rehearsal_goes_the_whole_way_and_leaves_nothing() {
    let cluster = Cluster::new("all");
    tell("rehearse, with the client in a subnet of its own");
    let far = include_str!("../../inventories/tutorial.yaml")
        .replace("cip: 192.168.175.50/24", "cip: 192.0.2.50/24");
    assert!(far.contains("192.0.2.50"), "{far}");
    cluster.write("far.yaml", &far);
    let whole = cluster.lvsprov(&["rehearse", "far.yaml", "--output", "json"]).exits(0);
    for host in ["lvs_director", "lvs_real_server01", "lvs_real_server02"] {
        let rebooted = whole.events.of("machine_rebooting").any(|event| event["host"] == host);
        assert!(rebooted, "{host} was not rebooted");
    }
    let summaries: Vec<Events> =
        whole.events.of("summary").map(|summary| Events(vec![summary.clone()])).collect();
    let changed: Vec<u64> = summaries.iter().map(Events::changed).collect();
    assert!(
        matches!(changed[..], [first, 0, 0, ..] if first > 10),
        "changes of deploy, deploy, verify: {changed:?}"
    );
    for verdict in whole.events.of("verdict") {
        assert_eq!(verdict["pass"], true, "{verdict}");
        let one = Events(vec![verdict.clone()]).sequence();
        tell(&format!("   {}", one.join(" ")));
        alternates(&one);
    }
    assert_eq!(whole.events.of("verdict").count(), 3);
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
