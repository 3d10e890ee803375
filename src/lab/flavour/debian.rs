//! Debian, in all releases.

use super::Flavour;
use crate::lab::owner::Owner;
use crate::lab::seed_file::SeedFile;
use crate::lab::topology::Blueprint;

/// A release of Debian.
pub struct Debian {
    /// Its code name.
    pub suite: &'static str,
    /// Who configures its guests' network.
    pub owner: Owner,
}

/// What all releases have in common.
const RECIPE: [(&str, &str); 9] = [
    ("build.sh", include_str!("../image/build.sh")),
    ("init", include_str!("../image/init")),
    ("installed.txt", include_str!("../image/installed.txt")),
    ("offered.txt", include_str!("../image/offered.txt")),
    ("masked.txt", include_str!("../image/masked.txt")),
    ("generators.txt", include_str!("../image/generators.txt")),
    ("apt.conf", include_str!("../image/apt.conf")),
    ("dpkg.cfg", include_str!("../image/dpkg.cfg")),
    ("sshd.conf", include_str!("../image/sshd.conf")),
];

impl Flavour for Debian {
    fn suite(&self) -> &'static str {
        self.suite
    }

    fn recipe(&self) -> Vec<(&'static str, String)> {
        let list = |names: &[&str]| names.iter().map(|name| format!("{name}\n")).collect::<String>();
        let mut recipe: Vec<_> = RECIPE.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        recipe.push(("owner.txt", list(self.owner.packages)));
        recipe.push(("enabled.txt", list(self.owner.units)));
        recipe
    }

    fn seed(&self, blueprint: &Blueprint) -> Vec<SeedFile> {
        (self.owner.files)(blueprint)
    }
}
