//! Tables for the tests of laws: few addresses, so that two tables have much in common.

use std::net::SocketAddr;

use proptest::collection::btree_map;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn key() -> impl Strategy<Value = ServiceKey> {
    let address =
        select(vec!["192.168.175.100:80", "192.168.175.100:443", "192.168.175.101:80", "[2001:db8::1]:80"]);
    let protocol = select(vec![Protocol::Tcp, Protocol::Udp, Protocol::Sctp]);
    prop_oneof![
        4 => (protocol, address).prop_map(|(protocol, address)| ServiceKey::Address(protocol, address.parse().unwrap())),
        1 => (1..3_u32, any::<bool>()).prop_map(|(mark, ipv6)| ServiceKey::FirewallMark(mark, ipv6)),
    ]
}

fn settings(key: ServiceKey) -> impl Strategy<Value = VirtualService> {
    let flags = select(vec!["", "flag-1", "flag-2", "flag-1,flag-2"]);
    let netmask = option::of(select(if key.is_ipv6() {
        vec!["64", "96"]
    } else {
        vec!["255.255.255.0", "255.255.0.0"]
    }));
    let engine = option::weighted(0.2, Just("sip".to_owned()));
    let persistence = option::of(prop_oneof![Just(360_u32), 1..1000_u32]);
    (select(Scheduler::ALL.to_vec()), flags, persistence, netmask, engine, any::<bool>()).prop_map(
        move |(scheduler, flags, persistence, netmask, persistence_engine, one_packet)| {
            let streams = matches!(key, ServiceKey::Address(Protocol::Tcp | Protocol::Sctp, _));
            VirtualService {
                scheduler_flags: scheduler.flags(flags).unwrap(),
                persistence,
                netmask: netmask.filter(|_| persistence.is_some()).map(str::to_owned),
                persistence_engine,
                one_packet: one_packet && !streams,
                ..VirtualService::new(key, scheduler)
            }
        },
    )
}

fn tunnel() -> impl Strategy<Value = Tunnel> {
    let checksum = select(vec![TunnelChecksum::None, TunnelChecksum::Full]);
    prop_oneof![
        3 => Just(Tunnel::Ipip),
        1 => (1..u16::MAX, checksum.clone()).prop_map(|(port, checksum)| Tunnel::Gue { port, checksum }),
        1 => checksum.prop_map(|checksum| Tunnel::Gre { checksum }),
    ]
}

fn server() -> impl Strategy<Value = RealServer> {
    let forwarding = select(vec![Forwarding::Nat, Forwarding::Nat, Forwarding::Dr, Forwarding::Tun]);
    let weight = prop_oneof![0..4_u16, any::<u16>()];
    let upper = prop_oneof![3 => Just(0), 1 => 1..1000_u32];
    (forwarding, weight, upper, any::<bool>(), tunnel()).prop_map(
        |(forwarding, weight, upper, lower, tunnel)| RealServer {
            upper_threshold: upper,
            lower_threshold: if lower { upper / 2 } else { 0 },
            tunnel: if forwarding == Forwarding::Tun { tunnel } else { Tunnel::Ipip },
            ..RealServer::new(forwarding, weight)
        },
    )
}

fn address(key: ServiceKey) -> impl Strategy<Value = (u8, SocketAddr)> {
    (1..5_u8, any::<bool>()).prop_map(move |(host, same)| {
        let port = match key {
            ServiceKey::Address(_, service) if same => service.port(),
            ServiceKey::FirewallMark(..) if same => 0,
            _ => 8080,
        };
        let ip = if key.is_ipv6() {
            format!("2001:db8::4{host}").parse()
        } else {
            format!("192.168.40.10{host}").parse()
        };
        (host, SocketAddr::new(ip.unwrap(), port))
    })
}

fn service() -> impl Strategy<Value = VirtualService> {
    key().prop_flat_map(|key| (settings(key), btree_map(address(key), server(), 0..4))).prop_map(
        |(service, servers)| {
            let real_servers = servers.into_iter().map(|((_, mut address), server)| {
                if let (ServiceKey::Address(_, own), false) =
                    (service.key, server.forwarding == Forwarding::Nat)
                {
                    address.set_port(own.port());
                }
                (address, server)
            });
            VirtualService { real_servers: real_servers.collect(), ..service }
        },
    )
}

/// Any table in canonical form.
pub(crate) fn table() -> impl Strategy<Value = Table> {
    proptest::collection::vec(service(), 0..5).prop_map(Table::of)
}

/// Two tables; often the second has much of the first.
pub(crate) fn two_tables() -> impl Strategy<Value = (Table, Table)> {
    (table(), table(), any::<bool>()).prop_map(|(one, mut other, related)| {
        if related {
            for (key, service) in &one.services {
                let near = other.services.entry(*key).or_insert_with(|| service.clone());
                for (address, server) in service.real_servers.iter().take(2) {
                    near.real_servers.entry(*address).or_insert(*server);
                }
            }
        }
        (one, other)
    })
}
