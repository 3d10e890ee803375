//! Owners of the network that are not on this machine: their files, and stand-ins for their tools.

use lvsprov::resource::Resource;
use serde_json::json;

use crate::declare;
use crate::root::{Root, under_each_shell};

fn dip() -> Resource {
    declare("default_gateway", json!({ "via": "192.168.40.100" }))
}

fn dip6() -> Resource {
    declare("default_gateway", json!({ "via": "fd00:20::100" }))
}

fn on(interface: &str, address: &str) -> Resource {
    declare("address", json!({ "address": address, "interface": interface }))
}

fn absent(address: &str) -> Resource {
    declare("address", json!({ "address": address, "state": "absent" }))
}

/// A real server's interface, with a route and addresses of both versions.
fn network(root: &Root) {
    root.sh("ip=/sbin/ip # busybox has no veth
             $ip link add eth0 type veth peer name peer0; $ip link set lo up
             for i in eth0 peer0; do echo 0 >/proc/sys/net/ipv6/conf/$i/accept_dad; $ip link set $i up; done
             $ip addr add 192.168.40.101/24 dev eth0; $ip -6 addr add fd00:20::11/64 dev eth0 nodad
             $ip route add default via 192.168.40.1 dev eth0
             $ip -6 route add default via fd00:20::1 dev eth0");
}

fn running(root: &Root) -> String {
    let told = root.sh("/sbin/ip -o addr show; /sbin/ip route show; /sbin/ip -6 route show default");
    told.lines().filter(|line| !line.contains("fe80:")).map(|line| format!("{line}\n")).collect()
}

/// Everything, there and back: the files byte for byte, and what runs.
fn there_and_back(root: &Root) {
    let before = running(root);
    let declared = [dip(), dip6(), on("eth0", "192.168.40.110/24"), on("lo", "2001:db8::10/128")];
    root.there_and_back(&declared.each_ref());
    assert_eq!(running(root), before);
}

const NETPLAN: &str = "/etc/netplan/01-netcfg.yaml";
const YAML: &str = "# the LAN\nnetwork:\n  version: 2\n  ethernets:\n    eth0:\n      addresses:\n        - 192.168.40.101/24 # mine\n        \
    - fd00:20::11/64\n        - 192.168.40.7/24\n      gateway6: \"fd00:20::1\"\n      routes:\n        - to: default\n          via: 192.168.40.1";

fn netplan(root: &Root) {
    network(root);
    root.write(NETPLAN, YAML);
    root.sh(&format!("chmod 600 {NETPLAN}; touch -d '2020-02-02 02:02:02' {NETPLAN}"));
    root.stub("netplan", "[ \"$*\" = generate ] || exit 1; cat /etc/netplan/*.yaml >/generated");
}

#[test]
fn netplans_own_line_changes_and_its_renderer_is_given_files() {
    under_each_shell(|root| {
        netplan(root);
        assert_eq!(
            root.settle(&dip()),
            [
                format!("at boot: 192.168.40.1 (eth0) -> 192.168.40.100 (eth0, {NETPLAN})"),
                "running: 192.168.40.1 (eth0) -> 192.168.40.100 (eth0)".into(),
            ]
        );
        assert_eq!(root.read(NETPLAN), format!("{YAML}00\n").replace("100100", "100"));
        assert_eq!(root.attributes(NETPLAN).0, 0o600);
        assert_eq!(root.read("/generated"), root.read(NETPLAN));
        root.settle(&on("eth0", "192.168.40.110/24"));
        root.settle(&absent("192.168.40.7/24"));
        let own = "/etc/netplan/zz-lvsprov-eth0-192-168-40-110.yaml";
        assert_eq!(root.attributes(own).0, 0o600);
        assert_eq!(root.read("/generated"), root.read(NETPLAN) + &root.read(own));
        assert!(!root.read(NETPLAN).contains("40.7"));
        root.settle(&absent("192.168.40.110/24"));
        assert_eq!(root.names("/etc/netplan"), ["01-netcfg.yaml"]);
    });
}

#[test]
fn netplans_files_come_back() {
    under_each_shell(|root| {
        netplan(root);
        there_and_back(root);
        assert_eq!(root.read(NETPLAN), YAML);
        assert_eq!(root.names("/etc/netplan"), ["01-netcfg.yaml"]);
        assert_eq!(root.read("/generated"), YAML, "the renderer was not told");
    });
}

#[test]
fn a_netplan_that_fails_is_told() {
    under_each_shell(|root| {
        netplan(root);
        root.stub("netplan", "echo 'Error in network definition' >&2; exit 1");
        assert_eq!(root.fail(&dip()), "Error in network definition\n");
        assert_eq!(root.fail(&on("eth0", "192.168.40.110/24")), "Error in network definition\n");
        assert_eq!(root.names("/etc/netplan"), ["01-netcfg.yaml"], "what netplan does not take is not left");
    });
}

#[test]
fn cloud_init_is_asked_whether_it_writes_the_network() {
    under_each_shell(|root| {
        netplan(root);
        root.sh(&format!("mv {NETPLAN} /etc/netplan/50-cloud-init.yaml"));
        root.stub("cloud-init", "");
        root.write(
            "/etc/cloud/cloud.cfg",
            "users:\n- default\nsystem_info:\n  network:\n    renderers: [netplan]\n",
        );
        let refusal = root.plan(&dip(), &[]).unwrap_err();
        assert!(refusal.reason.contains("50-cloud-init.yaml is written by cloud-init"), "{}", refusal.reason);
        root.write("/etc/cloud/cloud.cfg.d/99-disable-network-config.cfg", "network:\n  config: disabled\n");
        root.settle(&dip());
    });
}

const EL: &str = "/etc/sysconfig/network-scripts/";

#[test]
fn network_scripts_files_are_edited_and_come_back() {
    under_each_shell(|root| {
        network(root);
        let ifcfg = "# the LAN\nDEVICE=eth0\nBOOTPROTO=none\nONBOOT=yes\nIPADDR=\"192.168.40.101\" # mine\nNETMASK=\"255.255.255.0\"\n\
            IPV6INIT=yes\nIPV6ADDR=fd00:20::11/64\nIPV6_DEFAULTGW=fd00:20::1";
        let lo = "DEVICE=lo\nIPADDR=127.0.0.1\nNETMASK=255.0.0.0\nONBOOT=yes\n";
        let alias = "DEVICE=lo:0\nIPADDR=192.168.175.7\nNETMASK=255.255.255.255\n";
        root.write(&format!("{EL}ifup-eth"), "");
        root.write(&format!("{EL}ifcfg-eth0"), ifcfg);
        root.write(&format!("{EL}ifcfg-lo"), lo);
        root.write(&format!("{EL}ifcfg-lo:0"), alias);
        root.write(&format!("{EL}route-eth0"), "default via 192.168.40.1 dev eth0\n");
        root.write("/etc/sysconfig/network", "NETWORKING=yes\nGATEWAYDEV=eth0\n");
        there_and_back(root);
        root.sh("/sbin/ip addr add 192.168.175.7/32 dev lo");
        root.there_and_back(&[&absent("192.168.175.7/32")]);

        assert_eq!(
            root.settle(&dip())[0],
            format!("at boot: 192.168.40.1 (eth0) -> 192.168.40.100 (eth0, {EL}route-eth0)")
        );
        assert_eq!(root.read(&format!("{EL}route-eth0")), "default via 192.168.40.100 dev eth0\n");
        root.settle(&dip6());
        let changes = ["192.168.40.120/24", "192.168.40.121/24"]
            .map(|net| root.plan(&on("eth0", net), &[]).unwrap().unwrap());
        root.sh(&changes[0].unguarded());
        let output = root.run(&changes[1].unguarded());
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("has got another address in this run already")
        );
        root.settle(&on("eth0", "192.168.40.121/24"));
        assert!(root.read(&format!("{EL}ifcfg-eth0")).contains("IPADDR2=192.168.40.121\n"));
        root.settle(&on("lo", "192.168.175.100/32"));
        assert!(root.read(&format!("{EL}ifcfg-lo")).contains("IPADDR1=192.168.175.100\nPREFIX1=32\n"));
        root.settle(&absent("192.168.175.7/32"));
        assert!(!root.exists(&format!("{EL}ifcfg-lo:0")));
    });
}

