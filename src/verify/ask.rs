//! Has every client ask every virtual service, and judges the answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::asking::{Bounds, script};
use super::question::Question;
use super::{Event, Judged, NotAsked, Pages, Verdict, answers, judge, not_asked, requests};
use crate::inventory::{Host, ServiceDeclaration, same_family};
use crate::ipvs::Check;
use crate::plan::PlannedHost;
use crate::run::{Failure, Job, Links};
use crate::transport::{Exchange, Output};

/// What came of asking.
#[derive(Debug, Default)]
pub struct Asked {
    /// The verdicts that could be had.
    pub judged: Vec<Rc<Judged>>,
    /// The clients that could not ask, by participant.
    pub failures: Vec<(usize, Rc<Failure>)>,
    /// The services that no client tried.
    pub not_tried: Vec<String>,
}

/// A service, what it is asked, and how often.
struct Service<'a> {
    declared: &'a ServiceDeclaration,
    question: Result<Question, NotAsked>,
    bounds: Bounds,
}

/// Lets each client that was read ask each service in one exchange, one client after the other: two at once would
/// disturb each other's sequence. `count` is the number of requests a service, by default two cycles of its scheduler.
///
/// What can't be asked, and what no client can ask, is told: it is no failure, but no proof either. A client asks over IPv4
/// and over IPv6 as it has addresses.
/// A client whose connection is gone, or on which what asks does not work, fails: of what it did not ask nothing is known.
/// The verdicts that could be had are given.
pub async fn ask(
    job: &Job<'_>,
    hosts: &[PlannedHost],
    links: &mut Links,
    count: Option<usize>,
    events: &dyn Fn(Event),
) -> Asked {
    let inventory = job.inventory;
    let real_servers =
        inventory.hosts.iter().filter(|host| !host.rips().is_empty()).map(|host| host.name.clone());
    let pages = Pages::declared(hosts, real_servers, |name| job.memory.recall(name));
    let services: Vec<Service<'_>> =
        inventory.virtual_services.iter().map(|declared| Service::of(declared, count, &pages)).collect();
    let can_ask = |client: &PlannedHost, service: &Service<'_>| {
        can_ask(
            &inventory.hosts[client.host],
            service.question.as_ref().ok().map(|question| question.address),
        )
    };
    let not_tried = services.iter().filter(|service| !hosts.iter().any(|host| can_ask(host, service)));
    let not_tried: Vec<String> = not_tried.map(|service| service.declared.name.clone()).collect();
    let mut asked = Asked { not_tried: not_tried.clone(), ..Asked::default() };
    if !not_tried.is_empty() {
        events(Event::NotTried { services: not_tried });
    }
    for (index, client) in hosts.iter().enumerate().filter(|(_, host)| host.survey.is_ok()) {
        let services: Vec<_> = services.iter().filter(|service| can_ask(client, service)).collect();
        let questions =
            || services.iter().filter_map(|service| Some((service, service.question.as_ref().ok()?)));
        let mut sections = Vec::new();
        if questions().next().is_some() {
            let requests = questions().map(|(service, _)| service.bounds.requests).sum();
            events(Event::Asking { client: client.name.clone(), requests });
            let longest: Duration = questions().map(|(service, _)| service.bounds.longest()).sum();
            let mut exchange = Exchange::reading(longest + Duration::from_secs(30));
            for (service, question) in questions() {
                exchange.push_reading(script(question, &service.bounds));
            }
            let reply = match job.shell(index, links).await {
                Ok(mut link) => link.exchange(&exchange, |_| ()).await,
                Err(error) => Err(error),
            };
            match reply {
                Ok(reply) => sections = reply.sections,
                Err(error) => {
                    let failure = Rc::new(Failure::from(error));
                    events(Event::Failed { client: client.name.clone(), failure: Rc::clone(&failure) });
                    asked.failures.push((index, failure));
                    continue;
                }
            }
        }
        let mut sections = sections.into_iter();
        let mut unasked: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for service in services {
            let (made, verdict) = match &service.question {
                Err(why) => (0, not_asked(service.declared, *why)),
                Ok(question) => {
                    let output = sections.next().flatten().unwrap_or_default();
                    match service.judge(question, &output, &pages) {
                        Ok(judged) => judged,
                        Err(said) => {
                            unasked.entry(said).or_default().push(service.declared.name.clone());
                            continue;
                        }
                    }
                }
            };
            let judged = Rc::new(Judged {
                service: service.declared.name.clone(),
                client: client.name.clone(),
                requests: made,
                verdict,
            });
            events(Event::Judged(Rc::clone(&judged)));
            asked.judged.push(judged);
        }
        for (said, services) in unasked {
            let failure = Rc::new(Failure::CannotAsk { services, said });
            events(Event::Failed { client: client.name.clone(), failure: Rc::clone(&failure) });
            asked.failures.push((index, failure));
        }
    }
    asked
}

