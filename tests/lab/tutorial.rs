//! The tutorial's cluster, from bare machines through everything that happens to it.

use crate::support::{Cluster, tell};
use crate::{again, bare, cut, drift, edits, handlers, leaving, reboots, refused, route};

/// A name for `LAB_SCENARIO`, what is shown while it runs, and the scenario. Each finds the cluster as
/// tutorial.yaml declares it, and leaves it so.
type Scenario = (&'static str, &'static str, fn(&Cluster));

const SCENARIOS: [Scenario; 10] = [
    ("again", "a second deploy writes nothing", again::second_deploy_writes_nothing),
    ("edits", "the tutorial's edits, under a download", edits::a_download_outlives_the_edits),
    ("leaving", "a real server leaves a hash", leaving::a_hash_refuses_nobody_meanwhile),
    ("drift", "drift is found, named and repaired", drift::every_fault_is_named_and_repaired),
    ("handlers", "a run is killed between a file and its service", handlers::a_stale_service_is_remembered),
    ("reboots", "director and real servers reboot", reboots::the_boot_brings_it_all_back),
    ("route", "a gateway that is our own way back", route::our_own_way_back_is_guarded),
    ("refused", "hosts do not let us in", refused::each_host_says_why),
    ("down", "a real server is down", refused::a_host_is_down),
    ("cut", "runs are interrupted, killed and cut off", cut::nothing_is_left_running),
];

#[test]
fn the_tutorials_cluster() {
    let only = std::env::var("LAB_SCENARIO").ok();
    let cluster = Cluster::new("web");
    cluster.up();
    match &only {
        None => {
            tell("first deploy, killed at eight moments");
            bare::many_times_killed(&cluster);
        }
        Some(_) => {
            cluster.lab("deploy", "tutorial.yaml", &[]).exits(0);
        }
    }
    let chosen: Vec<_> = SCENARIOS
        .iter()
        .filter(|(name, ..)| only.as_ref().is_none_or(|only| only.split(',').any(|only| only == *name)))
        .collect();
    assert!(!chosen.is_empty(), "LAB_SCENARIO names no scenario");
    for (_, what, scenario) in chosen {
        tell(what);
        scenario(&cluster);
    }
}
