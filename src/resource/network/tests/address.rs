use super::*;
use crate::resource::network::owners::Owners;
use crate::resource::{AddressState, Connection, Risk};

const SOURCED: &str = "source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n";

fn host() -> Host {
    let mut host = Host::default()
        .file(MAIN, &format!("{SOURCED}{STATIC}"))
        .address("lo 127.0.0.1/8")
        .address("eth0 192.168.40.101/24");
    host.links = vec![
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN".into(),
        "2: eth0@if4: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP".into(),
        "3: tunl0@NONE: <NOARP> mtu 1480 qdisc noop state DOWN".into(),
    ];
    host
}

fn differ(address: &Address, host: &Host) -> Result<Option<Change>, Refusal> {
    plan(address, &Facts::example(), &host.of_address())
}

fn settled_by_boot(address: &Address, host: &Host) -> Host {
    let owners = Owners::parse(&host.owners()).unwrap();
    let interface = address.interface.clone().unwrap_or("eth0".into());
    let setting = super::super::owner::Setting::Address { net: address.address, interface: &interface };
    host.clone().with(owners.of(&interface).unwrap().set(&setting).unwrap())
}

fn absent(address: Address) -> Address {
    Address { state: AddressState::Absent, ..address }
}

#[test]
fn what_runs_and_what_comes_at_boot_are_two_truths() {
    let vip = on("", "192.168.40.100/24");
    let change = differ(&vip, &host()).unwrap().unwrap();
    let own = "/etc/network/interfaces.d/lvsprov-eth0-192-168-40-100";
    assert_eq!(
        shown(&change),
        [
            format!("at boot: - -> 192.168.40.100/24 (eth0, {own})"),
            "running: - -> 192.168.40.100/24 (eth0)".into(),
        ]
    );
    assert_eq!(change.risks, []);
    let with_file = settled_by_boot(&vip, &host());
    let text = with_file.files.iter().find(|(path, _)| path == own).unwrap().1.clone();
    assert_eq!(text, "# Written by lvsprov.\niface eth0 inet static\n    address 192.168.40.100/24\n");
    let running = differ(&vip, &with_file).unwrap().unwrap();
    assert_eq!(shown(&running), ["running: - -> 192.168.40.100/24 (eth0)"]);
    let at_boot = differ(&vip, &host().address("eth0 192.168.40.100/24")).unwrap().unwrap();
    assert_eq!((at_boot.aspects.len(), at_boot.live.is_none()), (1, true));
    assert_eq!(differ(&vip, &with_file.address("eth0 192.168.40.100/24")), Ok(None));
}

#[test]
fn the_nearest_subnet_tells_the_interface() {
    let host = host().address("eth1 192.168.0.1/16").address("eth2 192.168.40.129/25");
    let place = |address: &str| {
        let change = differ(&on("", address), &host).unwrap().unwrap();
        change.aspects.last().unwrap().new.clone().unwrap()
    };
    assert_eq!(place("192.168.40.7/32"), "192.168.40.7/32 (eth0)");
    assert_eq!(place("192.168.40.200/24"), "192.168.40.200/24 (eth2)");
    assert_eq!(place("192.168.7.7/16"), "192.168.7.7/16 (eth1)");
    let refusal = differ(&on("", "10.7.7.7/24"), &host).unwrap_err();
    assert!(refusal.reason.contains("in none of this host's subnets"), "{}", refusal.reason);
}

#[test]
fn loopback_and_tunnels_get_stanzas_and_come_up() {
    let lo = on("lo", "192.168.175.100/32");
    let change = differ(&lo, &host()).unwrap().unwrap();
    assert!(
        change.unguarded().contains("ip -4 addr add 192.168.175.100/32 dev lo\n"),
        "{}",
        change.unguarded()
    );
    let tunnel = on("tunl0", "192.168.175.100/32");
    let live = differ(&tunnel, &host()).unwrap().unwrap().live.unwrap();
    assert!(live.script.reveal().contains("ip link set dev tunl0 up\n"));
    assert!(live.undo.reveal().ends_with("ip link set dev tunl0 down\n"));
    let file = settled_by_boot(&tunnel, &host()).files.pop().unwrap();
    assert_eq!(
        file.1,
        "# Written by lvsprov.\nauto tunl0\niface tunl0 inet static\n    address 192.168.175.100/32\n"
    );
    // one that a step before this one brings
    assert!(differ(&on("ip6tnl0", "2001:db8::10/128"), &host()).unwrap().is_some());
}

