use super::*;
use crate::resource::network::owners::Owners;
use crate::resource::{Connection, Risk};

const DUAL: &str = "auto eth0\niface eth0 inet static\n\taddress 192.168.40.101/24\n\tgateway 192.168.40.1\n\
                    iface eth0 inet6 static\n\taddress fd00:20::11/64\n\tgateway fd00:20::1\n";

fn facts() -> Facts {
    let mut facts = Facts::example();
    for net in ["fd00:20::11/64", "fe80::1234/64"] {
        facts.addresses.push(("eth0".into(), net.parse().unwrap()));
    }
    facts
}

fn dual() -> Host {
    Host::default()
        .file(MAIN, DUAL)
        .route("default via 192.168.40.1 dev eth0 onlink ")
        .route("default via fd00:20::1 dev eth0 metric 1024 onlink pref medium")
}

#[test]
fn each_version_has_a_gateway_of_its_own() {
    let v6 = plan(&gateway("fd00:20::100"), &facts(), &dual().of_gateway()).unwrap().unwrap();
    assert_eq!(
        shown(&v6),
        [
            "at boot: fd00:20::1 (eth0) -> fd00:20::100 (eth0, /etc/network/interfaces)",
            "running: fd00:20::1 (eth0) -> fd00:20::100 (eth0)",
        ]
    );
    let live = v6.live.unwrap();
    assert_eq!(live.script.reveal(), "ip -6 route replace default via fd00:20::100 dev eth0\n");
    assert!(
        live.undo.reveal().contains("ip -6 route append default via fd00:20::1 dev eth0 metric 1024 onlink")
    );
    let owners = Owners::parse(&dual().owners()).unwrap();
    let edit = owners.set_gateway("fd00:20::100".parse().unwrap(), "eth0").unwrap().remove(0);
    assert_eq!(edit.new.unwrap(), DUAL.replace("20::1\n", "20::100\n"));
}

#[test]
fn other_metrics_and_next_hops_go() {
    let routes = |routes: &[&str]| {
        let mut host = Host::default().file(MAIN, &DUAL.replace("20::1\n", "20::100\n"));
        host.v6 = routes.iter().map(|route| (*route).to_owned()).collect();
        let change = plan(&gateway("fd00:20::100"), &facts(), &host.of_gateway()).unwrap();
        change.map(|change| change.unguarded())
    };
    let right = "default via fd00:20::100 dev eth0 metric 1024 pref medium";
    assert_eq!(routes(&[right]), None);
    let other = "default via fe80::1 dev eth1 metric 100 pref medium";
    let delete = "ip -6 route del default via fe80::1 dev eth1 metric 100 2>/dev/null || :\n";
    assert_eq!(routes(&[other, right]).as_deref(), Some(delete));
    let hops = "default metric 1024 pref medium\\\tnexthop via fd00:20::1 dev eth0 weight 1 \\\tnexthop via fd00:20::100 dev eth0 weight 1 ";
    let replace = "ip -6 route replace default via fd00:20::100 dev eth0\n";
    assert_eq!(routes(&[hops]).as_deref(), Some(replace));
}

#[test]
fn the_gateway_of_a_link_needs_its_interface() {
    let declared = |interface: Option<&str>| DefaultGateway {
        via: "fe80::1".parse().unwrap(),
        interface: interface.map(str::to_owned),
    };
    assert!(declared(None).check().unwrap_err().contains("add `interface`"));
    assert!(declared(Some("eth 0")).check().is_err());
    assert_eq!(declared(Some("eth0")).check(), Ok(()));
    assert_eq!(declared(Some("eth0")).subject(), "fe80::1 (eth0)");
    let change = plan(&declared(Some("eth0")), &facts(), &dual().of_gateway()).unwrap().unwrap();
    assert_eq!(change.aspects[1].new.as_deref(), Some("fe80::1 (eth0)"));
    assert!(change.unguarded().contains("ip -6 route replace default via fe80::1 dev eth0\n"));
}

