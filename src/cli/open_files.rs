//! How many files the process may have open: each connection takes four.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Enough for 16,000 connections. Without a bound, where the hard limit is a billion, programs that we start and that close
/// every descriptor there might be would not come to their work.
const ENOUGH: u64 = 1 << 16;

/// Raises the soft limit, which is kept low for programs that use select(2), to the hard one (getrlimit(2)).
pub(super) fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
    if current.is_some_and(|current| current < wanted) {
        // Where it can't be had, what there is must do: too many connections are told as that.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}