/// How many connections are made where each is all that can be seen: which real server took it, nobody tells.
const MOST_CONNECTIONS: usize = 60;

impl<'a> Service<'a> {
    fn of(declared: &'a ServiceDeclaration, count: Option<usize>, pages: &Pages) -> Self {
        let most = if declared.check == Check::Connection { MOST_CONNECTIONS } else { usize::MAX };
        let count = count.unwrap_or_else(|| requests(&declared.service).min(most));
        Service {
            declared,
            question: Question::of(declared, &pages.path()),
            bounds: Bounds::of(declared, count),
        }
    }

    /// How many requests were made, and the verdict on them; or why none was.
    fn judge(&self, question: &Question, output: &Output, pages: &Pages) -> Result<(usize, Verdict), String> {
        let (usual, planned) = (self.declared.check == Check::Usual, self.bounds.requests);
        let answers = answers::read(output, question, usual, planned, pages)?;
        Ok((answers.requests.len(), judge(self.declared, &answers, planned)))
    }
}

/// Whether a host is a client that has an address of the service's family.
fn can_ask(host: &Host, address: Option<SocketAddr>) -> bool {
    host.cips().iter().any(|cip| address.is_none_or(|address| same_family(cip.ip(), address.ip())))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::path::PathBuf;

    use super::*;
    use crate::document::Source;
    use crate::inventory::{self, Inventory};
    use crate::plan::{Plan, Survey, Surveyed};
    use crate::playbook::{Engine, Playbook, Variables};
    use crate::resource::Facts;
    use crate::run::Participant;
    use crate::transport::{Settings, Target, Way};

    #[test]
    fn a_client_asks_over_what_it_has_addresses_of() {
        let text = include_str!("../../tests/cases/whole.yaml");
        let text = text.replace("  probe:", "  four: { cip: 203.0.113.51/24 }\n  probe:");
        let inventory = inventory::read(Source::new("whole.yaml", text)).unwrap();
        let asks = |name: &str, address: &str| can_ask(inventory.host(name).unwrap(), address.parse().ok());
        assert!(asks("probe", "203.0.113.10:80") && asks("probe", "[2001:db8::10]:80"));
        assert!(asks("four", "203.0.113.10:80") && !asks("four", "[2001:db8::10]:80"));
        assert!(!asks("web1", "203.0.113.10:80"), "no client");
    }

    /// What came of asking from these hosts, each this machine's own shell, and what was told meanwhile.
    async fn asked(inventory: &Inventory, hosts: &[&str]) -> (Asked, Vec<Event>) {
        asked_through(vec!["sh".into()], inventory, hosts).await
    }

    /// The same, by shells that these words start.
    async fn asked_through(shell: Vec<String>, inventory: &Inventory, hosts: &[&str]) -> (Asked, Vec<Event>) {
        let (engine, variables) = (Engine::new(), Variables::new(inventory));
        let playbook = Playbook::read(&Source::new("none.yaml", "[]"), &engine).unwrap();
        let settings = Settings {
            control_dir: PathBuf::new(),
            config_file: None,
            configuration: String::new(),
            connect_timeout: Duration::from_secs(1),
            read_timeout: Duration::from_secs(90),
            persist: Duration::from_secs(1),
        };
        let hosts: Vec<usize> = hosts.iter().map(|name| inventory.index_of(name).unwrap()).collect();
        let target = Target { name: "here".into(), way: Way::Local(shell), r#become: None };
        let participant =
            |host: &usize| Participant { host: *host, target: target.clone(), plays: Vec::new() };
        let participants: Vec<Participant> = hosts.iter().map(participant).collect();
        let survey = || Survey::new(Facts::example(), Vec::new(), Vec::new());
        let surveyed = hosts.iter().map(|host| Surveyed { host: *host, result: Ok(survey()) }).collect();
        let plan = Plan::new(inventory, &[], surveyed, true);
        let job = Job {
            inventory,
            playbook: &playbook,
            engine: &engine,
            variables: &variables,
            participants: &participants,
            tags: &[],
            settings: &settings,
            forks: 1,
            mark: "m",
            events: &|_| (),
            guard: None,
            holder: "me",
            lock_wait: Duration::ZERO,
            memory: &(),
        };
        let told = RefCell::new(Vec::new());
        let tell = |event| told.borrow_mut().push(event);
        let asked = ask(&job, &plan.hosts, &mut Links::default(), None, &tell).await;
        (asked, told.into_inner())
    }

    #[tokio::test]
    async fn services_that_no_client_tries_are_named() {
        let text = include_str!("../../inventories/tutorial.yaml");
        let inventory = inventory::read(Source::new("tutorial.yaml", text)).unwrap();
        let (asked, told) = asked(&inventory, &[]).await;
        assert!(asked.judged.is_empty() && asked.not_tried == ["web"]);
        assert!(
            matches!(told.as_slice(), [Event::NotTried { services }] if services == &["web"]),
            "{told:?}"
        );
    }

    #[tokio::test]
    async fn a_client_whose_curl_does_not_work_fails_and_nothing_is_said_of_the_services() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let curl = folder.path().join("curl");
        std::fs::write(
            &curl,
            "#!/bin/sh\necho 'curl: symbol lookup error: undefined symbol: x' >&2\nexit 127\n",
        )
        .unwrap();
        std::fs::set_permissions(&curl, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("PATH={}:/usr/bin:/bin", folder.path().display());
        let text = include_str!("../../inventories/tutorial.yaml").replace(
            "virtual_services:",
            "virtual_services:\n  - { name: quiet, address: 192.168.175.100:82, check: none }",
        );
        let inventory = inventory::read(Source::new("tutorial.yaml", text)).unwrap();
        let (asked, told) =
            asked_through(vec!["env".into(), path, "sh".into()], &inventory, &["client"]).await;
        let judged: Vec<&str> = asked.judged.iter().map(|judged| judged.service.as_str()).collect();
        assert!(!judged.contains(&"web") && judged.contains(&"quiet"), "{judged:?}");
        let failures: Vec<String> = asked.failures.iter().map(|(_, failure)| failure.to_string()).collect();
        assert_eq!(failures, ["can't ask web: curl: symbol lookup error: undefined symbol: x"]);
        assert!(matches!(told.last(), Some(Event::Failed { client, .. }) if client == "client"), "{told:?}");
    }

    #[tokio::test]
    async fn what_can_be_asked_is_and_the_rest_says_why_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let _ = write!(stream, "HTTP/1.0 200 OK\r\n\r\nweb{}\n", 1 + number % 2);
            }
        });
        let text = format!(
            "cluster: web\ndirectors:\n  d: {{ vip: 127.0.0.1/24, dip: 10.20.0.1/24 }}\n\
             real_servers:\n  web1: {{ rip: 10.20.0.11/24 }}\n  web2: {{ rip: 10.20.0.12/24 }}\n\
             clients:\n  c: {{ cip: 127.0.0.50/24 }}\nvirtual_services:\n\
             - {{ name: dns, address: '127.0.0.1:53', protocol: udp }}\n\
             - {{ name: web, address: '127.0.0.1:{port}' }}\n\
             - {{ name: quiet, address: '127.0.0.1:81', check: none }}\n"
        );
        let inventory =
            inventory::read(Source::new("here.yaml", text)).unwrap_or_else(|wrong| panic!("{wrong}"));
        let (asked, told) = asked(&inventory, &["c"]).await;
        assert!(asked.failures.is_empty() && asked.not_tried.is_empty(), "{asked:?}");
        let [dns, web, quiet] = asked.judged.as_slice() else { panic!("{asked:?}") };
        let why = |judged: &Judged| judged.verdict.why.clone().unwrap_or_default();
        assert!(
            asked.judged.iter().all(|judged| !judged.verdict.judged && judged.verdict.findings.is_empty())
        );
        assert_eq!(why(dns), "not asked: it is a udp service, and this version asks TCP services only");
        assert_eq!(why(quiet), "not asked: its check is none");
        assert_eq!(why(web), "this version does not know in which order wlc picks real servers");
        assert_eq!((web.requests, &web.verdict.known), (6, &vec!["all 6 requests were answered".to_owned()]));
        assert_eq!(web.verdict.counts.iter().map(|share| share.count).collect::<Vec<_>>(), [3, 3]);
        assert!(matches!(told.first(), Some(Event::Asking { requests: 6, .. })), "{told:?}");
    }
}
