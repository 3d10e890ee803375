//! Has every client ask every virtual service, and judges the answers.

use std::rc::Rc;
use std::time::Duration;

use super::{Event, Judged, Pages, curl, judge, requests};
use crate::inventory::{Inventory, Role, ServiceDeclaration};
use crate::ipvs::{Protocol, ServiceKey};
use crate::run::{Failure, Seen};
use crate::transport::{Exchange, LinkError};

/// Lets each client that was seen ask each service in one exchange, one client after the other: two at once would
/// disturb each other's sequence. `count` is the number of requests a service, by default two cycles of its scheduler.
///
/// Where no client takes part, that is told: it is no failure, but no proof either.
/// A client whose connection is gone fails; the verdicts that could be had are given.
pub async fn ask(
    inventory: &Inventory,
    seen: &mut [Seen<'_>],
    count: Option<usize>,
    events: &dyn Fn(Event),
) -> Vec<Rc<Judged>> {
    let real_servers =
        inventory.hosts.iter().filter(|host| !host.rips().is_empty()).map(|host| host.name.clone());
    let pages = Pages::declared(seen, real_servers);
    // Of those that are no TCP services, what they answer is not known here: they are asked nothing.
    let services: Vec<(&ServiceDeclaration, Option<std::net::SocketAddr>, usize)> = inventory
        .virtual_services
        .iter()
        .map(|declared| match declared.service.key {
            ServiceKey::Address(Protocol::Tcp, address) => {
                (declared, Some(address), count.unwrap_or_else(|| requests(&declared.service)))
            }
            _ => (declared, None, 0),
        })
        .collect();
    let is_client = |seen: &Seen<'_>| matches!(inventory.hosts[seen.machine.host].role, Role::Client { .. });
    if !seen.iter().any(is_client) && !services.is_empty() {
        let services = services.iter().map(|(declared, ..)| declared.name.clone()).collect();
        events(Event::NotTried { services });
    }
    let mut all = Vec::new();
    for client in seen.iter_mut().filter(|seen| is_client(seen)) {
        let Ok(observation) = &mut client.result else { continue };
        let total: usize = services.iter().map(|(.., count)| count).sum();
        events(Event::Asking { client: client.name.to_owned(), requests: total });
        let most = curl::REQUEST_TIMEOUT * u32::try_from(total).unwrap_or(u32::MAX).max(1);
        let mut exchange = Exchange::reading(most + Duration::from_secs(30));
        for (_, address, count) in &services {
            exchange.push(address.map(|address| curl::script(address, *count)).unwrap_or_default());
        }
        let reply = match &mut observation.link {
            Some(link) => link.exchange(&exchange, |_| ()).await,
            None => Err(LinkError::Lost { stderr: "the connection was closed before".into() }),
        };
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => {
                let failure = Rc::new(Failure::from(error));
                events(Event::Failed { client: client.name.to_owned(), failure: Rc::clone(&failure) });
                client.result = Err(failure);
                continue;
            }
        };
        for (index, (declared, _, count)) in services.iter().enumerate() {
            let output = reply.sections.get(index).and_then(Option::as_ref);
            let requests = curl::parse(output.map_or(&[], |output| &output.bytes), *count, &pages);
            let judged = Rc::new(Judged {
                service: declared.name.clone(),
                client: client.name.to_owned(),
                requests: *count,
                verdict: judge(declared, &requests),
            });
            events(Event::Judged(Rc::clone(&judged)));
            all.push(judged);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::document::Source;
    use crate::inventory;

    #[tokio::test]
    async fn services_that_no_client_tries_are_named() {
        let text = include_str!("../../inventories/tutorial.yaml");
        let inventory = inventory::read(Source::new("tutorial.yaml", text)).unwrap();
        let told = RefCell::new(Vec::new());
        let judged = ask(&inventory, &mut [], None, &|event| told.borrow_mut().push(event)).await;
        assert!(judged.is_empty());
        let told = told.into_inner();
        assert!(
            matches!(told.as_slice(), [Event::NotTried { services }] if services == &["web"]),
            "{told:?}"
        );
    }
}
