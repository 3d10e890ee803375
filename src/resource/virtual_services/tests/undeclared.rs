//! What a director has beside what is declared.

use super::*;
use crate::resource::UndeclaredService;

const DNS: &str = "udp 192.168.175.100:53";

/// The services that stay undeclared: which, how many real servers, whether it runs and is in the file, whether it is ours.
fn others(declared: &VirtualServices, observed: &Observed) -> Vec<(String, usize, bool, Option<bool>, bool)> {
    let as_declared = differ(declared, observed) == Ok(None);
    let services = declared.undeclared(observed, as_declared).into_iter().filter_map(|found| match found {
        Undeclared::Service(service) => Some(service),
        Undeclared::RealServer(..) => None,
    });
    let tell = |UndeclaredService { key, real_servers, running, at_boot, ours }| {
        (key.to_string(), real_servers.len(), running, at_boot, ours)
    };
    services.map(tell).collect()
}

#[test]
fn where_an_undeclared_service_is_and_whose_it_is_are_told() {
    let dns = "-A -u 192.168.175.100:53 -s rr\n-a -u 192.168.175.100:53 -r 192.168.40.103:53 -m -w 1\n";
    let both = format!("{RR}{dns}");
    assert_eq!(others(&declared(RR), &host(&both)), [(DNS.to_owned(), 1, true, Some(true), false)]);
    let pruning = VirtualServices { prune: true, ..declared(RR) };
    assert_eq!(others(&pruning, &host(&both)), [], "that it goes is a change");
    let running = Observed { boot: boot(RR), ..host(&both) };
    assert_eq!(others(&declared(RR), &running), [(DNS.to_owned(), 1, true, Some(false), false)]);
    let saved = Observed { live: RR.parse().unwrap(), ..host(&both) };
    assert_eq!(others(&declared(RR), &saved), [(DNS.to_owned(), 1, false, Some(true), false)]);
    // As many services as are declared, and another one among them.
    let instead = host(dns);
    assert_eq!(others(&declared(RR), &instead), [(DNS.to_owned(), 1, true, Some(true), false)]);
    let transient = VirtualServices { persist: false, ..declared(RR) };
    assert_eq!(others(&transient, &saved), [], "the rules file is not looked at");
    let mut changed = host(&both);
    changed.touched.live.extend(ServiceKey::read("-u 192.168.175.100:53"));
    assert_eq!(others(&declared(WRR), &changed), [(DNS.to_owned(), 1, true, Some(true), true)]);
    assert_eq!(others(&declared(RR), &host(RR)), []);
}

#[test]
fn a_real_server_that_leaves_a_declared_service_is_told_once() {
    let one: String = RR.lines().take(2).map(|line| format!("{line}\n")).collect();
    let found = declared(&one).undeclared(&host(RR), false);
    let key = ServiceKey::read("-t 192.168.175.100:80").unwrap();
    assert_eq!(found, [Undeclared::RealServer(key, "192.168.40.102:80".parse().unwrap())]);
}
