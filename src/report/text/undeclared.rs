//! What is on the hosts beside what is declared: a line each.

use super::style::{NOTE, STRONG, paint};
use crate::plan::Other;
use crate::report::undeclared::{details, prune, what, why};

/// `left alone: lvs_director: virtual service tcp 192.168.175.100:8080 (2 real servers): not declared; ...`
pub(super) fn undeclared(others: &[(&str, &Other)]) -> String {
    let line = |(host, other): &(&str, &Other)| {
        let of = match other {
            Other::Service { .. } => format!("{}: ", paint(STRONG, host)),
            Other::Host { .. } => String::new(),
        };
        let prune = prune(other).map_or_else(String::new, |prune| format!("; {prune}"));
        let (alone, what, details) = (paint(NOTE, "left alone:"), what(other), details(host, other));
        format!("{alone} {of}{what} ({details}): {}{prune}\n", why(other))
    };
    others.iter().map(line).collect()
}
