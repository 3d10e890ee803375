//! Guests that pass for Enterprise Linux: Debian's programs with EL's packages, paths, units and names.

use super::Flavour;
use crate::lab::owner::{NETWORK_MANAGER, Owner};
use crate::lab::seed_file::SeedFile;
use crate::lab::topology::Blueprint;

/// A release of EL's kind.
pub struct El {
    /// Debian's, whose programs it has.
    pub suite: &'static str,
}

/// EL has no other.
const OWNER: Owner = NETWORK_MANAGER;

const RECIPE: [(&str, &str); 28] = [
    ("packages.sh", include_str!("../image/el/packages.sh")),
    ("distribution.txt", include_str!("../image/el/distribution.txt")),
    ("offered.txt", include_str!("../image/el/offered.txt")),
    ("rpm/90-default.preset", include_str!("../image/el/rpm/90-default.preset")),
    ("rpm/99-default-disable.preset", include_str!("../image/el/rpm/99-default-disable.preset")),
    ("rpm/build-macros", include_str!("../image/el/rpm/build-macros")),
    ("rpm/build.sh", include_str!("../image/el/rpm/build.sh")),
    ("rpm/chrony.conf", include_str!("../image/el/rpm/chrony.conf")),
    ("rpm/chrony.spec", include_str!("../image/el/rpm/chrony.spec")),
    ("rpm/chronyd.service", include_str!("../image/el/rpm/chronyd.service")),
    ("rpm/curl.spec", include_str!("../image/el/rpm/curl.spec")),
    ("rpm/dnf.conf", include_str!("../image/el/rpm/dnf.conf")),
    ("rpm/httpd", include_str!("../image/el/rpm/httpd")),
    ("rpm/httpd.conf", include_str!("../image/el/rpm/httpd.conf")),
    ("rpm/httpd.service", include_str!("../image/el/rpm/httpd.service")),
    ("rpm/httpd.spec", include_str!("../image/el/rpm/httpd.spec")),
    ("rpm/ipvsadm-config", include_str!("../image/el/rpm/ipvsadm-config")),
    ("rpm/ipvsadm.service", include_str!("../image/el/rpm/ipvsadm.service")),
    ("rpm/ipvsadm.spec", include_str!("../image/el/rpm/ipvsadm.spec")),
    ("rpm/keepalived.service", include_str!("../image/el/rpm/keepalived.service")),
    ("rpm/keepalived.spec", include_str!("../image/el/rpm/keepalived.spec")),
    ("rpm/lab.repo", include_str!("../image/el/rpm/lab.repo")),
    ("rpm/library.spec", include_str!("../image/el/rpm/library.spec")),
    ("rpm/macros", include_str!("../image/el/rpm/macros")),
    ("rpm/os-release", include_str!("../image/el/rpm/os-release")),
    ("rpm/redhat-release", include_str!("../image/el/rpm/redhat-release")),
    ("rpm/release.spec", include_str!("../image/el/rpm/release.spec")),
    ("rpm/welcome.conf", include_str!("../image/el/rpm/welcome.conf")),
];

impl Flavour for El {
    fn suite(&self) -> &'static str {
        self.suite
    }

    fn recipe(&self) -> Vec<(&'static str, String)> {
        let mut recipe = super::common(OWNER);
        recipe.extend(RECIPE.iter().map(|(name, text)| (*name, (*text).to_owned())));
        recipe
    }

    fn seed(&self, blueprint: &Blueprint) -> Vec<SeedFile> {
        (OWNER.files)(blueprint)
    }
}
