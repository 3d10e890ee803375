//! A link that is lost: before a step, in the middle of one, after one, and between reading and locking.

use std::cell::Cell;
use std::time::Duration;

use lvsprov::plan::Tally;
use lvsprov::run::{Event, Failure};
use lvsprov::transport::LinkError;

use super::cluster::{Cluster, Outcome};

/// Two steps, of which the second can be told to cut its own link, and the table.
const DEPLOY: &str = r#"
- name: Real servers
  hosts: real_servers
  tasks:
    - file: { dest: /etc/page, content: "{{ name }}\n" }
    - name: a task
      command:
        cmd: "if [ -e /cut ]; then rm /cut; cut; fi; touch /made"
        unless: "if [ -e /made ] && [ -e /cut_after ]; then rm /cut_after; cut; fi; [ -e /made ]"
    - file: { dest: /etc/last, content: "last\n" }
- name: The director
  hosts: directors
  tasks:
    - virtual_services: { persist: true }
"#;

/// All of a real server's changes were sent to it, and of none is known what came of it.
const UNKNOWN: Tally = Tally { made: 0, in_part: 0, failed: 0, unknown: 3, not_begun: 0 };

#[track_caller]
fn lost(outcome: &Outcome, host: &str) {
    assert_eq!(outcome.failed(), [host], "{:#?}", outcome.events);
    let index = outcome.plan.hosts.iter().position(|planned| planned.name == host).unwrap();
    let failure = outcome.failures[index].as_ref().unwrap();
    assert!(matches!(**failure, Failure::Link(LinkError::Lost { .. })), "{failure}");
    assert!(failure.remedy().starts_with("what it did is unknown: run the same again"));
}

/// What was to come of web1 comes in the next run, and nothing else.
#[track_caller]
fn goes_on(cluster: &mut Cluster, changes: usize) {
    // What the lost shell had started holds the lock until it has ended.
    cluster.lock_wait = Duration::from_secs(20);
    let again = cluster.deploy();
    again.whole();
    assert_eq!(again.changed(), [1, changes, 0]);
    assert!(cluster.deploy().plan.is_empty());
    let kernel = cluster.machine("d").root.read("/kernel");
    assert!(kernel.contains("192.168.40.101:80") && kernel.contains("192.168.40.102:80"), "{kernel}");
}

#[test]
fn before_the_first_step() {
    let mut cluster = Cluster::new(2, DEPLOY);
    let web1 = cluster.machine("web1");
    let outcome = cluster.deploy_while(|event| {
        if matches!(event, Event::StageBegan { name, .. } if name == "Real servers") {
            web1.cut(0);
        }
    });
    lost(&outcome, "web1");
    assert_eq!(outcome.changed(), [1, 0, 3]);
    assert_eq!(outcome.tally("web1"), UNKNOWN, "whether they came to the host is not known");
    assert!(!web1.root.exists("/etc/page"));
    assert_eq!(outcome.left().len(), 1, "web1 does not enter: {:?}", outcome.left());
    assert_eq!(web1.links(), 1, "a host that failed is asked nothing more");
    goes_on(&mut cluster, 3);
}

#[test]
fn in_the_middle_of_a_step() {
    let mut cluster = Cluster::new(2, DEPLOY);
    let web1 = cluster.machine("web1");
    web1.root.write("/cut", "");
    let outcome = cluster.deploy();
    lost(&outcome, "web1");
    assert_eq!(outcome.tally("web1"), UNKNOWN, "not even the step before it was read back");
    let unknown = ["file /etc/page", "a task", "file /etc/last"].map(|what| format!("web1: {what}: unknown"));
    assert_eq!(outcome.unfinished(), unknown);
    assert!(web1.root.exists("/etc/page") && !web1.root.exists("/etc/last"));
    goes_on(&mut cluster, 2);
}

#[test]
fn after_the_steps_before_they_are_read_back() {
    let mut cluster = Cluster::new(2, DEPLOY);
    let web1 = cluster.machine("web1");
    web1.root.write("/cut_after", "");
    let outcome = cluster.deploy();
    lost(&outcome, "web1");
    assert_eq!(outcome.tally("web1"), UNKNOWN, "what the host told as made was not read back");
    goes_on(&mut cluster, 0);
}

#[test]
fn between_reading_and_locking_it_is_opened_again() {
    let cluster = Cluster::new(2, DEPLOY);
    let web1 = cluster.machine("web1");
    let outcome = cluster.deploy_while(|event| {
        if matches!(event, Event::Planned { host, .. } if host == "web1") {
            web1.cut(0);
        }
    });
    outcome.whole();
    assert_eq!(outcome.changed(), [1, 3, 3]);
}

#[test]
fn a_host_that_goes_off_between_reading_and_locking_holds_nobody_up() {
    let mut cluster = Cluster::new(2, DEPLOY);
    let web1 = cluster.machine("web1");
    let outcome = cluster.deploy_while(|event| {
        if matches!(event, Event::Planned { host, .. } if host == "web1") {
            web1.power_off();
        }
    });
    assert_eq!(outcome.failed(), ["web1"], "{:#?}", outcome.events);
    assert_eq!(outcome.changed(), [1, 0, 3]);
    web1.power_on();
    goes_on(&mut cluster, 3);
}

#[test]
fn a_director_that_goes_off_leaves_the_real_servers_done() {
    let cluster = Cluster::new(2, DEPLOY);
    let director = cluster.machine("d");
    let off = Cell::new(false);
    let outcome = cluster.deploy_while(|event| {
        if matches!(event, Event::Waiting { host, .. } if host == "d") && !off.replace(true) {
            director.power_off();
        }
    });
    assert_eq!(outcome.failed(), ["d"], "{:#?}", outcome.events);
    assert_eq!(outcome.changed(), [0, 3, 3]);
    let director_s = outcome.tally("d");
    assert_eq!((director_s.failed, director_s.unknown), (1, 0), "it was asked first: nothing had begun");
    director.power_on();
    let again = cluster.deploy();
    again.whole();
    assert_eq!(again.changed(), [1, 0, 0]);
}
