use lvsprov::resource::{Resource, Risk};
use serde_json::json;

use crate::declare;
use crate::root::{Root, shown, under_each_shell};

const MAIN: &str = "/etc/network/interfaces";
const STATIC: &str =
    "# the LAN\nauto eth0\niface eth0 inet static\n\taddress 192.168.40.101/24\n\tgateway 192.168.40.1\n";

fn dip() -> Resource {
    declare("default_gateway", json!({ "via": "192.168.40.100" }))
}

/// A real server's two interfaces, with real routes of its own.
fn network(root: &Root, text: &str) {
    root.write(MAIN, text);
    root.stub("ifup", "");
    root.sh("ip=/sbin/ip # busybox has no veth
             for i in 0 1; do $ip link add eth$i type veth peer name peer$i; $ip link set eth$i up; $ip link set peer$i up; done
             $ip addr add 192.168.40.101/24 dev eth0; $ip addr add 10.0.0.2/24 dev eth1
             $ip route add default via 192.168.40.1 dev eth0");
}

/// A running networkd that has configured one link by a file.
pub fn networkd(root: &Root, interface: &str, file: &str, text: &str) {
    root.stub("systemctl", "exit 0");
    root.write(file, text);
    root.write("/run/systemd/netif/links/1", "ADMIN_STATE=unmanaged\n");
    let index = root.sh(&format!("cat /sys/class/net/{interface}/ifindex"));
    root.write(
        &format!("/run/systemd/netif/links/{}", index.trim()),
        format!("ADMIN_STATE=configured\nNETWORK_FILE={file}\n"),
    );
}

fn routes(root: &Root) -> String {
    let routes = root.sh("ip -4 route show default");
    routes.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_route_and_the_stanzas_line_change_and_nothing_else() {
    under_each_shell(|root| {
        network(root, STATIC);
        root.sh(&format!("chmod 0640 {MAIN}"));
        let change = root.plan(&dip(), &[]).unwrap().unwrap();
        let (controller, old, new) =
            ("10.9.9.9".parse().ok(), "192.168.40.1".parse().ok(), "192.168.40.100".parse().unwrap());
        assert_eq!(change.risks, [Risk::RouteChange { controller, old, new }]);
        assert_eq!(
            root.settle(&dip()),
            [
                "at boot: 192.168.40.1 (eth0) -> 192.168.40.100 (eth0, /etc/network/interfaces)",
                "running: 192.168.40.1 (eth0) -> 192.168.40.100 (eth0)",
            ]
        );
        assert_eq!(routes(root), "default via 192.168.40.100 dev eth0");
        assert_eq!(root.read(MAIN), STATIC.replace("40.1\n", "40.100\n"));
        assert_eq!(root.attributes(MAIN).0, 0o640);
        assert_eq!(root.names("/etc/network"), ["interfaces"]);
    });
}

#[test]
fn other_default_routes_and_gateways_go() {
    under_each_shell(|root| {
        network(
            root,
            &format!("{STATIC}iface eth1 inet static\n\taddress 10.0.0.2/24\n\tgateway 10.0.0.1\n"),
        );
        root.sh("ip route add default via 10.0.0.1 dev eth1 metric 50");
        let shown = root.settle(&dip());
        assert_eq!(shown[1], "running: 192.168.40.1 (eth0), 10.0.0.1 (eth1) -> 192.168.40.100 (eth0)");
        assert_eq!(routes(root), "default via 192.168.40.100 dev eth0");
        assert_eq!(root.read(MAIN).matches("gateway").count(), 1);
    });
}

#[test]
fn a_default_route_without_a_gateway_gives_way_to_one() {
    let fixed = STATIC.replace("40.1\n", "40.100\n");
    for (others, moved) in [
        ("default dev eth0", true),
        ("blackhole default", false),
        // the right one is there, behind one that has no gateway
        ("default dev eth0; ip route add default via 192.168.40.100 dev eth0 metric 100", true),
        ("default dev eth0; ip route add unreachable default metric 4000", true),
    ] {
        under_each_shell(|root| {
            network(root, &fixed);
            root.sh(&format!("ip=/sbin/ip; $ip route flush 0/0; $ip route add {others}"));
            let (controller, new) = ("10.9.9.9".parse().ok(), "192.168.40.100".parse().unwrap());
            let risks = root.plan(&dip(), &[]).unwrap().unwrap().risks;
            assert_eq!(
                risks == [Risk::RouteChange { controller, old: None, new }],
                moved,
                "{others}: {risks:?}"
            );
            root.settle(&dip());
            assert!(routes(root).starts_with("default via 192.168.40.100 dev eth0"), "{others}");
        });
    }
}

#[test]
fn the_undo_brings_the_default_routes_back_as_they_were() {
    let fixed = STATIC.replace("40.1\n", "40.100\n");
    for before in [
        "",
        "default via 192.168.40.1 dev eth0 proto static onlink",
        "default via 192.168.40.1 dev eth0 proto dhcp src 192.168.40.101 metric 100; default via 10.0.0.1 dev eth1 mtu 1400",
        "default dev eth0; unreachable default metric 4000",
        "default nexthop via 192.168.40.1 dev eth0 weight 1 nexthop via 10.0.0.1 dev eth1 weight 2",
        "default via 192.168.40.100 dev eth0; default via 192.168.40.100 dev eth0 metric 5",
    ] {
        under_each_shell(|root| {
            if root.has_applets() && before.contains("nexthop") {
                return; // busybox's own `ip` knows no next hops
            }
            network(root, &fixed);
            let add: String = before
                .split("; ")
                .filter(|r| !r.is_empty())
                .map(|r| format!("/sbin/ip route append {r}\n"))
                .collect();
            root.sh(&format!("/sbin/ip route del default; {add}"));
            // busybox's own `ip` tells less of a route, and can bring back no more than that
            let told = root.sh("ip -4 route show table all");
            let change = root.plan(&dip(), &[]).unwrap().unwrap();
            assert!(change.script.is_empty(), "{before}: the file is as it should be");
            let live = change.live.unwrap();
            root.sh(&live.script.reveal());
            assert_ne!(root.sh("ip -4 route show table all"), told);
            // the watchdog may come when only a part was done, or twice
            for _ in 0..2 {
                root.sh(&live.undo.reveal());
                assert_eq!(root.sh("ip -4 route show table all"), told, "{before}");
            }
        });
    }
}

#[test]
fn a_controller_next_door_is_not_cut_off() {
    under_each_shell(|root| {
        network(root, STATIC);
        root.sh("ip addr add 10.9.9.1/24 dev eth1");
        assert!(root.plan(&dip(), &[]).unwrap().unwrap().risks.is_empty());
    });
}

#[test]
fn a_file_that_changed_since_the_plan_is_not_overwritten() {
    under_each_shell(|root| {
        network(root, STATIC);
        let change = root.plan(&dip(), &[]).unwrap().unwrap();
        root.write(MAIN, "# by somebody else\n");
        let output = root.run(&change.unguarded());
        assert!(String::from_utf8_lossy(&output.stderr).contains("was changed since the plan was made"));
        assert_eq!(root.read(MAIN), "# by somebody else\n");
    });
}

#[test]
fn networkd_is_asked_who_configures_the_link() {
    under_each_shell(|root| {
        // ifupdown has the other interface, with a gateway that would be a second default route
        network(root, "iface eth1 inet static\n\taddress 10.0.0.2/24\n\tgateway 10.0.0.1\n");
        let file = "/etc/systemd/network/10-lan.network";
        networkd(root, "eth0", file, "[Match]\nName=eth0\n[Network]\nAddress=192.168.40.101/24\n");
        let shown = shown(&root.plan(&dip(), &[]).unwrap().unwrap());
        assert_eq!(shown[0], format!("at boot: 10.0.0.1 (eth1) -> 192.168.40.100 (eth0, {file}, {MAIN})"));
        root.settle(&dip());
        assert!(root.read(file).ends_with("Address=192.168.40.101/24\nGateway=192.168.40.100\n"));
        assert_eq!(root.read(MAIN), "iface eth1 inet static\n\taddress 10.0.0.2/24\n");
    });
}

/// NetworkManager with one profile, for eth0, whose gateway it has loaded into a file.
fn network_manager(root: &Root, profile: &str) {
    network(root, "");
    root.mkdir("/run/NetworkManager");
    root.stub(
        "nmcli",
        &format!(
            "case \"$*\" in\n\
             *device) echo 'eth0:connected:u-1:Wired: one'; echo lo:unmanaged::;;\n\
             *'connection show') echo 'u-1:yes:yes:0:802-3-ethernet:{profile}'; echo u-2:no:yes:0:802-11-wireless:/etc/wifi;;\n\
             *'show u-1') echo ipv4.method:manual; echo ipv4.addresses:192.168.40.101/24; cat /gateway;;\n\
             'connection load {profile}') sed -n 's/^gateway=/ipv4.gateway:/p' '{profile}' >/gateway;; esac"
        ),
    );
    root.write("/gateway", "ipv4.gateway:192.168.40.1\n");
}

#[test]
fn network_managers_profile_is_edited_in_its_file_and_loaded() {
    let file = "/etc/NetworkManager/system-connections/Wired: one.nmconnection";
    let text = "[connection]\nid=Wired: one\n\n[ipv4]\naddress1=192.168.40.101/24\ngateway=192.168.40.1\nmethod=manual\n";
    under_each_shell(|root| {
        network_manager(root, file);
        root.write(file, text);
        root.sh(&format!("chmod 600 '{file}'"));
        root.settle(&dip());
        assert_eq!(root.read(file), text.replace("=192.168.40.1\n", "=192.168.40.100\n"));
        assert_eq!(root.read("/gateway"), "ipv4.gateway:192.168.40.100\n", "it was not loaded");
        assert_eq!(root.sh(&format!("stat -c %a '{file}'")), "600\n", "it may hold a password");
    });
}

#[test]
fn network_manager_is_told_what_to_do_with_a_profile_that_is_no_keyfile() {
    under_each_shell(|root| {
        network_manager(root, "/etc/sysconfig/network-scripts/ifcfg-eth0");
        let refusal = root.plan(&dip(), &[]).unwrap_err();
        assert!(refusal.remedy.contains("nmcli connection modify 'Wired: one' ipv4.gateway 192.168.40.100"));
        root.write("/gateway", "ipv4.gateway:192.168.40.100\n");
        assert_eq!(root.settle(&dip()), ["running: 192.168.40.1 (eth0) -> 192.168.40.100 (eth0)"]);
    });
}

#[test]
fn ipv6_has_a_route_and_a_stanza_of_its_own() {
    const STANZA: &str = "iface eth0 inet6 static\n\taddress fd00:20::11/64\n\tgateway fd00:20::1\n";
    under_each_shell(|root| {
        network(root, &format!("{STATIC}{STANZA}"));
        root.sh("ip=/sbin/ip
                 for i in eth0 peer0; do echo 0 >/proc/sys/net/ipv6/conf/$i/accept_dad; done
                 $ip -6 addr add fd00:20::11/64 dev eth0; $ip -6 addr add fd00:30::2/64 dev eth1
                 $ip -6 route add default via fd00:20::1 dev eth0
                 $ip -6 route add default via fd00:30::1 dev eth1 metric 100");
        let v6 = declare("default_gateway", json!({ "via": "fd00:20::100" }));
        let before = root.sh("ip -6 route show");
        let live = root.plan(&v6, &[]).unwrap().unwrap().live.unwrap();
        root.sh(&live.script.reveal());
        assert_ne!(root.sh("ip -6 route show"), before);
        root.sh(&live.undo.reveal());
        assert_eq!(root.sh("ip -6 route show"), before);

        assert_eq!(
            root.settle(&v6),
            [
                "at boot: fd00:20::1 (eth0) -> fd00:20::100 (eth0, /etc/network/interfaces)",
                "running: fd00:30::1 (eth1), fd00:20::1 (eth0) -> fd00:20::100 (eth0)",
            ]
        );
        assert!(root.sh("ip -6 route show default").starts_with("default via fd00:20::100 dev eth0"));
        assert_eq!(root.read(MAIN), format!("{STATIC}{}", STANZA.replace("20::1\n", "20::100\n")));
        assert_eq!(routes(root), "default via 192.168.40.1 dev eth0", "the other version's is left alone");

        let of_link = declare("default_gateway", json!({ "via": "fe80::1", "interface": "eth0" }));
        root.settle(&of_link);
        assert!(root.sh("ip -6 route show default").starts_with("default via fe80::1 dev eth0"));
    });
}

#[test]
fn both_versions_change_one_file_in_one_run() {
    under_each_shell(|root| {
        let stanza = "iface eth0 inet6 static\n\taddress fd00:20::11/64\n";
        network(root, &format!("{STATIC}{stanza}"));
        root.sh("/sbin/ip -6 addr add fd00:20::11/64 dev eth0");
        let v6 = declare("default_gateway", json!({ "via": "fd00:20::100" }));
        let changes = [&dip(), &v6].map(|declared| root.plan(declared, &[]).unwrap().unwrap());
        changes.iter().for_each(|change| _ = root.sh(&change.unguarded()));
        let expected = format!("{}{stanza}\tgateway fd00:20::100\n", STATIC.replace("40.1\n", "40.100\n"));
        assert_eq!(root.read(MAIN), expected);
        assert_eq!(root.plan(&dip(), &[]), Ok(None));
        assert_eq!(root.plan(&v6, &[]), Ok(None));
    });
}

#[test]
fn the_gateways_before_come_back() {
    let stanza = "iface eth0 inet6 static\n\taddress fd00:20::11/64\n\tgateway   fd00:20::1 # old";
    under_each_shell(|root| {
        network(root, &format!("{STATIC}\n\n{stanza}"));
        root.sh(&format!(
            "/sbin/ip -6 addr add fd00:20::11/64 dev eth0; /sbin/ip -6 route add default via fd00:20::1 dev eth0
             /sbin/ip route add default via 10.0.0.1 dev eth1 metric 50
             chmod 0600 {MAIN}; touch -d '2020-02-02 02:02:02' {MAIN}"
        ));
        let before = root.sh("ip route show; ip -6 route show default");
        let v6 = declare("default_gateway", json!({ "via": "fd00:20::100" }));
        let shown = root.there_and_back(&[&dip(), &v6]);
        assert_eq!(root.sh("ip route show; ip -6 route show default"), before);
        assert_eq!(
            shown,
            [
                "/etc/network/interfaces: as lvsprov has edited it -> as it was",
                "running: fd00:20::100 (eth0) -> fd00:20::1 (eth0)",
                "/etc/network/interfaces: as lvsprov has edited it -> as it was",
                "running: 192.168.40.100 (eth0) -> 192.168.40.1 (eth0), 10.0.0.1 (eth1)",
            ]
        );
    });
}

#[test]
fn what_others_wrote_into_the_file_since_stays() {
    under_each_shell(|root| {
        network(root, STATIC);
        root.deploy(&dip());
        let edited = root.read(MAIN);
        root.write(MAIN, format!("{edited}# by hand\n"));
        root.destroy();
        assert_eq!(root.read(MAIN), format!("{STATIC}# by hand\n"));
    });
}

#[test]
fn networkds_files_come_back() {
    under_each_shell(|root| {
        network(root, "");
        let file = "/etc/systemd/network/10-lan.network";
        networkd(root, "eth0", file, "[Match]\nName=eth0\n[Network]\nAddress=192.168.40.101/24");
        root.there_and_back(&[&dip()]);
    });
}
