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
const RECIPE: [(&str, &str); 3] = [
    ("packages.sh", include_str!("../image/debian/packages.sh")),
    ("distribution.txt", ""),
    ("offered.txt", include_str!("../image/debian/offered.txt")),
];

impl Flavour for Debian {
    fn suite(&self) -> &'static str {
        self.suite
    }

    fn recipe(&self) -> Vec<(&'static str, String)> {
        let mut recipe = super::common(self.owner);
        recipe.extend(RECIPE.iter().map(|(name, text)| (*name, (*text).to_owned())));
        recipe
    }

    fn seed(&self, blueprint: &Blueprint) -> Vec<SeedFile> {
        (self.owner.files)(blueprint)
    }
}
