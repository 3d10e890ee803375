//! What somebody changes by hand: a verify finds and names it, a deploy repairs that and nothing else.

use std::collections::BTreeSet;

use crate::support::{Cluster, tell};

struct Fault {
    what: &'static str,
    host: &'static str,
    /// What somebody did.
    done: &'static str,
    /// What must be named, as `HOST MODULE SUBJECT: ASPECT, ASPECT`.
    named: &'static str,
    /// Its module alone repairs it, and this then holds on the host.
    repaired: &'static str,
}

const FAULTS: [Fault; 7] = [
    Fault {
        what: "ip_forward off",
        host: "lvs_director",
        done: "echo 0 >/proc/sys/net/ipv4/ip_forward",
        named: "lvs_director sysctl net.ipv4.ip_forward: running",
        repaired: "test $(cat /proc/sys/net/ipv4/ip_forward) = 1",
    },
    Fault {
        what: "a real server's gateway elsewhere",
        host: "lvs_real_server01",
        done: "ip route replace default via 192.168.40.1",
        named: "lvs_real_server01 default_gateway 192.168.40.100: running",
        repaired: "ip route | grep -q '^default via 192.168.40.100 '",
    },
    Fault {
        what: "apache stopped on one",
        host: "lvs_real_server02",
        done: "systemctl stop apache2",
        named: "lvs_real_server02 service apache2: running",
        repaired: "systemctl is-active apache2",
    },
    Fault {
        what: "the index page changed",
        host: "lvs_real_server01",
        done: "echo hello >/var/www/html/index.html",
        named: "lvs_real_server01 file /var/www/html/index.html: content",
        repaired: "test \"$(cat /var/www/html/index.html)\" = lvs_real_server01",
    },
    Fault {
        what: "a weight changed by hand",
        host: "lvs_director",
        done: "ipvsadm -e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 7",
        named: "lvs_director virtual_services web (tcp 192.168.175.100:80): weight of lvs_real_server02 (192.168.40.102:80)",
        repaired: "ipvsadm -Sn | grep -q -- '-r 192.168.40.102:80 -m -w 1$'",
    },
    Fault {
        what: "the rules file edited by hand",
        host: "lvs_director",
        done: "sed -i 's/-s rr/-s wlc/' /etc/ipvsadm.rules",
        named: "lvs_director virtual_services web (tcp 192.168.175.100:80): at boot: scheduler of web (tcp 192.168.175.100:80)",
        repaired: "grep -q -- '-A -t 192.168.175.100:80 -s rr' /etc/ipvsadm.rules",
    },
    Fault {
        what: "the ipvsadm unit disabled",
        host: "lvs_director",
        done: "systemctl disable ipvsadm",
        named: "lvs_director virtual_services web (tcp 192.168.175.100:80): unit ipvsadm at boot",
        repaired: "ls /etc/rc2.d/S??ipvsadm",
    },
];

/// What faults and repairs together may write: the files in question and their folders, a disabled init script's links,
/// and on the director the note of what was touched, when it is the first time: the unit ipvsadm, which a run that was
/// killed after its packages finds enabled by them, and never had to touch.
fn may_be_written(host: &str, path: &str) -> bool {
    match host {
        "lvs_director" => {
            let below = ["/etc/rc", "/var/lib/lvsprov/records/"];
            ["/etc", "/etc/ipvsadm.rules"].contains(&path)
                || below.iter().any(|below| path.starts_with(below))
        }
        "lvs_real_server01" => ["/var/www/html", "/var/www/html/index.html"].contains(&path),
        _ => false,
    }
}

pub fn every_fault_is_named_and_repaired(cluster: &Cluster) {
    let before = cluster.files();
    for fault in &FAULTS {
        tell(&format!("   {}", fault.what));
        cluster.on(fault.host, fault.done);
        // Few requests: some of these faults let every one run into its time-out.
        let found = cluster.lab("verify", "tutorial.yaml", &["--requests", "2"]).exits(5);
        assert_eq!(found.events.differences("drift"), [fault.named], "{}", fault.what);
        let deployed = cluster.lab("deploy", "tutorial.yaml", &[]).exits(0);
        assert_eq!(deployed.events.differences("change"), [fault.named], "{}", fault.what);
        assert_eq!(deployed.events.changed(), 1, "{}", fault.what);
        cluster.on(fault.host, fault.repaired);
    }
    for (host, files) in cluster.files() {
        let before: BTreeSet<&str> = before[&host].lines().collect();
        let written =
            files.lines().filter(|line| !before.contains(line)).filter_map(|line| line.split(' ').next());
        let others: Vec<&str> = written.filter(|path| !may_be_written(&host, path)).collect();
        assert_eq!(others, [""; 0], "{host}: written, though nothing was wrong with it");
    }
    the_vip_goes(cluster);
    cluster.is_as_declared("tutorial.yaml");
}

/// The VIP is the director's own already: nobody puts it back, and its lack is named instead of what clients see of it.
fn the_vip_goes(cluster: &Cluster) {
    let (host, vip) = ("lvs_director", "192.168.175.100/24");
    let script = format!(
        "d=$(ip -o addr show to 192.168.175.100/32 | awk '{{ print $2 }}')\nip addr del {vip} dev $d && echo $d"
    );
    let interface = cluster.on(host, &script);
    let found = cluster.lab("verify", "tutorial.yaml", &["--requests", "1"]).exits(5);
    let deployed = cluster.lab("deploy", "tutorial.yaml", &[]).exits(1);
    for run in [&found, &deployed] {
        let failure = run.events.failure(host);
        assert_eq!(failure["message"], "has the VIP 192.168.175.100 on no interface");
        assert!(failure["remedy"].as_str().unwrap().contains("`ip addr add 192.168.175.100/24 dev "));
    }
    assert_eq!(deployed.events.changed(), 0, "{}", deployed.stdout);
    tell("   the VIP on no interface");
    cluster.on(host, &format!("ip addr add {vip} dev {}", interface.trim()));
    cluster.lab("verify", "tutorial.yaml", &[]).exits(0);
}
