//! Whether the answers that a client got are what the service's scheduler must give.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::asking::Bounds;
use super::expectation::Expectation;
use super::finding;
use super::known::{Unknown, known};
use super::names::{Names, by_name};
use super::{Answers, Ended, NotAsked, Request};
use crate::inventory::ServiceDeclaration;
use crate::ipvs::{Check, VirtualService};

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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// What the scheduler must do, for people: `rr: 3 each, in turn`.
    pub expected: String,
    /// Each real server's share: first those declared, in the inventory's order, then any stranger. Of none it is told
    /// that it did not answer where answers came that do not tell from whom.
    pub counts: Vec<Share>,
    /// Which real server answered each request; `-` for none, and `?` where the answer does not tell.
    pub sequence: Vec<String>,
    /// Whether all was as it must be. What can't be judged never passes.
    pub pass: bool,
    /// Whether it can be told that it passes or fails. What is wrong in any case fails, whatever the scheduler.
    pub judged: bool,
    /// Everything that was not as it must be.
    pub findings: Vec<String>,
    /// `None` when nothing was answered.
    pub latency: Option<Latency>,
    /// Why it can't be judged, in words.
    pub why: Option<String>,
    /// What is known of it all the same, in words, a thought each.
    pub known: Vec<String>,
}

/// Judges the answers to one client from one service, of which it was to make `planned` requests.
pub fn judge(declared: &ServiceDeclaration, answers: &Answers, planned: usize) -> Verdict {
    let requests = answers.requests.as_slice();
    let usual = declared.check == Check::Usual;
    let mut expectation = Expectation::of(&declared.service);
    let names = Names::of(declared);
    let answered: Vec<&str> = requests.iter().filter_map(|request| request.real_server.as_deref()).collect();
    let mut unknown = None;
    let mut findings = Vec::new();
    if let Some(came) = finding::no_http(requests).filter(|_| usual) {
        unknown = Some(Unknown::NoHttp(came));
        expectation = Expectation::Unknown;
    } else {
        findings.extend(finding::failures(declared, requests));
        findings.extend(finding::silence(requests).filter(|_| usual));
        findings.extend(finding::shared_connections(requests));
        findings.extend(finding::strangers(declared, &names, requests));
        let spread = finding::spread(declared, &names, &expectation, &answered, requests);
        if spread.is_some()
            && expectation != Expectation::Nobody
            && Expectation::may_be_full(&declared.service)
        {
            // Nobody knows whether it was full.
            unknown = Some(Unknown::Threshold);
            expectation = Expectation::Unknown;
        } else {
            findings.extend(spread);
        }
        if requests.is_empty() {
            findings.push("no request was made".into());
        }
        let (made, seconds) = (requests.len(), Bounds::of(declared, planned).seconds);
        let time = Unknown::Time { made, planned, seconds };
        match answers.ended {
            Some(Ended::Failures) => findings.push(finding::ended(requests, planned)),
            Some(Ended::Time) if !findings.is_empty() => findings.push(time.to_string()),
            Some(Ended::Time) => unknown = unknown.or(Some(time)),
            None => {}
        }
    }
    let anonymous = !usual && requests.iter().any(is_anonymous);
    if unknown.is_none() && expectation == Expectation::Unknown {
        unknown = Some(Unknown::Scheduler(declared.service.scheduler));
    }
    if anonymous {
        if unknown.is_none() {
            unknown = Some(Unknown::Anonymous);
        }
        expectation = Expectation::Unknown;
    }
    let judged = !findings.is_empty() || unknown.is_none();
    let mut counts = counts(declared, &expectation, &names, &answered, requests.len());
    if anonymous || matches!(unknown, Some(Unknown::NoHttp(_))) {
        counts.retain(|share| share.count > 0);
    }
    Verdict {
        expected: expected(&declared.service, &expectation, &names, requests.len()),
        counts,
        sequence: requests.iter().map(|request| by_whom(request, usual)).collect(),
        pass: judged && findings.is_empty(),
        judged,
        latency: latency(requests, usual),
        known: if judged { Vec::new() } else { known(declared, requests) },
        why: unknown.filter(|_| !judged).map(|unknown| unknown.to_string()),
        findings,
    }
}

/// The verdict on a service that is asked nothing.
pub fn not_asked(declared: &ServiceDeclaration, why: NotAsked) -> Verdict {
    Verdict {
        expected: format!("{}: not asked", declared.service.scheduler),
        why: Some(why.to_string()),
        ..Verdict::default()
    }
}

fn is_anonymous(request: &Request) -> bool {
    request.error.is_none() && request.real_server.is_none()
}

fn by_whom(request: &Request, usual: bool) -> String {
    match &request.real_server {
        Some(name) => name.clone(),
        None if !usual && is_anonymous(request) => "?".into(),
        None => "-".into(),
    }
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
        Expectation::Unknown => format!("{scheduler}: every request answered"),
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

fn latency(requests: &[Request], usual: bool) -> Option<Latency> {
    let answered = |request: &&Request| request.error.is_none() && (!usual || request.real_server.is_some());
    let mut seconds: Vec<f64> = requests
        .iter()
        .filter(|request| answered(request) && request.seconds > 0.0)
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
