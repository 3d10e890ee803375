//! A director that has its VIP on no interface.

use super::cluster::Cluster;

const TABLE: &str = "
- name: The director
  hosts: directors
  tasks:
    - virtual_services: { persist: true }
";

const TOLD: &str = "has the VIP 192.168.175.100 on no interface";

/// A cluster whose director lost its VIP, with a playbook.
fn cluster(playbook: &str) -> Cluster {
    let cluster = Cluster::new(2, playbook);
    cluster.machine("d").root.sh("ip addr del 192.168.175.100/24 dev eth0");
    cluster
}

#[test]
fn it_gets_all_else_and_that_is_told_at_the_end() {
    let cluster = cluster(TABLE);
    let outcome = cluster.deploy();
    assert_eq!((outcome.failed(), outcome.failure("d").as_str()), (vec!["d"], TOLD), "{:#?}", outcome.events);
    assert_eq!(outcome.changed(), [1, 0, 0]);
    assert!(cluster.machine("d").root.read("/kernel").contains("192.168.40.102:80"), "the table is there");
    let remedy = outcome.failures[0].as_ref().unwrap().remedy();
    assert!(
        remedy.contains("`ip addr add 192.168.175.100/24 dev INTERFACE`") && remedy.contains("`own`"),
        "{remedy}"
    );
    let again = cluster.deploy();
    assert_eq!(
        (again.changed(), again.failure("d").as_str()),
        (vec![0, 0, 0], TOLD),
        "for as long as it is so"
    );

    cluster.machine("d").root.sh("ip addr add 192.168.175.100/32 dev lo");
    cluster.deploy().whole();
}

#[test]
fn what_the_playbook_puts_there_is_not_missing() {
    let task = "    - command:
        cmd: ip addr add 192.168.175.100/24 dev eth0
        unless: ip -o addr show | grep -qF 192.168.175.100/
";
    cluster(&format!("{TABLE}{task}")).deploy().whole();
}

#[test]
fn a_run_that_is_not_about_the_table_says_nothing_of_it() {
    let motd = "- hosts: directors\n  tasks:\n    - file: { dest: /etc/motd, content: hello }\n";
    assert_eq!(cluster(motd).deploy().whole().changed(), [1, 0, 0]);
}
