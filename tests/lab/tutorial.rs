//! The tutorial's cluster, from bare machines through everything that happens to it.

use crate::support::Scenario::{self, Bare, Declared};
use crate::support::{Cluster, Machines};
use crate::{again, bare, cut, drift, edits, gateway, handlers, leaving, reboots, refused, route};

const WEB: Machines = Machines { name: "web", make: || Cluster::new("web") };

pub const SCENARIOS: [(&str, Scenario); 12] = [
    ("tutorial::bare", Bare(&WEB, bare::many_times_killed)),
    ("tutorial::again", Declared(&WEB, again::second_deploy_writes_nothing)),
    ("tutorial::edits", Declared(&WEB, edits::a_download_outlives_the_edits)),
    ("tutorial::leaving", Declared(&WEB, leaving::a_hash_refuses_nobody_meanwhile)),
    ("tutorial::drift", Declared(&WEB, drift::every_fault_is_named_and_repaired)),
    ("tutorial::handlers", Declared(&WEB, handlers::a_stale_service_is_remembered)),
    ("tutorial::reboots", Declared(&WEB, reboots::the_boot_brings_it_all_back)),
    ("tutorial::route", Declared(&WEB, route::our_own_way_back_is_guarded)),
    ("tutorial::gateway", Declared(&WEB, gateway::under_ifupdown)),
    ("tutorial::refused", Declared(&WEB, refused::each_host_says_why)),
    ("tutorial::down", Declared(&WEB, refused::a_host_is_down)),
    ("tutorial::cut", Declared(&WEB, cut::nothing_is_left_running)),
];
