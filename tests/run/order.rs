//! What is done in which order.

use super::cluster::Cluster;

const DEPLOY: &str = r#"
- name: Real servers
  hosts: real_servers
  tasks:
    - file: { dest: /etc/page, content: "{{ name }}\n" }
    - default_gateway: { via: "{{ dip }}" }
- name: The director
  hosts: directors
  tasks:
    - file: { dest: /etc/motd, content: "A director.\n" }
    - sysctl: { name: net.ipv4.ip_forward, value: 1 }
    - virtual_services: { persist: true }
"#;

#[test]
fn gateways_move_after_forwarding_and_real_servers_enter_when_they_are_done() {
    let cluster = Cluster::new(3, DEPLOY);
    let outcome = cluster.deploy();
    outcome.whole();
    assert_eq!(outcome.changed(), [3, 2, 2, 2]);
    let forwards = outcome.place("d: sysctl net.ipv4.ip_forward");
    let enters = outcome.place("d: virtual_services web (tcp 192.168.175.100:80)");
    for web in ["web1", "web2", "web3"] {
        let gateway = outcome.place(&format!("{web}: default_gateway d (192.168.40.100)"));
        assert!(forwards < gateway && gateway < enters, "{:#?}", outcome.made());
    }
    let calls = cluster.machine("d").root.read("/calls");
    assert_eq!(calls.matches("-a -t 192.168.175.100:80").count(), 3, "{calls}");
    assert_eq!(cluster.machine("d").root.read("/tried").lines().count(), 3, "each was asked once");
    assert!(cluster.deploy().plan.is_empty(), "the second run has nothing to do");
}
