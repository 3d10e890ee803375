//! Debian 13, with systemd-networkd, as its cloud images have it.

use super::debian::Debian;
use crate::lab::owner;

pub const FLAVOUR: Debian = Debian { suite: "trixie", owner: owner::NETWORKD };
