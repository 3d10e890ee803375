//! What differs between two tables, in words.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::diff::{ServerDiff, ServiceDiff, TableDiff};
use super::{RealServer, ServiceKey, Table, VirtualService};

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which: `weight of 192.168.40.102:80`.
    pub what: String,
    /// What is there; `None` when nothing is.
    pub old: Option<String>,
    /// What will be there; `None` when it is to go.
    pub new: Option<String>,
}

impl TableDiff<'_> {
    /// Each difference that the edits remove, apart.
    pub fn differences(&self) -> Vec<Difference> {
        let (mut found, current, desired) = (Found::default(), shared(self.current), shared(self.desired));
        for service in &self.services {
            let ServiceDiff { key, old, new, servers } = service;
            match (old, new) {
                (None, Some(new)) => found.push(key.to_string(), None, Some(scheduling(new))),
                (Some(old), Some(new)) => found.settings(key, old, new),
                (Some(old), None) => {
                    let servers: Vec<_> = old.real_servers.keys().map(ToString::to_string).collect();
                    let old = format!("{} with real servers: {}", scheduling(old), servers.join(", "));
                    found.push(key.to_string(), Some(old), None);
                    continue;
                }
                (None, None) => {}
            }
            for &ServerDiff { address, old, new } in servers {
                let among = if new.is_some() { &desired } else { &current };
                let name = if among.contains(&address) {
                    format!("{address} behind {key}")
                } else {
                    address.to_string()
                };
                match (old, new) {
                    (Some(old), Some(new)) => found.real_server(&name, old, new),
                    (old, new) => found.push(format!("real server {name}"), old.map(words), new.map(words)),
                }
            }
        }
        found.0
    }
}

#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn push(&mut self, what: String, old: Option<String>, new: Option<String>) {
        if old != new {
            self.0.push(Difference { what, old, new });
        }
    }

    /// A service's own settings, each apart.
    fn settings(&mut self, key: &ServiceKey, there: &VirtualService, wanted: &VirtualService) {
        let mut compare = |what: &str, of: &dyn Fn(&VirtualService) -> Option<String>| {
            self.push(format!("{what} of {key}"), of(there), of(wanted));
        };
        compare("scheduler", &|service| Some(service.scheduler.to_string()));
        compare("scheduler flags", &|service| {
            (!service.scheduler_flags.is_empty()).then(|| service.scheduler_flags.join(","))
        });
        compare("persistence", &|service| service.persistence.map(|seconds| format!("{seconds} s")));
        compare("netmask", &|service| service.netmask.clone());
        compare("persistence engine", &|service| service.persistence_engine.clone());
        compare("one-packet scheduling", &|service| service.one_packet.then(|| "on".to_owned()));
    }

    /// A real server's settings, each apart.
    fn real_server(&mut self, name: &str, there: &RealServer, wanted: &RealServer) {
        let mut compare = |what: &str, of: &dyn Fn(&RealServer) -> String| {
            self.push(format!("{what} of {name}"), Some(of(there)), Some(of(wanted)));
        };
        compare("weight", &|server| server.weight.to_string());
        compare("forwarding", &|server| server.forwarding.to_string());
        compare("upper threshold", &|server| server.upper_threshold.to_string());
        compare("lower threshold", &|server| server.lower_threshold.to_string());
        if there.tunnel != wanted.tunnel {
            compare("tunnel", &|server| server.settings().to_string());
        }
    }
}

/// The addresses that are behind more than one service, so that they alone do not tell which real server is meant.
fn shared(table: &Table) -> BTreeSet<SocketAddr> {
    let (mut once, mut more) = (BTreeSet::new(), BTreeSet::new());
    for address in table.services.values().flat_map(|service| service.real_servers.keys()) {
        if !once.insert(*address) {
            more.insert(*address);
        }
    }
    more
}

/// The service's settings as one says them: `scheduler rr`, with whatever options follow.
fn scheduling(service: &VirtualService) -> String {
    let settings = service.settings();
    settings.strip_prefix("-s ").map_or(settings.clone(), |rest| format!("scheduler {rest}"))
}

fn words(server: &RealServer) -> String {
    format!("{}, weight {}", server.forwarding, server.weight)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ipvs::arbitrary;

    #[test]
    fn a_real_server_behind_two_services_is_told_with_its_service() {
        let before: Table =
            "-A -t 1.1.1.1:80 -s rr\n-a -t 1.1.1.1:80 -r 10.0.0.1:80 -m -w 1\n".parse().unwrap();
        let after: Table = (before.to_string().replace("-w 1", "-w 2")
            + "-A -t 1.1.1.2:80 -s rr\n-a -t 1.1.1.2:80 -r 10.0.0.1:80 -m -w 1\n")
            .parse()
            .unwrap();
        let told = |current, desired| {
            let found = TableDiff::between(current, desired, true).differences();
            found.into_iter().map(|difference| difference.what).collect::<Vec<_>>()
        };
        let both = "10.0.0.1:80 behind tcp 1.1.1";
        assert_eq!(
            told(&before, &after),
            [format!("weight of {both}.1:80"), "tcp 1.1.1.2:80".into(), format!("real server {both}.2:80")]
        );
        assert_eq!(told(&after, &before), ["weight of 10.0.0.1:80", "tcp 1.1.1.2:80"]);
    }

    proptest! {
        #[test]
        fn what_is_edited_is_told_and_nothing_else(
            (current, desired) in arbitrary::two_tables(), prune in any::<bool>(),
        ) {
            let diff = TableDiff::between(&current, &desired, prune);
            prop_assert_eq!(diff.edits().is_empty(), diff.is_empty());
            prop_assert_eq!(diff.differences().is_empty(), diff.is_empty());
        }
    }
}
