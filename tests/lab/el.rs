//! A cluster of three families: an EL-like director and real server, a real server of Debian 13, a client of Debian 12.

use crate::bare::alternates;
use crate::support::Scenario::{self, Bare, Declared};
use crate::support::{Cluster, Machines, tell};
use crate::{edits, gateway, persistence};

const EL: Machines = Machines { name: "el", make: el };

const HOSTS: &[&str] = &["lvs_director", "lvs_real_server01", "lvs_real_server02", "client"];

pub const SCENARIOS: [(&str, Scenario); 4] = [
    ("el::bare", Bare(&EL, from_bare_machines)),
    ("el::edits", Declared(&EL, edits::a_download_outlives_the_edits)),
    ("el::gateway", Declared(&EL, gateway::under_network_manager_and_networkd)),
    ("el::persistence", Declared(&EL, persistence::whatever_ends_and_starts_it)),
];

fn el() -> Cluster {
    let text = include_str!("../../inventories/tutorial-el.yaml");
    let (debian, other) =
        ("192.168.40.102/24, lab: { image: debian-12 }", "192.168.40.102/24, lab: { image: debian-13 }");
    assert!(text.contains(debian) && text.contains("cluster: web-el\n"), "{text}");
    let text = text.replace(debian, other).replace("cluster: web-el\n", "cluster: web \n");
    Cluster::new("el").with("el.yaml", &text, HOSTS)
}

fn from_bare_machines(cluster: &Cluster) {
    let first = cluster.lab("deploy", "el.yaml", &[]).exits(0);
    alternates(&first.events.sequence());
    tell(&format!("   {} changes", first.events.changed()));
    let again = cluster.lab("deploy", "el.yaml", &[]).exits(0);
    assert_eq!(again.events.changed(), 0, "{}", again.stdout);
    alternates(&again.events.sequence());
}
