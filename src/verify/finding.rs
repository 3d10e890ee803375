//! What is not as it must be in a service's answers, in words.

use std::collections::{BTreeMap, BTreeSet};

use super::Request;
use super::expectation::Expectation;
use super::names::{Names, by_name};
use crate::inventory::ServiceDeclaration;
use crate::ipvs::{Check, VirtualService};

/// The requests that failed, those in a row that failed alike together.
pub(super) fn failures(declared: &ServiceDeclaration, requests: &[Request]) -> Vec<String> {
    let usual = declared.check == Check::Usual;
    let mut found = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        let what = match (&request.error, &request.real_server) {
            (Some(error), _) => error.clone(),
            (None, None) if usual => {
                format!("HTTP {} with a page that no real server has", request.http_code)
            }
            (None, Some(name)) if usual && !(200..300).contains(&request.http_code) => {
                format!("HTTP {} from {name}", request.http_code)
            }
            (None, _) => continue,
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

/// Whoever asks for pages where there are none gets connections and silence; a web server that is broken gives them too.
pub(super) fn silence(requests: &[Request]) -> Option<String> {
    let silent =
        |request: &Request| request.error.is_some() && request.http_code == 0 && request.local_port != 0;
    (!requests.is_empty() && requests.iter().all(silent)).then(|| {
        "it takes connections, but gives no web server's answer: if it is none, say with `check` what to ask"
            .to_owned()
    })
}

/// Why a loop ended once so many had failed.
pub(super) fn ended(requests: &[Request], planned: usize) -> String {
    let failed = requests.iter().filter(|request| request.error.is_some()).count();
    format!("ended after {} of {planned} requests: {failed} had failed", requests.len())
}

/// What came in place of a web server's answers, where that is sure.
pub(super) fn no_http(requests: &[Request]) -> Option<String> {
    let last = requests.last().filter(|_| requests.iter().all(|request| request.no_http))?;
    last.error.clone()
}

/// Requests that shared a connection tell nothing of the scheduler, which is asked once a connection.
pub(super) fn shared_connections(requests: &[Request]) -> Option<String> {
    let shared = requests.iter().position(|request| request.local_port != 0 && !request.own_connection)?;
    Some(format!(
        "request {} came over a connection of an earlier one: they are not one connection each",
        shared + 1
    ))
}

/// Real servers that must not answer: not of the service, or with weight 0.
pub(super) fn strangers(
    declared: &ServiceDeclaration,
    names: &Names<'_>,
    requests: &[Request],
) -> Vec<String> {
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

/// How the answers are not spread as they must be.
pub(super) fn spread(
    declared: &ServiceDeclaration,
    names: &Names<'_>,
    expectation: &Expectation,
    answered: &[&str],
    requests: &[Request],
) -> Option<String> {
    match expectation {
        // A failed request leaves a gap of which nobody knows how the scheduler filled it: what is around it is not
        // compared, and the failure itself is the finding.
        Expectation::Exact(shares) if answered.len() == requests.len() => {
            let shares: Vec<_> =
                shares.iter().map(|(address, share)| (names.name(address), *share)).collect();
            uneven(&declared.service, &shares, answered)
        }
        Expectation::One(_) => more_than_one(declared, requests),
        Expectation::Nobody => {
            Some("every real server has weight 0, so that the director refuses new connections".into())
        }
        Expectation::Exact(_) | Expectation::Unknown => None,
    }
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

fn more_than_one(declared: &ServiceDeclaration, requests: &[Request]) -> Option<String> {
    let named = requests.iter().enumerate();
    let mut named = named.filter_map(|(index, request)| Some((index + 1, request.real_server.as_deref()?)));
    let (first, one) = named.next()?;
    let (second, other) = named.find(|(_, name)| *name != one)?;
    let why = match declared.service.persistence {
        Some(seconds) => format!("persistence of {seconds} s"),
        None => format!("the scheduler {}", declared.service.scheduler),
    };
    Some(format!(
        "{why} keeps a client with one real server, but request {first} went to {one} and request {second} to {other}"
    ))
}
