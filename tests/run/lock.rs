//! Another run that holds a host.

use std::cell::Cell;
use std::time::Duration;

use lvsprov::run::Event;
use lvsprov::transport::{Link, Lock};

use super::cluster::{Cluster, block_on, settings};
use super::machine::Machine;

const DEPLOY: &str = r#"
- name: All
  hosts: all
  tasks:
    - file: { dest: /etc/page, content: "{{ name }}\n" }
"#;

/// Another run's link, and whether it could lock the host.
fn other(machine: &Machine) -> (Link, Lock) {
    block_on(async {
        let mut link = Link::open(&machine.target(), &settings(), "other".into()).await.unwrap();
        let lock = link.lock("bob@far").await.unwrap();
        (link, lock)
    })
}

#[test]
fn nothing_is_changed_anywhere_and_who_holds_it_is_told() {
    let cluster = Cluster::new(2, DEPLOY);
    let (_held, lock) = other(cluster.machine("web2"));
    assert!(matches!(lock, Lock::Taken { .. }));
    let outcome = cluster.deploy();
    assert!(outcome.performed.is_none());
    assert_eq!(outcome.failed(), ["web2"]);
    let told = outcome.failure("web2");
    assert!(told.starts_with("another run changes this host: bob@far from 192.168.40.9 since 20"), "{told}");
    for name in ["d", "web1", "web2"] {
        assert!(!cluster.machine(name).root.exists("/etc/page"), "{name} was changed");
        let free = matches!(other(cluster.machine(name)).1, Lock::Taken { .. });
        assert_eq!(free, name != "web2", "{name}: what was locked is given back");
    }
}

#[test]
fn it_is_waited_for_and_the_hosts_are_read_again() {
    let mut cluster = Cluster::new(2, DEPLOY);
    cluster.lock_wait = Duration::from_secs(60);
    let web2 = cluster.machine("web2");
    let (_held, _) = other(web2);
    let waited = Cell::new(0);
    let outcome = cluster.deploy_while(|event| {
        if let Event::Waiting { host, what } = event {
            assert_eq!(host, "web2");
            assert!(what.starts_with("another run that changes it: bob@far"), "{what}");
            waited.set(waited.get() + 1);
            // The other run brings the page itself, and ends.
            web2.root.write("/etc/page", "web2\n");
            web2.cut(0);
        }
    });
    assert_eq!(waited.get(), 1);
    assert_eq!(outcome.whole().changed(), [1, 1, 0], "what the other run did is not done again");
}

#[test]
fn what_another_run_changed_between_reading_and_locking_is_seen() {
    let cluster = Cluster::new(1, DEPLOY);
    let web1 = cluster.machine("web1");
    let once = Cell::new(false);
    let outcome = cluster.deploy_while(|event| {
        if matches!(event, Event::Planned { host, .. } if host == "web1") && !once.replace(true) {
            web1.root.write("/etc/page", "web1\n");
            web1.root.sh("mkdir -p -m 700 /run/lvsprov; echo free other >/run/lvsprov/lock");
        }
    });
    assert_eq!(outcome.whole().changed(), [1, 0]);
}
