use super::*;
use crate::resource::AddressState;
use crate::resource::network::owner::Setting;
use crate::resource::network::owners::Owners;

const FILE: &str = "/etc/netplan/00-installer-config.yaml";

/// As Ubuntu's installer writes it, with a comment of the administrator's.
const INSTALLER: &str = "# This is the network config written by 'subiquity'\nnetwork:\n  ethernets:\n    eth0:\n      addresses:\n      \
    - 192.168.40.101/24\n      nameservers:\n        addresses: []\n        search: []\n      routes:\n      - to: default # the router's\n        \
    via: 192.168.40.1\n  version: 2\n";

fn host(text: &str) -> Host {
    Host { netplan: true, ..Host::default() }
        .file(FILE, text)
        .address("lo 127.0.0.1/8")
        .address("eth0 192.168.40.101/24")
        .route("default via 192.168.40.1 dev eth0 proto static ")
}

/// The files that are edited, once 192.168.40.100 is the gateway on eth0; an empty text where one goes.
fn edited(host: &Host) -> Result<Vec<(String, String)>, Refusal> {
    let owners = Owners::parse(&host.owners()).unwrap();
    let edits = owners.set_gateway("192.168.40.100".parse().unwrap(), "eth0")?;
    Ok(edits.into_iter().map(|edit| (edit.path, edit.new.unwrap_or_default())).collect())
}

fn differ(host: &Host) -> Result<Option<Change>, Refusal> {
    plan(&gateway("192.168.40.100"), &Facts::example(), &host.of_gateway())
}

#[test]
fn only_the_gateways_address_changes_whatever_way_it_is_written() {
    let key = INSTALLER
        .replace(
            "      routes:\n      - to: default # the router's\n        via: 192",
            "      gateway4: \"192",
        )
        .replace("40.1\n", "40.1\" # old\n");
    let flow = INSTALLER.replace(
        "      routes:\n      - to: default # the router's\n        via: 192.168.40.1\n",
        "      routes: [ { to: 10.0.0.0/8, via: 192.168.40.7 }, {via: '192.168.40.1', to: 0.0.0.0/0} ]\n",
    );
    for text in [INSTALLER, &INSTALLER.replace("default", "0.0.0.0/0"), &key, &flow] {
        assert_eq!(
            edited(&host(text)).unwrap(),
            [(FILE.to_owned(), {
                let (before, after) = text
                    .split_once("192.168.40.1\n")
                    .or(text.split_once("192.168.40.1\""))
                    .or(text.split_once("192.168.40.1'"))
                    .unwrap();
                let end = &text[before.len() + "192.168.40.1".len()..][..1];
                format!("{before}192.168.40.100{end}{after}")
            })]
        );
    }
    let change = differ(&host(INSTALLER)).unwrap().unwrap();
    assert_eq!(
        shown(&change),
        [
            format!("at boot: 192.168.40.1 (eth0) -> 192.168.40.100 (eth0, {FILE})"),
            "running: 192.168.40.1 (eth0) -> 192.168.40.100 (eth0)".into(),
        ]
    );
    let script = change.script.reveal();
    assert!(script.contains("netplan generate\n") && !script.contains("netplan apply"), "{script}");
}

#[test]
fn what_is_right_already_is_left_alone() {
    let host = host(&INSTALLER.replace("40.1\n", "40.100\n"));
    let route = "default via 192.168.40.100 dev eth0 proto static ";
    assert_eq!(differ(&Host { v4: vec![route.into()], ..host }), Ok(None));
}

