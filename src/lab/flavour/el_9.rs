//! A guest that passes for Rocky Linux 9.

use super::el::El;

pub const FLAVOUR: El = El { suite: "bookworm" };
