//! How long a large cluster's plan and verdicts are, and whether everybody who is meant can be found in them.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

use lvsprov::document::Source;
use lvsprov::inventory::{self, Inventory};
use lvsprov::plan::{Plan, Surveyed};
use lvsprov::playbook::{self, Engine};
use lvsprov::report::{Options, Report};
use lvsprov::verify::{Answers, Event, Judged, Request, judge};

use super::documents::Documents;
use super::texts::Texts;

const SERVICES: usize = 50;
const REAL_SERVERS: usize = 20;

fn inventory() -> Inventory {
    let real_servers =
        (1..=REAL_SERVERS).map(|n| format!("  real{n:02}: {{ rip: 192.168.40.{}/24 }}\n", 100 + n));
    let services = (1..=SERVICES).map(|n| {
        format!("  - {{ name: shop{n:02}, address: \"192.168.175.100:80{n:02}\", scheduler: rr }}\n")
    });
    let text = format!(
        "cluster: large\ndirectors:\n  lb1: {{ vip: 192.168.175.100/24, dip: 192.168.40.100/24 }}\nreal_servers:\n{}\
         clients:\n  probe: {{ cip: 192.168.175.50/24 }}\nvirtual_services:\n{}time: {{ servers: [pool.ntp.org] }}\n",
        real_servers.collect::<String>(),
        services.collect::<String>()
    );
    inventory::read(Source::new("inventory.yaml", text)).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// What a report writes to stdout.
#[derive(Clone, Default)]
struct Out(Rc<RefCell<Vec<u8>>>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn told(options: Options, tell: impl FnOnce(&Report)) -> String {
    let out = Out::default();
    tell(&Report::with_writers(options, out.clone(), io::sink()));
    String::from_utf8(out.0.take()).unwrap()
}

fn names(prefix: &str, count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(move |n| format!("{prefix}{n:02}"))
}

#[test]
fn a_first_deploy_of_50_services_and_20_real_servers_is_shown_on_a_page_and_names_all() {
    let (inventory, engine) = (inventory(), Engine::new());
    for name in playbook::BUILTIN_TEMPLATES {
        engine.add_file(name, playbook::builtin_template(name).unwrap());
    }
    let deploy = playbook::builtin_playbook("deploy").unwrap();
    let documents = Documents::read(&inventory, &engine, deploy, &[]).unwrap();
    let bare = Texts::of(PathBuf::from("/nonexistent"), true).unwrap();
    let survey = |host: usize| Surveyed { host, result: documents.survey(&bare, host).unwrap() };
    let surveyed = (0..inventory.hosts.len()).map(survey).collect();
    let plan = Plan::new(&inventory, &documents.playbook.plays, surveyed, true);
    let stages: Vec<String> = plan.stages.iter().map(|stage| stage.name.clone()).collect();
    let hosts: Vec<_> = plan.hosts.iter().map(|host| (host.name.as_str(), Some(&host.plan))).collect();
    let out = told(Options::default(), |report| report.plan(&stages, &hosts));
    let lines = out.lines().count();
    assert!(lines < 150, "{lines} lines:\n{out}");
    for (n, name) in names("shop", SERVICES).enumerate() {
        let service = format!("{name} (tcp 192.168.175.100:80{:02})", n + 1);
        assert!(out.contains(&service), "{service}:\n{out}");
    }
    for (n, name) in names("real", REAL_SERVERS).enumerate() {
        let server = format!("{name} (192.168.40.{})", 101 + n);
        assert!(out.contains(&server), "{server}:\n{out}");
        assert!(out.contains(&format!("{name}: +{name}\n")), "its page:\n{out}");
    }
    assert!(out.contains("+ virtual_services shop01, shop02, shop03 and 47 more\n"), "{out}");
    assert!(out.contains("+ at boot: the same\n"), "{out}");
}

#[test]
fn verdicts_that_pass_are_a_line_each() {
    let inventory = inventory();
    let judged: Vec<Judged> = inventory
        .virtual_services
        .iter()
        .map(|declared| {
            let names = names("real", REAL_SERVERS).collect::<Vec<_>>();
            let requests: Vec<Request> = names
                .iter()
                .rev()
                .cycle()
                .take(2 * REAL_SERVERS)
                .enumerate()
                .map(|(n, name)| Request {
                    real_server: Some(name.clone()),
                    http_code: 200,
                    seconds: 0.001,
                    local_port: 40_000 + u16::try_from(n).unwrap(),
                    own_connection: true,
                    ..Request::default()
                })
                .collect();
            let answers = Answers { requests, ended: None };
            let requests = answers.requests.len();
            let verdict = judge(declared, &answers, requests);
            Judged { service: declared.name.clone(), client: "probe".into(), requests, verdict }
        })
        .collect();
    let tell = |options| {
        told(options, |report| {
            judged.iter().for_each(|judged| report.tell(Event::Judged(Rc::new(judged.clone()))));
        })
    };
    let out = tell(Options::default());
    assert_eq!(out.lines().count(), SERVICES, "{out}");
    for (line, name) in out.lines().zip(names("shop", SERVICES)) {
        assert!(line.starts_with(&format!("PASS  {name} from probe: 20 19 18 ")), "{line}");
        assert!(line.ends_with(" of 40  (rr: 2 each, in turn)"), "{line}");
        assert!(line.chars().count() <= 100, "{line}");
    }
    let more = tell(Options { verbosity: 1, ..Options::default() });
    assert!(more.lines().count() > SERVICES * REAL_SERVERS, "-v shows each real server's share");
}
