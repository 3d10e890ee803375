use super::*;
use crate::resource::network::gateway::{Gateway, IpVersion};
use crate::resource::network::owners::Owners;
use proptest::prelude::*;

const LAN: &str = "/etc/systemd/network/10-lan.network";
const UNIT: &str = "[Match]\nName=eth0\n\n[Network]\nAddress=192.168.40.101/24\nGateway=192.168.40.1\n";

fn owners(host: &Host) -> Owners {
    Owners::parse(&host.owners()).unwrap()
}

/// The new text of each file, once 192.168.40.100 on eth0 is the gateway.
fn edits(host: &Host) -> Vec<(String, String)> {
    let edits = owners(host).set_gateway("192.168.40.100".parse().unwrap(), "eth0").unwrap();
    edits.into_iter().map(|edit| (edit.path, edit.new.unwrap())).collect()
}

fn differ(host: &Host) -> Result<Option<Change>, Refusal> {
    plan(&gateway("192.168.40.100"), &Facts::example(), &host.of_gateway())
}

fn main_file(text: &str) -> Host {
    Host::default().file(MAIN, text)
}

#[test]
fn only_the_gateways_line_of_its_stanza_changes() {
    let two = format!(
        "# by hand\n{STATIC}\niface eth1 inet static\n  address 10.0.0.2\n  netmask 24\n  gateway 10.0.0.1\n"
    );
    let expected = two.replace("40.1\n", "40.100\n").replace("  gateway 10.0.0.1\n", "");
    assert_eq!(edits(&main_file(&two)), [(MAIN.to_owned(), expected)]);
}

#[test]
fn a_gateway_is_added_below_the_address_in_the_file_that_has_it() {
    let own = "iface eth0 inet static\n    address 192.168.40.101\n    netmask 255.255.255.0\n    mtu 1400\n";
    let lan = "/etc/network/interfaces.d/lan";
    let host = main_file("source /etc/network/interfaces.d/*\n").file(lan, own);
    let expected = own.replace("    mtu", "    gateway 192.168.40.100\n    mtu");
    assert_eq!(edits(&host), [(lan.to_owned(), expected)]);
}

#[test]
fn networkd_is_edited_in_its_own_file() {
    let edited = |text: &str| edits(&Host::default().networkd("eth0", LAN, text)).remove(0);
    assert_eq!(edited(UNIT), (LAN.to_owned(), UNIT.replace("40.1\n", "40.100\n")));
    let without = UNIT.replace("Gateway=192.168.40.1\n", "\n[Link]\nMTUBytes=1400\n");
    let added = edited(&without).1;
    assert!(added.contains("Address=192.168.40.101/24\nGateway=192.168.40.100\n\n[Link]"), "{added}");
    let route = UNIT.replace("Gateway", "\n[Route]\nDestination=0.0.0.0/0\nGateway");
    assert_eq!(edited(&route).1, route.replace("40.1\n", "40.100\n"));
}

#[test]
fn routes_of_other_tables_and_types_are_left_alone() {
    let edited = |more: &str| {
        let text = format!("{UNIT}[Route]\nGateway=10.0.0.1\n{more}");
        edits(&Host::default().networkd("eth0", LAN, &text)).remove(0).1
    };
    for more in ["Table=100\n", "Table=wan\n", "Destination=0.0.0.0/0\nTable=200\n", "Type=blackhole\n"] {
        let kept = format!("[Route]\nGateway=10.0.0.1\n{more}");
        assert_eq!(edited(more), UNIT.replace("40.1\n", "40.100\n") + &kept);
    }
    for more in ["", "Table=main\n", "Table=254\nType=unicast\n"] {
        assert_eq!(edited(more), UNIT.replace("40.1\n", "40.100\n"));
    }

    let up = |command: &str| {
        let change = differ(&main_file(&format!("{STATIC}\tup {command}\n")));
        change.map(|change| change.map(|c| c.aspects.len()))
    };
    assert_eq!(up("ip route add default via 10.0.0.1 table 100 || true"), Ok(Some(2)));
    assert_eq!(up("ip -6 route add default via fd00::1"), Ok(Some(2)));
    for command in [
        "ip route add default via 10.0.0.1 table 254",
        "ip route add default via 10.0.0.1 table main",
        "ip route add default via 10.0.0.1 table 100; ip route add default via 10.0.0.2",
        "route add default gw 10.0.0.1",
    ] {
        assert!(up(command).is_err(), "{command}");
    }
}

