//! What one resource's state means for those on other hosts.

use std::net::IpAddr;

/// What a host can do once a resource of it is as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// It forwards packets: of IPv6, or of IPv4.
    Forwards {
        /// Which of the two.
        ipv6: bool,
    },
    /// It has an address.
    Has {
        /// The address.
        address: IpAddr,
    },
}

/// What must be true on another host before a resource may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The host that is to have this address has it, and forwards packets of its family: it becomes a gateway.
    Forwarding {
        /// The gateway's address.
        by: IpAddr,
    },
}

impl Need {
    /// All that the other host must be able to do.
    pub fn abilities(self) -> [Ability; 2] {
        let Need::Forwarding { by } = self;
        [Ability::Has { address: by }, Ability::Forwards { ipv6: by.is_ipv6() }]
    }
}