#[test]
fn every_other_default_route_goes_from_whatever_file() {
    let other = "network:\n  vlans:\n    # the VLAN\n    eth0.7:\n      id: 7\n      link: eth0\n      addresses: [10.7.0.2/24]\n      \
        gateway4: 10.7.0.1\n      routes:\n      - to: 10.0.0.0/8\n        via: 10.7.0.9\n      - to: default\n        via: 10.7.0.8\n        metric: 9\n      \
        - {to: default, via: 10.7.0.7, table: 100}\n";
    let host = host(INSTALLER).file("/etc/netplan/90-vlan.yaml", other);
    let change = differ(&host).unwrap().unwrap();
    assert_eq!(
        change.aspects[0].old.as_deref(),
        Some("192.168.40.1 (eth0), 10.7.0.1 (eth0.7), 10.7.0.8 (eth0.7)")
    );
    let files = edited(&host).unwrap();
    assert_eq!(files.len(), 2);
    let expected = other
        .replace("      gateway4: 10.7.0.1\n", "")
        .replace("      - to: default\n        via: 10.7.0.8\n        metric: 9\n", "");
    assert_eq!(files[1], ("/etc/netplan/90-vlan.yaml".to_owned(), expected));
}

#[test]
fn a_list_goes_with_the_last_route_in_it() {
    let other = "network:\n  ethernets:\n    eth1:\n      routes:\n      - to: default\n        via: 10.0.0.1\n      mtu: 1400\n";
    let files = edited(&host(INSTALLER).file("/etc/netplan/90.yaml", other)).unwrap();
    assert_eq!(files[1].1, "network:\n  ethernets:\n    eth1:\n      mtu: 1400\n");
}

#[test]
fn a_gateway_that_nothing_brings_gets_a_file_of_its_own() {
    let bare = INSTALLER
        .replace("      routes:\n      - to: default # the router's\n        via: 192.168.40.1\n", "");
    let own = "/etc/netplan/zz-lvsprov-eth0-default-v4.yaml";
    let text = "# Written by lvsprov.\nnetwork:\n  version: 2\n  ethernets:\n    \"eth0\":\n      routes:\n      \
        - to: \"0.0.0.0/0\"\n        via: \"192.168.40.100\"\n";
    assert_eq!(edited(&host(&bare)).unwrap(), [(own.to_owned(), text.to_owned())]);
    let with = host(&bare).file(own, text);
    let right = Host { v4: vec!["default via 192.168.40.100 dev eth0 ".into()], ..with.clone() };
    assert_eq!(differ(&right), Ok(None));
    // it goes as a whole when the gateway moves
    let owners = Owners::parse(&with.owners()).unwrap();
    let edits =
        owners.of("eth0").unwrap().set(&Setting::NoGateway(super::super::gateway::IpVersion::V4)).unwrap();
    assert_eq!((edits.len(), edits[0].path.as_str(), &edits[0].new), (1, own, &None));
}

#[test]
fn files_shadow_and_add_up_as_netplan_has_it() {
    let base = "/lib/netplan/00-installer-config.yaml";
    let shadowed = host(INSTALLER).file(base, &INSTALLER.replace("40.1\n", "40.9\n"));
    assert_eq!(differ(&shadowed).unwrap().unwrap().aspects[0].old.as_deref(), Some("192.168.40.1 (eth0)"));
    let of_vendor = Host { files: Vec::new(), ..host("") }.file(base, INSTALLER);
    let refusal = edited(&of_vendor).unwrap_err();
    assert!(refusal.reason.contains("not the administrator's file"), "{}", refusal.reason);
    let key = |via: &str| {
        format!(
            "network:\n  ethernets:\n    eth0:\n      addresses: [192.168.40.101/24]\n      gateway4: {via}\n"
        )
    };
    let two = host(&key("192.168.40.7")).file("/etc/netplan/10-more.yaml", &key("192.168.40.1"));
    assert_eq!(differ(&two).unwrap().unwrap().aspects[0].old.as_deref(), Some("192.168.40.1 (eth0)"));
    let files = edited(&two).unwrap();
    assert_eq!(files[0].1, key("").replace("      gateway4: \n", ""), "it would come to light again");
    assert_eq!(files[1].1, key("192.168.40.100"));
}

