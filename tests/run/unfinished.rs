//! What is told of a change that was begun and did not come to a good end.

use lvsprov::plan::{Tally, Took};
use lvsprov::run::Event;

use super::cluster::Cluster;

const TABLE: &str = "
- name: The director
  hosts: directors
  tasks:
    - sysctl: { name: net.ipv4.ip_forward, value: 1 }
    - virtual_services: { persist: true }
    - file: { dest: /etc/last, content: \"last\\n\" }
";

#[test]
fn a_live_table_that_changed_is_told_where_the_rules_file_then_failed() {
    let cluster = Cluster::new(2, TABLE);
    let director = &cluster.machine("d").root;
    // The rules file can't be written. What is in the way could as well be a file system that is read-only or full.
    director.mkdir("/etc/.lvsprov.ipvsadm.rules.new/in-the-way");
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["d"], "{:#?}", outcome.events);
    assert!(director.read("/kernel").contains("192.168.40.101:80"), "the live table has changed");
    assert_eq!(director.read("/etc/ipvsadm.rules"), "");
    let expected = Tally { made: 1, in_part: 1, not_begun: 1, ..Tally::default() };
    assert_eq!(outcome.tally("d"), expected);
    let unfinished = &outcome.performed.as_ref().unwrap().unfinished;
    let [one] = unfinished.as_slice() else { panic!("{unfinished:#?}") };
    let Took::Part(differs) = &one.took else { panic!("{one:#?}") };
    assert!(!differs.is_empty() && differs.iter().all(|aspect| aspect.what.contains("at boot")), "{one:#?}");

    director.sh("rm -r /etc/.lvsprov.ipvsadm.rules.new");
    let again = cluster.deploy();
    assert_eq!(again.whole().tally("d"), Tally { made: 2, ..Tally::default() });
}

#[test]
fn of_a_command_that_failed_nobody_knows_what_it_did() {
    let playbook = "
- name: Real servers
  hosts: real_servers
  tasks:
    - file: { dest: /etc/page, content: \"page\\n\" }
    - command: { cmd: \"touch /half; exit 3\", creates: /whole }
    - file: { dest: /etc/last, content: \"last\\n\" }
";
    let outcome = Cluster::new(1, playbook).deploy();
    assert_eq!(outcome.tally("web1"), Tally { made: 1, unknown: 1, not_begun: 1, ..Tally::default() });
    assert_eq!(outcome.unfinished(), ["web1: command touch /half; exit 3: unknown"]);
}

#[test]
fn what_reads_as_before_has_failed_as_a_whole() {
    let playbook = "
- name: Real servers
  hosts: real_servers
  tasks:
    - service: { name: apache2, enabled: true }
    - file: { dest: /etc/last, content: \"last\\n\" }
";
    let cluster = Cluster::new(1, playbook);
    let web1 = &cluster.machine("web1").root;
    web1.write("/units/apache2.service", "active disabled\n");
    web1.write("/stubborn", "apache2.service\n");
    let outcome = cluster.deploy();
    // The file comes after it in the same exchange: its script ran, and it was read back.
    assert_eq!(outcome.tally("web1"), Tally { made: 1, failed: 1, ..Tally::default() });
    assert_eq!(outcome.unfinished(), ["web1: service apache2: nothing"]);
    assert!(web1.exists("/etc/last"));
}

#[test]
fn a_real_server_that_does_not_answer_after_its_restart_was_changed() {
    let playbook = "
- name: Real servers
  hosts: real_servers
  tasks:
    - file: { dest: /etc/tuning.conf, content: \"new\\n\" }
    - service: { name: apache2, state: started, restart_on: [/etc/tuning.conf] }
";
    let cluster = Cluster::new(2, playbook);
    cluster.machine("d").root.write("/down", "\"http://192.168.40.101:80/\"\n");
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["web1"], "{:#?}", outcome.events);
    assert_eq!(outcome.tally("web1"), Tally { made: 2, ..Tally::default() });
    assert_eq!(outcome.tally("web2"), Tally { not_begun: 2, ..Tally::default() });
    assert!(outcome.unfinished().is_empty());
}

#[test]
fn an_interruption_leaves_what_was_begun_unknown_and_what_was_read_back_made() {
    let page = "- name: Real servers\n  hosts: real_servers\n  tasks:\n    - file: { dest: /etc/page, content: \"page\\n\" }\n";
    let director = "- name: The director\n  hosts: directors\n  tasks:\n    - name: a long moment\n      \
                    command: { cmd: \"sleep 60; touch /made\", creates: /made }\n";
    let playbook = format!("{page}{director}{}", page.replace("/etc/page", "/etc/last"));
    let cluster = Cluster::new(1, &playbook);
    let outcome = cluster
        .deploy_until(|event| matches!(event, Event::StepBegan { label, .. } if label == "a long moment"));
    assert!(outcome.failed().is_empty(), "nothing has failed");
    assert_eq!(outcome.tally("web1"), Tally { made: 1, not_begun: 1, ..Tally::default() });
    assert_eq!(outcome.tally("d"), Tally { unknown: 1, ..Tally::default() });
    assert_eq!(outcome.unfinished(), ["d: a long moment: unknown"]);
}
