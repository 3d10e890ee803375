//! Inventories as a user writes them: the valid ones of `inventories/`, and in `tests/cases/inventory` what is wrong
//! with the others, as it is shown. `UPDATE_CASES=1` writes what is shown now; read the difference before committing.

use std::fs;
use std::path::Path;

use lvsprov::document::{Complaints, Source};
use lvsprov::inventory::{self, Dip, Inventory, Role, ServiceDeclaration, TableOwner, Vip};
use lvsprov::ipvs::{Check, Forwarding, Page, Protocol, Scheduler, Scheme, ServiceKey, Talk};
use miette::{GraphicalReportHandler, GraphicalTheme};
use proptest::prelude::*;

const TUTORIALS: [&str; 3] = ["tutorial.yaml", "tutorial-wrr.yaml", "tutorial-sh.yaml"];

fn read(name: &str, text: &str) -> Result<Inventory, Complaints> {
    inventory::read(Source::new(name, text))
}

fn example(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("inventories").join(name))
        .expect("the example is in the repository")
}

fn shown(complaints: &Complaints) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(110);
    let mut text = String::new();
    for complaint in complaints {
        handler.render_report(&mut text, complaint).expect("a complaint is about its own source");
        text.push('\n');
    }
    text
}

#[test]
fn every_case_is_complained_of_as_recorded() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/inventory");
    let mut cases = 0;
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        cases += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        let complaints = read(name, &fs::read_to_string(&path).unwrap()).unwrap_err();
        assert!(!complaints.is_empty(), "{name} is refused, but nothing is said");
        let shown = shown(&complaints);
        let recorded = path.with_extension("txt");
        if std::env::var_os("UPDATE_CASES").is_some() {
            fs::write(&recorded, &shown).unwrap();
        }
        let expected = fs::read_to_string(&recorded).unwrap_or_default();
        assert_eq!(shown, expected, "{name}");
    }
    assert!(cases >= 7, "only {cases} cases were found");
}

#[test]
fn every_complaint_of_the_issue_comes_in_one_go() {
    let text = fs::read_to_string("tests/cases/inventory/everything.yaml").unwrap();
    let complaints = read("everything.yaml", &text).unwrap_err();
    let lines = complaints.to_string();
    for (place, what) in [
        ("2:10", "the cluster's name cannot hold ' '"),
        ("3:1", "`shh` is not a key that is known here; did you mean `ssh`?"),
        ("4:51", "`become` must be true or false"),
        ("13:29", "192.168.40.101 is already the rip of `lvs_real_server01`"),
        ("14:3", "`lvs_real_server02` is there twice"),
        ("15:29", "under nat the rip of `lvs_real_server03` must be in a DIP's subnet"),
        ("20:18", "under nat the client `client` cannot be inside 192.168.40.0/24"),
        ("32:16", "`scheduler` cannot be `rrr`; did you mean `rr`?"),
        ("35:44", "`weight` must be a whole number from 0 to 65535; write at most 65535"),
        ("36:17", "there is no real server `lvs_real_server10`; did you mean `lvs_real_server01`?"),
        ("38:44", "`weight` must be a whole number from 0 to 65535"),
        ("45:14", "192.168.175.200 is no director's VIP"),
    ] {
        let found = lines
            .lines()
            .any(|line| line.starts_with(&format!("everything.yaml:{place}: ")) && line.contains(what));
        assert!(found, "{place}: {what}\nis not among\n{lines}");
    }
}

#[test]
fn the_tutorials_inventory_is_what_it_says() {
    let inventory = read("tutorial.yaml", &example("tutorial.yaml")).unwrap();
    assert_eq!(inventory.cluster, "web");
    let names: Vec<&str> = inventory.hosts.iter().map(|host| host.name.as_str()).collect();
    assert_eq!(names, ["lvs_director", "lvs_real_server01", "lvs_real_server02", "client"]);

    let director = inventory.host("lvs_director").unwrap();
    let (vip, dip) = (Vip("192.168.175.100/24".parse().unwrap()), Dip("192.168.40.100/24".parse().unwrap()));
    let role = Role::Director {
        vips: vec![vip],
        dips: vec![dip],
        own: Vec::new(),
        priority: 100,
        sync_daemons: Vec::new(),
    };
    assert_eq!(director.role, role);
    assert_eq!(director.connect_to(), "192.168.40.100");
    assert_eq!(director.ssh.user.as_deref(), Some("root"));
    assert_eq!(inventory.dips_for(inventory.host("lvs_real_server02").unwrap()), [dip]);
    assert_eq!(inventory.time.servers, ["pool.ntp.org"]);

    let service = inventory.services_of(director).next().unwrap();
    assert_eq!(service.name, "web");
    let key = ServiceKey::Address(Protocol::Tcp, "192.168.175.100:80".parse().unwrap());
    assert_eq!(service.service.key, key);
    assert_eq!(service.service.scheduler, Scheduler::Rr);
    let of: Vec<String> = service.hosts.iter().map(|(address, host)| format!("{host} {address}")).collect();
    assert_eq!(of, ["lvs_real_server01 192.168.40.101:80", "lvs_real_server02 192.168.40.102:80"]);
    for real_server in service.service.real_servers.values() {
        assert_eq!((real_server.weight, real_server.forwarding), (1, Forwarding::Nat));
    }
}

