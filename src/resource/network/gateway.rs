//! A default gateway as it comes at boot.

use std::fmt;
use std::net::IpAddr;

/// One of the two that IP has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpVersion {
    /// IPv4
    V4,
    /// IPv6
    V6,
}

/// A default gateway that an interface gets at boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// The interface.
    pub interface: String,
    /// Which.
    pub via: Via,
}

/// Where a gateway's address comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// It is written there.
    Address(IpAddr),
    /// It is asked for when the interface comes up, should anybody answer.
    Asked {
        /// `DHCP`, `router advertisements`
        how: &'static str,
        /// What says so: a file.
        by: String,
        /// Whether the owner can have the answer ignored, and bring a gateway that is written.
        yields: bool,
    },
}

impl IpVersion {
    /// That of an address.
    pub fn of(address: IpAddr) -> IpVersion {
        if address.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 }
    }

    /// The option of `ip`.
    pub fn flag(self) -> &'static str {
        match self {
            IpVersion::V4 => "-4",
            IpVersion::V6 => "-6",
        }
    }
}

impl Gateway {
    /// One that is written.
    pub fn new(interface: impl Into<String>, via: IpAddr) -> Gateway {
        Gateway { interface: interface.into(), via: Via::Address(via) }
    }
}

impl fmt::Display for IpVersion {
    /// `v4`, as it stands after `ip` in many names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == IpVersion::V4 { "v4" } else { "v6" })
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.via {
            Via::Address(address) => write!(f, "{address} ({})", self.interface),
            Via::Asked { how, .. } => write!(f, "{how} ({})", self.interface),
        }
    }
}
