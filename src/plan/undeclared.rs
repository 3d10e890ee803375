//! What is on the hosts and is not declared, and stays: it is told, and is neither a change nor drift.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::host::Outcome;
use super::survey::Survey;
use crate::inventory::Inventory;
use crate::ipvs::ServiceKey;
use crate::resource::{self, UndeclaredService};

/// Something that is not declared, and stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undeclared {
    /// The host on which it was found: an index into [`super::Plan::hosts`].
    pub host: usize,
    /// What it is.
    pub what: Other,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Other {
    /// A virtual service on a director.
    Service {
        /// It.
        service: UndeclaredService,
        /// The addresses among its real servers' that no declared host has.
        strangers: Vec<IpAddr>,
    },
    /// A host of which a director's table tells, and which the inventory does not declare, at least not any more.
    Host {
        /// Its address.
        address: IpAddr,
        /// The declared services of the director that have it, and that it leaves.
        services: Vec<ServiceKey>,
    },
}

/// All of it, host after host, in the plan's order. Of a host that could not be read nothing is known.
pub(super) fn undeclared<'a>(
    inventory: &Inventory,
    surveys: impl Iterator<Item = Option<&'a Survey>>,
) -> Vec<Undeclared> {
    let declared = |address| inventory.hosts.iter().any(|host| host.has(address));
    let mut found = Vec::new();
    for (index, survey) in surveys.enumerate() {
        let others = survey.map(|survey| of_host(survey, &declared)).unwrap_or_default();
        found.extend(others.into_iter().map(|what| Undeclared { host: index, what }));
    }
    found
}

fn of_host(survey: &Survey, declared: &dyn Fn(IpAddr) -> bool) -> Vec<Other> {
    let (mut others, mut gone): (Vec<Other>, BTreeMap<IpAddr, Vec<ServiceKey>>) = Default::default();
    for ((declaration, observed), item) in
        survey.declared.iter().zip(&survey.observed).zip(&survey.plan.items)
    {
        let as_declared = item.outcome == Outcome::Ok;
        for found in declaration.resource.undeclared(observed, as_declared) {
            match found {
                resource::Undeclared::Service(service) => {
                    let addresses = service.real_servers.iter().map(SocketAddr::ip);
                    let mut strangers: Vec<IpAddr> =
                        addresses.filter(|address| !declared(*address)).collect();
                    strangers.dedup();
                    others.push(Other::Service { service, strangers });
                }
                resource::Undeclared::RealServer(key, address) if !declared(address.ip()) => {
                    let services = gone.entry(address.ip()).or_default();
                    if !services.contains(&key) {
                        services.push(key);
                    }
                }
                // Its host is declared, and that it leaves the service is a change.
                resource::Undeclared::RealServer(..) => {}
            }
        }
    }
    let gone = gone.into_iter().map(|(address, services)| Other::Host { address, services });
    others.into_iter().chain(gone).collect()
}