#[test]
fn owners_that_are_not_edited_are_refused_with_what_to_do() {
    let refusal = |host: &Host| differ(host).unwrap_err();
    let nm = |lines: &[&str]| Host::default().nm(lines);
    let wired = ["device eth0", "state connected", "profile Wired one", "ipv4.method:manual"];
    let refused = refusal(&nm(&wired));
    assert!(refused.reason.contains("profile Wired one, which is no keyfile"), "{}", refused.reason);
    let command = "`nmcli connection modify 'Wired one' ipv4.gateway 192.168.40.100`";
    assert!(refused.remedy.starts_with(command), "{}", refused.remedy);
    let dhcp = refusal(&nm(&["device eth0", "state connected", "profile a", "ipv4.method:auto"]));
    assert!(dhcp.reason.contains("by DHCP (NetworkManager's profile a)"), "{}", dhcp.reason);
    assert!(refusal(&Host::default()).reason.contains("who configures eth0 is not known"));
    assert!(refusal(&main_file("iface eth0 inet dhcp\n")).reason.contains("by DHCP"));
    let up = main_file(&format!("{STATIC}\tpost-up ip route add default via 10.0.0.1\n"));
    assert!(refusal(&up).reason.contains("/etc/network/interfaces:5"));
    let both = main_file(STATIC).networkd("eth0", LAN, UNIT);
    assert!(refusal(&both).reason.contains("both systemd-networkd and ifupdown"));
}

/// The lease of eth0 with these routers.
fn lease(routers: &str) -> String {
    format!("lease {{\n  interface \"eth0\";\n  option routers {routers};\n}}\n")
}

#[test]
fn what_dhcp_is_to_hand_out_is_seen_once_it_does() {
    const LEASES: &str = "/var/lib/dhcp/dhclient.eth0.leases";
    let dhclient = main_file("auto eth0\niface eth0 inet dhcp\n");
    let networkd = Host::default().networkd("eth0", LAN, "[Match]\nName=eth0\n[Network]\nDHCP=yes\n");
    let netplan =
        Host::default().file("/etc/netplan/a.yaml", "network:\n  ethernets:\n    eth0: {dhcp4: true}\n");
    let netplan = Host { netplan: true, ..netplan };
    let cure = "have its DHCP server hand out 192.168.40.100 as the only router, and renew the lease of eth0";
    let old =
        |host: &Host, mark: &str| host.clone().route(&format!("default via 192.168.40.1 dev eth0{mark} "));
    let new =
        |host: &Host, mark: &str| host.clone().route(&format!("default via 192.168.40.100 dev eth0{mark} "));
    let told = |host: &Host| differ(host).unwrap_err().remedy;
    // What the remedy says is done, and the next run has nothing to say.
    for host in [&networkd, &netplan] {
        assert!(told(&old(host, " proto dhcp metric 1024")).contains(cure));
        assert_eq!(differ(&new(host, " proto dhcp metric 1024")), Ok(None));
    }
    assert!(told(&old(&dhclient, "").file(LEASES, &lease("192.168.40.1"))).contains(cure));
    assert_eq!(differ(&new(&dhclient, "").file(LEASES, &lease("192.168.40.100"))), Ok(None));
    // Two routers, a route that was set by hand, and a client that keeps nothing: it is not known what the boot brings.
    assert!(told(&new(&dhclient, "").file(LEASES, &lease("192.168.40.100, 192.168.40.1"))).contains(cure));
    assert!(told(&new(&networkd, "")).contains(cure), "it is not DHCP's");
    let silent = told(&new(&dhclient, ""));
    assert!(silent.contains("without default_gateway") && !silent.contains("hand out 192"), "{silent}");
}

#[test]
fn another_interfaces_dhcp_is_to_hand_out_no_router() {
    let host = main_file(&format!("{STATIC}auto eth1\niface eth1 inet dhcp\n").replace("40.1\n", "40.100\n"));
    let host = host.route("default via 192.168.40.100 dev eth0 ");
    let refused = differ(&host.clone().route("default via 10.0.0.1 dev eth1 proto dhcp ")).unwrap_err();
    assert!(refused.reason.starts_with("eth1 gets"), "{}", refused.reason);
    let remedy = &refused.remedy;
    assert!(remedy.contains("hand out no router, and renew the lease of eth1"), "{remedy}");
    assert_eq!(differ(&host), Ok(None), "once it does not");
}

