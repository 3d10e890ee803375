//! Which distribution a host runs, and what that calls the things that an LVS cluster needs.
//!
//! The names are those of the distributions' own packages. What derives from a distribution counts as it, by os-release's
//! `ID_LIKE`.

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
    /// RHEL, CentOS, Rocky, Alma, Fedora, Amazon Linux and what derives from them: dnf or yum, /etc/sysconfig.
    RedHat,
    /// openSUSE and SUSE Linux Enterprise: zypper, /etc/sysconfig.
    Suse,
    /// Alpine: apk, OpenRC.
    Alpine,
    /// One whose names and paths are not known.
    Other,
}

/// What a distribution calls the things that an LVS cluster needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Distribution {
    /// The web server, Apache everywhere.
    pub httpd: Httpd,
    /// The time daemon.
    pub chrony: Chrony,
    /// The tool of the live table.
    pub ipvsadm: Ipvsadm,
    /// The package that brings `semanage`; `None` where the distribution has no SELinux.
    pub semanage_package: Option<&'static str>,
}

/// Apache's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Httpd {
    /// `apache2`, `httpd`
    pub package: &'static str,
    /// Its unit.
    pub service: &'static str,
    /// Where its pages are.
    pub docroot: &'static str,
    /// The user that it serves as.
    pub user: &'static str,
    /// Its main configuration file.
    pub conf: &'static str,
    /// The configuration file in which `Listen` stands.
    pub listen_conf: &'static str,
}

/// chrony's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Chrony {
    /// Its package.
    pub package: &'static str,
    /// Its unit: `chrony`, `chronyd`.
    pub service: &'static str,
    /// The user that it runs as.
    pub user: &'static str,
    /// Its configuration file.
    pub conf: &'static str,
    /// The files that the distribution's configuration includes for the administrator's own, where it has such.
    pub include: Option<&'static str>,
    /// Its keys, where the distribution has a place for them.
    pub keys: Option<&'static str>,
    /// How fast the host's clock drifts.
    pub drift: &'static str,
}

/// ipvsadm's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ipvsadm {
    /// Its package.
    pub package: &'static str,
    /// Its unit.
    pub service: &'static str,
    /// The file that the distribution's own unit restores at boot, as the package configures it.
    pub rules: &'static str,
}

impl Family {
    /// From os-release's `ID` and `ID_LIKE`.
    pub(super) fn of(id: &str, like: &str) -> Family {
        for id in std::iter::once(id).chain(like.split_whitespace()) {
            match id {
                "debian" | "ubuntu" => return Family::Debian,
                "rhel" | "fedora" | "centos" | "rocky" | "almalinux" | "amzn" => return Family::RedHat,
                "suse" | "opensuse" | "sles" | "opensuse-leap" | "opensuse-tumbleweed" => {
                    return Family::Suse;
                }
                "alpine" => return Family::Alpine,
                _ => {}
            }
        }
        Family::Other
    }
}

impl Os {
    /// The distribution's names, when they are known.
    pub fn distribution(&self) -> Option<Distribution> {
        match self.family {
            Family::Debian => Some(DEBIAN),
            Family::RedHat => {
                let semanage_package = Some(if self.is_el_7() { "policycoreutils-python" } else { SEMANAGE });
                Some(Distribution { semanage_package, ..RED_HAT })
            }
            Family::Suse => Some(SUSE),
            Family::Alpine => Some(ALPINE),
            Family::Other => None,
        }
    }

    /// Whether its packages are those of RHEL 7, as Amazon Linux 2's are.
    fn is_el_7(&self) -> bool {
        let major = self.version.split('.').next().unwrap_or_default();
        match self.id.as_str() {
            "amzn" => major == "2",
            "fedora" => false,
            _ => major == "7",
        }
    }
}

const SEMANAGE: &str = "policycoreutils-python-utils";

const DEBIAN: Distribution = Distribution {
    httpd: Httpd {
        package: "apache2",
        service: "apache2",
        docroot: "/var/www/html",
        user: "www-data",
        conf: "/etc/apache2/apache2.conf",
        listen_conf: "/etc/apache2/ports.conf",
    },
    chrony: Chrony {
        package: "chrony",
        service: "chrony",
        user: "_chrony",
        conf: "/etc/chrony/chrony.conf",
        include: Some("/etc/chrony/conf.d/*.conf"),
        keys: Some("/etc/chrony/chrony.keys"),
        drift: "/var/lib/chrony/chrony.drift",
    },
    ipvsadm: Ipvsadm { package: "ipvsadm", service: "ipvsadm", rules: "/etc/ipvsadm.rules" },
    semanage_package: Some(SEMANAGE),
};

const RED_HAT: Distribution = Distribution {
    httpd: Httpd {
        package: "httpd",
        service: "httpd",
        docroot: "/var/www/html",
        user: "apache",
        conf: "/etc/httpd/conf/httpd.conf",
        listen_conf: "/etc/httpd/conf/httpd.conf",
    },
    chrony: Chrony {
        package: "chrony",
        service: "chronyd",
        user: "chrony",
        conf: "/etc/chrony.conf",
        include: None,
        keys: Some("/etc/chrony.keys"),
        drift: "/var/lib/chrony/drift",
    },
    ipvsadm: Ipvsadm { package: "ipvsadm", service: "ipvsadm", rules: "/etc/sysconfig/ipvsadm" },
    semanage_package: Some(SEMANAGE),
};

