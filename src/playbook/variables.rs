//! What templates and conditions may name.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use minijinja::Value;
use minijinja::value::{Serde, merge_maps};

use super::openings;
use super::part::{
    ByNat, ServedPorts, Services, addresses_to_configure, ipvs_modules, of_host, sync_daemons,
};
use crate::inventory::{Host, Inventory};
use crate::resource::{Facts, Opening};

/// The variables that are the same for all hosts of an inventory, made once.
#[derive(Clone, Debug)]
pub struct Variables {
    shared: Value,
    hosts: BTreeMap<String, Value>,
    /// By host, whether services forward by nat: IPv4 and IPv6.
    by_nat: BTreeMap<String, [bool; 2]>,
    /// By director, the kernel's modules that its services need.
    modules: BTreeMap<String, Value>,
    timeouts: Value,
    /// By host, what its firewall has to let in.
    /// Made where the first host with a firewall asks.
    openings: OnceLock<BTreeMap<String, Value>>,
}

impl Variables {
    /// Those of the inventory.
    pub fn new(inventory: &Inventory) -> Self {
        let by_nat = ByNat::of(inventory);
        let named = |host: &Host| (host.name.clone(), of_host(inventory, host, &by_nat));
        let hosts: BTreeMap<String, Value> = inventory.hosts.iter().map(named).collect();
        let group = |name: &str| -> Value {
            let members = inventory.hosts.iter().filter(|host| host.group() == name);
            members.filter_map(|host| hosts.get(&host.name).cloned()).collect()
        };
        let groups: BTreeMap<&str, Value> = inventory
            .groups
            .iter()
            .map(|(name, members)| (name.as_str(), members.iter().map(|m| Value::from(m.as_str())).collect()))
            .collect();
        let shared = minijinja::context! {
            cluster => inventory.cluster.as_str(),
            directors => group("directors"),
            real_servers => group("real_servers"),
            clients => group("clients"),
            groups => Value::from_pairs(groups),
            virtual_services => Value::from_object(Services::of(inventory)),
            served_ports => Value::from_object(ServedPorts::of(inventory)),
            time => minijinja::context! { servers => Value::from(Serde(&inventory.time.servers)) },
        };
        let by_nat =
            inventory.hosts.iter().map(|host| (host.name.clone(), by_nat.of_host(inventory, host))).collect();
        let modules = inventory.directors().map(|host| (host.name.clone(), ipvs_modules(inventory, host)));
        let timeouts = &inventory.timeouts;
        let timeouts = if timeouts.is_empty() { Value::from(()) } else { Value::from(Serde(timeouts)) };
        Variables { shared, hosts, by_nat, modules: modules.collect(), timeouts, openings: OnceLock::new() }
    }

    /// Whether a variable of this name is made of hosts, addresses and services, of which an invalid inventory may lack
    /// some.
    pub(super) fn may_be_in_part(name: &str) -> bool {
        let whole = ["directors", "real_servers", "clients", "groups", "virtual_services", "served_ports"];
        let addresses = ["vip", "dip", "rip", "cip", "addres"];
        let plain = name.strip_suffix("_network").or(name.strip_suffix("_networks")).unwrap_or(name);
        whole.contains(&name) || addresses.contains(&plain.strip_suffix('s').unwrap_or(plain))
    }

    /// Whether services forward by nat, IPv4 and IPv6: see [`ByNat::of_host`].
    pub(super) fn forwards_by_nat(&self, host: &Host) -> [bool; 2] {
        self.by_nat.get(&host.name).copied().unwrap_or_default()
    }

    /// Those of one host. Where a name is defined more than once, the host's part in the cluster comes before its
    /// `vars`, and those before its facts.
    pub fn of(&self, inventory: &Inventory, host: &Host, facts: &Facts) -> Value {
        let own = self.hosts.get(&host.name).cloned().unwrap_or_default();
        let [ipv4, ipv6] = self.forwards_by_nat(host);
        let part = minijinja::context! {
            inventory_hostname => host.name.as_str(),
            host => own.clone(),
            forwards_by_nat => ipv4 || ipv6,
            forwards_ipv4_by_nat => ipv4,
            forwards_ipv6_by_nat => ipv6,
            addresses_to_configure => addresses_to_configure(host, facts),
            ipvs => minijinja::context! {
                modules => self.modules.get(&host.name).cloned().unwrap_or_else(|| Value::from(Vec::<Value>::new())),
                timeouts => self.timeouts.clone(),
                sync_daemons => sync_daemons(host, facts),
            },
            openings => self.openings(inventory, host, facts),
        };
        let vars = Value::from(Serde(&host.vars));
        first_counts([part, own, self.shared.clone(), vars, of_facts(facts)])
    }
}

