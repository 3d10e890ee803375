//! A change that could cut the controller off.

use std::time::Duration;

use lvsprov::run::{Event, Failure};

use super::cluster::Cluster;

const DEPLOY: &str = r#"
- name: Real servers
  hosts: real_servers
  tasks:
    - default_gateway: { via: "{{ dip }}" }
    - file: { dest: /etc/page, content: "{{ name }}\n" }
"#;

const INTERFACES: &str = "/etc/network/interfaces";

/// web1 is reached by way of its gateway, and web2 is beside us.
fn cluster(guard: u64) -> Cluster {
    let mut cluster = Cluster::new(2, DEPLOY);
    cluster.machine("d").forwards();
    cluster.machine_mut("web1").controller = "10.9.9.9";
    cluster.guard = Some(Duration::from_secs(guard));
    cluster
}

fn route(cluster: &Cluster, web: &str) -> String {
    let routes = cluster.machine(web).root.sh("ip -4 route show default");
    routes.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn guarded(event: &Event) -> bool {
    matches!(event, Event::Guarded { .. })
}

#[test]
fn a_new_connection_confirms_it() {
    let cluster = cluster(20);
    let outcome = cluster.deploy();
    outcome.whole();
    assert_eq!(outcome.events.iter().filter(|event| guarded(event)).count(), 1, "web2 is beside us");
    assert_eq!(outcome.changed(), [0, 2, 2]);
    assert_eq!(route(&cluster, "web1"), "default via 192.168.40.100 dev eth0");
    assert!(cluster.machine("web1").root.read(INTERFACES).contains("gateway 192.168.40.100"));
    assert!(!cluster.machine("web1").root.exists("/run/lvsprov/guard/armed"));
}

#[test]
fn what_no_new_connection_confirms_is_taken_back_by_the_host() {
    let cluster = cluster(3);
    let web1 = cluster.machine("web1");
    let before = web1.root.read(INTERFACES);
    let outcome = std::thread::scope(|scope| {
        cluster.deploy_while(|event| {
            if guarded(event) {
                web1.root.write("/unreachable", "");
                // By the old way it can be reached again.
                scope.spawn(|| {
                    std::thread::sleep(Duration::from_secs(4));
                    web1.power_on();
                });
            }
        })
    });
    assert_eq!(outcome.failed(), ["web1"], "{:#?}", outcome.events);
    assert!(outcome.failure("web1").contains("was not confirmed by a new connection within 3 s"));
    assert!(matches!(**outcome.failures[1].as_ref().unwrap(), Failure::TakenBack { seen: true, .. }));
    assert_eq!(route(&cluster, "web1"), "default via 192.168.40.1 dev eth0");
    assert_eq!(web1.root.read(INTERFACES), before);
    assert!(!web1.root.exists("/etc/page"), "nothing more is done on it");
    assert_eq!(outcome.changed(), [0, 0, 2]);
    let of_web1 = outcome.tally("web1");
    assert_eq!((of_web1.failed, of_web1.not_begun), (1, 1), "that it was taken back was read: {of_web1:?}");
}

#[test]
fn the_old_connection_may_break_when_a_new_one_confirms() {
    let mut cluster = cluster(20);
    // A later task that finds the host's lock free says so.
    cluster.playbook += "    - command: { cmd: 'sleep 4; if flock -n /run/lvsprov/lock true; then touch /unlocked; fi; touch /made', creates: /made }\n";
    let web1 = &cluster.machine("web1").root;
    web1.stub("ip", "/sbin/ip \"$@\"\ncode=$?\ncase $* in *'route replace default'*) cut;; esac\nexit $code");
    let outcome = cluster.deploy();
    outcome.whole();
    assert_eq!(route(&cluster, "web1"), "default via 192.168.40.100 dev eth0");
    assert!(web1.exists("/etc/page") && web1.exists("/made"));
    assert!(!web1.exists("/unlocked"), "another run could have changed the host");
}
