//! What services and real servers are called: the kernel knows them by their addresses alone.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};

use super::ServiceKey;

/// The names of virtual services, and of the hosts that are real servers. What has none is told by its address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    services: BTreeMap<ServiceKey, String>,
    hosts: BTreeMap<IpAddr, String>,
}

/// No names at all.
pub(super) static NAMELESS: Names = Names { services: BTreeMap::new(), hosts: BTreeMap::new() };

impl Names {
    /// These names.
    pub fn new(
        services: impl IntoIterator<Item = (ServiceKey, String)>,
        hosts: impl IntoIterator<Item = (IpAddr, String)>,
    ) -> Names {
        Names { services: services.into_iter().collect(), hosts: hosts.into_iter().collect() }
    }

    /// The service's name.
    pub fn of_service(&self, key: &ServiceKey) -> Option<&str> {
        self.services.get(key).map(String::as_str)
    }

    /// The name of the host that has the address.
    pub fn of_host(&self, address: IpAddr) -> Option<&str> {
        self.hosts.get(&address).map(String::as_str)
    }

    /// A service as it is told: `web (tcp 192.168.175.100:80)`.
    pub fn service(&self, key: &ServiceKey) -> String {
        named(self.of_service(key), key)
    }

    /// A real server as it is told: `web1 (192.168.40.101:80)`.
    pub fn real_server(&self, address: &SocketAddr) -> String {
        named(self.of_host(address.ip()), address)
    }
}

/// The name before the address, where there is one.
pub fn named(name: Option<&str>, address: impl Display) -> String {
    match name {
        Some(name) => format!("{name} ({address})"),
        None => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipvs::Protocol;

    #[test]
    fn names_stand_before_addresses() {
        let key = |address: &str| ServiceKey::Address(Protocol::Tcp, address.parse().unwrap());
        let names = Names::new(
            [(key("192.168.175.100:80"), "web".to_owned())],
            [("2001:db8::11".parse().unwrap(), "web1".to_owned())],
        );
        assert_eq!(names.service(&key("192.168.175.100:80")), "web (tcp 192.168.175.100:80)");
        assert_eq!(names.service(&key("192.168.175.100:81")), "tcp 192.168.175.100:81");
        let server = |address: &str| names.real_server(&address.parse().unwrap());
        assert_eq!(server("[2001:db8::11]:80"), "web1 ([2001:db8::11]:80)");
        assert_eq!(server("10.0.0.1:80"), "10.0.0.1:80");
    }
}
