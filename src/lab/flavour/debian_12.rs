//! Debian 12, with ifupdown, as its installer leaves it.

use super::debian::Debian;
use crate::lab::owner;

pub const FLAVOUR: Debian = Debian { suite: "bookworm", owner: owner::IFUPDOWN };
