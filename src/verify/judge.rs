//! Whether the answers that a client got are what the service's scheduler must give.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::expectation::Expectation;
use crate::inventory::ServiceDeclaration;
use crate::ipvs::VirtualService;

/// One request that a client made, with a connection of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The host name of the real server that answered, known by its page; `None` when none did.
    pub real_server: Option<String>,
    /// The HTTP status; 0 when there was no answer.
    pub http_code: u16,
    /// How long it took.
    pub seconds: f64,
    /// The client's own port; 0 when there was no connection. The kernel gives one out again after some thousands.
    pub local_port: u16,
    /// A connection was opened for it.
    pub own_connection: bool,
    /// What went wrong.
    pub error: Option<String>,
}

/// How many requests a real server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its host name.
    pub real_server: String,
    /// How many it answered.
    pub count: usize,
    /// How many it may answer; `None` when that can't be said.
    pub expected: Option<RangeInclusive<usize>>,
}

/// How long the answered requests took, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// The fastest.
    pub min: f64,
    /// The middle one; of two, the mean.
    pub median: f64,
    /// The slowest.
    pub max: f64,
}

/// What came of a service's requests from one client.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What the scheduler must do, for people: `rr: 3 each, in turn`.
    pub expected: String,
    /// Each real server's share: first those declared, in the inventory's order, then any stranger.
    pub counts: Vec<Share>,
    /// Which real server answered each request; `-` for none.
    pub sequence: Vec<String>,
    /// Whether all was as it must be. What can't be judged never passes.
    pub pass: bool,
    /// Whether it is known what the scheduler must do.
    pub judged: bool,
    /// Everything that was not as it must be.
    pub findings: Vec<String>,
    /// `None` when nothing was answered.
    pub latency: Option<Latency>,
}

/// Judges the requests of one client to one service, in the order in which they were made.
pub fn judge(declared: &ServiceDeclaration, requests: &[Request]) -> Verdict {
    let mut expectation = Expectation::of(&declared.service);
    let names = Names::of(declared);
    let mut findings = failures(declared, requests);
    findings.extend(shared_connections(requests));
    findings.extend(strangers(declared, &names, requests));

    let answered: Vec<&str> = requests.iter().filter_map(|request| request.real_server.as_deref()).collect();
    // A failed request leaves a gap of which nobody knows how the scheduler filled it: what is around it is not
    // compared, and the failure itself is the finding.
    let complete = answered.len() == requests.len();
    let spread = match &expectation {
        Expectation::Exact(shares) if complete => {
            let shares: Vec<_> =
                shares.iter().map(|(address, share)| (names.name(address), *share)).collect();
            uneven(&declared.service, &shares, &answered)
        }
        Expectation::One(_) => more_than_one(declared, &answered),
        Expectation::Nobody => {
            Some("every real server has weight 0, so that the director refuses new connections".into())
        }
        Expectation::Exact(_) | Expectation::Unknown => None,
    };
    if spread.is_some() && expectation != Expectation::Nobody && Expectation::may_be_full(&declared.service) {
        // Nobody knows whether it was full.
        expectation = Expectation::Unknown;
    } else {
        findings.extend(spread);
    }
    if requests.is_empty() {
        findings.push("no request was made: this version asks TCP services only".into());
    }
    let judged = expectation != Expectation::Unknown;
    Verdict {
        expected: expected(&declared.service, &expectation, &names, requests.len()),
        counts: counts(declared, &expectation, &names, &answered, requests.len()),
        sequence: requests
            .iter()
            .map(|request| request.real_server.clone().unwrap_or_else(|| "-".into()))
            .collect(),
        pass: judged && findings.is_empty(),
        judged,
        findings,
        latency: latency(requests),
    }
}

/// The real servers' host names by address.
struct Names<'a>(BTreeMap<std::net::SocketAddr, &'a str>);

impl<'a> Names<'a> {
    fn of(declared: &'a ServiceDeclaration) -> Self {
        Names(declared.hosts.iter().map(|(address, name)| (*address, name.as_str())).collect())
    }

