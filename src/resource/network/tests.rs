use super::default_gateway::DefaultGateway;
use super::observed::Observed;
use super::*;
use crate::resource::{Change, Context, Facts, Kind, Refusal, Risk};
use proptest::prelude::*;
use std::collections::BTreeSet;

const STATIC: &str =
    "auto eth0\niface eth0 inet static\n\taddress 192.168.40.101/24\n\tgateway 192.168.40.1\n";

fn dip() -> DefaultGateway {
    DefaultGateway { via: "192.168.40.100".parse().unwrap() }
}

/// The probe's output for these routes and files.
fn output(routes: &[&str], more: &[&str], files: &[(&str, &str)]) -> String {
    let routes: String = routes.iter().map(|r| format!("{r}\n")).collect();
    let more: String = more.iter().map(|m| format!("{m}\n")).collect();
    let names: String = files.iter().map(|(path, _)| format!("file {path}\n")).collect();
    let text =
        |(path, text): &(&str, &str)| text.lines().map(|l| format!("{path}:{l}\n")).collect::<String>();
    format!("ip\nroutes\n{routes}\n{more}{names}=\n{}", files.iter().map(text).collect::<String>())
}

fn differ_from(facts: &Facts, output: &str) -> Result<Option<Change>, Refusal> {
    let observed = DefaultGateway::parse(&[&dip()], facts, output.as_bytes()).unwrap().remove(0);
    dip().differ(&observed, Context { facts, changing: &BTreeSet::new() })
}

fn differ(output: &str) -> Result<Option<Change>, Refusal> {
    differ_from(&Facts::example(), output)
}

/// The new text of each file.
fn edits(output: &str) -> Vec<(String, String)> {
    let observed = DefaultGateway::parse(&[&dip()], &Facts::example(), output.as_bytes()).unwrap().remove(0);
    let boot = dip().boot("eth0", &observed).unwrap();
    boot.edits.into_iter().map(|(file, text)| (file.path, text)).collect()
}

const MAIN: &str = "/etc/network/interfaces";

#[test]
fn route_and_file_are_two_truths() {
    let fixed = STATIC.replace("40.1\n", "40.100\n");
    let what = |route, file| -> Vec<String> {
        let change = differ(&output(&[route], &[], &[(MAIN, file)])).unwrap();
        change.map(|c| c.aspects.into_iter().map(|a| a.what).collect()).unwrap_or_default()
    };
    let (old, new) = ("default via 192.168.40.1 dev eth0 onlink ", "default via 192.168.40.100 dev eth0 ");
    assert_eq!(what(old, STATIC), ["at boot", "running"]);
    assert_eq!(what(new, STATIC), ["at boot"]);
    assert_eq!(what(old, &fixed), ["running"]);
    assert!(what(new, &fixed).is_empty());
}

#[test]
fn only_the_gateways_line_of_its_stanza_changes() {
    let two = format!(
        "# by hand\n{STATIC}\niface eth1 inet static\n  address 10.0.0.2\n  netmask 24\n  gateway 10.0.0.1\n"
    );
    let edits = edits(&output(&[], &[], &[(MAIN, &two)]));
    let expected = two.replace("40.1\n", "40.100\n").replace("  gateway 10.0.0.1\n", "");
    assert_eq!(edits, [(MAIN.to_owned(), expected)]);
}

#[test]
fn a_gateway_is_added_below_the_address_in_the_file_that_has_it() {
    let own = "iface eth0 inet static\n    address 192.168.40.101\n    netmask 255.255.255.0\n    mtu 1400\n";
    let files = [(MAIN, "source /etc/network/interfaces.d/*\n"), ("/etc/network/interfaces.d/lan", own)];
    let edits = edits(&output(&[], &[], &files));
    let expected = own.replace("    mtu", "    gateway 192.168.40.100\n    mtu");
    assert_eq!(edits, [("/etc/network/interfaces.d/lan".to_owned(), expected)]);
}

#[test]
fn extra_default_routes_go() {
    let routes = ["default via 192.168.40.100 dev eth0 ", "default via 10.0.0.1 dev eth1 metric 100 "];
    let file = STATIC.replace("40.1\n", "40.100\n");
    let change = differ(&output(&routes, &[], &[(MAIN, &file)])).unwrap().unwrap();
    assert_eq!(change.aspects[0].old.as_deref(), Some("192.168.40.100 (eth0), 10.0.0.1 (eth1)"));
    assert_eq!(
        change.unguarded(),
        "ip -4 route del default via 10.0.0.1 dev eth1 metric 100 2>/dev/null || :\n"
    );
}