#[test]
fn what_they_bring_already_is_not_refused() {
    let settled =
        |host: Host| differ(&host.route("default via 192.168.40.100 dev eth0 proto static metric 100 "));
    let nm = ["device lo", "state unmanaged", "device eth0", "state connected", "profile a"];
    let values = ["ipv4.method:manual", "ipv4.gateway:192.168.40.100", "ipv6.gateway:--"];
    assert_eq!(settled(Host::default().nm(&nm).nm(&values)), Ok(None));
}

const PROFILE: &str = "/etc/NetworkManager/system-connections/Wired one.nmconnection";
const KEYFILE: &str = "[connection]\nid=Wired one\ninterface-name=eth0\n\n[ipv4]\naddress1=192.168.40.101/24\n\
    gateway=192.168.40.1\nmethod=manual\n";

/// A profile with that keyfile, of which this gateway is loaded.
fn wired(file: &str, gateway: &str) -> Host {
    let (file_line, gateway) = (format!("file {file}"), format!("ipv4.gateway:{gateway}"));
    let first = ["device eth0", "state connected", "profile Wired one", &file_line, "ipv4.method:manual"];
    Host::default().nm(&first).nm(&["ipv4.addresses:192.168.40.101/24", &gateway]).file(file, KEYFILE)
}

#[test]
fn a_profile_is_edited_in_its_file_and_loaded() {
    let host = wired(PROFILE, "192.168.40.1");
    let expected = KEYFILE.replace("=192.168.40.1\n", "=192.168.40.100\n");
    assert_eq!(edits(&host), [(PROFILE.to_owned(), expected)]);
    let change = differ(&host).unwrap().unwrap();
    let load = format!("nmcli connection load '{PROFILE}'\n");
    assert!(change.script.reveal().ends_with(&load), "{}", change.script);
    let with = host.clone().route("default via 192.168.40.100 dev eth0 proto static metric 100 ");
    assert_eq!(differ(&with).unwrap().unwrap().aspects.len(), 1, "the route that runs is not all");
}

#[test]
fn another_profiles_gateway_goes() {
    let other = PROFILE.replace("one", "two");
    let text = KEYFILE.replace("192.168.40.1", "10.0.0.1").replace("01/24", "1/24");
    let file = format!("file {other}");
    let lines = ["device eth1", "state connected", "profile Wired two", &file, "ipv4.method:manual"];
    let host = wired(PROFILE, "192.168.40.1").nm(&lines);
    let host = host.nm(&["ipv4.addresses:10.0.0.11/24", "ipv4.gateway:10.0.0.1"]).file(&other, &text);
    let edited = edits(&host);
    assert_eq!(edited[1], (other, text.replace("gateway=10.0.0.1\n", "")));
}

#[test]
fn a_profile_that_is_not_what_runs_or_does_not_return_is_refused() {
    let edited = differ(&wired(PROFILE, "192.168.40.2")).unwrap_err();
    assert!(edited.reason.contains("not those that NetworkManager has loaded"), "{}", edited.reason);
    assert!(edited.remedy.contains(&format!("nmcli connection load '{PROFILE}'")), "{}", edited.remedy);
    let route = KEYFILE.replace("method", "route1=0.0.0.0/0,192.168.40.1\nmethod");
    let second = differ(&wired(PROFILE, "192.168.40.1").file(PROFILE, &route)).unwrap_err();
    assert!(second.reason.contains("`0.0.0.0/0,192.168.40.1` is a default route"), "{}", second.reason);
    let transient = PROFILE.replace("/etc", "/run");
    let refused = differ(&wired(&transient, "192.168.40.1")).unwrap_err();
    assert!(refused.reason.contains("is gone after a reboot"), "{}", refused.reason);
}

#[test]
fn what_networkmanager_made_of_anothers_work_is_that_others() {
    let nm = ["device eth0", "state connected (externally)", "profile eth0", "ipv4.gateway:192.168.40.1"];
    let change = differ(&main_file(STATIC).nm(&nm)).unwrap().unwrap();
    assert_eq!(change.aspects[0].new.as_deref(), Some("192.168.40.100 (eth0, /etc/network/interfaces)"));
}

