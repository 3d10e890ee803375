//! What becomes of the connections of what leaves.

use super::*;
use crate::resource::Risk;

fn connections(of: &[(&str, &str, u64)]) -> Option<Connections> {
    let mut connections = Connections::default();
    for (service, address, active) in of {
        connections.add(ServiceKey::read(service).unwrap(), address.parse().unwrap(), *active, 99);
    }
    Some(connections)
}

#[test]
fn the_connections_of_what_leaves_are_told_with_their_time() {
    let (web, other) = ("-t 192.168.175.100:80", "-t 192.168.175.101:80");
    let more = RR.replace("175.100", "175.101");
    let there = Observed {
        connections: connections(&[
            (web, "192.168.40.101:80", 500),
            (web, "192.168.40.102:80", 14),
            (other, "192.168.40.101:80", 2),
            (other, "192.168.40.102:80", 1),
        ]),
        ..host(&format!("{RR}{more}"))
    };
    let one: String = RR.lines().take(2).map(|line| format!("{line}\n")).collect();
    let risks =
        |declared: &VirtualServices, observed: &Observed| differ(declared, observed).unwrap().unwrap().risks;
    let drain = |connections, seconds, services: Option<&str>| Risk::Drain {
        connections,
        seconds,
        services: services.map(str::to_owned),
    };
    assert_eq!(risks(&declared(&one), &there), [drain(Some(14), 10, None)]);
    let slow = VirtualServices {
        drain: [(ServiceKey::read(web).unwrap(), 60)].into(),
        prune: true,
        ..declared(&one)
    };
    assert_eq!(
        risks(&slow, &there),
        [
            drain(Some(3), 10, Some("tcp 192.168.175.101:80")),
            drain(Some(14), 60, Some("tcp 192.168.175.100:80")),
        ]
    );
    let idle = Observed { connections: connections(&[(web, "192.168.40.101:80", 500)]), ..there.clone() };
    assert_eq!(risks(&slow, &idle), [], "nothing that leaves has any");
    let uncounted = Observed { connections: None, ..there };
    assert_eq!(risks(&declared(&one), &uncounted), [drain(None, 10, None)]);
    assert!(declared(&one).closer(&uncounted).is_some() && declared(&one).closer(&idle).is_none());
    assert_eq!(declared(&format!("{WRR}{more}")).closer(&uncounted), None, "nothing leaves");
}
