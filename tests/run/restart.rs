//! What interrupts real servers.

use super::cluster::Cluster;

const DEPLOY: &str = r#"
- name: Real servers
  hosts: real_servers
  tasks:
    - file: { dest: /etc/tuning.conf, content: "new\n" }
    - service: { name: apache2, state: started, restart_on: [/etc/tuning.conf] }
"#;

#[test]
fn one_after_another_each_answers_before_the_next() {
    let cluster = Cluster::new(3, DEPLOY);
    let outcome = cluster.deploy();
    outcome.whole();
    let made = outcome.made();
    let expected: Vec<String> = ["web1", "web2", "web3"]
        .iter()
        .flat_map(|web| [format!("{web}: file /etc/tuning.conf"), format!("{web}: service apache2")])
        .collect();
    assert_eq!(made, expected);
    let tried = cluster.machine("d").root.read("/tried");
    assert_eq!(tried.lines().count(), 3, "{tried}");
    assert!(cluster.deploy().plan.is_empty());
}

#[test]
fn one_that_does_not_start_again_is_the_last() {
    let cluster = Cluster::new(3, DEPLOY);
    cluster.machine("web2").root.write("/broken", "apache2.service\n");
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["web2"]);
    assert_eq!(outcome.failure("web2"), "service apache2 failed with exit code 1");
    assert!(!cluster.machine("web3").root.exists("/etc/tuning.conf"), "the file is left with the restart");
    let why = "it waits for web2, where `service apache2` did not end well";
    assert_eq!(
        outcome.left(),
        [format!("web3: file /etc/tuning.conf: {why}"), format!("web3: service apache2: {why}")]
    );
}

#[test]
fn one_that_runs_and_does_not_answer_is_the_last() {
    let cluster = Cluster::new(3, DEPLOY);
    cluster.machine("d").root.write("/down", "\"http://192.168.40.102:80/\"\n");
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["web2"]);
    assert_eq!(
        outcome.failure("web2"),
        "after service apache2, its director gets no answer from 192.168.40.102:80"
    );
    assert!(!cluster.machine("web3").root.exists("/etc/tuning.conf"));
    assert_eq!(outcome.left().len(), 2, "{:?}", outcome.left());
}

#[test]
fn one_that_fails_its_check_after_its_restart_is_the_last() {
    let mut cluster = Cluster::new(3, DEPLOY);
    cluster.more = ", check: { http: { path: /health } }";
    cluster.machine("d").root.write("/down", "\"http://192.168.40.102:80/health\"\n");
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["web2"]);
    assert_eq!(
        outcome.failure("web2"),
        "after service apache2, the check that its director makes fails: 192.168.40.102:80: HTTP 503 instead of 200"
    );
    assert!(!cluster.machine("web3").root.exists("/etc/tuning.conf"));
}

#[test]
fn one_that_is_down_is_tried_first() {
    let cluster = Cluster::new(3, DEPLOY);
    let web2 = &cluster.machine("web2").root;
    web2.write("/units/apache2.service", "failed enabled\n");
    web2.write("/broken", "apache2.service\n");
    let still = cluster.deploy();
    assert_eq!(still.failed(), ["web2"]);
    for name in ["web1", "web3"] {
        assert!(!cluster.machine(name).root.exists("/etc/tuning.conf"), "{name} was touched");
    }
    web2.write("/broken", "");
    let repaired = cluster.deploy();
    repaired.whole();
    let expected = ["web2: service apache2", "web1: file /etc/tuning.conf", "web1: service apache2"];
    assert_eq!(repaired.made()[..3], expected);
}
