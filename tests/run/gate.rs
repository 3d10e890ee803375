//! Real servers that do not answer their director.

use super::cluster::Cluster;

const TABLE: &str = "
- name: The director
  hosts: directors
  tasks:
    - virtual_services: { persist: true }
";

/// The real servers that do not answer from now on.
fn down(cluster: &Cluster, servers: &[&str]) {
    let urls: String = servers.iter().map(|server| format!("\"http://192.168.40.{server}:80/\"\n")).collect();
    cluster.machine("d").root.write("/down", urls);
}

/// The real servers in the live table and in the rules file.
fn tables(cluster: &Cluster) -> [Vec<String>; 2] {
    ["/kernel", "/etc/ipvsadm.rules"].map(|path| {
        let text = cluster.machine("d").root.read(path);
        let entries = text.lines().filter_map(|line| line.split_once(" -r 192.168.40.")?.1.split(':').next());
        entries.map(str::to_owned).collect()
    })
}

#[test]
fn all_new_ones_that_do_not_answer_are_named_and_the_others_enter() {
    let cluster = Cluster::new(4, TABLE);
    down(&cluster, &["102", "104"]);
    let outcome = cluster.deploy();
    assert!(outcome.failed().is_empty(), "{:#?}", outcome.events);
    let left = ["102", "104"].map(|server| {
        let address = format!("192.168.40.{server}:80");
        let web = &server[2..];
        format!(
            "d: real server web{web} ({address}) of web: nothing accepts a connection from its director on {address}"
        )
    });
    assert_eq!(outcome.left(), left);
    assert!(outcome.performed.as_ref().unwrap().unanswered);
    assert_eq!(tables(&cluster), [["101", "103"], ["101", "103"]]);

    down(&cluster, &[]);
    let again = cluster.deploy();
    again.whole();
    assert_eq!(again.changed()[0], 1);
    assert_eq!(tables(&cluster)[0], ["101", "103", "102", "104"]);
    assert_eq!(tables(&cluster)[1], ["101", "102", "103", "104"]);
}

#[test]
fn a_service_none_of_whose_real_servers_answers_is_there_without_them() {
    let cluster = Cluster::new(2, TABLE);
    down(&cluster, &["101", "102"]);
    let outcome = cluster.deploy();
    assert_eq!((outcome.failed().len(), outcome.left().len()), (0, 2), "{:#?}", outcome.events);
    assert!(cluster.machine("d").root.read("/kernel").starts_with("-A -t 192.168.175.100:80 -s rr"));
    assert_eq!(tables(&cluster), [[""; 0], [""; 0]]);
    let again = cluster.deploy();
    assert_eq!(
        (again.left().len(), again.changed()[0]),
        (2, 0),
        "nothing is changed, and both are named again"
    );
}

#[test]
fn one_that_fails_its_check_is_left_with_what_it_said() {
    let mut cluster = Cluster::new(2, TABLE);
    cluster.more = ", check: { http: { path: /health } }";
    cluster.machine("d").root.write("/down", "\"http://192.168.40.102:80/health\"\n");
    let outcome = cluster.deploy();
    assert!(outcome.failed().is_empty(), "{:#?}", outcome.events);
    let why = "192.168.40.102:80 does not pass the check that its director makes: HTTP 503 instead of 200";
    assert_eq!(outcome.left(), [format!("d: real server web2 (192.168.40.102:80) of web: {why}")]);
    assert!(outcome.performed.as_ref().unwrap().unanswered);
    assert_eq!(tables(&cluster), [["101"], ["101"]]);

    cluster.more = ", check: none";
    cluster.machine("d").root.write("/tried", "");
    cluster.deploy().whole();
    assert_eq!(tables(&cluster), [["101", "102"], ["101", "102"]]);
    assert_eq!(cluster.machine("d").root.read("/tried"), "", "nobody asks");
}

#[test]
fn one_that_the_rules_file_knows_stays_there_when_it_does_not_answer() {
    let cluster = Cluster::new(3, TABLE);
    cluster.deploy().whole();
    let director = &cluster.machine("d").root;
    // Somebody ran `ipvsadm -C`, while web3 is off.
    director.write("/kernel", "");
    director.write("/proc/net/ip_vs", "IP Virtual Server version 1.2.1 (size=4096)\n");
    down(&cluster, &["103"]);
    cluster.machine("web3").power_off();
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["web3"], "{:#?}", outcome.events);
    assert_eq!(tables(&cluster)[0], ["101", "102"]);
    assert_eq!(tables(&cluster)[1], ["101", "102", "103"]);
    assert!(!outcome.performed.as_ref().unwrap().unanswered, "that it is off is told as that");
    assert_eq!(outcome.left().len(), 1, "{:?}", outcome.left());
}
