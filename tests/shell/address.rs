use lvsprov::resource::{Resource, Risk};
use serde_json::json;

use crate::declare;
use crate::default_gateway::networkd;
use crate::root::{Root, under_each_shell};

const MAIN: &str = "/etc/network/interfaces";
const FILE: &str = "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n\nauto eth0\n\
                    iface eth0 inet static\n\taddress 192.168.40.101/24\n";

fn present(address: &str) -> Resource {
    declare("address", json!({ "address": address }))
}

fn on(interface: &str, address: &str) -> Resource {
    declare("address", json!({ "address": address, "interface": interface }))
}

fn absent(address: &str) -> Resource {
    declare("address", json!({ "address": address, "state": "absent" }))
}

/// A real server with two cards, and a tunnel that is down.
fn network(root: &Root) {
    root.write(MAIN, FILE);
    root.mkdir("/etc/network/interfaces.d");
    root.stub("ifup", "");
    root.sh("ip=/sbin/ip # busybox has no veth
             for i in 0 1; do $ip link add eth$i type veth peer name peer$i; $ip link set eth$i up; $ip link set peer$i up; done
             $ip link add tun7 type veth peer name peer7; $ip link set tun7 arp off; $ip link set peer7 up
             $ip addr add 192.168.40.101/24 brd + dev eth0; $ip addr add 10.0.0.2/24 brd + dev eth1");
}

/// What runs, without the addresses of links, which come and go with them.
fn running(root: &Root) -> String {
    let told = root.sh("/sbin/ip -o addr show; /sbin/ip -o link show | grep -o 'tun7.*<.*>'; /sbin/ip route show; /sbin/ip -6 route show");
    told.lines().filter(|line| !line.contains("fe80:")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn an_address_comes_beside_the_others_now_and_at_boot() {
    under_each_shell(|root| {
        network(root);
        let own = "/etc/network/interfaces.d/lvsprov-eth0-192-168-40-100";
        let shown = root.settle(&present("192.168.40.100/24"));
        assert_eq!(
            shown,
            [
                format!("at boot: - -> 192.168.40.100/24 (eth0, {own})"),
                "running: - -> 192.168.40.100/24 (eth0)".into(),
            ]
        );
        let told = running(root);
        assert!(
            told.contains("inet 192.168.40.100/24 brd 192.168.40.255 scope global secondary eth0"),
            "{told}"
        );
        assert_eq!(root.read(MAIN), FILE);
        assert!(root.read(own).ends_with("iface eth0 inet static\n    address 192.168.40.100/24\n"));
    });
}

#[test]
fn loopback_and_tunnels_have_them_too() {
    under_each_shell(|root| {
        network(root);
        root.settle(&on("lo", "192.168.175.100/32"));
        root.settle(&on("lo", "2001:db8::10/128"));
        root.settle(&on("tun7", "192.168.175.100/32"));
        let told = running(root);
        assert!(told.contains("inet 192.168.175.100/32 scope global lo"), "{told}");
        assert!(told.contains("inet6 2001:db8::10/128 scope global"), "{told}");
        assert!(told.contains("inet 192.168.175.100/32 scope global tun7"), "{told}");
        assert!(told.contains(",UP,LOWER_UP>"), "{told}");
        assert_eq!(
            root.names("/etc/network/interfaces.d"),
            ["lvsprov-lo-192-168-175-100", "lvsprov-lo-2001-db8--10", "lvsprov-tun7-192-168-175-100"]
        );
    });
}

#[test]
fn an_ipv6_address_is_waited_for_and_one_that_another_has_is_not_kept() {
    under_each_shell(|root| {
        network(root);
        root.sh("/sbin/ip -6 addr add fd00::7/64 dev peer0 nodad");
        root.settle(&on("eth0", "fd00::8/64"));
        assert!(!running(root).contains("tentative"), "it can be used");
        assert_eq!(root.fail(&on("eth0", "fd00::7/64")), "another machine on eth0's link has fd00::7\n");
        assert!(!root.sh("ip -o -6 addr show dev eth0").contains("fd00::7/64"));
    });
}

#[test]
fn an_interface_that_is_not_there_is_named() {
    under_each_shell(|root| {
        network(root);
        let told = root.fail(&on("tunl9", "192.168.175.100/32"));
        assert!(told.contains("there is no interface tunl9"), "{told}");
    });
}

#[test]
fn the_undo_of_a_live_change_leaves_what_was() {
    under_each_shell(|root| {
        network(root);
        root.sh("/sbin/ip addr add 10.0.0.3/24 brd + dev eth1 label eth1:3");
        for declared in [
            present("192.168.40.100/24"),
            on("tun7", "192.168.175.100/32"),
            on("lo", "fd00::1/128"),
            absent("10.0.0.3/24"),
        ] {
            let before = running(root);
            let live = root.plan(&declared, &[]).unwrap().unwrap().live.unwrap();
            root.sh(&live.script.reveal());
            assert_ne!(running(root), before, "{}", declared.subject());
            for _ in 0..2 {
                root.sh(&live.undo.reveal());
                assert_eq!(running(root), before, "{}", declared.subject());
            }
        }
    });
}

#[test]
fn what_is_to_be_absent_goes_from_everywhere_and_takes_no_other_with_it() {
    under_each_shell(|root| {
        network(root);
        let alias = "auto eth1:1\niface eth1:1 inet static\n\taddress 10.0.0.2\n\tnetmask 255.255.255.0\n";
        root.write(
            "/etc/network/interfaces.d/lan",
            format!("{alias}iface eth1 inet static\n\taddress 10.0.0.3/24\n"),
        );
        root.sh("/sbin/ip addr add 10.0.0.3/24 dev eth1; /sbin/ip addr add 10.0.0.2/32 dev lo
                 echo 0 >/proc/sys/net/ipv4/conf/eth1/promote_secondaries");
        let shown = root.settle(&absent("10.0.0.2/24"));
        assert_eq!(
            shown,
            [
                "at boot: 10.0.0.2/24 (eth1, /etc/network/interfaces.d/lan) -> -",
                "running: 10.0.0.2/32 (lo) -> -",
                "running: 10.0.0.2/24 (eth1) -> -",
            ]
        );
        let told = running(root);
        assert!(told.contains("10.0.0.3/24") && !told.contains("10.0.0.2"), "{told}");
        assert_eq!(root.sh("cat /proc/sys/net/ipv4/conf/eth1/promote_secondaries"), "0\n");
        assert_eq!(
            root.read("/etc/network/interfaces.d/lan"),
            "iface eth1 inet static\n\taddress 10.0.0.3/24\n"
        );
    });
}

#[test]
fn our_own_address_is_a_risk_to_take_away() {
    under_each_shell(|root| {
        network(root);
        root.write(MAIN, format!("{FILE}iface eth0 inet static\n\taddress 192.168.40.102/24\n"));
        root.sh("/sbin/ip addr add 192.168.40.102/24 dev eth0");
        let change = root.plan(&absent("192.168.40.101/24"), &[]).unwrap().unwrap();
        let what = "address 192.168.40.101/24 (eth0) goes".into();
        assert_eq!(change.risks, [Risk::CutOff { controller: "10.9.9.9".parse().ok(), what }]);
        assert_eq!(root.plan(&absent("192.168.40.102/24"), &[]).unwrap().unwrap().risks, []);
    });
}

#[test]
fn addresses_come_and_go_without_a_trace() {
    under_each_shell(|root| {
        network(root);
        let before = running(root);
        let shown = root.there_and_back(&[
            &present("192.168.40.100/24"),
            &on("lo", "192.168.175.100/32"),
            &on("tun7", "2001:db8::10/128"),
        ]);
        assert_eq!(running(root), before);
        assert_eq!(shown.len(), 6, "{shown:?}");
        assert_eq!(shown[5], "running: 192.168.40.100/24 (eth0) -> -");
    });
}

#[test]
fn an_address_that_was_taken_away_comes_back() {
    under_each_shell(|root| {
        network(root);
        root.write(
            MAIN,
            format!("{FILE}\niface eth0 inet static # more\n\taddress 192.168.40.7\n\tnetmask 24"),
        );
        root.sh("/sbin/ip addr add 192.168.40.7/24 brd + dev eth0 label eth0:7");
        let before = running(root);
        root.there_and_back(&[&absent("192.168.40.7/24")]);
        assert_eq!(running(root), before);
    });
}

#[test]
fn the_main_file_comes_back_where_it_took_them() {
    under_each_shell(|root| {
        network(root);
        let bare = FILE.replace("source /etc/network/interfaces.d/*\n", "");
        root.write(MAIN, bare);
        root.there_and_back(&[&present("192.168.40.100/24"), &on("lo", "192.168.175.100/32")]);
    });
}

#[test]
fn networkd_gets_drop_ins() {
    under_each_shell(|root| {
        network(root);
        root.sh("rm -r /etc/network /stub/ifup");
        let file = "/etc/systemd/network/10-lan.network";
        networkd(root, "eth0", file, "[Match]\nName=eth0\n[Network]\nAddress=192.168.40.101/24\n");
        let declared =
            [present("192.168.40.100/24"), on("lo", "192.168.175.100/32"), on("lo", "192.168.175.101/32")];
        let before = running(root);
        root.there_and_back(&declared.each_ref());
        assert_eq!(running(root), before);
        for one in &declared {
            root.settle(one);
        }
        assert_eq!(
            root.names("/etc/systemd/network"),
            ["10-lan.network", "10-lan.network.d", "lvsprov-lo.network", "lvsprov-lo.network.d"]
        );
        root.settle(&absent("192.168.175.100/32"));
        assert!(root.exists("/etc/systemd/network/lvsprov-lo.network"), "it has another one");
        root.settle(&absent("192.168.175.101/32"));
        assert_eq!(root.names("/etc/systemd/network"), ["10-lan.network", "10-lan.network.d"]);
    });
}