    fn name(&self, address: &std::net::SocketAddr) -> String {
        self.0.get(address).map_or_else(|| address.to_string(), |name| (*name).to_owned())
    }
}

fn failures(declared: &ServiceDeclaration, requests: &[Request]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        let what = match (&request.error, &request.real_server) {
            (Some(error), _) => error.clone(),
            (None, None) => format!("HTTP {} with a page that no real server has", request.http_code),
            (None, Some(name)) if !(200..300).contains(&request.http_code) => {
                format!("HTTP {} from {name}", request.http_code)
            }
            (None, Some(_)) => continue,
        };
        found.push((index + 1, what));
    }
    // A service that is down fails every request in the same way: that is one finding.
    let alike = |a: &(usize, String), b: &(usize, String)| a.0 + 1 == b.0 && a.1 == b.1;
    found
        .chunk_by(alike)
        .map(|run| {
            let (first, last) = (run[0].0, run[run.len() - 1].0);
            let which = if first == last {
                format!("request {first}")
            } else {
                format!("requests {first} to {last}")
            };
            format!("{which} to {} failed: {}", declared.name, run[0].1)
        })
        .collect()
}

/// Requests that shared a connection tell nothing of the scheduler, which is asked once a connection.
fn shared_connections(requests: &[Request]) -> Option<String> {
    let shared = requests.iter().position(|request| request.local_port != 0 && !request.own_connection)?;
    Some(format!(
        "request {} came over a connection of an earlier one: they are not one connection each",
        shared + 1
    ))
}

/// Real servers that must not answer: not of the service, or with weight 0.
fn strangers(declared: &ServiceDeclaration, names: &Names<'_>, requests: &[Request]) -> Vec<String> {
    // A client that came before the weight was 0 stays with its real server until its persistence ends. And a host may
    // serve on several ports, of which only one has weight 0.
    let persistent = declared.service.persistence.is_some();
    let mut takes: BTreeMap<String, bool> = BTreeMap::new();
    for (address, server) in &declared.service.real_servers {
        *takes.entry(names.name(address)).or_default() |= server.weight > 0 || persistent;
    }
    let answered: BTreeSet<&str> =
        requests.iter().filter_map(|request| request.real_server.as_deref()).collect();
    answered
        .into_iter()
        .filter_map(|name| match takes.get(name) {
            Some(true) => None,
            Some(false) => Some(format!("{name} answered, though its weight is 0")),
            None => Some(format!("{name} answered, which is no real server of {}", declared.name)),
        })
        .collect()
}

/// The first window of consecutive requests that is not spread as the shares say; and what is no whole cycle must not
/// have more than a cycle's share.
fn uneven(service: &VirtualService, shares: &[(String, usize)], answered: &[&str]) -> Option<String> {
    let shares = by_name(shares);
    let length = shares.values().sum::<usize>();
    let mut windows = answered.windows(length.min(answered.len()).max(1)).enumerate();
    windows.find_map(|(start, window)| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for name in window {
            *counts.entry(name).or_default() += 1;
        }
        let full = window.len() == length;
        let (name, share) = shares.iter().find(|(name, share)| {
            let count = counts.get(name.as_str()).copied().unwrap_or(0);
            if full { count != **share } else { count > **share }
        })?;
        Some(format!(
            "{}: of requests {} to {}, {name} answered {} instead of {}{share}: {}",
            service.scheduler,
            start + 1,
            start + window.len(),
            counts.get(name.as_str()).copied().unwrap_or(0),
            if full { "" } else { "at most " },
            window.join(" "),
        ))
    })
}

fn more_than_one(declared: &ServiceDeclaration, answered: &[&str]) -> Option<String> {
    let different = answered.iter().position(|name| name != &answered[0])?;
    let why = match declared.service.persistence {
        Some(seconds) => format!("persistence of {seconds} s"),
        None => format!("the scheduler {}", declared.service.scheduler),
    };
    Some(format!(
        "{why} keeps a client with one real server, but request 1 went to {} and request {} to {}",
        answered[0],
        different + 1,
        answered[different]
    ))
}

