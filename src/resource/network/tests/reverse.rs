use super::*;
use crate::resource::Risk;
use crate::resource::network::default_gateway::Prior;

const DUAL: &str =
    "auto eth0\niface eth0 inet static\n\taddress 192.168.40.101/24\n\tgateway   192.168.40.1\n";

fn dip() -> DefaultGateway {
    gateway("192.168.40.100")
}

fn before() -> Host {
    Host::default().file(MAIN, DUAL).route("default via 192.168.40.1 dev eth0 onlink ")
}

fn after() -> Host {
    let text = DUAL.replace("gateway   192.168.40.1\n", "gateway 192.168.40.100\n");
    Host::default().file(MAIN, &text).route("default via 192.168.40.100 dev eth0 ")
}

/// What the record keeps, read again.
fn prior(host: &Host) -> Prior {
    let observed = observe(&dip(), &Facts::example(), &host.of_gateway());
    let recorded = serde_json::to_string(&dip().prior(&observed).unwrap()).unwrap();
    serde_json::from_str(&recorded).unwrap()
}

fn revert(prior: &Prior, host: &Host) -> Result<Option<Change>, Refusal> {
    let facts = Facts::example();
    let observed = observe(&dip(), &facts, &host.of_gateway());
    dip().revert(prior, &observed, context(&facts, &BTreeSet::new()))
}

#[test]
fn the_route_and_the_file_come_back() {
    let prior = prior(&before());
    assert_eq!(revert(&prior, &before()), Ok(None));
    let change = revert(&prior, &after()).unwrap().unwrap();
    assert_eq!(
        shown(&change),
        [
            "/etc/network/interfaces: as lvsprov has edited it -> as it was",
            "running: 192.168.40.100 (eth0) -> 192.168.40.1 (eth0)",
        ]
    );
    let live = change.live.unwrap();
    assert!(live.script.reveal().contains("append default via 192.168.40.1 dev eth0 onlink"));
    assert!(live.undo.reveal().contains("append default via 192.168.40.100 dev eth0"));
}

#[test]
fn a_way_back_to_the_controller_that_moves_is_a_risk_again() {
    let way = "way default via 192.168.40.100 dev eth0 ";
    let risks = |host: &Host| revert(&prior(host), &after().route(way)).unwrap().unwrap().risks;
    let controller = Some("10.9.9.9".parse().unwrap());
    let (old, new) = ("192.168.40.100".parse().ok(), "192.168.40.1".parse().unwrap());
    assert_eq!(risks(&before()), [Risk::RouteChange { controller, old, new }]);
    let without = Host { v4: Vec::new(), ..before() };
    let what = "its default gateway goes".into();
    assert_eq!(risks(&without), [Risk::CutOff { controller, what }]);
}

#[test]
fn a_file_that_was_edited_elsewhere_since_keeps_that() {
    let prior = prior(&before());
    let mut host = after();
    host.files[0].1 += "# more\n";
    assert!(revert(&prior, &host).unwrap().is_some());
    host.files[0].1 = host.files[0].1.replace("192.168.40.100", "192.168.40.7");
    let refusal = revert(&prior, &host).unwrap_err();
    assert!(refusal.reason.contains("has become another"), "{}", refusal.reason);
    assert!(refusal.remedy.contains("/var/lib/lvsprov/records/*/files/etc/network/interfaces"));
    host.files.clear();
    assert!(revert(&prior, &host).unwrap_err().reason.contains("not there any more"));
}

#[test]
fn what_was_right_already_is_left_alone() {
    let prior = prior(&after().route("default via 10.0.0.1 dev eth1 metric 100"));
    let mut host = after();
    host.files[0].1 = DUAL.into();
    let change = revert(&prior, &host).unwrap().unwrap();
    assert_eq!(shown(&change), ["running: 192.168.40.100 (eth0) -> 192.168.40.100 (eth0), 10.0.0.1 (eth1)"]);
}
