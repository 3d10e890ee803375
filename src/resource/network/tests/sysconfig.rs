//! EL's network-scripts and SUSE's wicked.

use super::*;
use crate::resource::AddressState;
use crate::resource::network::owner::Setting;
use crate::resource::network::owners::Owners;

const EL: &str = "/etc/sysconfig/network-scripts/";
const SUSE: &str = "/etc/sysconfig/network/";

/// As CentOS 7's installer writes it.
const IFCFG: &str = "TYPE=\"Ethernet\"\nPROXY_METHOD=\"none\"\nBROWSER_ONLY=\"no\"\nBOOTPROTO=\"none\"\nDEFROUTE=\"yes\"\n\
    IPV4_FAILURE_FATAL=\"no\"\nNAME=\"eth0\"\nDEVICE=\"eth0\"\nONBOOT=\"yes\"\nIPADDR=\"192.168.40.101\"\nPREFIX=\"24\"\nGATEWAY=\"192.168.40.1\"\n\
    DNS1=\"192.168.40.1\"\n";

/// As YaST writes it.
const WICKED: &str = "IPADDR='192.168.40.101/24'\nBOOTPROTO='static'\nSTARTMODE='auto'\nZONE=public\n";

fn on_el(files: &[(&str, &str)]) -> Host {
    let host = Host { scripts: true, ..Host::default() };
    files
        .iter()
        .fold(host, |host, (name, text)| host.file(&format!("{EL}{name}"), text))
        .address("eth0 192.168.40.101/24")
        .route("default via 192.168.40.1 dev eth0 ")
}

fn on_suse(files: &[(&str, &str)]) -> Host {
    let host = Host { wicked: true, ..Host::default() };
    files
        .iter()
        .fold(host, |host, (name, text)| host.file(&format!("{SUSE}{name}"), text))
        .address("eth0 192.168.40.101/24")
        .route("default via 192.168.40.1 dev eth0 ")
}

fn owners(host: &Host) -> Owners {
    Owners::parse(&host.owners()).unwrap()
}

/// The new text of each file, once 192.168.40.100 on eth0 is the gateway.
fn edited(host: &Host) -> Vec<(String, String)> {
    let edits = owners(host).set_gateway("192.168.40.100".parse().unwrap(), "eth0").unwrap();
    edits.into_iter().map(|edit| (edit.path, edit.new.unwrap_or_default())).collect()
}

fn differ(host: &Host) -> Result<Option<Change>, Refusal> {
    plan(&gateway("192.168.40.100"), &Facts::example(), &host.of_gateway())
}

/// The law of every owner: what is set is what is read then, and asks for nothing more.
fn settled(host: &Host) {
    let via = "192.168.40.100".parse().unwrap();
    let after = host.clone().with(owners(host).set_gateway(via, "eth0").unwrap());
    let right = Host { v4: vec!["default via 192.168.40.100 dev eth0 ".into()], ..after };
    assert_eq!(differ(&right), Ok(None));
}

fn put(host: &Host, address: &Address) -> Host {
    let interface = address.interface.clone().unwrap();
    let setting = Setting::Address { net: address.address, interface: &interface };
    let owners = owners(host);
    let after = host.clone().with(owners.set(owners.of(&interface).unwrap(), &setting).unwrap());
    let change = plan(address, &Facts::example(), &after.of_address()).unwrap();
    assert!(change.is_none_or(|change| change.script.is_empty()), "it is not read again");
    after
}

fn take(host: &Host, address: &str) -> Vec<(String, Option<String>)> {
    let owners = owners(host);
    let address = address.parse().unwrap();
    let (interface, owner) = owners.bringing(address).remove(0);
    let edits = owners.set(owner, &Setting::NoAddress { address, interface: &interface }).unwrap();
    edits.into_iter().map(|edit| (edit.path, edit.new)).collect()
}

#[test]
fn an_ifcfg_files_gateway_changes_in_its_line() {
    let host = on_el(&[("ifcfg-eth0", IFCFG)]);
    let path = format!("{EL}ifcfg-eth0");
    assert_eq!(
        edited(&host),
        [(path.clone(), IFCFG.replace("GATEWAY=\"192.168.40.1\"", "GATEWAY=\"192.168.40.100\""))]
    );
    settled(&host);
    let change = differ(&host).unwrap().unwrap();
    assert_eq!(shown(&change)[0], format!("at boot: 192.168.40.1 (eth0) -> 192.168.40.100 (eth0, {path})"));
    let bare = on_el(&[("ifcfg-eth0", &IFCFG.replace("GATEWAY=\"192.168.40.1\"\n", ""))]);
    assert_eq!(edited(&bare)[0].1, IFCFG.replace("40.1\"\nDNS", "40.100\"\nDNS"), "below the address");
    settled(&bare);
}

