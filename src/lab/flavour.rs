//! What tells one distribution's guest from another's.
//!
//! To add a flavour: write its file in `flavour/`, name it below, and add its line to the list in `inventory/image.rs`.

mod debian;
mod debian_12;
mod debian_12_networkmanager;
mod debian_13;
mod el;
mod el_9;

use super::owner::Owner;
use super::seed_file::SeedFile;
use super::topology::Blueprint;
use crate::inventory::{Image, images};

/// One distribution, as a guest.
pub trait Flavour: Sync {
    /// The Debian release, by its code name, whose packages the recipe is given: also a guest that passes for another
    /// distribution is put together from Debian's.
    fn suite(&self) -> &'static str;

    /// What its image is built from: names and texts of files, of which `build.sh` is run in `sh` as
    /// `build.sh RECIPE WORK IMAGE RELEASE SUITE [MIRROR-LINES...]`, with the folder of these files, an empty folder, the
    /// file to write, the release of the User-mode Linux kernel, [`Flavour::suite`], and lines for sources.list. It
    /// prints a line `step: NAME` as each step begins. Which packages a guest has, and which it may install, is in there.
    fn recipe(&self) -> Vec<(&'static str, String)>;

    /// What a guest is given before its first boot, beside what all are given: its network, in the files of whoever
    /// configures that here.
    fn seed(&self, blueprint: &Blueprint) -> Vec<SeedFile>;
}

/// What the recipes of all distributions have in common: [`Flavour::recipe`] with the network's owner, but without
/// `packages.sh`, `distribution.txt` and `offered.txt`.
fn common(owner: Owner) -> Vec<(&'static str, String)> {
    const FILES: [(&str, &str); 8] = [
        ("build.sh", include_str!("image/build.sh")),
        ("init", include_str!("image/init")),
        ("installed.txt", include_str!("image/installed.txt")),
        ("masked.txt", include_str!("image/masked.txt")),
        ("generators.txt", include_str!("image/generators.txt")),
        ("apt.conf", include_str!("image/apt.conf")),
        ("dpkg.cfg", include_str!("image/dpkg.cfg")),
        ("sshd.conf", include_str!("image/sshd.conf")),
    ];
    let list = |names: &[&str]| names.iter().map(|name| format!("{name}\n")).collect::<String>();
    let mut recipe: Vec<_> = FILES.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    recipe.push(("owner.txt", list(owner.packages)));
    recipe.push(("enabled.txt", list(owner.units)));
    recipe
}

macro_rules! flavours {
    ($($(#[$default:meta])? $image:ident $name:literal $file:ident;)+) => {
        /// The flavour of an image.
        pub fn of(image: Image) -> &'static dyn Flavour {
            match image {
                $(Image::$image => &$file::FLAVOUR,)+
            }
        }
    };
}

images!(flavours);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_has_what_builds_it_and_no_file_twice() {
        for image in Image::ALL {
            let recipe = of(*image).recipe();
            let mut names: Vec<&str> = recipe.iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            assert!(names.contains(&"build.sh") && names.contains(&"init"), "{image}: {names:?}");
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{image}");
        }
    }

    #[test]
    fn no_two_images_are_alike() {
        let all: Vec<_> = Image::ALL.iter().map(|image| (of(*image).suite(), of(*image).recipe())).collect();
        for (index, one) in all.iter().enumerate() {
            assert!(!all[..index].contains(one), "{}", Image::ALL[index]);
        }
    }
}
