//! What a client asks of a service, or why it asks nothing.

use std::fmt;
use std::net::SocketAddr;

use crate::inventory::ServiceDeclaration;
use crate::ipvs::{Check, Page, Protocol, ServiceKey};

/// What a client asks of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The service's address.
    pub address: SocketAddr,
    /// What: a page, a talk or a connection.
    pub check: Check,
}

/// Why a service is asked nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAsked {
    /// What speaks this protocol is not asked by this version.
    Protocol(Protocol),
    /// It is known by a firewall mark.
    FirewallMark,
    /// It stands for all ports.
    AllPorts,
    /// Its check says so.
    NoCheck,
}

impl Question {
    /// Of the service as declared; the page of a service that says nothing is at `path`.
    pub(super) fn of(declared: &ServiceDeclaration, path: &str) -> Result<Question, NotAsked> {
        let check = match declared.check.of_client().ok_or(NotAsked::NoCheck)? {
            Check::Page(page) if declared.check == Check::Usual => {
                Check::Page(Page { path: path.to_owned(), ..page })
            }
            check => check,
        };
        match declared.service.key {
            ServiceKey::Address(Protocol::Tcp, address) if address.port() == 0 => Err(NotAsked::AllPorts),
            ServiceKey::Address(Protocol::Tcp, address) => Ok(Question { address, check }),
            ServiceKey::Address(protocol, _) => Err(NotAsked::Protocol(protocol)),
            ServiceKey::FirewallMark(..) => Err(NotAsked::FirewallMark),
        }
    }
}

/// `not asked: its check is none`
impl fmt::Display for NotAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not asked: ")?;
        match self {
            NotAsked::Protocol(protocol) => {
                write!(f, "it is a {protocol} service, and this version asks TCP services only")
            }
            NotAsked::FirewallMark => {
                f.write_str("it is known by a firewall mark, and has no address to ask")
            }
            NotAsked::AllPorts => {
                f.write_str("it stands for all ports of its address, and has none of its own to ask")
            }
            NotAsked::NoCheck => f.write_str("its check is none"),
        }
    }
}
