//! What the next boot brings.

use crate::bare::alternates;
use crate::support::Cluster;

pub fn the_boot_brings_it_all_back(cluster: &Cluster) {
    let hosts = ["lvs_director", "lvs_real_server01", "lvs_real_server02"];
    let boots = cluster.on_each(&hosts, "cat /proc/sys/kernel/random/boot_id");
    let words = [&["lab", "reboot", "--inventory", "tutorial.yaml", "--output", "json"][..], &hosts].concat();
    cluster.lvsprov(&words).exits(0);
    for (host, boot) in cluster.on_each(&hosts, "cat /proc/sys/kernel/random/boot_id") {
        assert_ne!(boots[&host], boot, "{host} was not rebooted");
    }
    let verified = cluster.lab("verify", "tutorial.yaml", &[]).exits(0);
    alternates(&verified.events.sequence());
    cluster.is_as_declared("tutorial.yaml");
}
