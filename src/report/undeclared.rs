//! What is said of what is not declared, the same for people and machines.

use super::count::count;
use crate::plan::Other;
use crate::resource::UndeclaredService;

/// How many are named where there are many.
const NAMED: usize = 3;

/// What it is: `virtual service tcp 192.168.175.100:8080`.
pub(super) fn what(other: &Other) -> String {
    match other {
        Other::Service { service, .. } => format!("virtual service {}", service.key),
        Other::Host { address, .. } => format!("host {address}"),
    }
}

/// What there is to know of it: `2 real servers, in the kernel's table alone`.
pub(super) fn details(host: &str, other: &Other) -> String {
    match other {
        Other::Service { service, strangers } => {
            let mut details = count(service.real_servers.len(), "real server");
            if let Some(alone) = alone(service) {
                details += &format!(", in {alone} alone");
            }
            if !strangers.is_empty() {
                details += &format!(", of which no declared host has {}", named(strangers.iter()));
            }
            details
        }
        Other::Host { services, .. } => format!("{host} has it in {}", named(services.iter())),
    }
}

/// Why it is told.
pub(super) fn why(other: &Other) -> &'static str {
    match other {
        Other::Service { service, .. } if service.ours => {
            "not declared now, though an earlier run changed it"
        }
        Other::Service { .. } => "not declared",
        Other::Host { .. } => "no declared host has this address, and nothing is planned for it",
    }
}

/// What `prune` would do about it.
pub(super) fn prune(other: &Other) -> Option<&'static str> {
    match other {
        Other::Service { .. } => Some("`prune: true` of virtual_services would remove it"),
        Other::Host { .. } => None,
    }
}

/// The one place where it is, when that is known.
fn alone(service: &UndeclaredService) -> Option<&'static str> {
    match (service.running, service.at_boot) {
        (true, Some(false)) => Some("the kernel's table"),
        (false, Some(true)) => Some("the rules file"),
        _ => None,
    }
}

fn named<'a, T: ToString + 'a>(all: impl ExactSizeIterator<Item = &'a T>) -> String {
    let more = all.len().saturating_sub(NAMED);
    let first: Vec<String> = all.take(NAMED).map(ToString::to_string).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    first.join(", ") + &more
}
