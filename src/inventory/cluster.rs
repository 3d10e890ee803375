//! The whole cluster.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::address::neighbours;
use super::{Dip, Host, Pages, Role, ServiceDeclaration, same_family};
use crate::ipvs::{Names, ServiceKey, Timeouts};

/// A valid inventory.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// The cluster's name; a lab is known by it.
    pub cluster: String,
    /// Directors, then real servers, then clients, each in the file's order.
    pub hosts: Vec<Host>,
    /// In the file's order.
    pub virtual_services: Arc<[ServiceDeclaration]>,
    /// Who owns the directors' table.
    pub engine: TableOwner,
    /// How long the directors remember connections.
    pub timeouts: Timeouts,
    /// Where the cluster's time comes from.
    pub time: Time,
    /// What becomes of web pages that somebody else wrote.
    pub pages: Pages,
    /// Variables for all hosts.
    pub vars: Map<String, Value>,
    /// The groups that the file declares, beside `all`, `directors`, `real_servers` and `clients`: host names.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Where each name is in `hosts`.
    index: HashMap<String, usize>,
    /// What the tables are told by, once it was asked for: all directors share it.
    names: OnceLock<Arc<Names>>,
}

/// Who owns the directors' table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TableOwner {
    /// `lvsprov`, through ipvsadm.
    #[default]
    Ipvsadm,
    /// keepalived, which also checks the real servers.
    Keepalived,
}

/// Where time comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// NTP servers that the directors follow; empty: the distribution's own choice stays.
    pub servers: Vec<String>,
}

impl Inventory {
    /// Takes what is valid: the reader has made sure, or a test has taken care.
    pub(crate) fn new(
        cluster: String,
        hosts: Vec<Host>,
        virtual_services: Vec<ServiceDeclaration>,
        engine: TableOwner,
        time: Time,
        vars: Map<String, Value>,
        groups: BTreeMap<String, Vec<String>>,
    ) -> Self {
        let index = hosts.iter().enumerate().map(|(index, host)| (host.name.clone(), index)).collect();
        Inventory {
            cluster,
            hosts,
            virtual_services: virtual_services.into(),
            engine,
            timeouts: Timeouts::default(),
            time,
            pages: Pages::default(),
            vars,
            groups,
            index,
            names: OnceLock::new(),
        }
    }

    /// The host of that name.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(self.index_of(name)?)
    }

    /// The hosts' names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().map(|host| host.name.as_str())
    }

    /// Where the host of that name is in `hosts`.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        let index = *self.index.get(name)?;
        // `hosts` can be changed by whoever owns the inventory; the index then finds nothing rather than another host.
        self.hosts.get(index).is_some_and(|host| host.name == name).then_some(index)
    }

    /// The directors, in order.
    pub fn directors(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|host| matches!(host.role, Role::Director { .. }))
    }

    /// The DIPs that a real server has as its gateways under nat, IPv4 and IPv6 one each at most, in the order of its
    /// RIPs; none for other hosts. Where several DIPs are near, the first director's is taken.
    pub fn dips_for(&self, host: &Host) -> Vec<Dip> {
        let mut dips: Vec<Dip> = Vec::new();
        for rip in host.rips() {
            if !dips.iter().any(|dip| same_family(dip.ip(), rip.ip())) {
                let mut all = self.directors().flat_map(Host::dips);
                dips.extend(all.find(|dip| neighbours(**dip, *rip)));
            }
        }
        dips
    }

    /// The services whose table a director holds: those on one of its VIPs. Directors that share a VIP all hold them.
    pub fn services_of<'a>(&'a self, director: &'a Host) -> impl Iterator<Item = &'a ServiceDeclaration> {
        let has = |vip| director.vips().iter().any(|own| own.ip() == vip);
        self.virtual_services.iter().filter(move |declared| declared.vip().is_some_and(has))
    }

    /// What the directors' tables are told by: the services' names, and for each address the host that alone has it.
    pub fn table_names(&self) -> Arc<Names> {
        Arc::clone(self.names.get_or_init(|| Arc::new(self.names_of_all())))
    }

    fn names_of_all(&self) -> Names {
        let mut hosts: BTreeMap<IpAddr, Option<&str>> = BTreeMap::new();
        for host in &self.hosts {
            let name = Some(host.name.as_str());
            for net in host.standing().iter().chain(&host.to_configure()) {
                let known = hosts.entry(net.addr()).or_insert(name);
                if *known != name {
                    *known = None;
                }
            }
        }
        let hosts = hosts.into_iter().filter_map(|(address, name)| Some((address, name?.to_owned())));
        let services = self.virtual_services.iter();
        Names::new(services.map(|declared| (declared.service.key, declared.name.clone())), hosts)
    }

    /// The seconds that connections of what leaves are given to end, of the services that say how many.
    pub fn drain(&self) -> BTreeMap<ServiceKey, u32> {
        let services = self.virtual_services.iter();
        services.filter_map(|declared| Some((declared.service.key, declared.drain?))).collect()
    }

    /// The directors that share their VIPs with others: each group once, in order, each of two or more.
    pub fn pairs(&self) -> Vec<Vec<&Host>> {
        let mut pairs: Vec<Vec<&Host>> = Vec::new();
        for director in self.directors() {
            let shares = |other: &&Host| other.vips().iter().any(|vip| director.vips().contains(vip));
            match pairs.iter_mut().find(|pair| pair.first().is_some_and(shares)) {
                Some(pair) => pair.push(director),
                None => pairs.push(vec![director]),
            }
        }
        pairs.retain(|pair| pair.len() > 1);
        pairs
    }
}