/// /etc/chrony.d holds the distribution's own servers, so that it is not included.
const SUSE: Distribution = Distribution {
    httpd: Httpd {
        package: "apache2",
        service: "apache2",
        docroot: "/srv/www/htdocs",
        user: "wwwrun",
        conf: "/etc/apache2/httpd.conf",
        listen_conf: "/etc/apache2/listen.conf",
    },
    chrony: RED_HAT.chrony,
    // where /etc/sysconfig/ipvsadm says, and so it comes
    ipvsadm: Ipvsadm { package: "ipvsadm", service: "ipvsadm", rules: "/etc/ipvsadm.rules" },
    semanage_package: Some(SEMANAGE),
};

const ALPINE: Distribution = Distribution {
    httpd: Httpd {
        package: "apache2",
        service: "apache2",
        docroot: "/var/www/localhost/htdocs",
        user: "apache",
        conf: "/etc/apache2/httpd.conf",
        listen_conf: "/etc/apache2/httpd.conf",
    },
    chrony: Chrony {
        package: "chrony",
        service: "chronyd",
        user: "chrony",
        conf: "/etc/chrony/chrony.conf",
        include: None,
        keys: None,
        drift: "/var/lib/chrony/chrony.drift",
    },
    ipvsadm: Ipvsadm { package: "ipvsadm", service: "ipvsadm", rules: "/var/lib/ipvsadm/rules-save" },
    semanage_package: None,
};

#[cfg(test)]
mod tests {
    use super::*;

    /// From the os-release files of the distributions: ID, ID_LIKE, VERSION_ID.
    fn os((id, like, version): (&str, &str, &str)) -> Os {
        Os { id: id.into(), version: version.into(), family: Family::of(id, like) }
    }

    #[test]
    fn what_derives_from_a_family_belongs_to_it() {
        let families = [
            (("debian", "", "13"), Family::Debian),
            (("ubuntu", "debian", "24.04"), Family::Debian),
            (("linuxmint", "ubuntu debian", "22"), Family::Debian),
            (("rhel", "fedora", "9.3"), Family::RedHat),
            (("rocky", "rhel centos fedora", "9.3"), Family::RedHat),
            (("almalinux", "rhel centos fedora", "8.9"), Family::RedHat),
            (("centos", "rhel fedora", "7"), Family::RedHat),
            (("ol", "fedora", "9.3"), Family::RedHat),
            (("fedora", "", "41"), Family::RedHat),
            (("amzn", "centos rhel fedora", "2"), Family::RedHat),
            (("amzn", "fedora", "2023"), Family::RedHat),
            (("opensuse-leap", "suse opensuse", "15.6"), Family::Suse),
            (("opensuse-tumbleweed", "opensuse suse", "20261101"), Family::Suse),
            (("sles", "suse", "15.6"), Family::Suse),
            (("alpine", "", "3.20.3"), Family::Alpine),
            (("postmarketos", "alpine", "24.06"), Family::Alpine),
            (("arch", "", ""), Family::Other),
        ];
        for (release, family) in families {
            assert_eq!(os(release).family, family, "{release:?}");
        }
        assert_eq!(os(("arch", "", "")).distribution(), None);
    }

    #[test]
    fn each_family_has_its_own_names() {
        let names = |id, like| {
            let names = os((id, like, "")).distribution().unwrap();
            (
                names.httpd.package,
                names.httpd.docroot,
                names.chrony.service,
                names.chrony.conf,
                names.ipvsadm.rules,
            )
        };
        let chrony = "/etc/chrony/chrony.conf";
        assert_eq!(
            names("ubuntu", "debian"),
            ("apache2", "/var/www/html", "chrony", chrony, "/etc/ipvsadm.rules")
        );
        assert_eq!(
            names("rocky", "rhel"),
            ("httpd", "/var/www/html", "chronyd", "/etc/chrony.conf", "/etc/sysconfig/ipvsadm")
        );
        assert_eq!(
            names("sles", "suse"),
            ("apache2", "/srv/www/htdocs", "chronyd", "/etc/chrony.conf", "/etc/ipvsadm.rules")
        );
        assert_eq!(
            names("alpine", ""),
            ("apache2", "/var/www/localhost/htdocs", "chronyd", chrony, "/var/lib/ipvsadm/rules-save")
        );
    }

    #[test]
    fn el_7_and_amazon_linux_2_have_semanage_in_another_package() {
        let package = |id, version| os((id, "rhel fedora", version)).distribution().unwrap().semanage_package;
        assert_eq!(package("centos", "7"), Some("policycoreutils-python"));
        assert_eq!(package("amzn", "2"), Some("policycoreutils-python"));
        assert_eq!(package("amzn", "2023"), Some("policycoreutils-python-utils"));
        assert_eq!(package("rocky", "9.3"), Some("policycoreutils-python-utils"));
        assert_eq!(package("fedora", "7"), Some("policycoreutils-python-utils"));
    }
}