#[test]
fn what_can_not_be_edited_for_sure_is_refused_with_what_to_write() {
    let refused = |text: &str| edited(&host(text)).unwrap_err();
    let anchor = INSTALLER.replace("default", "&a default");
    assert!(refused(&anchor).reason.contains("can't be read for sure: it has an anchor"));
    let flow = "network: {version: 2, ethernets: {eth0: {addresses: [192.168.40.101/24], gateway4: 192.168.40.1}, eth1: {gateway4: 10.0.0.1}}}\n";
    let refusal = refused(flow);
    assert!(refusal.reason.contains("no line of its own"), "{}", refusal.reason);
    assert!(refusal.remedy.contains("without any gateway4"), "{}", refusal.remedy);
    let on_link = INSTALLER.replace("via: 192.168.40.1\n", "scope: link\n");
    assert!(refused(&on_link).reason.contains("a default route without a gateway"));
    let dhcp = "network:\n  ethernets:\n    eth0: {dhcp4: true}\n";
    assert!(differ(&host(dhcp)).unwrap_err().reason.contains(&format!("by DHCP ({FILE})")));
    let no_routes = "network:\n  ethernets:\n    eth0: {dhcp4: yes, dhcp4-overrides: {use-routes: false}}\n";
    assert!(differ(&host(no_routes)).is_ok());
    let several =
        "network:\n  ethernets:\n    all:\n      match: {name: \"eth*\"}\n      gateway4: 192.168.40.1\n";
    assert!(refused(several).reason.contains("is for several interfaces: eth0, eth1"));
}

#[test]
fn an_interface_is_found_by_what_its_definition_matches() {
    let by = |matched: &str| {
        let text = INSTALLER.replace("    eth0:\n", &format!("    wan:\n      match: {matched}\n"));
        edited(&host(&text)).map(|files| files[0].1.contains("via: 192.168.40.100"))
    };
    assert_eq!(by("{macaddress: \"52:54:00:12:34:56\"}"), Ok(true));
    assert_eq!(by("{macaddress: \"52:54:00:12:34:57\"}\n      set-name: eth0"), Ok(true));
    assert_eq!(by("{name: \"*0\"}"), Ok(true));
    assert!(by("{macaddress: \"52:54:00:12:34:57\"}").is_err());
}

#[test]
fn what_network_manager_renders_is_netplans_and_is_loaded() {
    let text = INSTALLER.replace("  version: 2\n", "  renderer: NetworkManager\n  version: 2\n");
    let file = "file /run/NetworkManager/system-connections/netplan-eth0.nmconnection";
    let nm = ["device eth0", "state connected", "profile netplan-eth0", file, "ipv4.gateway:192.168.40.1"];
    let host = host(&text).nm(&nm);
    let change = differ(&host).unwrap().unwrap();
    assert_eq!(change.aspects[0].new.as_deref(), Some(format!("192.168.40.100 (eth0, {FILE})").as_str()));
    assert!(change.script.reveal().contains("nmcli connection load \"$f\""));
    // as Ubuntu's NetworkManager writes its own profiles
    let passed = "network:\n  version: 2\n  ethernets:\n    NM-14f59568-5076-387a-aef6-10adfcca2e26:\n      renderer: NetworkManager\n      \
        match:\n        name: \"eth0\"\n      networkmanager:\n        uuid: \"14f59568-5076-387a-aef6-10adfcca2e26\"\n        name: \"netplan-eth0\"\n        \
        passthrough:\n          ipv4.address1: \"192.168.40.101/24,192.168.40.1\"\n          ipv4.method: \"manual\"\n";
    let refusal = edited(&super::netplan::host(passed)).unwrap_err();
    assert!(refusal.reason.contains("hands `ipv4.address1` to NetworkManager"), "{}", refusal.reason);
}