#[test]
fn a_route_that_the_replace_takes_is_not_deleted_after_it() {
    let file = STATIC.replace("40.1\n", "40.100\n");
    let change = |routes: &[&str]| differ(&output(routes, &[], &[(MAIN, &file)])).unwrap().unwrap();
    let replace = "ip -4 route replace default via 192.168.40.100 dev eth0\n";
    let on_link = change(&["default dev eth0 scope link "]);
    assert_eq!(on_link.aspects[0].old.as_deref(), Some("no gateway (eth0)"));
    assert_eq!(on_link.unguarded(), replace);
    let nowhere = change(&["blackhole default ", "unreachable default metric 4000 "]);
    assert_eq!(nowhere.aspects[0].old.as_deref(), Some("blackhole, unreachable"));
    assert_eq!(
        nowhere.unguarded(),
        format!("{replace}ip -4 route del unreachable default metric 4000 2>/dev/null || :\n")
    );
    let found = change(&["default dev eth0 scope link ", "default via 192.168.40.100 dev eth0 metric 100 "]);
    assert_eq!(found.unguarded(), "ip -4 route del default dev eth0 scope link 2>/dev/null || :\n");
    let hops = "default proto static \\\tnexthop via 10.0.0.1 dev eth1 weight 1 \\\tnexthop via 192.168.40.1 dev eth0 weight 1 ";
    let several = change(&[hops, "default via 192.168.40.100 dev eth0 metric 100 "]);
    let delete = "ip -4 route del default via 192.168.40.100 dev eth0 metric 100 2>/dev/null || :\n";
    assert_eq!(several.unguarded(), format!("{replace}{delete}"));
}

#[test]
fn a_change_of_the_way_to_the_controller_is_a_risk() {
    let client = "10.9.9.9".parse().unwrap();
    let facts = Facts {
        connection: Some(crate::resource::Connection { client, server: "192.168.40.101".parse().unwrap() }),
        ..Facts::example()
    };
    let by = |route, way| {
        differ_from(&facts, &output(&[route], &[way], &[(MAIN, STATIC)])).unwrap().unwrap().risks
    };
    let risks = |way| by("default via 192.168.40.1 dev eth0 ", way);
    let (old, new) = (Some("192.168.40.1".parse().unwrap()), "192.168.40.100".parse().unwrap());
    let risk = Risk::RouteChange { controller: Some(client), old, new };
    assert_eq!(risks("way default via 192.168.40.1 dev eth0 "), std::slice::from_ref(&risk));
    assert_eq!(risks("way 10.9.9.9 via 192.168.40.1 dev eth0 src 192.168.40.101 uid 0 "), [risk]);
    assert_eq!(risks("way 10.0.0.0/8 via 192.168.40.1 dev eth0 "), []);
    assert_eq!(risks("way 10.9.9.9 dev eth0 src 192.168.40.101"), []);
    let on_link = |way| by("default dev eth0 scope link ", way);
    let risk = Risk::RouteChange { controller: Some(client), old: None, new };
    assert_eq!(on_link("way default dev eth0 scope link "), std::slice::from_ref(&risk));
    assert_eq!(on_link("way 10.9.9.9 dev eth0  src 192.168.40.101 "), [risk]);
    assert_eq!(on_link("way 10.9.9.9 dev eth1 src 10.9.9.1 "), []);
}

#[test]
fn networkd_is_edited_in_its_own_file() {
    let file = "/etc/systemd/network/10-lan.network";
    let links = ["index 2 eth0"];
    let link = (
        "/run/systemd/netif/links/2",
        "ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/10-lan.network\n",
    );
    let text = "[Match]\nName=eth0\n\n[Network]\nAddress=192.168.40.101/24\nGateway=192.168.40.1\n";
    let replaced = edits(&output(&[], &links, &[link, (file, text)]));
    assert_eq!(replaced, [(file.to_owned(), text.replace("40.1\n", "40.100\n"))]);
    let without = text.replace("Gateway=192.168.40.1\n", "\n[Link]\nMTUBytes=1400\n");
    let added = edits(&output(&[], &links, &[link, (file, &without)]));
    assert!(
        added[0].1.contains("Address=192.168.40.101/24\nGateway=192.168.40.100\n\n[Link]"),
        "{}",
        added[0].1
    );
    let route =
        text.replace("Gateway=192.168.40.1\n", "\n[Route]\nDestination=0.0.0.0/0\nGateway=192.168.40.1\n");
    assert_eq!(
        edits(&output(&[], &links, &[link, (file, &route)]))[0].1,
        route.replace("40.1\n", "40.100\n")
    );
}

