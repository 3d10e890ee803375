//! What is on a host beside what is declared.

use std::net::SocketAddr;

use crate::ipvs::ServiceKey;

/// Something that is on a host and is not declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undeclared {
    /// A virtual service, which stays.
    Service(UndeclaredService),
    /// A real server of a declared service. It leaves that, but its host stays as it is.
    RealServer(ServiceKey, SocketAddr),
}

/// A virtual service on a director that is not declared, and stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndeclaredService {
    /// Which.
    pub key: ServiceKey,
    /// Its real servers.
    pub real_servers: Vec<SocketAddr>,
    /// Whether it is in the kernel's table.
    pub running: bool,
    /// Whether it is in the rules file; `None` where that is not looked at.
    pub at_boot: Option<bool>,
    /// Whether an earlier run is known to have changed it.
    pub ours: bool,
}
