//! A host's and a service's part in the cluster, as templates see it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use ipnet::IpNet;
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, Serde};

use crate::inventory::{Dip, Host, Inventory, Role, ServiceDeclaration, SyncDeclaration};
use crate::ipvs::{Check, Forwarding, Page, Protocol, Scheme, ServiceKey, Talk};
use crate::resource::Facts;

/// The real servers that services forward to by nat.
pub(super) struct ByNat(HashSet<IpAddr>);

impl ByNat {
    pub(super) fn of(inventory: &Inventory) -> Self {
        ByNat(inventory.virtual_services.iter().flat_map(real_servers).collect())
    }

    /// Whether services forward by nat, IPv4 and IPv6: a director's own services, those to a real server, and for
    /// others any.
    pub(super) fn of_host(&self, inventory: &Inventory, host: &Host) -> [bool; 2] {
        let ips: Vec<IpAddr> = match &host.role {
            Role::Director { .. } => inventory.services_of(host).flat_map(real_servers).collect(),
            Role::RealServer { rips } => {
                rips.iter().map(|rip| rip.ip()).filter(|ip| self.0.contains(ip)).collect()
            }
            Role::Client { .. } => self.0.iter().copied().collect(),
        };
        [ips.iter().any(IpAddr::is_ipv4), ips.iter().any(IpAddr::is_ipv6)]
    }
}

/// A service's real servers, those by nat.
fn real_servers(declared: &ServiceDeclaration) -> impl Iterator<Item = IpAddr> {
    let all = declared.service.real_servers.iter();
    all.filter(|(_, real_server)| real_server.forwarding == Forwarding::Nat).map(|(at, _)| at.ip())
}

/// The addresses that are to be put on a host, each with the interface that has an own address in its subnet; where none
/// has, with that of the others of its list.
pub(super) fn addresses_to_configure(host: &Host, facts: &Facts) -> Value {
    if host.to_configure().is_empty() {
        return Value::from(Vec::<Value>::new());
    }
    let near = |one: &IpNet, other: &IpNet| one.contains(&other.addr()) || other.contains(&one.addr());
    let interface = |net: &IpNet| {
        let own = host.standing().into_iter().filter(|own| near(own, net)).collect::<Vec<_>>();
        let has = |(_, net): &&(String, IpNet)| own.iter().any(|own| own.addr() == net.addr());
        facts.addresses.iter().find(has).map(|(name, _)| name.as_str())
    };
    let vips: Vec<IpNet> = host.vips().iter().map(|vip| vip.0).collect();
    let dips: Vec<IpNet> = host.dips().iter().map(|dip| dip.0).collect();
    [vips, dips]
        .iter()
        .flat_map(|list| list.iter().map(move |net| (list, net)))
        .map(|(list, net)| {
            let interface = interface(net).or_else(|| list.iter().find_map(interface));
            minijinja::context! { address => net.to_string(), interface }
        })
        .collect()
}

/// The kernel's modules that a director's services need; of other hosts, none.
pub(super) fn ipvs_modules(inventory: &Inventory, host: &Host) -> Value {
    let mut modules = BTreeSet::new();
    for declared in inventory.services_of(host) {
        let service = &declared.service;
        modules.insert(format!("ip_vs_{}", service.scheduler));
        modules.extend(service.persistence_engine.iter().map(|engine| format!("ip_vs_pe_{engine}")));
    }
    let first = matches!(host.role, Role::Director { .. }).then(|| "ip_vs".to_owned());
    first.into_iter().chain(modules).map(Value::from).collect()
}

/// A director's sync daemons, each with its interface: the one that reaches the first DIP's subnet, unless the inventory
/// says which. Without that, none is told.
pub(super) fn sync_daemons(host: &Host, facts: &Facts) -> Value {
    let Role::Director { dips, sync_daemons, .. } = &host.role else {
        return Value::from(Vec::<Value>::new());
    };
    let near = dips.iter().find_map(|dip| facts.on_link(dip.ip())).map(|(interface, _)| interface);
    let daemon = |declared: &SyncDeclaration| {
        let interface = declared.interface.as_ref().or(near);
        minijinja::context! { state => declared.state.name(), interface, syncid => declared.syncid }
    };
    sync_daemons.iter().map(daemon).collect()
}

/// The virtual services, which are made when the first of them is named: a large cluster has many.
#[derive(Debug)]
pub(super) struct Services {
    declared: Arc<[ServiceDeclaration]>,
    made: OnceLock<Vec<Value>>,
}

impl Services {
    pub(super) fn of(inventory: &Inventory) -> Services {
        Services { declared: Arc::clone(&inventory.virtual_services), made: OnceLock::new() }
    }
}

impl Object for Services {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let made = self.made.get_or_init(|| self.declared.iter().map(of_service).collect());
        made.get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.declared.len())
    }
}

/// The TCP ports on which each host serves as a real server, by its name; made when the first of them is asked for.
#[derive(Debug)]
pub(super) struct ServedPorts {
    declared: Arc<[ServiceDeclaration]>,
    made: OnceLock<BTreeMap<String, BTreeSet<u16>>>,
}

