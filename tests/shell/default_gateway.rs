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
        root.stub("systemctl", "exit 0");
        let file = "/etc/systemd/network/10-lan.network";
        root.write(file, "[Match]\nName=eth0\n[Network]\nAddress=192.168.40.101/24\n");
        root.write("/run/systemd/netif/links/1", "ADMIN_STATE=unmanaged\n");
        let index = root.sh("cat /sys/class/net/eth0/ifindex 2>/dev/null || :");
        // /sys shows the network namespace in which it was mounted: give it this one's
        let index = if index.is_empty() { root.sh("ip -o link show eth0 | cut -d: -f1") } else { index };
        root.write(
            &format!("/run/systemd/netif/links/{}", index.trim()),
            format!("ADMIN_STATE=configured\nNETWORK_FILE={file}\n"),
        );
        let shown = shown(&root.plan(&dip(), &[]).unwrap().unwrap());
        assert_eq!(shown[0], format!("at boot: 10.0.0.1 (eth1) -> 192.168.40.100 (eth0, {file}, {MAIN})"));
        root.settle(&dip());
        assert!(root.read(file).ends_with("Address=192.168.40.101/24\nGateway=192.168.40.100\n"));
        assert_eq!(root.read(MAIN), "iface eth1 inet static\n\taddress 10.0.0.2/24\n");
    });
}

#[test]
fn network_manager_is_asked_what_its_profiles_bring() {
    under_each_shell(|root| {
        network(root, "");
        root.mkdir("/run/NetworkManager");
        root.stub(
            "nmcli",
            "case \"$*\" in *device) echo 'eth0:connected:Wired: one'; echo lo:unmanaged:;;\n\
             *'show Wired: one') echo manual; cat /gateway;; esac",
        );
        root.write("/gateway", "192.168.40.1\n");
        let refusal = root.plan(&dip(), &[]).unwrap_err();
        assert!(refusal.remedy.contains("nmcli connection modify \"$c\" ipv4.gateway 192.168.40.100"));
        root.write("/gateway", "192.168.40.100\n");
        assert_eq!(root.settle(&dip()), ["running: 192.168.40.1 (eth0) -> 192.168.40.100 (eth0)"]);
    });
}
