//! RHEL's unit, which would write the live table over its rules file, without the thresholds.

use crate::bare::alternates;
use crate::support::{Cluster, tell};

/// What there is of it: the table with its thresholds, the timeouts, and the file.
const READ: &str =
    "ipvsadm -Sn | sort; ipvsadm -Ln --thresholds | awk '$1 == \"->\" { print $2, $3, $4 }' | sort
    ipvsadm -L --timeout; cat /etc/sysconfig/ipvsadm";

/// What is done on the director by its administrator.
const DONE: [(&str, &str); 3] = [
    ("systemctl restart ipvsadm", "systemctl restart ipvsadm"),
    (
        "systemctl stop, and start",
        "systemctl stop ipvsadm; test -z \"$(ipvsadm -Sn)\"; systemctl start ipvsadm",
    ),
    (
        "an upgrade of the RPM",
        "dnf -q -y upgrade /srv/updates/ipvsadm-*.rpm >/dev/null 2>&1; rpm -q ipvsadm | grep -q 1.31-7",
    ),
];

pub fn whatever_ends_and_starts_it(cluster: &Cluster) {
    let text = std::fs::read_to_string(cluster.folder.join("el.yaml")).unwrap();
    let service = "scheduler: rr, forwarding: nat }";
    assert!(text.contains(service), "{text}");
    let members = "scheduler: rr, forwarding: nat, real_servers: [lvs_real_server02, \
        { host: lvs_real_server01, upper_threshold: 500, lower_threshold: 400 }] }\n\
        timeouts: { tcp: 600, tcp_fin: 60, udp: 120 }";
    cluster.write("thresholds.yaml", &text.replace(service, members));
    cluster.lab("deploy", "thresholds.yaml", &[]).exits(0);
    let read = || cluster.on("lvs_director", READ);
    let declared = read();
    assert!(declared.contains("192.168.40.101:80 500 400"), "{declared}");
    assert!(declared.contains("Timeout (tcp tcpfin udp): 600 60 120"), "{declared}");
    assert!(declared.contains("192.168.40.101:80 -m -w 1 -x 500 -y 400"), "{declared}");

    let holds = |what: &str| {
        assert_eq!(read(), declared, "after {what}");
        cluster.is_as_declared("thresholds.yaml");
        tell(&format!(
            "   {what}: the declared table runs, thresholds and timeouts included, and the file is intact"
        ));
    };
    let reboot = |more: &[&str]| {
        let words =
            [&["lab", "reboot", "lvs_director", "--inventory", "el.yaml", "--output", "json"], more].concat();
        cluster.lvsprov(&words).exits(0);
    };
    for what in ["a reboot", "a second reboot"] {
        reboot(&[]);
        holds(what);
    }
    for (what, script) in DONE {
        cluster.on("lvs_director", script);
        holds(what);
    }
    reboot(&["--hard"]);
    holds("killed power");

    // All at once, as after a power cut.
    let all = ["lab", "reboot", "--inventory", "el.yaml", "--hard", "--output", "json"];
    cluster.lvsprov(&all).exits(0);
    let verified = cluster.lab("verify", "thresholds.yaml", &[]).exits(0);
    alternates(&verified.events.sequence());
    cluster.lab("deploy", "el.yaml", &[]).exits(0);
}
