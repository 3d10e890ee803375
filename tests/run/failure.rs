//! What becomes of the rest when a step fails.

use super::cluster::Cluster;

const TABLE: &str = "
- name: The director
  hosts: directors
  tasks:
    - sysctl: { name: net.ipv4.ip_forward, value: 1 }
    - virtual_services: { persist: true }
";

/// Plays of the real servers, and the director's.
fn playbook(real_servers: &str) -> String {
    format!("- name: Real servers\n  hosts: real_servers\n{real_servers}{TABLE}")
}

/// A task that fails on web2 for as long as it has no /mended.
const FAILS_ON_WEB2: &str = "    - name: a task
      command: { cmd: \"{ [ '{{ name }}' != web2 ] || [ -e /mended ]; } && touch /made\", creates: /made }\n";

const PAGE: &str = "    - file: { dest: /etc/page, content: \"{{ name }}\\n\" }\n";
const GATEWAY: &str = "    - default_gateway: { via: \"{{ dip }}\" }\n";

#[test]
fn where_the_director_does_not_forward_no_gateway_moves() {
    let cluster = Cluster::new(2, &playbook(&format!("  tasks:\n{PAGE}{GATEWAY}")));
    let director = &cluster.machine("d").root;
    director.write("/etc/sysctl.d", "in the way of the folder");
    let outcome = cluster.deploy();
    let failure = outcome.failure("d");
    assert!(failure.starts_with("sysctl net.ipv4.ip_forward failed"), "{failure}");
    assert_eq!(outcome.failed(), ["d"]);
    let why = "it waits for d, where `sysctl net.ipv4.ip_forward` did not end well";
    let left = ["web1", "web2"].map(|web| format!("{web}: default_gateway d (192.168.40.100): {why}"));
    assert_eq!(outcome.left(), left);
    assert_eq!(outcome.changed(), [0, 1, 1], "the pages are there, and nothing else of it");
    assert_eq!(director.read("/calls"), "", "nothing enters a table that is the director's next step");
}

#[test]
fn a_real_server_that_failed_does_not_enter_and_the_others_do() {
    let cluster = Cluster::new(3, &playbook(&format!("  tasks:\n{FAILS_ON_WEB2}{PAGE}")));
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["web2"]);
    assert_eq!(outcome.failure("web2"), "a task failed with exit code 1");
    assert_eq!(
        outcome.left(),
        [
            "d: real server web2 (192.168.40.102:80) of web: it waits for web2, where `a task` did not end well"
        ]
    );
    let (web2, director) = (&cluster.machine("web2").root, &cluster.machine("d").root);
    assert!(!web2.exists("/etc/page"), "nothing more is done on a host that failed");
    let rules = director.read("/etc/ipvsadm.rules");
    for (server, enters) in [("101", true), ("102", false), ("103", true)] {
        let entry = format!("-a -t 192.168.175.100:80 -r 192.168.40.{server}:80");
        let there = (director.read("/kernel").contains(&entry), rules.contains(&entry));
        assert_eq!(there, (enters, enters), "{server}");
    }
    assert!(!outcome.performed.as_ref().unwrap().unanswered, "it was not asked");

    web2.write("/mended", "");
    let again = cluster.deploy();
    again.whole();
    assert_eq!(again.changed(), [1, 0, 2, 0]);
    assert!(director.read("/kernel").contains("192.168.40.102:80"));
}

#[test]
fn what_succeeds_and_does_not_take_has_failed() {
    let service = "    - service: { name: apache2, state: started, enabled: true }\n";
    let cluster = Cluster::new(2, &playbook(&format!("  tasks:\n{service}{PAGE}")));
    for web in ["web1", "web2"] {
        cluster.machine(web).root.write("/units/apache2.service", "active disabled\n");
    }
    cluster.machine("web1").root.write("/stubborn", "apache2.service\n");
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["web1"]);
    assert_eq!(outcome.failure("web1"), "service apache2 did not take");
    assert_eq!(outcome.left().len(), 1, "{:?}", outcome.left());
    assert!(outcome.left()[0].contains("it waits for web1, where `service apache2` did not end well"));
    assert_eq!(cluster.machine("web2").root.read("/units/apache2.service"), "active enabled\n");
    assert!(!cluster.machine("d").root.read("/kernel").contains("192.168.40.101:80"));
}

#[test]
fn nothing_is_changed_on_a_host_of_whose_plan_a_part_is_refused() {
    let cluster = Cluster::new(2, &playbook(&format!("  tasks:\n{PAGE}{GATEWAY}")));
    std::fs::remove_file(cluster.machine("web1").root.path("/stub/ifup")).unwrap();
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["web1"]);
    let failure = outcome.failure("web1");
    assert!(failure.starts_with("default_gateway d (192.168.40.100): "), "{failure}");
    assert_eq!(outcome.changed(), [2, 0, 2]);
    assert!(!cluster.machine("web1").root.exists("/etc/page"));
    assert_eq!(
        outcome.left(),
        [
            "d: real server web1 (192.168.40.101:80) of web: it waits for web1, of whose plan a part is refused"
        ]
    );
}

#[test]
fn a_further_batch_begins_only_while_few_enough_have_failed() {
    let cluster = Cluster::new(4, &playbook(&format!("  serial: 1\n  tasks:\n{FAILS_ON_WEB2}")));
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["web2"]);
    let why = "more than 0 of its play's hosts failed (max_failures)";
    let left = outcome.left();
    assert_eq!(left[..2], ["web3", "web4"].map(|web| format!("{web}: a task: {why}")));
    assert_eq!(outcome.changed(), [2, 1, 0, 0, 0]);
    // What is left of a real server is not done, so that it does not enter.
    assert_eq!(left.len(), 5, "{left:#?}");
    assert!(cluster.machine("d").root.read("/kernel").contains("192.168.40.101:80"));
}

#[test]
fn a_host_that_failed_is_asked_nothing_more() {
    let more = "- name: More\n  hosts: real_servers\n  tasks:\n";
    let cluster = Cluster::new(2, &playbook(&format!("  tasks:\n{FAILS_ON_WEB2}{more}{PAGE}")));
    let outcome = cluster.deploy();
    assert_eq!((outcome.failed(), outcome.changed()), (vec!["web2"], vec![2, 2, 0]));
    assert_eq!(cluster.machine("web2").links(), 1, "not even whether it is there");
}
