//! A second deploy.

use crate::support::Cluster;

pub fn second_deploy_writes_nothing(cluster: &Cluster) {
    let table = || cluster.on("lvs_director", "ipvsadm -Sn; cat /proc/sys/net/ipv4/ip_forward");
    let (files, rules) = (cluster.files(), table());
    let second = cluster.lab("deploy", "tutorial.yaml", &[]).exits(0);
    assert_eq!(second.events.changed(), 0);
    assert_eq!(second.events.of("stage_began").count(), 0);
    assert_eq!(table(), rules);
    for (host, now) in cluster.files() {
        let before: std::collections::BTreeSet<&str> = files[&host].lines().collect();
        let changed: Vec<&str> = now.lines().filter(|line| !before.contains(line)).collect();
        assert!(before.len() > 1000, "{host}: only {} files were looked at", before.len());
        assert_eq!((changed, now.lines().count()), (vec![], files[&host].lines().count()), "{host}");
    }
    cluster.is_as_declared("tutorial.yaml");
}
