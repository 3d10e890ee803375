//! A service that must restart because its file changed, in a run that was killed in between.

use rustix::process::Signal;

use crate::support::Cluster;

const PLAYBOOK: &str = r#"
- name: Apache says less of itself
  hosts: lvs_real_server01
  tasks:
    - file: { dest: /etc/apache2/conf-enabled/test.conf, content: "ServerTokens Prod\n" }
    - name: a long moment
      command: { cmd: "sleep 300; touch /run/slept", creates: /run/slept }
    - service: { name: apache2, state: started, restart_on: [/etc/apache2/conf-enabled/test.conf] }
"#;

const RUNS_SINCE: &str = "systemctl show --property MainPID --value apache2";

pub fn a_stale_service_is_remembered(cluster: &Cluster) {
    let host = "lvs_real_server01";
    let before = cluster.on(host, RUNS_SINCE);
    let mut run = cluster.start_playbook(PLAYBOOK, &[]);
    assert!(run.sees_step("a long moment"), "{:?}", run.ends());
    run.signal(Signal::KILL);
    cluster.ended(run);
    cluster.is_quiet();
    cluster.on(host, "test -e /etc/apache2/conf-enabled/test.conf && touch /run/slept");
    assert_eq!(cluster.on(host, RUNS_SINCE), before, "apache2 still runs with its old file");

    let next = cluster.playbook(PLAYBOOK, &[]).exits(0);
    assert_eq!(next.events.differences("change"), [format!("{host} service apache2: restart")]);
    assert_ne!(cluster.on(host, RUNS_SINCE), before, "apache2 was started anew");
    let last = cluster.playbook(PLAYBOOK, &["--check"]).exits(0);
    assert_eq!(last.events.differences("change"), [""; 0]);
    cluster.on(host, "rm /etc/apache2/conf-enabled/test.conf /run/slept; systemctl reload apache2");
    cluster.is_as_declared("tutorial.yaml");
}