#[test]
fn routes_of_other_tables_and_types_are_left_alone() {
    let file = "/etc/systemd/network/10-lan.network";
    let link = ("/run/systemd/netif/links/2", format!("ADMIN_STATE=configured\nNETWORK_FILE={file}\n"));
    let text = "[Network]\nAddress=192.168.40.101/24\nGateway=192.168.40.1\n";
    let edited = |more: &str| {
        let text = format!("{text}[Route]\nGateway=10.0.0.1\n{more}");
        edits(&output(&[], &["index 2 eth0"], &[(link.0, &link.1), (file, &text)])).remove(0).1
    };
    for more in ["Table=100\n", "Table=wan\n", "Destination=0.0.0.0/0\nTable=200\n", "Type=blackhole\n"] {
        let kept = format!("[Route]\nGateway=10.0.0.1\n{more}");
        assert_eq!(edited(more), text.replace("40.1\n", "40.100\n") + &kept);
    }
    for more in ["", "Table=main\n", "Table=254\nType=unicast\n"] {
        assert_eq!(edited(more), text.replace("40.1\n", "40.100\n"));
    }

    let up = |command: &str| {
        let text = format!("{STATIC}\tup {command}\n");
        differ(&output(&[], &[], &[(MAIN, &text)])).map(|change| change.map(|c| c.aspects.len()))
    };
    assert_eq!(up("ip route add default via 10.0.0.1 table 100 || true"), Ok(Some(2)));
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
fn owners_that_are_not_known_are_refused_with_what_to_do() {
    let reason = |more: &[&str], files: &[(&str, &str)]| differ(&output(&[], more, files)).unwrap_err();
    assert!(
        reason(&["nm eth0 connected manual 192.168.40.1"], &[])
            .remedy
            .contains("ipv4.gateway 192.168.40.100")
    );
    assert!(reason(&["nm eth0 connected auto"], &[]).reason.contains("NetworkManager (connected)"));
    assert!(reason(&["netplan /etc/netplan/01.yaml"], &[]).remedy.contains("netplan apply"));
    let ifcfg = ("/etc/sysconfig/network-scripts/ifcfg-eth0", "GATEWAY=192.168.40.1\n");
    assert!(reason(&[], &[ifcfg]).remedy.contains("GATEWAY=192.168.40.100"));
    assert!(reason(&[], &[]).reason.contains("who configures eth0 is not known"));
    assert!(reason(&[], &[(MAIN, "iface eth0 inet dhcp\n")]).reason.contains("by DHCP"));
    let up = format!("{STATIC}\tpost-up ip route add default via 10.0.0.1\n");
    assert!(reason(&[], &[(MAIN, &up)]).reason.contains("/etc/network/interfaces:5"));
}

#[test]
fn what_they_bring_already_is_not_refused() {
    let running = ["default via 192.168.40.100 dev eth0 proto static metric 100 "];
    let settled = |more: &[&str], files: &[(&str, &str)]| differ(&output(&running, more, files));
    assert_eq!(
        settled(&["nm lo unmanaged", "nm eth0 connected (externally) manual 192.168.40.100"], &[]),
        Ok(None)
    );
    assert_eq!(
        settled(&[], &[("/etc/sysconfig/network-scripts/ifcfg-eth0", "GATEWAY=\"192.168.40.100\"\n")]),
        Ok(None)
    );
    let file = "/run/systemd/network/10-netplan-eth0.network";
    let link = format!("ADMIN_STATE=configured\nNETWORK_FILE={file}\n");
    let more = ["index 2 eth0", "netplan /etc/netplan/01.yaml"];
    let with = |gateway| {
        let text = format!(
            "[Network]\nAddress=192.168.40.101/24\n[Route]\nDestination=0.0.0.0/0\nGateway = {gateway}\n"
        );
        settled(&more, &[("/run/systemd/netif/links/2", &link), (file, &text)])
    };
    assert_eq!(with("192.168.40.100"), Ok(None));
    assert!(with("192.168.40.1").unwrap_err().remedy.contains("netplan apply"));
}

#[test]
fn the_gateway_must_be_a_neighbour() {
    let far = DefaultGateway { via: "10.0.0.1".parse().unwrap() };
    let facts = Facts::example();
    let observed =
        DefaultGateway::parse(&[&far], &facts, output(&[], &[], &[]).as_bytes()).unwrap().remove(0);
    let refusal = far.differ(&observed, Context { facts: &facts, changing: &BTreeSet::new() }).unwrap_err();
    assert!(refusal.reason.contains("10.0.0.1 is in none of this host's subnets"));
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
        let mut observed = Observed {
            interfaces: vec![
                ConfFile { path: MAIN.into(), text: texts[0].clone() },
                ConfFile { path: "/etc/network/interfaces.d/lan".into(), text: texts[1].clone() },
            ],
            ..Observed::default()
        };
        let before = observed.interfaces.clone();
        for (file, text) in dip().boot("eth0", &observed).unwrap().edits {
            observed.interfaces.iter_mut().filter(|f| f.path == file.path).for_each(|f| f.text = text.clone());
        }
        let after = dip().boot("eth0", &observed).unwrap();
        prop_assert_eq!(after.gateways, [("eth0".to_owned(), "192.168.40.100".to_owned())]);
        prop_assert!(after.edits.is_empty());
        let others = |text: &str| -> Vec<String> {
            text.lines().filter(|l| !l.trim().starts_with("gateway")).map(str::to_owned).collect()
        };
        for (old, new) in before.iter().zip(&observed.interfaces) {
            prop_assert_eq!(others(&old.text), others(&new.text));
        }
    }
}