#[test]
fn gateways_in_route_files_and_for_all_interfaces_count() {
    let bare = IFCFG.replace("GATEWAY=\"192.168.40.1\"\n", "");
    let routes = "10.0.0.0/8 via 192.168.40.9 dev eth0\ndefault via 192.168.40.1 dev eth0\n";
    let host = on_el(&[("ifcfg-eth0", &bare), ("route-eth0", routes)]);
    assert_eq!(edited(&host), [(format!("{EL}route-eth0"), routes.replace("40.1 ", "40.100 "))]);
    settled(&host);
    let global = "# Created by anaconda\nNETWORKING=yes\nGATEWAY=192.168.40.1\n";
    let host = on_el(&[("ifcfg-eth0", &bare)]).file("/etc/sysconfig/network", global);
    assert_eq!(differ(&host).unwrap().unwrap().aspects[0].old.as_deref(), Some("192.168.40.1 (eth0)"));
    assert_eq!(edited(&host)[1].1, "# Created by anaconda\nNETWORKING=yes\n");
    settled(&host);
    let other = "DEVICE=eth1\nIPADDR=10.0.0.2\nPREFIX=24\nGATEWAY=10.0.0.1\nONBOOT=yes\n";
    let host = on_el(&[("ifcfg-eth0", IFCFG), ("ifcfg-eth1", other), ("ifcfg-eth1.bak", other)])
        .file("/etc/sysconfig/network", "GATEWAYDEV=eth1\n");
    assert_eq!(differ(&host).unwrap().unwrap().aspects[0].old.as_deref(), Some("10.0.0.1 (eth1)"));
    let files = edited(&host);
    assert_eq!(files[1], (format!("{EL}ifcfg-eth1"), other.replace("GATEWAY=10.0.0.1\n", "")));
    assert_eq!(files[2].1, "GATEWAYDEV=eth0\n");
    assert_eq!(files.len(), 3);
    settled(&host);
    let shut = on_el(&[("ifcfg-eth0", &IFCFG.replace("DEFROUTE=\"yes\"", "DEFROUTE=\"no\""))]);
    assert!(edited(&shut)[0].1.contains("DEFROUTE=\"yes\"\n"));
    settled(&shut);
}