#[test]
fn the_main_file_takes_it_where_it_sources_no_other() {
    let bare = Host { files: Vec::new(), ..host() }.file(MAIN, STATIC);
    let after = settled_by_boot(&on("", "192.168.40.100/24"), &bare);
    let expected =
        format!("{STATIC}\n# Written by lvsprov.\niface eth0 inet static\n    address 192.168.40.100/24\n");
    assert_eq!(after.files, [(MAIN.to_owned(), expected)]);
}

#[test]
fn networkd_gets_a_drop_in_and_a_file_where_it_has_none() {
    let lan = "/run/systemd/network/10-lan.network";
    let unit = "[Match]\nName=eth0\n[Network]\nAddress=192.168.40.101/24\n";
    let host = Host { files: Vec::new(), ..host() }.networkd("eth0", lan, unit);
    let added = |address: &Address| settled_by_boot(address, &host).files[1..].to_vec();
    let drop_in = "# Written by lvsprov.\n[Network]\nAddress=192.168.40.100/24\n";
    assert_eq!(
        added(&on("eth0", "192.168.40.100/24")),
        [("/etc/systemd/network/10-lan.network.d/lvsprov-192.168.40.100.conf".into(), drop_in.into())]
    );
    let lo = on("lo", "2001:db8::10/128");
    let names: Vec<String> = added(&lo).into_iter().map(|(path, _)| path).collect();
    let main = "/etc/systemd/network/lvsprov-lo.network";
    assert_eq!(names, [main.to_owned(), format!("{main}.d/lvsprov-2001-db8--10.conf")]);
    // networkd reads them at the next boot only
    let after = settled_by_boot(&lo, &host).address("lo 2001:db8::10/128");
    assert_eq!(differ(&lo, &after), Ok(None));
    let change = differ(&absent(lo), &after).unwrap().unwrap();
    assert!(change.script.reveal().contains(&format!("rm -f {main}\n")), "{}", change.script.reveal());
}

#[test]
fn another_prefix_length_is_not_silently_changed() {
    let vip = on("", "192.168.40.101/25");
    assert!(differ(&vip, &host()).unwrap_err().reason.contains("192.168.40.101/24"));
    let boot = settled_by_boot(&on("eth0", "192.168.40.100/24"), &host());
    assert!(differ(&on("eth0", "192.168.40.100/32"), &boot).unwrap_err().reason.contains("prefix length"));
}

#[test]
fn an_address_that_another_machine_has_is_told() {
    let mut host = host();
    host.addresses
        .push("2: eth0    inet6 fd00::1/64 scope global dadfailed tentative \\       valid_lft".into());
    let refusal = differ(&on("eth0", "fd00::1/64"), &host).unwrap_err();
    assert!(refusal.reason.contains("another machine on eth0's link has fd00::1 already"));
}

#[test]
fn a_stanza_goes_when_it_is_that_address_and_no_more() {
    let alias =
        "auto lo:1\niface lo:1 inet static\n    address 192.168.175.100\n    netmask 255.255.255.255\n";
    let with =
        |more: &str| Host { files: Vec::new(), ..host() }.file(MAIN, &format!("{SOURCED}{STATIC}{more}"));
    let take = |address: &str, more: &str| {
        let owners = Owners::parse(&with(more).owners()).unwrap();
        let address = address.parse().unwrap();
        let (interface, owner) = owners.bringing(address).remove(0);
        let setting = super::super::owner::Setting::NoAddress { address, interface: &interface };
        owner.set(&setting).map(|edits| edits[0].new.clone().unwrap())
    };
    assert_eq!(take("192.168.175.100", alias), Ok(format!("{SOURCED}{STATIC}")));
    assert!(take("192.168.40.101", "").unwrap_err().reason.contains("interfaces:5"));
    let by_hand =
        "iface lo inet static\n    address 10.0.0.7/32\n    up ip addr add 10.0.0.9/32 dev $IFACE\n";
    assert!(take("10.0.0.7", by_hand).unwrap_err().reason.contains("more than that address"));
    assert!(take("10.0.0.9", by_hand).unwrap_err().reason.contains("brings 10.0.0.9"));
    let change = differ(&on("lo", "10.0.0.9/32"), &with(by_hand)).unwrap().unwrap();
    assert_eq!(shown(&change), ["running: - -> 10.0.0.9/32 (lo)"]);
}