impl Variables {
    /// What the host's firewall has to let in; nothing where it has none. A large cluster has many.
    fn openings(&self, inventory: &Inventory, host: &Host, facts: &Facts) -> Value {
        let none = || Value::from(Vec::<Value>::new());
        if facts.firewall.is_none() {
            return none();
        }
        let made = self.openings.get_or_init(|| {
            let texts =
                |all: Vec<Opening>| all.iter().map(|opening| Value::from(opening.to_string())).collect();
            openings::of(inventory).into_iter().map(|(host, all)| (host.to_owned(), texts(all))).collect()
        });
        made.get(&host.name).cloned().unwrap_or_else(none)
    }
}

/// The variables of all these maps: where more than one has a name, the first.
pub(super) fn first_counts<const N: usize>(mut maps: [Value; N]) -> Value {
    // For minijinja it is the last that counts.
    maps.reverse();
    merge_maps(maps)
}

/// The facts: `facts`, `os`, and what the distribution calls things.
fn of_facts(facts: &Facts) -> Value {
    let mut fields: BTreeMap<&'static str, Value> = BTreeMap::new();
    fields.insert("facts", Value::from(Serde(facts)));
    fields.insert("os", Value::from(Serde(&facts.os)));
    if let Some(names) = facts.os.distribution() {
        fields.insert("httpd", Value::from(Serde(&names.httpd)));
        fields.insert("chrony", Value::from(Serde(&names.chrony)));
        fields.insert("ipvsadm", Value::from(Serde(&names.ipvsadm)));
    }
    Value::from_pairs(fields)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::document::Source;
    use crate::inventory::{self, OWN_NAMES};
    use crate::resource::Firewall;

    #[test]
    fn the_first_map_that_has_a_name_counts() {
        let [a, b] = [[("x", 1), ("y", 1)], [("y", 2), ("z", 2)]].map(Value::from_pairs);
        let both = first_counts([a, b]);
        let seen = ["x", "y", "z"].map(|name| both.get_attr(name).unwrap().to_string());
        assert_eq!(seen, ["1", "1", "2"]);
    }

    /// What a template says for a host.
    fn said(inventory: &str, host: &str, template: &str) -> String {
        let inventory = inventory::read(Source::new("inventory.yaml", inventory)).unwrap();
        let host = inventory.host(host).unwrap();
        let mut facts = Facts { firewall: Some(Firewall::Firewalld), ..Facts::example() };
        let standing = host.standing().into_iter().enumerate();
        facts.addresses = standing.map(|(index, net)| (format!("eth{index}"), net)).collect();
        let variables = Variables::new(&inventory).of(&inventory, host, &facts);
        minijinja::Environment::new().render_str(template, variables).unwrap()
    }

    const WHOLE: &str = include_str!("../../tests/cases/whole.yaml");

    #[test]
    fn the_first_address_has_the_short_name_and_all_have_the_long_one() {
        let web1 =
            "{{ rip }} {{ rip_network }} {{ rips }} {{ rip_networks }} {{ dip }} {{ dips | join(' ') }}";
        assert_eq!(
            said(WHOLE, "web1", web1),
            "10.20.0.11 10.20.0.0/24 ['10.20.0.11', 'fd00:20::11'] ['10.20.0.0/24', 'fd00:20::/64'] \
             10.20.0.1 10.20.0.1 fd00:20::1"
        );
        let lb2 = "{{ vip }} {{ vips | join(' ') }} {{ dip_networks | join(' ') }} {{ clients[0].cips | join(' ') }}";
        assert_eq!(
            said(WHOLE, "lb2", lb2),
            "2001:db8::10 2001:db8::10 203.0.113.10 10.20.0.0/24 fd00:20::/64 203.0.113.50 2001:db8::50"
        );
    }

    #[test]
    fn nat_is_known_for_each_family() {
        let nat = "{{ forwards_by_nat }} {{ forwards_ipv4_by_nat }} {{ forwards_ipv6_by_nat }} {{ nat_gateways | join(' ') }}";
        assert_eq!(said(WHOLE, "web1", nat), "True True True 10.20.0.1 fd00:20::1");
        assert_eq!(said(WHOLE, "web2", nat), "True True False 10.20.0.1");
        assert_eq!(said(WHOLE, "lb1", nat), "True True True ");
        assert_eq!(said(WHOLE, "alone", nat), "True True False ");
        let six = WHOLE.replace("  - { name: four, address: \"203.0.113.10:80\" }\n", "");
        assert_eq!(said(&six, "web1", nat), "True False True fd00:20::1");
        assert_eq!(said(&six, "web2", nat), "False False False ");
    }

    #[test]
    fn what_is_to_be_configured_is_told_with_its_interface() {
        let all = "{% for a in addresses_to_configure %}{{ a.address }}@{{ a.interface }} {% endfor %}";
        assert_eq!(said(WHOLE, "alone", all), "203.0.113.20/24@eth0 10.30.0.1/24@eth1 ");
        // An IPv6 address in nobody's subnet goes where the others of its list go.
        let lb2 = "203.0.113.10/24@eth0 10.20.0.1/24@eth1 fd00:20::1/64@eth1 ";
        assert_eq!(said(WHOLE, "lb2", all), format!("2001:db8::10/64@eth0 {lb2}"));
        assert_eq!(said(include_str!("../../inventories/tutorial.yaml"), "lvs_director", all), "");
    }

    #[test]
    fn each_host_knows_what_its_firewall_has_to_let_in() {
        let all = "{{ openings | join(', ') }}";
        assert_eq!(
            said(include_str!("../../inventories/tutorial.yaml"), "lvs_director", all),
            "192.168.175.100:80/tcp, 192.168.40.100:123/udp from 192.168.40.0/24"
        );
        assert_eq!(said(WHOLE, "web1", all), "10.20.0.11:80/tcp, [fd00:20::11]:80/tcp");
        assert_eq!(said(include_str!("../../inventories/tutorial.yaml"), "client", all), "");
    }

    #[test]
    fn services_are_told_whole() {
        let all = "{% for s in virtual_services %}{{ s.name }} {{ s.protocol }} {{ s.address }} {{ s.scheduler }} \
                   {{ s.forwarding }} {{ s.persistent }} {{ s.check }}{% for r in s.real_servers %} {{ r.host }} \
                   {{ r.address }} {{ r.port }} {{ r.weight }}{% endfor %}; {% endfor %}";
        assert_eq!(
            said(WHOLE, "lb1", all),
            "four tcp 203.0.113.10:80 wlc nat None tcp web1 10.20.0.11 80 1 web2 10.20.0.12 80 1; \
             six tcp [2001:db8::10]:80 wlc nat None none web1 fd00:20::11 80 1; \
             other tcp 203.0.113.20:80 wlc nat None tcp web3 10.30.0.13 80 1; "
        );
    }

    #[test]
    fn a_director_is_told_what_ipvs_needs() {
        let all = "{{ ipvs.modules | join(' ') }}; {{ ipvs.timeouts }}; {% for d in ipvs.sync_daemons %}{{ d.state }} \
                   {{ d.interface }} {{ d.syncid }} {% endfor %}";
        assert_eq!(said(WHOLE, "lb1", all), "ip_vs ip_vs_wlc; None; ");
        assert_eq!(said(WHOLE, "web1", all), "; None; ");
        let more = include_str!("../../inventories/tutorial.yaml").replace(
            "dip: 192.168.40.100/24 }",
            "dip: 192.168.40.100/24, sync_daemons: [{ state: master }, { state: backup, interface: eth7, syncid: 3 }] }",
        ) + "timeouts: { tcp_fin: 30 }\n";
        let told = "ip_vs ip_vs_rr; {'tcp_fin': 30}; master eth1 0 backup eth7 3 ";
        assert_eq!(said(&more, "lvs_director", all), told);
    }

    #[test]
    fn the_inventory_reserves_exactly_the_names_that_would_hide_a_variable() {
        let text = include_str!("../../inventories/tutorial.yaml");
        let inventory = inventory::read(Source::new("tutorial.yaml", text)).unwrap();
        let variables = Variables::new(&inventory);
        let facts = Facts::example();
        let names = |value: &Value| -> BTreeSet<String> {
            value.try_iter().unwrap().map(|name| name.to_string()).collect()
        };
        let all = inventory.hosts.iter().flat_map(|host| names(&variables.of(&inventory, host, &facts)));
        // A variable goes before the facts; and a loop's `item` before it.
        let of_facts = names(&of_facts(&facts));
        let mut hiding: BTreeSet<String> = all.filter(|name| !of_facts.contains(name)).collect();
        hiding.insert("item".into());
        assert_eq!(hiding, OWN_NAMES.map(str::to_owned).into());
    }
}