fn expected(
    service: &VirtualService,
    expectation: &Expectation,
    names: &Names<'_>,
    requests: usize,
) -> String {
    let scheduler = service.scheduler;
    match expectation {
        Expectation::Exact(shares) => {
            let cycle: usize = shares.iter().map(|(_, share)| share).sum();
            let first = shares.first().map_or(0, |(_, share)| *share);
            if shares.iter().all(|(_, share)| *share == first) {
                let each = bounds(first, cycle, requests);
                format!("{scheduler}: {} each, in turn", range(&each))
            } else {
                let ratio: Vec<_> = shares
                    .iter()
                    .map(|(address, share)| format!("{share} {}", names.name(address)))
                    .collect();
                format!("{scheduler}: of any {cycle} in a row, {}", ratio.join(", "))
            }
        }
        Expectation::One(_) => match service.persistence {
            Some(seconds) => format!("{scheduler}, persistent {seconds} s: all to one real server"),
            None => format!("{scheduler}: all to one real server"),
        },
        Expectation::Nobody => format!("{scheduler}: no real server takes connections"),
        Expectation::Unknown if Expectation::may_be_full(service) => {
            format!("{scheduler}: not judged, as a real server at its upper threshold is passed over")
        }
        Expectation::Unknown => format!("{scheduler}: not judged yet"),
    }
}

fn counts(
    declared: &ServiceDeclaration,
    expectation: &Expectation,
    names: &Names<'_>,
    answered: &[&str],
    requests: usize,
) -> Vec<Share> {
    let of = |name: &str| answered.iter().filter(|answer| **answer == name).count();
    let mut order: Vec<String> = declared.hosts.iter().map(|(_, name)| name.clone()).collect();
    order.extend(declared.service.real_servers.keys().map(|address| names.name(address)));
    order.extend(answered.iter().map(|name| (*name).to_owned()));
    let mut seen = BTreeSet::new();
    order.retain(|name| seen.insert(name.clone()));

    let shares = match expectation {
        Expectation::Exact(shares) => {
            let named: Vec<_> = shares.iter().map(|(address, share)| (names.name(address), *share)).collect();
            by_name(&named)
        }
        Expectation::One(_) | Expectation::Nobody | Expectation::Unknown => BTreeMap::new(),
    };
    let cycle: usize = shares.values().sum();
    order
        .into_iter()
        .map(|name| {
            let expected = match expectation {
                Expectation::Exact(_) => {
                    Some(bounds(shares.get(&name).copied().unwrap_or(0), cycle, requests))
                }
                Expectation::Nobody => Some(0..=0),
                Expectation::One(_) | Expectation::Unknown => None,
            };
            Share { count: of(&name), real_server: name, expected }
        })
        .collect()
}

/// How many of so many requests go to a real server with that share of a cycle, wherever in it they begin.
fn bounds(share: usize, cycle: usize, requests: usize) -> RangeInclusive<usize> {
    let (whole, rest) = (requests / cycle, requests % cycle);
    let others = cycle - share;
    (whole * share + rest.saturating_sub(others))..=(whole * share + share.min(rest))
}

fn range(range: &RangeInclusive<usize>) -> String {
    if range.start() == range.end() {
        range.start().to_string()
    } else {
        format!("{} to {}", range.start(), range.end())
    }
}

/// A host that serves on several ports has the shares of all of them: its page does not tell them apart.
fn by_name(shares: &[(String, usize)]) -> BTreeMap<String, usize> {
    let mut sums = BTreeMap::new();
    for (name, share) in shares {
        *sums.entry(name.clone()).or_default() += share;
    }
    sums
}

fn latency(requests: &[Request]) -> Option<Latency> {
    let mut seconds: Vec<f64> = requests
        .iter()
        .filter(|request| request.real_server.is_some())
        .map(|request| request.seconds)
        .collect();
    seconds.sort_by(f64::total_cmp);
    let (min, max) = (*seconds.first()?, *seconds.last()?);
    let middle = seconds.len() / 2;
    let median = if seconds.len() % 2 == 1 {
        seconds[middle]
    } else {
        f64::midpoint(seconds[middle - 1], seconds[middle])
    };
    Some(Latency { min, median, max })
}

#[cfg(test)]
mod tests;