#[test]
fn the_address_of_our_own_connection_is_not_taken_away_lightly() {
    let controller = Some("10.9.9.9".parse().unwrap());
    let host = host().address("eth1 10.9.9.1/24").address("lo 10.7.7.7/32");
    let facts = |connection| Facts { connection, ..Facts::example() };
    let risks = |address: &str, facts: &Facts| {
        plan(&absent(on("", address)), facts, &host.of_address()).map(|change| change.unwrap().risks)
    };
    let goes = |what: &str| Risk::CutOff { controller, what: format!("address {what} goes") };
    let known = facts(Facts::example().connection);
    // the stanza that brings it is the interface's only one, and that is refused first
    assert!(risks("192.168.40.101/24", &known).is_err());
    let server = Connection { server: "10.7.7.7".parse().unwrap(), ..known.connection.unwrap() };
    assert_eq!(risks("10.7.7.7/32", &facts(Some(server))), Ok(vec![goes("10.7.7.7/32 (lo)")]));
    assert_eq!(risks("10.7.7.7/32", &known), Ok(vec![]));
    assert_eq!(risks("10.9.9.1/24", &known), Ok(vec![goes("10.9.9.1/24 (eth1)")]));
    let risks = risks("10.7.7.7/32", &facts(None)).unwrap();
    assert_eq!(risks, [Risk::CutOff { controller: None, what: "address 10.7.7.7/32 (lo) goes".into() }]);
}

#[test]
fn a_subnet_that_takes_in_the_controller_is_a_risk() {
    let risks = |address: &str, host: &Host| differ(&on("eth0", address), host).unwrap().unwrap().risks.len();
    assert_eq!(risks("10.9.0.1/16", &host()), 1);
    assert_eq!(risks("10.9.0.1/32", &host()), 0);
    assert_eq!(risks("10.9.0.1/16", &host().address("eth1 10.9.9.1/24")), 0);
    assert!(differ(&on("eth0", "10.9.9.9/24"), &host()).unwrap_err().reason.contains("controller's own"));
}

#[test]
fn an_address_must_be_one_hosts() {
    for wrong in ["192.168.40.0/24", "192.168.40.255/24", "0.0.0.0/0", "224.0.0.1/32", "::/64"] {
        assert!(on("", wrong).check().is_err(), "{wrong}");
    }
    for right in ["192.168.40.0/31", "192.168.40.0/32", "fd00::/64", "fd00::1/128"] {
        assert!(on("", right).check().is_ok(), "{right}");
    }
    assert_eq!(on("lo", "10.0.0.1/32").subject(), "10.0.0.1/32 (lo)");
}

#[test]
fn other_owners_say_what_to_run() {
    let nm = [
        "device eth0",
        "state connected",
        "profile a",
        "ipv4.method:manual",
        "ipv4.addresses:192.168.40.101/24",
    ];
    let bare = Host { files: Vec::new(), ..host() };
    let vip = on("", "192.168.40.100/24");
    let refused = |host: &Host| differ(&vip, host).unwrap_err().remedy;
    assert_eq!(
        refused(&bare.clone().nm(&nm)),
        "`nmcli connection modify a +ipv4.addresses 192.168.40.100/24`, then `nmcli device reapply eth0`; \
         or `nmcli connection migrate a`"
    );
    let both = bare.clone().nm(&nm[..4]).nm(&["ipv4.addresses:192.168.40.101/24, 192.168.40.100/24"]);
    assert_eq!(differ(&vip, &both.address("eth0 192.168.40.100/24")), Ok(None));
}