#[test]
fn wickeds_files_are_edited_and_come_back() {
    under_each_shell(|root| {
        network(root);
        let folder = "/etc/sysconfig/network/";
        let ifcfg =
            "BOOTPROTO='static'\nSTARTMODE='auto'\nIPADDR='192.168.40.101/24'\nIPADDR_1='fd00:20::11/64'\n";
        root.write(&format!("{folder}ifcfg-eth0"), ifcfg);
        root.write(&format!("{folder}ifcfg-lo"), "IPADDR=127.0.0.1/8\nSTARTMODE=nfsroot\nBOOTPROTO=static");
        let refusal = root.plan(&dip(), &[]).unwrap_err();
        assert!(refusal.reason.contains("who configures eth0 is not known"), "{}", refusal.reason);
        root.mkdir("/etc/systemd/system/multi-user.target.wants");
        root.link(
            "/etc/systemd/system/multi-user.target.wants/wicked.service",
            "/usr/lib/systemd/system/wicked.service",
        );
        // there is no route at boot so far: a file comes, and goes
        there_and_back(root);
        root.write(
            &format!("{folder}routes"),
            "# by YaST\ndefault 192.168.40.1 - -\ndefault fd00:20::1 - eth0",
        );
        there_and_back(root);
        root.settle(&dip());
        root.settle(&dip6());
        let routes = "# by YaST\ndefault 192.168.40.100 - -\ndefault fd00:20::100 - eth0\n";
        assert_eq!(root.read(&format!("{folder}routes")), routes);
    });
}

