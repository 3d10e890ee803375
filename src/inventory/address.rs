//! Addresses by what they are for, so that none is taken for another.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

/// Newtypes over an address with its prefix length.
macro_rules! addresses {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub IpNet);

        impl $name {
            /// The address itself: `192.168.40.101`.
            pub fn ip(self) -> IpAddr {
                self.0.addr()
            }

            /// The subnet that it is in: `192.168.40.0/24`.
            pub fn subnet(self) -> IpNet {
                self.0.trunc()
            }
        }

        impl fmt::Display for $name {
            /// With its prefix length: `192.168.40.101/24`.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

addresses! {
    /// A director's virtual IP address: clients connect to it.
    Vip;
    /// A director's address in the real servers' subnet: their gateway under nat.
    Dip;
    /// A real server's address.
    Rip;
    /// A client's address.
    Cip;
}

/// Whether two addresses are both IPv4 or both IPv6.
pub fn same_family(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() == other.is_ipv4()
}

/// Whether each of the two is in the other's subnet: the real server must reach the DIP directly, and the DIP it.
pub fn neighbours(dip: Dip, rip: Rip) -> bool {
    dip.0.contains(&rip.ip()) && rip.0.contains(&dip.ip())
}
