//! What each scheduler must do with the requests of one client that come one after the other, one connection each,
//! with no other traffic.

use std::net::SocketAddr;

use crate::ipvs::{Protocol, Scheduler, ServiceKey, VirtualService};

/// How many requests are made at most: what one curl's arguments can hold.
pub const MOST_REQUESTS: u16 = 10_000;

/// What may be asserted of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Every so many consecutive requests, as the shares have together, are spread as the shares say.
    Exact(Vec<(SocketAddr, usize)>),
    /// One real server, whichever of these, answers all of them.
    One(Vec<SocketAddr>),
    /// No real server takes new connections, so that every request is refused.
    Nobody,
    /// What this scheduler must do is not known to this version.
    Unknown,
}

impl Expectation {
    /// Of the service as declared.
    ///
    /// `net/netfilter/ipvs/ip_vs_rr.c` goes round a list, passing over weight 0. `ip_vs_wrr.c` gives each real server
    /// its weight over the greatest common divisor in a period of their sum, and any edit only moves the phase, so
    /// that every window of that length is exact. `ip_vs_sh.c` hashes the client's address; with `sh-port` the port
    /// as well, which is not exact. Persistence is asked before the scheduler.
    pub fn of(service: &VirtualService) -> Self {
        // What a service of another protocol answers is not asked.
        if !matches!(service.key, ServiceKey::Address(Protocol::Tcp, _)) {
            return Expectation::Unknown;
        }
        let weights: Vec<_> = service
            .real_servers
            .iter()
            .filter(|(_, server)| server.weight > 0)
            .map(|(address, server)| (*address, usize::from(server.weight)))
            .collect();
        let anyone = || weights.iter().map(|(address, _)| *address).collect();
        if weights.is_empty() {
            return Expectation::Nobody;
        }
        if service.persistence.is_some() {
            return Expectation::One(anyone());
        }
        match service.scheduler {
            Scheduler::Rr => Expectation::Exact(weights.iter().map(|(address, _)| (*address, 1)).collect()),
            Scheduler::Wrr => {
                let divisor = weights.iter().fold(0, |divisor, (_, weight)| gcd(divisor, *weight));
                Expectation::Exact(
                    weights.iter().map(|(address, weight)| (*address, weight / divisor)).collect(),
                )
            }
            Scheduler::Sh if !service.scheduler_flags.iter().any(|flag| flag == "sh-port") => {
                Expectation::One(anyone())
            }
            _ => Expectation::Unknown,
        }
    }

    /// Whether it may be otherwise all the same: a real server that is full is passed over, and when that is depends on
    /// what else goes on.
    pub fn may_be_full(service: &VirtualService) -> bool {
        service.real_servers.values().any(|server| server.upper_threshold > 0)
    }

    /// How many requests show the whole of it.
    fn cycle(&self) -> Option<usize> {
        match self {
            Expectation::Exact(shares) => Some(shares.iter().map(|(_, share)| share).sum()),
            Expectation::One(_) | Expectation::Nobody | Expectation::Unknown => None,
        }
    }
}

/// Requests in one full cycle of the service's scheduler: the number of real servers that take connections for rr,
/// the sum of the weights over their greatest common divisor for wrr, and the number of real servers else; never 0.
pub fn cycle(service: &VirtualService) -> usize {
    Expectation::of(service).cycle().unwrap_or(service.real_servers.len()).max(1)
}

/// How many requests to make when nobody says: two full cycles, but at least six and at most [`MOST_REQUESTS`].
pub fn requests(service: &VirtualService) -> usize {
    (2 * cycle(service)).clamp(6, MOST_REQUESTS.into())
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
