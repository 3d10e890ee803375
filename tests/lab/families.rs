//! IPv4 and IPv6 side by side, with a director that boots with addresses of its own alone. The login becomes root through
//! sudo.

use crate::bare::alternates;
use crate::labs::nothing_is_left;
use crate::support::{Cluster, Events, tell};

pub fn both_families_balance_on_addresses_that_are_put_on_the_director() {
    let cluster = Cluster::new("six");
    let own = include_str!("../../inventories/tutorial-ipv6.yaml")
        .replace("cluster: web-ipv6\n", "cluster: web \n")
        .replace("  lvs_director:\n", "  lvs_director:\n    own: [192.168.175.11/24, 192.168.40.11/24]\n");
    let own = own.replace("ssh: { user: root }", "ssh: { user: ops, become: true }");
    assert!(own.contains("cluster: web \n") && own.contains("own: ") && own.contains("user: ops"), "{own}");
    cluster.write("own.yaml", &own);
    tell("rehearse IPv4 and IPv6 with a director that has own addresses");
    let whole = cluster.lvsprov(&["rehearse", "own.yaml", "--output", "json"]).exits(0);
    let put: Vec<&str> = whole
        .events
        .of("change")
        .filter(|event| event["module"] == "address")
        .filter_map(|event| event["subject"].as_str())
        .collect();
    let every = ["192.168.175.100/24", "2001:db8:175::100/64", "192.168.40.100/24", "2001:db8:40::100/64"];
    assert!(every.iter().all(|net| put.iter().any(|subject| subject.starts_with(net))), "{put:?}");
    let verdicts: Vec<_> = whole.events.of("verdict").collect();
    // After the deploy, after the second one, and after the reboot.
    assert_eq!(verdicts.len(), 6);
    for verdict in verdicts {
        assert_eq!(verdict["pass"], true, "{verdict}");
        alternates(&Events(vec![verdict.clone()]).sequence());
    }
    nothing_is_left(&cluster, cluster.name());
}
