//! A real server that leaves with its connections, beside services that are not declared.

use lvsprov::plan::Other;
use lvsprov::resource::Risk;
use lvsprov::run::Event;

use super::cluster::{Cluster, Outcome};

const TABLE: &str = "
- name: The director
  hosts: directors
  tasks:
    - virtual_services: { persist: true }
";

const KERNEL: &str = "-A -t 192.168.175.100:80 -s rr
-a -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 1
-a -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 1
-a -t 192.168.175.100:80 -r 192.168.40.103:80 -m -w 1
-A -t 192.168.175.100:8080 -s rr
-a -t 192.168.175.100:8080 -r 192.168.40.101:80 -m -w 1
";

const RUNNING: &str = "IP Virtual Server version 1.2.1 (size=4096)
TCP  C0A8AF64:0050 rr
  -> C0A82865:0050 Masq 1 0 0
  -> C0A82866:0050 Masq 1 0 0
  -> C0A82867:0050 Masq 1 14 0
TCP  C0A8AF64:1F90 rr
  -> C0A82865:0050 Masq 1 0 0
";

/// Two real servers are declared. The director has a third, with 14 connections, and as many `more` services.
fn cluster(more: u16) -> Cluster {
    let cluster = Cluster::new(2, TABLE);
    let ports = || 9000..9000 + more;
    let kernel: String = ports().map(|port| format!("-A -t 192.168.175.100:{port} -s rr\n")).collect();
    let running: String = ports().map(|port| format!("TCP  C0A8AF64:{port:04X} rr\n")).collect();
    let root = &cluster.machine("d").root;
    root.write("/kernel", format!("{KERNEL}{kernel}"));
    root.write("/proc/net/ip_vs", format!("{RUNNING}{running}"));
    root.write("/active", "14\n");
    cluster
}

fn risks(outcome: &Outcome) -> Vec<Risk> {
    outcome.plan.hosts[0].plan.changes().flat_map(|(.., change)| change.risks.clone()).collect()
}

fn drain(connections: u64) -> Vec<Risk> {
    vec![Risk::Drain { connections: Some(connections), seconds: 10, services: None }]
}

/// What the change said while it ran, and what stays to be read.
fn said(outcome: &Outcome) -> (Vec<&str>, Vec<&str>) {
    let (mut passing, mut lasting) = (Vec::new(), Vec::new());
    for event in &outcome.events {
        match event {
            Event::Noted { text, .. } => passing.push(text.as_str()),
            Event::Told { text, .. } => lasting.push(text.as_str()),
            _ => {}
        }
    }
    (passing, lasting)
}

#[test]
fn its_connections_are_counted_down_and_what_was_cut_is_told() {
    let cluster = cluster(0);
    let outcome = cluster.deploy();
    outcome.whole();
    assert_eq!(risks(&outcome), drain(14));
    let (passing, lasting) = said(&outcome);
    assert_eq!(passing.len(), 10, "{passing:?}");
    assert_eq!(passing[0], "waiting for 14 connections to end, 10 s left");
    assert_eq!(passing[9], "waiting for 5 connections to end, 1 s left");
    assert_eq!(lasting, ["4 connections were still there after 10 s and were cut"]);
    assert!(!cluster.machine("d").root.read("/kernel").contains(".103"));
}

#[test]
fn of_a_large_table_they_are_asked_for_by_themselves() {
    let outcome = cluster(10).deploy();
    outcome.whole();
    assert_eq!(risks(&outcome), drain(14));
    assert_eq!(said(&outcome).0[0], "waiting for 13 connections to end, 10 s left");
    assert_eq!(outcome.plan.undeclared.len(), 12);
}

#[test]
fn what_is_not_declared_is_told_and_is_no_change() {
    let cluster = cluster(0);
    let outcome = cluster.deploy();
    let [service, host] = &outcome.plan.undeclared[..] else { panic!("{:?}", outcome.plan.undeclared) };
    assert_eq!((service.host, host.host), (0, 0));
    let Other::Service { service, strangers } = &service.what else { panic!("{service:?}") };
    assert_eq!(service.key.to_string(), "tcp 192.168.175.100:8080");
    assert_eq!((service.running, service.at_boot, strangers.len()), (true, Some(false), 0));
    let Other::Host { address, services } = &host.what else { panic!("{host:?}") };
    assert_eq!((address.to_string().as_str(), services.len()), ("192.168.40.103", 1));

    let again = cluster.deploy();
    assert!(again.plan.is_empty(), "{:?}", again.plan.undeclared);
    assert_eq!(again.plan.undeclared.len(), 1, "the third real server is not there any more");
    assert!(cluster.machine("d").root.read("/kernel").contains("-A -t 192.168.175.100:8080"));
}
