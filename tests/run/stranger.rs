//! Who is logged in, and where: nobody but root, and no other machine than the host that is meant.

use lvsprov::run::{Event, Failure};

use super::cluster::{Cluster, Outcome};

const DEPLOY: &str = r#"
- name: Real servers
  hosts: real_servers
  tasks:
    - file: { dest: /etc/page, content: "{{ name }}\n" }
    - service: { name: apache2, state: started, enabled: true }
- name: The director
  hosts: directors
  tasks:
    - sysctl: { name: net.ipv4.ip_forward, value: 1 }
    - virtual_services: { persist: true }
"#;

/// The host alone has failed, with one thing told of it, and nothing was changed on it.
#[track_caller]
fn refused_alone(cluster: &Cluster, outcome: &Outcome, host: &str) -> (String, String) {
    assert_eq!(outcome.failed(), [host], "{:#?}", outcome.events);
    let told: Vec<_> = outcome
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Failed { failure, .. } => Some((failure.to_string(), failure.remedy())),
            _ => None,
        })
        .collect();
    let [told] = told.as_slice() else { panic!("{told:#?}") };
    let root = &cluster.machine(host).root;
    assert!(!root.exists("/etc/page") && !root.exists("/var/lib/lvsprov"), "{host} was changed");
    told.clone()
}

#[test]
fn who_is_not_root_is_told_first_and_alone() {
    let mut cluster = Cluster::new(2, DEPLOY);
    cluster.machine_mut("web1").log_in_as(1000, "ann");
    let outcome = cluster.deploy();
    let (message, remedy) = refused_alone(&cluster, &outcome, "web1");
    assert_eq!(message, "logged in as ann (uid 1000), not as root");
    for way in ["`ssh: { become: true }`", "`ssh: { user: root }`"] {
        assert!(remedy.contains(way), "{remedy}");
    }
    assert_eq!(cluster.machine("web1").links(), 1, "it is asked once");
    // The others go on.
    let mut cluster = Cluster::new(2, DEPLOY);
    cluster.machine_mut("web2").log_in_as(1000, "");
    let outcome = cluster.deploy();
    assert_eq!(outcome.failure("web2"), "logged in with uid 1000, not as root");
    assert_eq!(outcome.changed(), [2, 1, 0]);
    assert_eq!(
        outcome.left(),
        ["d: real server web2 (192.168.40.102:80) of web: it waits for web2, which could not be read"]
    );
}

#[test]
fn a_machine_with_none_of_the_host_s_addresses_is_not_changed() {
    let cluster = Cluster::new(2, DEPLOY);
    let eth0 =
        "ip addr flush dev eth0; ip addr add 10.9.9.1/24 dev eth0; ip addr add 192.168.40.102/24 dev eth0";
    cluster.machine("web1").root.sh(eth0);
    let outcome = cluster.deploy();
    let (message, remedy) = refused_alone(&cluster, &outcome, "web1");
    assert_eq!(
        message,
        "has none of its declared addresses (192.168.40.101); it has 10.9.9.1 (eth0), 192.168.40.102 (eth0); \
         192.168.40.102 is web2's"
    );
    assert!(
        remedy.starts_with("nothing was changed on it: see which machine `192.168.40.101` leads to"),
        "{remedy}"
    );
    assert!(!cluster.machine("d").root.read("/kernel").contains("192.168.40.101:80"));

    cluster.machine("web1").root.sh("ip addr add 192.168.40.101/32 dev lo");
    assert!(cluster.deploy().failed().is_empty(), "whatever the interface and the length are");
}

#[test]
fn a_bare_machine_whose_address_the_playbook_brings_is_the_host() {
    let cluster = Cluster::new(
        1,
        "- hosts: real_servers\n  tasks:\n    - address: { address: \"{{ rip }}/24\", interface: eth0 }\n",
    );
    cluster.machine("web1").root.sh("ip addr flush dev eth0; ip addr add 10.9.9.1/24 dev eth0");
    let outcome = cluster.deploy();
    let refused =
        outcome.failures[1].as_deref().is_some_and(|failure| matches!(failure, Failure::Stranger(_)));
    assert!(!refused && outcome.changed()[1] == 1, "{:#?}", outcome.events);
}
