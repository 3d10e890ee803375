use super::*;
use crate::ipvs::{Protocol, ServiceKey};
use crate::plan::Other;
use crate::resource::{Risk, UndeclaredService};
use crate::run::Event;

fn key(port: u16) -> ServiceKey {
    ServiceKey::Address(Protocol::Tcp, format!("1.2.3.4:{port}").parse().unwrap())
}

fn service(port: u16) -> UndeclaredService {
    let real_servers = ["10.0.0.1:80", "10.0.0.2:80"].map(|address| address.parse().unwrap()).to_vec();
    UndeclaredService { key: key(port), real_servers, running: true, at_boot: Some(true), ours: false }
}

fn others() -> [Other; 4] {
    let strangers = vec!["10.0.0.2".parse().unwrap()];
    let old = UndeclaredService { ours: true, ..service(8081) };
    let saved = UndeclaredService { running: false, real_servers: Vec::new(), ..service(8082) };
    [
        Other::Service { service: service(8080), strangers: Vec::new() },
        Other::Service { service: old, strangers },
        Other::Service { service: saved, strangers: Vec::new() },
        Other::Host { address: "10.0.0.3".parse().unwrap(), services: vec![key(80)] },
    ]
}

#[test]
fn what_is_not_declared_is_a_line_each_with_what_prune_would_do() {
    let others = others();
    let named: Vec<_> = others.iter().map(|other| ("lvs_director", other)).collect();
    let (out, err) = told(text(), |report| {
        report.undeclared(&named);
        report.undeclared(&[]);
    });
    assert_eq!(err, "");
    assert_eq!(
        out.lines().collect::<Vec<_>>(),
        [
            "left alone: lvs_director: virtual service tcp 1.2.3.4:8080 (2 real servers): not declared; \
             `prune: true` of virtual_services would remove it",
            "left alone: lvs_director: virtual service tcp 1.2.3.4:8081 (2 real servers, of which no declared host has \
             10.0.0.2): not declared now, though an earlier run changed it; `prune: true` of virtual_services would \
             remove it",
            "left alone: lvs_director: virtual service tcp 1.2.3.4:8082 (0 real servers, in the rules file alone): not \
             declared; `prune: true` of virtual_services would remove it",
            "left alone: host 10.0.0.3 (lvs_director has it in tcp 1.2.3.4:80): no declared host has this address, and \
             nothing is planned for it",
        ]
    );
}

#[test]
fn machines_are_told_the_same() {
    let [one, .., host] = others();
    let (out, _) = told(json(), |report| report.undeclared(&[("d", &one), ("d", &host)]));
    assert_eq!(
        out.lines().collect::<Vec<_>>(),
        [
            r#"{"event":"undeclared","version":1,"time":0.0,"host":"d","what":"virtual service tcp 1.2.3.4:8080","why":"not declared","prune":"`prune: true` of virtual_services would remove it","services":["tcp 1.2.3.4:8080"],"real_servers":["10.0.0.1:80","10.0.0.2:80"],"unknown":[],"running":true,"at_boot":true,"changed_before":false}"#,
            r#"{"event":"undeclared","version":1,"time":0.0,"host":"d","what":"host 10.0.0.3","why":"no declared host has this address, and nothing is planned for it","prune":null,"services":["tcp 1.2.3.4:80"],"real_servers":[],"unknown":["10.0.0.3"],"running":null,"at_boot":null,"changed_before":false}"#,
        ]
    );
}

#[test]
fn a_plan_tells_what_becomes_of_connections() {
    let risk = |connections, seconds, services: Option<&str>| Risk::Drain {
        connections,
        seconds,
        services: services.map(str::to_owned),
    };
    let risks =
        vec![risk(Some(14), 10, None), risk(Some(1), 0, Some("tcp 1.2.3.4:80")), risk(None, 60, None)];
    let leaves = Aspect::value("real server 10.0.0.2:80", some("nat, weight 1"), None);
    let change = Change { risks, ..Change::new(vec![leaves], "true") };
    let plan = host_plan(vec![item(0, "virtual_services", "tcp 1.2.3.4:80", Outcome::Change(change))]);
    let (out, _) = told(text(), |report| report.plan(&["Directors".into()], &[("d", Some(&plan))]));
    for note in [
        "note: drains 14 connections, at most 10 s\n",
        "note: cuts 1 connection of tcp 1.2.3.4:80 at once\n",
        "note: drains whatever connections there are, at most 60 s\n",
    ] {
        assert!(out.contains(note), "{note}{out}");
    }
    let (out, _) = told(json(), |report| report.plan(&["Directors".into()], &[("d", Some(&plan))]));
    assert!(out.contains(r#"{"risk":"drain","connections":14,"seconds":10,"services":null}"#), "{out}");
}

#[test]
fn what_was_cut_stays_to_be_read_on_a_terminal() {
    let host = || "lvs_director".to_owned();
    let tell = |report: &Report| {
        report.tell(Event::Noted { host: host(), text: "waiting for 3 connections to end, 1 s left".into() });
        report.tell(Event::Told { host: host(), text: "3 connections were cut".into() });
    };
    let (_, err) = told(Options { terminal: true, ..text() }, tell);
    assert!(err.contains("3 connections were cut\n") && !err.contains("waiting"), "{err}");
    let (_, err) = told(text(), tell);
    assert!(err.contains("1 s left\n") && err.contains("cut\n"), "{err}");
    let (out, _) = told(json(), tell);
    assert_eq!(out.matches(r#""event":"noted""#).count(), 2, "{out}");
}