/// NetworkManager with one profile, for eth0, which it has loaded; whatever it loads, it tells as nmcli does.
fn network_manager(root: &Root, file: &str) {
    network(root);
    root.mkdir("/run/NetworkManager");
    root.stub(
        "nmcli",
        &format!(
            "case \"$*\" in\n\
             *device) [ -e /loaded ] || exit 8; echo 'eth0:connected:u-1:Wired: one'; echo lo:unmanaged::;;\n\
             *'connection show') echo 'u-1:yes:yes:0:802-3-ethernet:{file}';;\n\
             *'show u-1') cat /loaded;;\n\
             'connection load {file}') sed -n '\n\
             s/^method=/ipv4.method:/p; s/^gateway=/ipv4.gateway:/p; s/^route1=\\([^,]*\\),/ipv4.routes:\\1 /p\n\
             s/^ignore-auto-routes=true/ipv4.ignore-auto-routes:yes/p; s/^GATEWAY=/ipv4.gateway:/p\n\
             s/^IPADDR=\\(.*\\)/ipv4.addresses:\\1\\/24/p' '{file}' >/loaded;; esac"
        ),
    );
}

#[test]
fn network_managers_dhcp_profile_is_made_ours_and_comes_back() {
    let file = "/etc/NetworkManager/system-connections/Wired: one.nmconnection";
    let text = "[connection]\nid=Wired: one\n\n[ipv4]\nmethod=auto\n";
    under_each_shell(|root| {
        network_manager(root, file);
        root.write("/loaded", "ipv4.method:auto\n");
        root.write(file, text);
        root.sh(&format!("chmod 600 '{file}'"));
        root.there_and_back(&[&dip()]);
        assert_eq!(root.read("/loaded"), "ipv4.method:auto\n");
        assert_eq!(
            root.settle(&dip())[1],
            "routes by DHCP: taken -> all ignored, from when eth0 next connects"
        );
        let loaded = root.read("/loaded");
        assert_eq!(
            loaded,
            "ipv4.ignore-auto-routes:yes\nipv4.routes:0.0.0.0/0 192.168.40.100\nipv4.method:auto\n"
        );
    });
}

#[test]
fn network_managers_ifcfg_file_is_edited_and_loaded() {
    let file = "/etc/sysconfig/network-scripts/ifcfg-eth0";
    under_each_shell(|root| {
        network_manager(root, file);
        root.write(
            "/loaded",
            "ipv4.method:manual\nipv4.addresses:192.168.40.101/24\nipv4.gateway:192.168.40.1\n",
        );
        root.write(
            file,
            "DEVICE=eth0\nBOOTPROTO=none\nIPADDR=192.168.40.101\nPREFIX=24\nGATEWAY=192.168.40.1\n",
        );
        root.there_and_back(&[&dip()]);
        root.settle(&dip());
        assert!(root.read(file).ends_with("GATEWAY=192.168.40.100\n"));
        assert!(root.read("/loaded").ends_with("ipv4.gateway:192.168.40.100\n"), "it was not loaded");
    });
}

#[test]
fn a_network_manager_that_is_enabled_and_does_not_run_is_told() {
    under_each_shell(|root| {
        network_manager(root, "/none");
        let refused = || root.plan(&dip(), &[]).unwrap_err().reason;
        assert!(refused().contains("who configures eth0 is not known"));
        root.mkdir("/etc/systemd/system/multi-user.target.wants");
        root.link(
            "/etc/systemd/system/multi-user.target.wants/NetworkManager.service",
            "/lib/systemd/system/NetworkManager.service",
        );
        assert!(refused().contains("NetworkManager is enabled and does not run"));
    });
}
