//! What differs between two tables, in words.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::diff::{ServerDiff, ServiceDiff, TableDiff};
use super::names::Names;
use super::{RealServer, ServiceKey, Table, VirtualService};

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which: `weight of web2 (192.168.40.102:80)`.
    pub what: String,
    /// What is there; `None` when nothing is.
    pub old: Option<String>,
    /// What will be there; `None` when it is to go.
    pub new: Option<String>,
    /// The same as `what`, for whoever tells several differences together.
    pub entry: Entry,
}

/// Which entry of a table differs, and in what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The service.
    pub service: ServiceKey,
    /// The service's name, where it has one.
    pub service_name: Option<String>,
    /// The real server behind it; `None` for the service itself.
    pub real_server: Option<SocketAddr>,
    /// The real server's host name, where it is known.
    pub host: Option<String>,
    /// Which of its settings: `weight`; `None` where the whole comes or goes.
    pub setting: Option<&'static str>,
}

impl TableDiff<'_> {
    /// Each difference that the edits remove, apart.
    pub fn differences(&self) -> Vec<Difference> {
        let (current, desired) = (shared(self.current), shared(self.desired));
        let mut found = Found { names: self.names, differences: Vec::new() };
        for service in &self.services {
            let ServiceDiff { key, old, new, servers } = service;
            let title = self.names.service(key);
            match (old, new) {
                (None, Some(new)) => {
                    found.push((*key, None, None), title.clone(), None, Some(scheduling(new)));
                }
                (Some(old), Some(new)) => found.settings(key, old, new),
                (Some(old), None) => {
                    let servers = old.real_servers.keys().map(|address| self.names.real_server(address));
                    let old = match servers.collect::<Vec<_>>().join(", ").as_str() {
                        "" => format!("{} without real servers", scheduling(old)),
                        servers => format!("{} with real servers: {servers}", scheduling(old)),
                    };
                    found.push((*key, None, None), title, Some(old), None);
                    continue;
                }
                (None, None) => {}
            }
            for &ServerDiff { address, old, new } in servers {
                let among = if new.is_some() { &desired } else { &current };
                let mut name = self.names.real_server(&address);
                if among.contains(&address) {
                    name += &format!(" behind {title}");
                }
                match (old, new) {
                    (Some(old), Some(new)) => found.real_server((*key, address), &name, old, new),
                    (old, new) => {
                        let about = (*key, Some(address), None);
                        found.push(about, format!("real server {name}"), old.map(words), new.map(words));
                    }
                }
            }
        }
        found.differences
    }
}

/// A service, one of its real servers, and a setting of that which it is about.
type About = (ServiceKey, Option<SocketAddr>, Option<&'static str>);

struct Found<'a> {
    names: &'a Names,
    differences: Vec<Difference>,
}

impl Found<'_> {
    fn push(&mut self, about: About, what: String, old: Option<String>, new: Option<String>) {
        if old == new {
            return;
        }
        let (service, real_server, setting) = about;
        let host = real_server.and_then(|address| self.names.of_host(address.ip()));
        let entry = Entry {
            service,
            service_name: self.names.of_service(&service).map(str::to_owned),
            real_server,
            host: host.map(str::to_owned),
            setting,
        };
        self.differences.push(Difference { what, old, new, entry });
    }

    /// A service's own settings, each apart.
    fn settings(&mut self, key: &ServiceKey, there: &VirtualService, wanted: &VirtualService) {
        let name = self.names.service(key);
        let mut compare = |what: &'static str, of: &dyn Fn(&VirtualService) -> Option<String>| {
            self.push((*key, None, Some(what)), format!("{what} of {name}"), of(there), of(wanted));
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
    fn real_server(
        &mut self,
        (key, address): (ServiceKey, SocketAddr),
        name: &str,
        there: &RealServer,
        wanted: &RealServer,
    ) {
        let mut compare = |what: &'static str, of: &dyn Fn(&RealServer) -> String| {
            let about = (key, Some(address), Some(what));
            self.push(about, format!("{what} of {name}"), Some(of(there)), Some(of(wanted)));
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

    #[test]
    fn what_has_a_name_is_told_by_it() {
        let before: Table =
            "-A -t 1.1.1.1:80 -s rr\n-a -t 1.1.1.1:80 -r 10.0.0.1:80 -m -w 1\n".parse().unwrap();
        let after: Table = before.to_string().replace("-w 1", "-w 2").parse().unwrap();
        let key = before.services.keys().copied().map(|key| (key, "web".to_owned()));
        let names = Names::new(key, [("10.0.0.1".parse().unwrap(), "web1".to_owned())]);
        let told = |current, desired| {
            let found = TableDiff::between(current, desired, true).with_names(&names).differences();
            found.into_iter().map(|found| (found.what, found.old.unwrap_or_default())).collect::<Vec<_>>()
        };
        assert_eq!(told(&before, &after), [("weight of web1 (10.0.0.1:80)".to_owned(), "1".to_owned())]);
        let goes = "scheduler rr with real servers: web1 (10.0.0.1:80)".to_owned();
        let none = Table::default();
        assert_eq!(told(&before, &none), [("web (tcp 1.1.1.1:80)".to_owned(), goes)]);
        let empty: Table = "-A -t 1.1.1.1:80 -s rr\n".parse().unwrap();
        assert_eq!(told(&empty, &none)[0].1, "scheduler rr without real servers");
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
