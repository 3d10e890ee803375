//! What a host's machine in a lab is made from, by name. What is behind a name, `lab/` knows.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Gives a macro all images: each one's name in Rust, in an inventory, and of its file in `src/lab/flavour/`. To add an
/// image is to write that file and a line here.
macro_rules! images {
    ($to:ident) => {
        $to! {
            #[default] Debian12 "debian-12" debian_12;
            Debian12NetworkManager "debian-12-networkmanager" debian_12_networkmanager;
            Debian13 "debian-13" debian_13;
            El9 "el-9" el_9;
        }
    };
}

macro_rules! declare {
    ($($(#[$default:meta])? $image:ident $name:literal $file:ident;)+) => {
        /// An image of a lab's machines.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
        pub enum Image {
            $(
                #[doc = concat!("`", $name, "`")]
                #[serde(rename = $name)]
                $(#[$default])?
                $image,
            )+
        }

        impl Image {
            /// All that there are.
            pub const ALL: &'static [Image] = &[$(Image::$image),+];

            /// What an inventory calls it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Image::$image => $name,)+
                }
            }
        }
    };
}

pub(crate) use images;
images!(declare);

impl Image {
    /// The one that an inventory calls so.
    pub fn named(name: &str) -> Option<Image> {
        Image::ALL.iter().copied().find(|image| image.name() == name)
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_is_found_by_its_name() {
        for image in Image::ALL {
            assert_eq!(Image::named(image.name()), Some(*image));
            assert_eq!(serde_json::to_value(image).unwrap(), image.name());
        }
        assert_eq!(Image::named("debian"), None);
        assert_eq!(Image::default().to_string(), "debian-12");
    }
}
