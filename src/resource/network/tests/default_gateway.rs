use super::*;
use crate::resource::{Connection, Risk};

fn dip() -> DefaultGateway {
    gateway("192.168.40.100")
}

fn differ(host: &Host) -> Result<Option<Change>, Refusal> {
    plan(&dip(), &Facts::example(), &host.of_gateway())
}

fn main_file(text: &str) -> Host {
    Host::default().file(MAIN, text)
}

#[test]
fn route_and_file_are_two_truths() {
    let fixed = STATIC.replace("40.1\n", "40.100\n");
    let what = |route, file| -> Vec<String> {
        let change = differ(&main_file(file).route(route)).unwrap();
        change.map(|c| c.aspects.into_iter().map(|a| a.what).collect()).unwrap_or_default()
    };
    let (old, new) = ("default via 192.168.40.1 dev eth0 onlink ", "default via 192.168.40.100 dev eth0 ");
    assert_eq!(what(old, STATIC), ["at boot", "running"]);
    assert_eq!(what(new, STATIC), ["at boot"]);
    assert_eq!(what(old, &fixed), ["running"]);
    assert!(what(new, &fixed).is_empty());
}

#[test]
fn extra_default_routes_go() {
    let host = main_file(&STATIC.replace("40.1\n", "40.100\n"))
        .route("default via 192.168.40.100 dev eth0 ")
        .route("default via 10.0.0.1 dev eth1 metric 100 ");
    let change = differ(&host).unwrap().unwrap();
    assert_eq!(change.aspects[0].old.as_deref(), Some("192.168.40.100 (eth0), 10.0.0.1 (eth1)"));
    assert_eq!(
        change.unguarded(),
        "ip -4 route del default via 10.0.0.1 dev eth1 metric 100 2>/dev/null || :\n"
    );
}

#[test]
fn a_route_that_the_replace_takes_is_not_deleted_after_it() {
    let file = STATIC.replace("40.1\n", "40.100\n");
    let change = |routes: &[&str]| {
        let host = routes.iter().fold(main_file(&file), |host, route| host.route(route));
        differ(&host).unwrap().unwrap()
    };
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
    let client = Facts::example().connection.unwrap().client;
    let by =
        |route: &str, way: &str| differ(&main_file(STATIC).route(route).route(way)).unwrap().unwrap().risks;
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
fn a_controller_that_the_host_does_not_know_is_taken_to_come_by_the_gateway() {
    let host = main_file(STATIC).route("default via 192.168.40.1 dev eth0 ");
    let risks = |over_ssh| {
        let facts = Facts { connection: None, over_ssh, ..Facts::example() };
        plan(&dip(), &facts, &host.of_gateway()).unwrap().unwrap().risks
    };
    let (old, new) = (Some("192.168.40.1".parse().unwrap()), "192.168.40.100".parse().unwrap());
    assert_eq!(risks(true), [Risk::RouteChange { controller: None, old, new }]);
    assert_eq!(risks(false), []);
    let facts = Facts { connection: None, ..Facts::example() };
    let running = host.file(MAIN, STATIC).route("default via 192.168.40.100 dev eth0");
    let running = Host { v4: running.v4[1..].to_vec(), ..running };
    let change = plan(&dip(), &facts, &running.of_gateway()).unwrap().unwrap();
    assert_eq!((change.risks, change.live), (vec![], None), "only a file changes");
}

#[test]
fn a_connection_to_an_address_of_a_link_is_one() {
    let facts =
        Facts::parse(b"/proc/sys/kernel/osrelease:1\nuid 0\nssh fe80::9%eth0 50000 fe80::1%eth0 22\nend\n")
            .unwrap();
    let connection = Connection { client: "fe80::9".parse().unwrap(), server: "fe80::1".parse().unwrap() };
    assert_eq!(facts.connection, Some(connection));
}

#[test]
fn the_gateway_must_be_a_neighbour() {
    let refused = |via: &str| plan(&gateway(via), &Facts::example(), &Host::default().of_gateway());
    let refusal = refused("10.0.0.1").unwrap_err();
    assert!(refusal.reason.contains("10.0.0.1 is in none of this host's subnets"));
    assert!(refused("192.168.40.101").unwrap_err().reason.contains("own address"));
    let elsewhere = DefaultGateway { interface: Some("eth1".into()), ..dip() };
    let refusal = plan(&elsewhere, &Facts::example(), &Host::default().of_gateway()).unwrap_err();
    assert!(refusal.reason.contains("subnets on eth1"), "{}", refusal.reason);
}

#[test]
fn a_file_of_the_same_plan_is_not_edited() {
    let observed = observe(&dip(), &Facts::example(), &main_file(STATIC).of_gateway());
    let changing = BTreeSet::from([MAIN.to_owned()]);
    let refusal = dip().differ(&observed, context(&Facts::example(), &changing)).unwrap_err();
    assert!(refusal.reason.contains("written by this same plan"));
}
