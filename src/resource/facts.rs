//! What a host is: read once a run, before anything is declared for it.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Serialize;

/// A host's facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Its operating system.
    pub os: Os,
    /// `uname -r`
    pub kernel: String,
    /// The user that the scripts run as; 0 is root.
    pub uid: u32,
    /// Whether systemd runs it.
    pub systemd: bool,
    /// Its addresses: interface and address with prefix length.
    pub addresses: Vec<(String, IpNet)>,
    /// The ssh connection as the host sees it; `None` over the local transport.
    pub connection: Option<Connection>,
}

/// What `/etc/os-release` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Os {
    /// `debian`, `rocky`
    pub id: String,
    /// `12`; empty when it doesn't say.
    pub version: String,
    /// What its packages and paths are like.
    pub family: Family,
}

/// Distributions that name and place things alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Debian, Ubuntu and what derives from them: apt, /etc/network/interfaces or netplan.
    Debian,
    /// RHEL, CentOS, Fedora and what derives from them: dnf or yum, /etc/sysconfig.
    RedHat,
    /// One whose names and paths are not known.
    Other,
}

/// Both ends of the ssh connection, from `$SSH_CONNECTION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// The controller's address as the host sees it.
    pub client: IpAddr,
    /// The host's address that the controller connected to.
    pub server: IpAddr,
}

/// What a distribution calls the things that an LVS cluster needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Distribution {
    /// The web server's package: `apache2`, `httpd`.
    pub httpd_package: &'static str,
    /// Its unit.
    pub httpd_service: &'static str,
    /// Where its pages are.
    pub httpd_docroot: &'static str,
    /// chrony's unit: `chrony`, `chronyd`.
    pub chrony_service: &'static str,
    /// chrony's configuration file.
    pub chrony_conf: &'static str,
    /// The file that the distribution's own ipvsadm unit restores at boot.
    pub ipvsadm_rules: &'static str,
}

/// A probe's output that does not read as it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: can't read `{line}`")]
pub struct Unreadable {
    /// Which part of the output.
    pub what: String,
    /// The line in question, or what was missing.
    pub line: String,
}

impl Facts {
    /// POSIX sh that prints the facts. It touches nothing.
    pub fn probe() -> String {
        String::new()
    }

    /// The facts from what [`Facts::probe`] printed.
    ///
    /// # Errors
    /// A part is missing or does not read.
    pub fn parse(_output: &[u8]) -> Result<Facts, Unreadable> {
        Err(Unreadable { what: "facts".into(), line: String::new() })
    }
}

impl Family {
    /// The distribution's names, when they are known.
    pub fn distribution(self) -> Option<Distribution> {
        match self {
            Family::Debian => Some(Distribution {
                httpd_package: "apache2",
                httpd_service: "apache2",
                httpd_docroot: "/var/www/html",
                chrony_service: "chrony",
                chrony_conf: "/etc/chrony/chrony.conf",
                ipvsadm_rules: "/etc/ipvsadm.rules",
            }),
            Family::RedHat => Some(Distribution {
                httpd_package: "httpd",
                httpd_service: "httpd",
                httpd_docroot: "/var/www/html",
                chrony_service: "chronyd",
                chrony_conf: "/etc/chrony.conf",
                ipvsadm_rules: "/etc/sysconfig/ipvsadm",
            }),
            Family::Other => None,
        }
    }
}