#[test]
fn a_route_that_a_router_advertises_is_told_with_what_to_do() {
    let route = "default via fe80::9 dev eth0 proto ra metric 1024 expires 1795sec hoplimit 64 pref medium";
    let refusal = plan(&gateway("fd00:20::1"), &facts(), &dual().route(route).of_gateway()).unwrap_err();
    assert!(refusal.reason.contains("advertisements bring a default route: fe80::9 (eth0)"));
    assert!(refusal.remedy.contains("net.ipv6.conf.eth0.accept_ra"), "{}", refusal.remedy);
    assert!(plan(&gateway("192.168.40.1"), &facts(), &dual().route(route).of_gateway()).unwrap().is_none());
}

#[test]
fn a_change_of_one_version_is_no_risk_to_a_connection_of_the_other() {
    let connection = |client: &str| {
        Some(Connection { client: client.parse().unwrap(), server: "fd00:20::11".parse().unwrap() })
    };
    let risks = |via: &str, client: &str, way: &str| {
        let facts = Facts { connection: connection(client), ..facts() };
        let mut host = dual();
        let lines = if client.contains(':') { &mut host.v6 } else { &mut host.v4 };
        lines.push(format!("way {way}"));
        plan(&gateway(via), &facts, &host.of_gateway()).unwrap().unwrap().risks.len()
    };
    assert_eq!(risks("fd00:20::100", "2001:db8::9", "default via fd00:20::1 dev eth0"), 1);
    assert_eq!(risks("fd00:20::100", "10.9.9.9", "default via 192.168.40.1 dev eth0"), 0);
    assert_eq!(risks("192.168.40.100", "2001:db8::9", "default via fd00:20::1 dev eth0"), 0);
    let way = "2001:db8::9 from :: via fd00:20::1 dev eth0 src fd00:20::11 metric 1024 pref medium";
    assert_eq!(risks("fd00:20::100", "2001:db8::9", way), 1);
    let facts = Facts { connection: None, ..facts() };
    let risks = plan(&gateway("fd00:20::100"), &facts, &dual().of_gateway()).unwrap().unwrap().risks;
    let (old, new) = ("fd00:20::1".parse().ok(), "fd00:20::100".parse().unwrap());
    assert_eq!(risks, [Risk::RouteChange { controller: None, old, new }]);
}

#[test]
fn networkd_has_both_versions_in_one_section() {
    let lan = "/etc/systemd/network/10-lan.network";
    let unit = "[Network]\nAddress=192.168.40.101/24\nAddress=fd00:20::11/64\nGateway=192.168.40.1\nGateway=fe80::7\n\
                [Route]\nDestination=::/0\nGateway=fe80::8\n";
    let host = Host::default().networkd("eth0", lan, unit);
    let owners = Owners::parse(&host.owners()).unwrap();
    let edited = |via: &str| owners.set_gateway(via.parse().unwrap(), "eth0").unwrap().remove(0).new.unwrap();
    assert_eq!(edited("192.168.40.100"), unit.replace("40.1\n", "40.100\n"));
    let expected = "[Network]\nAddress=192.168.40.101/24\nAddress=fd00:20::11/64\nGateway=192.168.40.1\nGateway=fe80::1\n";
    assert_eq!(edited("fe80::1"), expected);
}

#[test]
fn addresses_that_are_asked_for_are_told() {
    for (method, how) in [("auto", "router advertisements"), ("dhcp", "DHCP")] {
        let text = DUAL.replace("inet6 static", &format!("inet6 {method}"));
        let host = Host { files: vec![(MAIN.into(), text)], ..dual() };
        let refusal = plan(&gateway("fd00:20::100"), &facts(), &host.of_gateway()).unwrap_err();
        assert!(refusal.reason.contains(how), "{}", refusal.reason);
    }
}