#[test]
fn a_gateway_of_an_owner_that_is_not_edited_is_in_the_way() {
    let nm = ["device eth1", "state connected", "profile a", "ipv4.method:manual", "ipv4.gateway:10.0.0.1"];
    let host = main_file(STATIC).nm(&nm);
    assert!(differ(&host).unwrap_err().remedy.contains("ipv4.gateway ''"));
    let fine = main_file(STATIC).nm(&nm[..4]);
    assert!(differ(&fine).is_ok());
}

#[test]
fn what_cloud_init_has_written_is_not_edited() {
    let header = "# This file is generated from information provided by the datasource.  Changes\n# to it will not persist across \
        an instance reboot.  To disable cloud-init's\n# network configuration capabilities, write a file\n";
    let ifupdown = main_file("source /etc/network/interfaces.d/*\n")
        .file("/etc/network/interfaces.d/50-cloud-init", &format!("{header}{STATIC}"));
    let networkd = Host::default().networkd("eth0", "/etc/systemd/network/10-cloud-init-eth0.network", UNIT);
    for host in [ifupdown, networkd] {
        assert!(differ(&host).unwrap().is_some(), "cloud-init is not there any more");
        let refusal = differ(&Host { cloud_init: vec!["cloud-init".into()], ..host }).unwrap_err();
        assert!(refusal.reason.contains("is written by cloud-init"), "{}", refusal.reason);
    }
}

#[test]
fn a_probe_that_was_cut_off_is_no_host() {
    let whole = main_file(STATIC).nm(&["device eth0", "state connected"]).owners();
    let end = whole.rfind("=\n").unwrap();
    let lines = whole[..end].match_indices('\n').map(|(at, _)| &whole[..=at]);
    assert!(lines.clone().count() > 5);
    for cut in lines {
        assert!(Owners::parse(cut).is_err(), "{cut}");
    }
}

proptest! {
    /// Whatever stanzas there are, in two files: once edited they bring the one gateway and ask for no other edit, and
    /// no line but a gateway's has come or gone.
    #[test]
    fn an_edit_is_complete_and_touches_gateways_alone(
        stanzas in proptest::collection::vec((0usize..4, proptest::option::of(1u8..99), any::<bool>(), any::<bool>()), 0..6),
        own in proptest::option::of(1u8..99),
    ) {
        let mut texts = ["source interfaces.d/*\n".to_owned(), String::new()];
        for (i, gateway, second, mask) in stanzas {
            let (address, rest) = if mask { ("10.0.0.2", "\n  netmask 255.255.255.0") } else { ("10.0.0.2/24", "") };
            let text = &mut texts[usize::from(second)];
            *text += &format!("allow-hotplug eth{i}\niface eth{i} inet static\n  address {address}{rest}\n");
            if let Some(gateway) = gateway {
                *text += &format!("    gateway   10.0.0.{gateway}\n  # after\n\n");
            }
        }
        texts[1] += "iface eth0 inet static\n\taddress 192.168.40.101/24\n";
        if let Some(gateway) = own {
            texts[1] += &format!("\tgateway 192.168.40.{gateway}\n\tmtu 1400\n");
        }
        let before = main_file(&texts[0]).file("/etc/network/interfaces.d/lan", &texts[1]);
        let via = "192.168.40.100".parse().unwrap();
        let after = before.clone().with(owners(&before).set_gateway(via, "eth0").unwrap());
        prop_assert_eq!(owners(&after).gateways(IpVersion::V4).unwrap(), [Gateway::new("eth0", via)]);
        prop_assert!(owners(&after).set_gateway(via, "eth0").unwrap().is_empty());
        let others = |host: &Host, path: &str| -> Vec<String> {
            let text = host.files.iter().find(|(known, _)| known == path).map(|(_, text)| text.clone());
            text.unwrap().lines().filter(|l| !l.trim().starts_with("gateway")).map(str::to_owned).collect()
        };
        for path in [MAIN, "/etc/network/interfaces.d/lan"] {
            prop_assert_eq!(others(&before, path), others(&after, path));
        }
    }
}
