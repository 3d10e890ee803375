//! Debian 12 with NetworkManager, as its desktops have it.

use super::debian::Debian;
use crate::lab::owner;

pub const FLAVOUR: Debian = Debian { suite: "bookworm", owner: owner::NETWORK_MANAGER };
