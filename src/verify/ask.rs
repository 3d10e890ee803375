//! Has every client ask every virtual service, and judges the answers.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::{Event, Judged, Pages, curl, judge, requests};
use crate::inventory::{Host, ServiceDeclaration, same_family};
use crate::ipvs::{Protocol, ServiceKey};
use crate::plan::PlannedHost;
use crate::run::{Failure, Job, Links};
use crate::transport::Exchange;

/// What came of asking.
#[derive(Debug, Default)]
pub struct Asked {
    /// The verdicts that could be had.
    pub judged: Vec<Rc<Judged>>,
    /// The clients that could not ask, by participant.
    pub failures: Vec<(usize, Rc<Failure>)>,
}

/// Lets each client that was read ask each service in one exchange, one client after the other: two at once would
/// disturb each other's sequence. `count` is the number of requests a service, by default two cycles of its scheduler.
///
/// What no client can ask, that is told: it is no failure, but no proof either. A client asks over IPv4 and over IPv6 as
/// it has addresses.
/// A client whose connection is gone fails; the verdicts that could be had are given.
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
    let pages = Pages::declared(hosts, real_servers);
    // Of those that are no TCP services, what they answer is not known here: they are asked nothing.
    let services: Vec<(&ServiceDeclaration, Option<SocketAddr>, usize)> = inventory
        .virtual_services
        .iter()
        .map(|declared| match declared.service.key {
            ServiceKey::Address(Protocol::Tcp, address) => {
                (declared, Some(address), count.unwrap_or_else(|| requests(&declared.service)))
            }
            _ => (declared, None, 0),
        })
        .collect();
    let can_ask =
        |client: &PlannedHost, address: Option<SocketAddr>| can_ask(&inventory.hosts[client.host], address);
    let nobody = |address| !hosts.iter().any(|host| can_ask(host, address));
    let not_tried = services.iter().filter(|(_, address, _)| nobody(*address));
    let not_tried: Vec<String> = not_tried.map(|(declared, ..)| declared.name.clone()).collect();
    if !not_tried.is_empty() {
        events(Event::NotTried { services: not_tried });
    }
    let mut asked = Asked::default();
    for (index, client) in hosts.iter().enumerate().filter(|(_, host)| host.survey.is_ok()) {
        let services: Vec<_> = services.iter().filter(|(_, address, _)| can_ask(client, *address)).collect();
        if services.is_empty() {
            continue;
        }
        let total: usize = services.iter().map(|(.., count)| count).sum();
        events(Event::Asking { client: client.name.clone(), requests: total });
        let most = curl::REQUEST_TIMEOUT * u32::try_from(total).unwrap_or(u32::MAX).max(1);
        let mut exchange = Exchange::reading(most + Duration::from_secs(30));
        for (_, address, count) in &services {
            exchange.push(address.map(|address| curl::script(address, *count)).unwrap_or_default());
        }
        let reply = match job.shell(index, links).await {
            Ok(mut link) => link.exchange(&exchange, |_| ()).await,
            Err(error) => Err(error),
        };
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => {
                let failure = Rc::new(Failure::from(error));
                events(Event::Failed { client: client.name.clone(), failure: Rc::clone(&failure) });
                asked.failures.push((index, failure));
                continue;
            }
        };
        for (index, (declared, _, count)) in services.iter().enumerate() {
            let output = reply.sections.get(index).and_then(Option::as_ref);
            let requests = curl::parse(output.map_or(&[], |output| &output.bytes), *count, &pages);
            let judged = Rc::new(Judged {
                service: declared.name.clone(),
                client: client.name.clone(),
                requests: *count,
                verdict: judge(declared, &requests),
            });
            events(Event::Judged(Rc::clone(&judged)));
            asked.judged.push(judged);
        }
    }
    asked
}

/// Whether a host is a client that has an address of the service's family.
fn can_ask(host: &Host, address: Option<SocketAddr>) -> bool {
    host.cips().iter().any(|cip| address.is_none_or(|address| same_family(cip.ip(), address.ip())))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::path::PathBuf;

    use super::*;
    use crate::document::Source;
    use crate::inventory;
    use crate::playbook::{Engine, Playbook, Variables};
    use crate::transport::Settings;

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

    #[tokio::test]
    async fn services_that_no_client_tries_are_named() {
        let text = include_str!("../../inventories/tutorial.yaml");
        let inventory = inventory::read(Source::new("tutorial.yaml", text)).unwrap();
        let (engine, variables) = (Engine::new(), Variables::new(&inventory));
        let playbook = Playbook::read(&Source::new("none.yaml", "[]"), &engine).unwrap();
        let settings = Settings {
            control_dir: PathBuf::new(),
            config_file: None,
            configuration: String::new(),
            connect_timeout: Duration::from_secs(1),
            persist: Duration::from_secs(1),
        };
        let job = Job {
            inventory: &inventory,
            playbook: &playbook,
            engine: &engine,
            variables: &variables,
            participants: &[],
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
        let asked = ask(&job, &[], &mut Links::default(), None, &|event| told.borrow_mut().push(event)).await;
        assert!(asked.judged.is_empty());
        let told = told.into_inner();
        assert!(
            matches!(told.as_slice(), [Event::NotTried { services }] if services == &["web"]),
            "{told:?}"
        );
    }
}
