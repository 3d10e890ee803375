//! A file that apache reads only when it starts changes on three real servers, while a client asks and asks.

use crate::load::Load;
use crate::support::{Cluster, Outcome, tell};
use crate::three::SERVERS;

const FILE: &str = "/etc/apache2/conf-enabled/zz-test.conf";

const MAIN_PID: &str = "systemctl show --property MainPID --value apache2";

fn playbook(line: &str) -> String {
    format!(
        r#"
- name: Apache is tuned
  hosts: real_servers
  tasks:
    - file: {{ dest: {FILE}, content: "{line}\n" }}
    - service: {{ name: apache2, state: started, restart_on: [{FILE}] }}
- name: The director balances
  hosts: directors
  tasks:
    - virtual_services: {{ persist: true }}
"#
    )
}

pub fn one_after_another_under_load(cluster: &Cluster) {
    a_change_reaches_all(cluster);
    a_mistake_reaches_one(cluster, "NoSuchDirective on");
    // One that is down already goes first: neither does a repair that is wrong again reach another.
    a_mistake_reaches_one(cluster, "NoSuchDirective off");
    let repaired = cluster.playbook(&playbook("ServerTokens Minor"), &[]).exits(0);
    assert_eq!(restarts(&repaired), SERVERS);
    cluster.on_each(&SERVERS, &format!("rm {FILE}; systemctl reload apache2"));
    cluster.lab("verify", cluster.inventory, &[]).exits(0);
    cluster.is_as_declared(cluster.inventory);
}

fn a_change_reaches_all(cluster: &Cluster) {
    let before = cluster.on_each(&SERVERS, MAIN_PID);
    let load = Load::begun(cluster);
    let run = cluster.playbook(&playbook("ServerTokens Prod"), &[]).exits(0);
    let asked = load.ended();
    assert_eq!(restarts(&run), SERVERS);
    for (server, pid) in cluster.on_each(&SERVERS, MAIN_PID) {
        assert_ne!(pid, before[&server], "{server} has started anew");
    }
    tell(&format!("   three restarts: {asked}"));
    asked.a_second_try_is_answered();
    for server in SERVERS {
        assert!(asked.answers(server) > 0, "{server} answered nobody");
    }
}

fn a_mistake_reaches_one(cluster: &Cluster, line: &str) {
    let (first, others) = (SERVERS[0], &SERVERS[1..]);
    let state = format!("{MAIN_PID}; cat {FILE}");
    let before = cluster.on_each(others, &state);
    let load = Load::begun(cluster);
    let run = cluster.playbook(&playbook(line), &[]).exits(1);
    let asked = load.ended();
    assert_eq!(restarts(&run), [first]);
    let failure = run.events.failure(first);
    tell(&format!("   {first}: {}", failure["message"].as_str().unwrap()));
    assert!(failure["message"].as_str().unwrap().contains("service apache2"), "{failure}");
    let left = run.events.summary()["left"].as_array().expect("the summary tells what is left");
    let mut hosts: Vec<&str> = left.iter().filter_map(|left| left["host"].as_str()).collect();
    hosts.dedup();
    assert_eq!(hosts, others, "{left:?}");
    assert_eq!(cluster.on_each(others, &state), before, "the others have their file and their processes");
    tell(&format!("   `{line}`: {asked}"));
    asked.a_second_try_is_answered();
}

/// The real servers whose apache was restarted, in order. None begins before the one before it is done and has
/// answered the director.
#[track_caller]
fn restarts(run: &Outcome) -> Vec<&str> {
    let mut begun = Vec::new();
    let mut proved = true;
    for event in &run.events.0 {
        let host = event["host"].as_str().unwrap_or_default();
        let is_restart = event["label"] == "service apache2";
        match event["event"].as_str() {
            Some("step_began") if is_restart => {
                assert!(proved, "{host} began before the one before it had answered\n{}", run.stdout);
                begun.push(host);
                proved = false;
            }
            Some("waiting") if host == "lvs_director" => {
                let what = event["what"].as_str().unwrap_or_default();
                proved |=
                    begun.last().is_some_and(|host| what.starts_with(&format!("the answer of {host} (")));
            }
            _ => {}
        }
    }
    begun
}
