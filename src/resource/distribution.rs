//! Which distribution a host runs, and what that calls the things that an LVS cluster needs.

use serde::{Deserialize, Serialize};

/// What `/etc/os-release` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Os {
    /// `debian`, `rocky`
    pub id: String,
    /// `12`; empty when it doesn't say.
    pub version: String,
    /// What its packages and paths are like.
    pub family: Family,
}

/// Distributions that name and place things alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Debian, Ubuntu and what derives from them: apt, /etc/network/interfaces or netplan.
    Debian,
    /// RHEL, CentOS, Fedora and what derives from them: dnf or yum, /etc/sysconfig.
    RedHat,
    /// One whose names and paths are not known.
    Other,
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

impl Family {
    /// From os-release's `ID` and `ID_LIKE`.
    pub(super) fn of(id: &str, like: &str) -> Family {
        for id in std::iter::once(id).chain(like.split_whitespace()) {
            match id {
                "debian" | "ubuntu" => return Family::Debian,
                "rhel" | "fedora" | "centos" => return Family::RedHat,
                _ => {}
            }
        }
        Family::Other
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_derives_from_a_family_belongs_to_it() {
        assert_eq!(Family::of("debian", ""), Family::Debian);
        assert_eq!(Family::of("linuxmint", "ubuntu debian"), Family::Debian);
        assert_eq!(Family::of("rocky", "rhel centos fedora"), Family::RedHat);
        assert_eq!(Family::of("alpine", ""), Family::Other);
        assert_eq!(Family::Other.distribution(), None);
    }
}