impl ServedPorts {
    pub(super) fn of(inventory: &Inventory) -> ServedPorts {
        ServedPorts { declared: Arc::clone(&inventory.virtual_services), made: OnceLock::new() }
    }

    fn make(&self) -> BTreeMap<String, BTreeSet<u16>> {
        let mut ports: BTreeMap<String, BTreeSet<u16>> = BTreeMap::new();
        for declared in self.declared.iter() {
            // a mark's packets may be of any protocol
            if matches!(declared.service.key, ServiceKey::Address(protocol, _) if protocol != Protocol::Tcp) {
                continue;
            }
            for (at, host) in declared.hosts.iter().filter(|(at, _)| at.port() != 0) {
                ports.entry(host.clone()).or_default().insert(at.port());
            }
        }
        ports
    }
}

impl Object for ServedPorts {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let ports = self.made.get_or_init(|| self.make()).get(key.as_str()?);
        Some(ports.into_iter().flatten().map(|port| Value::from(*port)).collect())
    }
}

/// A virtual service, with every key that the inventory has for it.
fn of_service(declared: &ServiceDeclaration) -> Value {
    let service = &declared.service;
    let (protocol, address) = match service.key {
        ServiceKey::Address(protocol, address) => (Value::from(Serde(protocol)), address.to_string()),
        mark => (Value::from(()), mark.to_string()),
    };
    let real_servers: Value = declared
        .hosts
        .iter()
        .filter_map(|(at, host)| {
            let weight = service.real_servers.get(at)?.weight;
            let address = at.ip().to_string();
            Some(minijinja::context! { host => host.as_str(), address, port => at.port(), weight })
        })
        .collect();
    minijinja::context! {
        name => declared.name.as_str(),
        address,
        protocol,
        scheduler => service.scheduler.name(),
        forwarding => Value::from(Serde(declared.forwarding)),
        persistent => service.persistence,
        check => of_check(&declared.check),
        real_servers,
    }
}

/// A check as the inventory writes it; `tcp` where nothing was said, as a new real server is asked for a connection then.
fn of_check(check: &Check) -> Value {
    match check {
        Check::Usual | Check::Connection => Value::from("tcp"),
        Check::None => Value::from("none"),
        Check::Talk(Talk { send, expect }) => {
            minijinja::context! { tcp => minijinja::context! { send, expect } }
        }
        Check::Page(Page { scheme, host, path, status }) => match scheme {
            Scheme::Http => minijinja::context! { http => minijinja::context! { path, host, status } },
            Scheme::Https { insecure } => {
                minijinja::context! { https => minijinja::context! { path, host, status, insecure } }
            }
        },
    }
}

/// A host's part in the cluster: `name`, `role`, `address` and its addresses, each with its subnet.
pub(super) fn of_host(inventory: &Inventory, host: &Host, by_nat: &ByNat) -> Value {
    let mut fields: BTreeMap<&'static str, Value> = BTreeMap::new();
    let mut nets = |[one, network, all, networks]: [&'static str; 4], nets: Vec<IpNet>| {
        let (mut ips, mut subnets) = (Vec::new(), Vec::new());
        for net in nets {
            ips.push(Value::from(net.addr().to_string()));
            subnets.push(Value::from(net.trunc().to_string()));
        }
        if let (Some(ip), Some(subnet)) = (ips.first(), subnets.first()) {
            fields.insert(one, ip.clone());
            fields.insert(network, subnet.clone());
            fields.insert(all, Value::from(ips));
            fields.insert(networks, Value::from(subnets));
        }
    };
    // A real server has its directors' DIPs.
    let dips = inventory.dips_for(host);
    nets(VIP, host.vips().iter().map(|vip| vip.0).collect());
    nets(DIP, host.dips().iter().chain(&dips).map(|dip| dip.0).collect());
    nets(RIP, host.rips().iter().map(|rip| rip.0).collect());
    nets(CIP, host.cips().iter().map(|cip| cip.0).collect());
    let by_nat = by_nat.of_host(inventory, host);
    let gateway = |dip: &&Dip| by_nat[usize::from(dip.ip().is_ipv6())];
    let gateways: Value = dips.iter().filter(gateway).map(|dip| Value::from(dip.ip().to_string())).collect();
    fields.insert("nat_gateways", gateways);
    let role = match host.role {
        Role::Director { .. } => "director",
        Role::RealServer { .. } => "real_server",
        Role::Client { .. } => "client",
    };
    fields.insert("name", Value::from(host.name.as_str()));
    fields.insert("role", Value::from(role));
    fields.insert("address", Value::from(host.connect_to()));
    Value::from_pairs(fields)
}

/// What the addresses of a kind are called: the first, its subnet, all of them, all of their subnets.
const VIP: [&str; 4] = ["vip", "vip_network", "vips", "vip_networks"];
const DIP: [&str; 4] = ["dip", "dip_network", "dips", "dip_networks"];
const RIP: [&str; 4] = ["rip", "rip_network", "rips", "rip_networks"];
const CIP: [&str; 4] = ["cip", "cip_network", "cips", "cip_networks"];