#[test]
fn ipv6_has_names_and_a_route_file_of_its_own() {
    let text =
        format!("{IFCFG}IPV6INIT=\"yes\"\nIPV6ADDR=\"fd00:20::11/64\"\nIPV6_DEFAULTGW=\"fd00:20::1\"\n");
    let host = on_el(&[("ifcfg-eth0", &text), ("route6-eth0", "::/0 via fd00:20::7 dev eth0\n")]);
    let set = |via: &str| {
        let edits = owners(&host).set_gateway(via.parse().unwrap(), "eth0").unwrap();
        edits.into_iter().map(|edit| edit.new.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(
        set("fd00:20::100"),
        [
            text.replace("20::1\"\n", "20::100\"\n").replace("20::100\"\nIPV6ADDR", "20::1\"\nIPV6ADDR"),
            String::new()
        ]
    );
    assert!(set("fe80::1")[0].contains("IPV6_DEFAULTGW=\"fe80::1%eth0\"\n"));
}

#[test]
fn addresses_of_network_scripts_come_and_go() {
    let lo = "DEVICE=lo\nIPADDR=127.0.0.1\nNETMASK=255.0.0.0\nNETWORK=127.0.0.0\nONBOOT=yes\nNAME=loopback\n";
    let alias = "DEVICE=lo:0\nIPADDR=192.168.175.100\nNETMASK=255.255.255.255\nONBOOT=yes\n";
    let host = on_el(&[("ifcfg-eth0", IFCFG), ("ifcfg-lo", lo), ("ifcfg-lo:0", alias)]);
    let vip = on("lo", "192.168.175.101/32");
    let after = put(&host, &vip);
    let text = &after.files.iter().find(|(path, _)| path.ends_with("ifcfg-lo")).unwrap().1;
    assert_eq!(*text, lo.replace("NETWORK=", "IPADDR1=192.168.175.101\nPREFIX1=32\nNETWORK="));
    assert_eq!(take(&after, "192.168.175.101"), [(format!("{EL}ifcfg-lo"), Some(lo.to_owned()))]);
    assert_eq!(take(&host, "192.168.175.100"), [(format!("{EL}ifcfg-lo:0"), None)]);
    put(&host, &on("eth0", "2001:db8::10/64"));
    put(&put(&host, &on("eth0", "2001:db8::10/64")), &on("eth0", "2001:db8::11/64"));
}

#[test]
fn what_network_scripts_do_not_say_for_sure_is_refused() {
    let refusal = |files: &[(&str, &str)]| differ(&on_el(files)).unwrap_err();
    let computed = IFCFG.replace("\"192.168.40.1\"\nDNS", "\"$ROUTER\"\nDNS");
    assert!(refusal(&[("ifcfg-eth0", &computed)]).reason.contains("what it sets GATEWAY to is not known"));
    let off = IFCFG.replace("ONBOOT=\"yes\"", "ONBOOT=no");
    assert!(refusal(&[("ifcfg-eth0", &off)]).reason.contains("says ONBOOT=no"));
    let dhcp = "DEVICE=eth0\nBOOTPROTO=dhcp\nONBOOT=yes\n";
    assert!(
        refusal(&[("ifcfg-eth0", dhcp)])
            .reason
            .contains("by DHCP (/etc/sysconfig/network-scripts/ifcfg-eth0)")
    );
    assert!(
        refusal(&[("ifcfg-eth1", &dhcp.replace("eth0", "eth1"))])
            .reason
            .contains("network-scripts have no ifcfg-eth0")
    );
    let cloud = format!("# Created by cloud-init automatically, do not edit.\n#\n{IFCFG}");
    let host = Host { cloud_init: vec!["cloud-init".into()], ..on_el(&[("ifcfg-eth0", &cloud)]) };
    assert!(differ(&host).unwrap_err().reason.contains("ifcfg-eth0 is written by cloud-init"));
    // nobody is there to read them
    let files = Host { scripts: false, ..on_el(&[("ifcfg-eth0", IFCFG)]) };
    assert!(differ(&files).unwrap_err().reason.contains("who configures eth0 is not known"));
}

#[test]
fn wickeds_routes_are_edited_in_their_lines() {
    let routes = "# by YaST\ndefault 192.168.40.1 - -\n10.0.0.0/8 192.168.40.9 - eth0\n";
    let host = on_suse(&[("ifcfg-eth0", WICKED), ("routes", routes)]);
    assert_eq!(edited(&host), [(format!("{SUSE}routes"), routes.replace("40.1 ", "40.100 "))]);
    settled(&host);
    let of_eth1 = "IPADDR='10.0.0.2/24'\nBOOTPROTO='static'\nSTARTMODE='auto'\n";
    let more = [
        ("ifcfg-eth0", WICKED),
        ("ifcfg-eth1", of_eth1),
        ("ifroute-eth1", "default 10.0.0.1 - -\n"),
        ("routes", routes),
    ];
    assert_eq!(edited(&on_suse(&more))[0], (format!("{SUSE}ifroute-eth1"), String::new()));
    settled(&on_suse(&more));
    let bare = on_suse(&[("ifcfg-eth0", WICKED)]);
    assert_eq!(
        edited(&bare),
        [(format!("{SUSE}ifroute-eth0"), "default 192.168.40.100 - eth0\n".to_owned())]
    );
    settled(&bare);
    let v6 = on_suse(&[("ifcfg-eth0", WICKED), ("routes", "default fd00:20::1 - -\n")]);
    let edits = owners(&v6).set_gateway("fe80::1".parse().unwrap(), "eth0").unwrap();
    assert_eq!(edits[0].new.as_deref(), Some("default fe80::1 - eth0\n"));
}

#[test]
fn wickeds_addresses_come_and_go() {
    let host = on_suse(&[
        ("ifcfg-eth0", WICKED),
        ("ifcfg-lo", "IPADDR=127.0.0.1/8\nSTARTMODE=nfsroot\nBOOTPROTO=static\n"),
    ]);
    let after = put(&host, &on("eth0", "192.168.40.110/24"));
    assert_eq!(
        after.files.last().unwrap().1,
        WICKED.replace("BOOT", "IPADDR_192_168_40_110='192.168.40.110/24'\nBOOT")
    );
    assert_eq!(take(&after, "192.168.40.110"), [(format!("{SUSE}ifcfg-eth0"), Some(WICKED.to_owned()))]);
    put(&host, &on("lo", "2001:db8::10/128"));
    let absent = Address { state: AddressState::Absent, ..on("", "10.7.7.7/32") };
    assert_eq!(plan(&absent, &Facts::example(), &host.of_address()), Ok(None));
}

#[test]
fn what_wicked_does_not_bring_is_refused() {
    let refusal = |text: &str| differ(&on_suse(&[("ifcfg-eth0", text)])).unwrap_err().reason;
    assert!(refusal(&WICKED.replace("static", "dhcp")).contains("by DHCP"));
    assert!(refusal(&WICKED.replace("'auto'", "'manual'")).contains("STARTMODE=manual"));
    assert!(
        differ(&on_suse(&[("ifcfg-eth1", WICKED)])).unwrap_err().reason.contains("wicked has no ifcfg-eth0")
    );
    let nowhere = on_suse(&[("ifcfg-eth0", WICKED), ("routes", "default - - eth0\n")]);
    assert!(differ(&nowhere).unwrap_err().reason.contains("routes:1: a default route without a gateway"));
    let not_enabled = Host { wicked: false, ..on_suse(&[("ifcfg-eth0", WICKED)]) };
    assert!(differ(&not_enabled).unwrap_err().reason.contains("not known"));
}
