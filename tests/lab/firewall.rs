//! firewalld, as EL has it on: on the director and on one real server.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::bare::alternates;
use crate::destroy::{is_as_it_was, snapshot, takes_back};
use crate::support::{Cluster, tell, until};

const HOSTS: &[&str] = &["lvs_director", "lvs_real_server01", "lvs_real_server02", "client"];

/// Those on which it is on.
const BEHIND: &[&str] = &["lvs_director", "lvs_real_server01"];

/// All that firewalld has: what runs, what is at boot, and its files.
const FIREWALLD: &str = "firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones; \
    find /etc/firewalld -type f -exec sha256sum {} + | sort";

pub fn what_firewalld_keeps_out_is_opened_and_closed_again() {
    let text =
        include_str!("../../inventories/tutorial-el.yaml").replace("cluster: web-el\n", "cluster: web \n");
    assert!(text.contains("cluster: web \n"), "{text}");
    let cluster = Cluster::new("fw").with("el.yaml", &text, HOSTS);
    cluster.up();
    tell("firewalld on, with a port that an administrator has opened");
    cluster.on_each(BEHIND, "systemctl enable --now firewalld 2>&1");
    answers(&cluster);
    cluster.on(
        "lvs_director",
        "firewall-cmd --permanent --add-port=9090/tcp && firewall-cmd --add-port=9090/tcp",
    );
    let before = cluster.on_each(BEHIND, FIREWALLD);
    let whole = snapshot(&cluster);

    tell("plan names what is missing");
    let plan = cluster.lab("plan", "el.yaml", &[]).exits(3);
    let missing =
        plan.events.differences("change").into_iter().filter(|told| told.contains("firewall_opening"));
    assert_eq!(
        missing.collect::<Vec<_>>(),
        [
            "lvs_director firewall_opening 192.168.175.100:80/tcp and 1 more: \
             running: 192.168.40.100:123/udp from 192.168.40.0/24, running: 192.168.175.100:80/tcp, \
             at boot: 192.168.40.100:123/udp from 192.168.40.0/24, at boot: 192.168.175.100:80/tcp",
            "lvs_real_server01 firewall_opening 192.168.40.101:80/tcp: running: 192.168.40.101:80/tcp, \
             at boot: 192.168.40.101:80/tcp"
        ]
    );

    tell("deploy opens it");
    let deploy = cluster.lab("deploy", "el.yaml", &[]).exits(0);
    alternates(&deploy.events.sequence());
    cluster.is_as_declared("el.yaml");
    let sources = cluster.on("lvs_real_server02", "chronyc -n sources 2>&1 || :");
    assert!(sources.contains("192.168.40.100"), "{sources}");

    tell("what runs and is in no file is found, and mended");
    cluster.on(
        "lvs_real_server01",
        "firewall-cmd --reload && firewall-cmd --list-rich-rules | grep 192.168.40.101",
    );
    let rule = "rule family=ipv4 destination address=192.168.40.101 port port=80 protocol=tcp accept";
    cluster.on("lvs_real_server01", &format!("firewall-cmd --permanent --remove-rich-rule='{rule}'"));
    let drift = cluster.lab("verify", "el.yaml", &[]).exits(5);
    assert_eq!(
        drift.events.differences("drift"),
        ["lvs_real_server01 firewall_opening 192.168.40.101:80/tcp: at boot: 192.168.40.101:80/tcp"]
    );
    cluster.lab("deploy", "el.yaml", &[]).exits(0);

    tell("reboot of the director and the real server, verify");
    cluster
        .lvsprov(&["lab", "reboot", "lvs_director", "lvs_real_server01", "-i", "el.yaml", "--output", "json"])
        .exits(0);
    answers(&cluster);
    let verify = cluster.lab("verify", "el.yaml", &[]).exits(0);
    alternates(&verify.events.sequence());

    tell("destroy closes it, and takes all else back");
    takes_back(&cluster);
    let after = cluster.on_each(BEHIND, FIREWALLD);
    assert_eq!(after, before);
    assert!(after["lvs_director"].contains("9090/tcp"), "{after:?}");
    is_as_it_was(&cluster, &whole);
}

/// Waits until firewalld is at work where it is on.
#[track_caller]
fn answers(cluster: &Cluster) {
    until("firewalld answers", Duration::from_secs(60), || {
        let state: BTreeMap<String, String> = cluster.on_each(BEHIND, "firewall-cmd --state 2>&1 || :");
        state.values().all(|said| said.trim() == "running").then_some(())
    });
}