#[test]
fn the_variants_differ_in_scheduler_and_weight_only() {
    let [rr, wrr, sh] = TUTORIALS.map(|name| read(name, &example(name)).unwrap());
    assert_eq!(wrr.virtual_services[0].service.scheduler, Scheduler::Wrr);
    assert_eq!(sh.virtual_services[0].service.scheduler, Scheduler::Sh);
    let weights = |inventory: &Inventory| {
        let real_servers = inventory.virtual_services[0].service.real_servers.values();
        real_servers.map(|real_server| real_server.weight).collect::<Vec<_>>()
    };
    assert_eq!((weights(&rr), weights(&wrr), weights(&sh)), (vec![1, 1], vec![1, 4], vec![1, 1]));
    for other in [&wrr, &sh] {
        assert_eq!(other.cluster, rr.cluster);
        assert_eq!(format!("{:?}", other.hosts), format!("{:?}", rr.hosts));
    }
}

#[test]
fn defaults_and_what_a_host_says_itself() {
    let inventory = read(
        "inventory.yaml",
        "
cluster: web
ssh: { user: admin, port: 2222, become: yes, options: { ServerAliveInterval: 15, Compression: yes } }
vars: { page: one, color: red }
directors:
  d: { vip: 2001:db8:1::100/64, dip: 2001:db8:2::1/64, address: director.example.com }
real_servers:
  r1: { rip: 2001:db8:2::11/64, ssh: { port: 22, options: { Compression: no } }, vars: { page: 2 } }
  r2: { rip: 2001:db8:2::12/64 }
groups: { odd: [r1], both: [odd, r2, r1], everyone: [all] }
virtual_services:
  - { name: web, address: '[2001:db8:1::100]:80' }
  - { name: all, address: '[2001:db8:1::100]:0', protocol: udp, persistent: 300, real_servers: [r2] }
  - name: ports
    address: '[2001:db8:1::100]:443'
    drain: 0
    real_servers: [{ host: r1, port: 8443, weight: 0 }, { host: r1, port: 9443, weight: 65535 }]
",
    )
    .unwrap();
    let [director, r1, r2] = &inventory.hosts[..] else { panic!("{:?}", inventory.hosts) };
    assert_eq!(director.connect_to(), "director.example.com");
    assert_eq!((director.ssh.port, r1.ssh.port), (Some(2222), Some(22)));
    assert_eq!((r1.ssh.r#become, r1.ssh.user.as_deref()), (Some(true), Some("admin")));
    let options = |host: &inventory::Host| host.ssh.options.values().cloned().collect::<Vec<_>>();
    assert_eq!((options(r1), options(r2)), (vec!["no".into(), "15".into()], vec!["yes".into(), "15".into()]));
    assert_eq!((&r1.vars["page"], &r1.vars["color"]), (&2.into(), &"red".into()));
    assert_eq!(r2.vars["page"], "one");
    assert_eq!(inventory.groups["both"], ["r1", "r2"]);
    assert_eq!(inventory.groups["everyone"], ["d", "r1", "r2"]);

    let [web, all, ports] = &inventory.virtual_services[..] else { panic!() };
    assert_eq!(web.service.scheduler, Scheduler::Wlc, "the kernel's default");
    assert_eq!((web.hosts.len(), web.service.persistence), (2, None));
    assert_eq!((all.hosts.len(), all.service.persistence), (1, Some(300)));
    assert_eq!((web.drain, ports.drain), (None, Some(0)), "without a time of its own, and with none");
    let members = ports.service.real_servers.iter();
    let members: Vec<String> =
        members.map(|(address, member)| format!("{address} {}", member.weight)).collect();
    assert_eq!(members, ["[2001:db8:2::11]:8443 0", "[2001:db8:2::11]:9443 65535"]);
}

#[test]
fn lists_pairs_and_own_addresses_are_what_they_say() {
    let text = fs::read_to_string("tests/cases/whole.yaml").unwrap();
    let inventory = read("whole.yaml", &text).unwrap();
    let host = |name| inventory.host(name).unwrap();
    let text = |nets: Vec<ipnet::IpNet>| nets.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let (lb1, web1) = (host("lb1"), host("web1"));
    assert_eq!(lb1.connect_to(), "203.0.113.11", "the first own address");
    assert_eq!(text(lb1.standing()), "203.0.113.11/24 10.20.0.2/24");
    let shared = "203.0.113.10/24 2001:db8::10/64 10.20.0.1/24 fd00:20::1/64";
    assert_eq!(text(lb1.to_configure()), shared);
    assert!(matches!(lb1.role, Role::Director { priority: 150, .. }), "{:?}", lb1.role);
    assert!(matches!(host("lb2").role, Role::Director { priority: 100, .. }));
    assert_eq!((text(web1.standing()), web1.to_configure()), ("10.20.0.11/24 fd00:20::11/64".into(), vec![]));
    let dips =
        |name| inventory.dips_for(host(name)).iter().map(|dip| dip.ip().to_string()).collect::<Vec<_>>();
    assert_eq!(
        (dips("web1"), dips("web2")),
        (vec!["10.20.0.1".into(), "fd00:20::1".into()], vec!["10.20.0.1".into()])
    );

    let pairs = inventory.pairs();
    let names = |pair: &Vec<&inventory::Host>| pair.iter().map(|host| host.name.clone()).collect::<Vec<_>>();
    assert_eq!(pairs.iter().map(names).collect::<Vec<_>>(), [["lb1", "lb2"]]);
    assert_eq!(inventory.engine, TableOwner::Keepalived, "what moves a pair's addresses");
    let services =
        |name| inventory.services_of(host(name)).map(|service| service.name.as_str()).collect::<Vec<_>>();
    assert_eq!((services("lb1"), services("lb2")), (vec!["four", "six"], vec!["four", "six"]));
    assert_eq!(services("alone"), ["other"]);

    let members = |index: usize| {
        let declared: &ServiceDeclaration = &inventory.virtual_services[index];
        let hosts: Vec<String> = declared.hosts.iter().map(|(at, host)| format!("{host} {at}")).collect();
        (hosts.join(", "), declared.check.clone())
    };
    assert_eq!(
        members(0),
        ("web1 10.20.0.11:80, web2 10.20.0.12:80".into(), Check::Usual),
        "the rip behind the dip"
    );
    assert_eq!(members(1), ("web1 [fd00:20::11]:80".into(), Check::None), "who has an IPv6 address");
    assert_eq!(members(2).0, "web3 10.30.0.13:80");
}

#[test]
fn checks_are_short_or_whole() {
    let check = |check: &str| {
        let text = format!(
            "cluster: web\ndirectors:\n  d: {{ vip: 203.0.113.10/24, dip: 10.20.0.1/24 }}\n\
             real_servers:\n  web1: {{ rip: 10.20.0.11/24 }}\n\
             virtual_services:\n  - {{ name: web, address: '203.0.113.10:80', {check} }}\n"
        );
        read("inventory.yaml", &text).unwrap_or_else(|wrong| panic!("{wrong}")).virtual_services[0]
            .check
            .clone()
    };
    assert_eq!(check(""), Check::Usual);
    assert_eq!((check("check: none"), check("check: tcp")), (Check::None, Check::Connection));
    assert_eq!(
        (check("check: http"), check("check: { tcp: {} }")),
        (Check::Page(Page::default()), Check::Connection)
    );
    assert_eq!(
        check("check: { https: { path: '/health?full=1', host: shop.example, status: 204 } }"),
        Check::Page(Page {
            scheme: Scheme::Https { insecure: false },
            host: Some("shop.example".into()),
            path: "/health?full=1".into(),
            status: 204,
        })
    );
    let insecure = Page { scheme: Scheme::Https { insecure: true }, ..Page::default() };
    assert_eq!(check("check: { https: { insecure: true } }"), Check::Page(insecure));
    let talk = |send: &str, expect: &str| Check::Talk(Talk { send: send.into(), expect: expect.into() });
    assert_eq!(check(r#"check: { tcp: { send: "PING\r\n", expect: +PONG } }"#), talk("PING\r\n", "+PONG"));
    assert_eq!(check("check: { tcp: { expect: 220 } }"), talk("", "220"), "as it is written");
}

#[test]
fn where_subnets_overlap_a_real_server_has_the_director_that_it_can_reach() {
    let inventory = read(
        "inventory.yaml",
        "
cluster: web
directors:
  wide: { vip: 192.0.2.1/24, dip: 10.0.0.1/16 }
  narrow: { vip: 192.0.2.2/24, dip: 10.0.1.1/24 }
real_servers:
  of_wide: { rip: 10.0.2.5/16 }
  of_narrow: { rip: 10.0.1.5/24 }
",
    )
    .unwrap();
    let dip = |name| inventory.dips_for(inventory.host(name).unwrap())[0].ip().to_string();
    assert_eq!((dip("of_wide"), dip("of_narrow")), ("10.0.0.1".into(), "10.0.1.1".into()));
    assert_eq!(inventory.dips_for(inventory.host("wide").unwrap()), []);
}

#[test]
fn the_schema_says_what_the_reader_takes() {
    let schema = inventory::schema();
    let keys =
        |object: &serde_json::Value| -> Vec<String> { object.as_object().unwrap().keys().cloned().collect() };
    let all = [
        "cluster",
        "ssh",
        "vars",
        "directors",
        "real_servers",
        "clients",
        "groups",
        "engine",
        "virtual_services",
        "time",
        "timeouts",
        "pages",
    ];
    let mut declared = keys(&schema["properties"]);
    declared.sort();
    let mut all = all.map(str::to_owned).to_vec();
    all.sort();
    assert_eq!(declared, all);
    assert_eq!(schema["required"], serde_json::json!(["cluster", "directors", "real_servers"]));
    assert_eq!(schema["additionalProperties"], false);
    let director = &schema["$defs"]["Director"];
    assert_eq!(director["required"], serde_json::json!(["vip", "dip"]));
    assert!(director["properties"]["vip"]["description"].as_str().unwrap().contains("192.168.175.100/24"));
    let text = schema.to_string();
    assert!(text.contains("wlc") && text.contains("persistent") && !text.contains("Raw"), "{schema:#}");
}

#[test]
fn ten_thousand_hosts_are_read_in_no_time() {
    let mut text = String::from(
        "cluster: big\ndirectors:\n  d: { vip: 192.168.175.100/24, dip: 10.0.0.1/16 }\nreal_servers:\n",
    );
    for number in 2..10_002 {
        text += &format!(
            "  r{number}: {{ rip: 10.0.{}.{}/16, vars: {{ id: {number} }} }}\n",
            number / 256,
            number % 256
        );
    }
    text += "virtual_services: [{ name: web, address: '192.168.175.100:80' }]\n";
    let start = std::time::Instant::now();
    let inventory = read("big.yaml", &text).unwrap();
    let took = start.elapsed();
    println!("{} hosts in {took:?}", inventory.hosts.len());
    assert_eq!(inventory.virtual_services[0].hosts.len(), 10_000);
    assert_eq!(inventory.host("r10001").unwrap().vars["id"], 10_001);
    // Far above what it takes, also without optimisation and on a busy machine; what is square would pass it.
    assert!(took.as_secs() < 20, "{took:?}");
}

proptest! {
    /// Whatever becomes of a file, reading it gives an inventory or at least one complaint within the text.
    #[test]
    fn no_text_makes_the_reader_panic(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, "[-a-z0-9 :,./{}\\[\\]\"'&*!|>%@#\n\té?<~]{0,8}"), 1..6),
        which in 0usize..2,
    ) {
        let cases = [example("tutorial.yaml"), fs::read_to_string("tests/cases/inventory/everything.yaml").unwrap()];
        let mut text: Vec<char> = cases[which].chars().collect();
        for (at, length, new) in cuts {
            let at = at.index(text.len() + 1);
            let end = (at + length).min(text.len());
            text.splice(at..end, new.chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(complaints) = read("mutated.yaml", &text) {
            prop_assert!(!complaints.is_empty());
            for complaint in &complaints {
                prop_assert!(text.get(complaint.span.offset..complaint.span.offset + complaint.span.length).is_some());
                prop_assert!(!complaint.remedy.is_empty());
            }
            let _ = shown(&complaints);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(text in "\\PC{0,200}") {
        let _ = read("noise.yaml", &text);
    }
}