#[test]
fn cloud_inits_files_are_refused_until_it_is_told_to_leave_the_network() {
    let text = "# This file is generated from information provided by the datasource.  Changes\n\
        # to it will not persist across an instance reboot.  To disable cloud-init's\n\
        # network configuration capabilities, write a file\n\
        # /etc/cloud/cloud.cfg.d/99-disable-network-config.cfg with the following:\n\
        # network: {config: disabled}\nnetwork:\n    ethernets:\n        eth0:\n            addresses:\n            - 192.168.40.101/24\n            \
        gateway4: 192.168.40.1\n            match:\n                macaddress: 52:54:00:12:34:56\n            set-name: eth0\n    version: 2\n";
    let file = "/etc/netplan/50-cloud-init.yaml";
    let by = |lines: &[&str]| {
        let cloud_init = lines.iter().map(|line| (*line).to_owned()).collect();
        Host { files: Vec::new(), cloud_init, ..host("") }.file(file, text)
    };
    let refusal = differ(&by(&["cloud-init"])).unwrap_err();
    assert!(refusal.reason.contains("50-cloud-init.yaml is written by cloud-init"), "{}", refusal.reason);
    assert!(refusal.remedy.contains("network: {config: disabled}"), "{}", refusal.remedy);
    let off = "/etc/cloud/cloud.cfg.d/99-disable-network-config.cfg:network: {config: disabled}";
    for lines in [&["cloud-init", off][..], &[]] {
        assert!(differ(&by(lines)).unwrap().is_some());
    }
    // what has a file of its own does not touch cloud-init's
    let vip = on("eth0", "192.168.40.100/24");
    let change = plan(&vip, &Facts::example(), &by(&["cloud-init"]).of_address()).unwrap().unwrap();
    let own = "/etc/netplan/zz-lvsprov-eth0-192-168-40-100.yaml";
    assert_eq!(change.aspects[0].new.as_deref(), Some(format!("192.168.40.100/24 (eth0, {own})").as_str()));
}

#[test]
fn an_address_comes_by_a_file_of_its_own_and_goes_from_any() {
    let plan = |address: &Address, host: &Host| super::plan(address, &Facts::example(), &host.of_address());
    let after = |address: &Address, host: &Host| {
        let owners = Owners::parse(&host.owners()).unwrap();
        let interface = address.interface.clone().unwrap();
        let setting = Setting::Address { net: address.address, interface: &interface };
        host.clone().with(owners.set(owners.of(&interface).unwrap(), &setting).unwrap())
    };
    let vip = on("eth0", "192.168.40.100/24");
    let with = after(&vip, &host(INSTALLER));
    assert_eq!(plan(&vip, &with.clone().address("eth0 192.168.40.100/24")), Ok(None));
    let lo = on("lo", "2001:db8::10/128");
    let both = after(&lo, &with);
    let text = "# Written by lvsprov.\nnetwork:\n  version: 2\n  ethernets:\n    \"lo\":\n      match:\n        name: \"lo\"\n      \
        optional: true\n      addresses:\n      - \"2001:db8::10/128\"\n";
    assert_eq!(both.files[2], ("/etc/netplan/zz-lvsprov-lo-2001-db8--10.yaml".into(), text.into()));
    let gone = Address { state: AddressState::Absent, ..lo };
    let change = plan(&gone, &both).unwrap().unwrap();
    assert!(change.script.reveal().contains("rm -f /etc/netplan/zz-lvsprov-lo-2001-db8--10.yaml\n"));

    let take = |text: &str, address: &str| {
        let owners = Owners::parse(&host(text).owners()).unwrap();
        let address = address.parse().unwrap();
        let (interface, owner) = owners.bringing(address).remove(0);
        owner.set(&Setting::NoAddress { address, interface: &interface }).unwrap()[0].new.clone().unwrap()
    };
    let line = "      - 192.168.40.101/24\n";
    let two = INSTALLER.replace(line, &format!("{line}      - \"10.0.0.7/32\":\n          label: eth0:7\n"));
    assert_eq!(take(&two, "10.0.0.7"), INSTALLER);
    let flow = INSTALLER
        .replace(":\n      - 192.168.40.101/24\n", ": [192.168.40.101/24, fd00::1/64,  10.0.0.7/32] # all\n");
    assert_eq!(take(&flow, "fd00::1"), flow.replace(", fd00::1/64", ""));
    assert_eq!(take(&flow, "192.168.40.101"), flow.replace("192.168.40.101/24, ", ""));
    assert_eq!(
        take(INSTALLER, "192.168.40.101"),
        INSTALLER.replace(&format!("      addresses:\n{line}"), "")
    );
}
