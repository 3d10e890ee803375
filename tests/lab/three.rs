//! The tutorial's cluster with a third real server, so that two are left when one is busy, or down.

use crate::support::Scenario::{self, Bare, Declared};
use crate::support::{Cluster, Machines};
use crate::{concurrent, down, killed, restart};

const THREE: Machines = Machines { name: "three", make: three };

const HOSTS: &[&str] =
    &["lvs_director", "lvs_real_server01", "lvs_real_server02", "lvs_real_server03", "client"];

/// Its real servers, in the inventory's order.
pub const SERVERS: [&str; 3] = ["lvs_real_server01", "lvs_real_server02", "lvs_real_server03"];

pub const SCENARIOS: [(&str, Scenario); 4] = [
    ("three::killed_in_apt", Bare(&THREE, killed::the_next_run_waits_for_apt)),
    ("three::down", Declared(&THREE, down::all_else_gets_there)),
    ("three::restart", Declared(&THREE, restart::one_after_another_under_load)),
    ("three::two_deploys", Declared(&THREE, concurrent::the_table_is_whole)),
];

fn three() -> Cluster {
    let tutorial = include_str!("../../inventories/tutorial.yaml");
    let rip = "  lvs_real_server02: { rip: 192.168.40.102/24 }\n";
    let member = "      - { host: lvs_real_server02, weight: 1 }\n";
    let mut text = tutorial.to_owned();
    for line in [rip, member] {
        assert_eq!(text.matches(line).count(), 1, "{line}");
        text = text.replace(line, &format!("{line}{}", line.replace("02", "03")));
    }
    Cluster::new("three").with("three.yaml", &text, HOSTS)
}

impl Cluster {
    /// Writes the inventory of its machines with other weights, and gives its text.
    pub fn write_weights(&self, file: &str, weights: [u8; 3]) -> String {
        let mut text = std::fs::read_to_string(self.folder.join(self.inventory)).unwrap();
        for (server, weight) in SERVERS.iter().zip(weights) {
            let line = format!("{{ host: {server}, weight: 1 }}");
            assert_eq!(text.matches(&line).count(), 1, "{line}");
            text = text.replace(&line, &format!("{{ host: {server}, weight: {weight} }}"));
        }
        self.write(file, &text);
        text
    }
}
