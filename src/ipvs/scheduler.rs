//! The kernel's schedulers.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the director picks a real server for a new connection: one of the kernel's `ip_vs_*` modules
/// (`net/netfilter/ipvs/`, ipvsadm(8)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scheduler {
    /// Round robin.
    Rr,
    /// Weighted round robin.
    Wrr,
    /// Least connections.
    Lc,
    /// Weighted least connections: the kernel's default.
    Wlc,
    /// Locality-based least connections.
    Lblc,
    /// Locality-based least connections with replication.
    Lblcr,
    /// Destination hashing.
    Dh,
    /// Source hashing.
    Sh,
    /// Shortest expected delay.
    Sed,
    /// Never queue.
    Nq,
    /// Weighted failover.
    Fo,
    /// Weighted overflow.
    Ovf,
    /// Maglev hashing.
    Mh,
    /// Weighted random choice of two.
    Twos,
}

impl Scheduler {
    /// Every scheduler of the kernel, in ipvsadm's order; `twos` is the one that its help forgets.
    pub const ALL: [Scheduler; 14] = {
        use Scheduler::*;
        [Rr, Wrr, Lc, Wlc, Lblc, Lblcr, Dh, Sh, Sed, Nq, Fo, Ovf, Mh, Twos]
    };

    /// The name that `ipvsadm -s` takes.
    pub fn name(self) -> &'static str {
        match self {
            Scheduler::Rr => "rr",
            Scheduler::Wrr => "wrr",
            Scheduler::Lc => "lc",
            Scheduler::Wlc => "wlc",
            Scheduler::Lblc => "lblc",
            Scheduler::Lblcr => "lblcr",
            Scheduler::Dh => "dh",
            Scheduler::Sh => "sh",
            Scheduler::Sed => "sed",
            Scheduler::Nq => "nq",
            Scheduler::Fo => "fo",
            Scheduler::Ovf => "ovf",
            Scheduler::Mh => "mh",
            Scheduler::Twos => "twos",
        }
    }

    /// The canonical form of a list of scheduler flags, `sh-port,flag-1`: each by the name that ipvsadm prints for
    /// this scheduler, sorted. `sh` and `mh` know no third flag, and ipvsadm never prints it for them: it is left out.
    ///
    /// # Errors
    /// The flag that is none, or that belongs to another scheduler.
    pub fn flags(self, list: &str) -> Result<Vec<String>, UnknownFlag> {
        let names = match self {
            Scheduler::Sh => ["sh-fallback", "sh-port", ""],
            Scheduler::Mh => ["mh-fallback", "mh-port", ""],
            _ => ["flag-1", "flag-2", "flag-3"],
        };
        let mut set = [false; 3];
        for flag in list.split(',').map(str::trim).filter(|flag| !flag.is_empty()) {
            let bit = ["flag-1", "flag-2", "flag-3"]
                .iter()
                .position(|name| *name == flag)
                .or_else(|| names.iter().position(|name| *name == flag))
                .ok_or_else(|| UnknownFlag { flag: flag.to_owned(), scheduler: self })?;
            set[bit] = true;
        }
        let named = names.iter().zip(set).filter(|(name, set)| *set && !name.is_empty());
        Ok(named.map(|(name, _)| (*name).to_owned()).collect())
    }

    /// The flag by which one that hashes clients gives those of a real server with weight 0 to another, rather than
    /// refuse them.
    pub fn fallback(self) -> Option<&'static str> {
        match self {
            Scheduler::Sh => Some("sh-fallback"),
            Scheduler::Mh => Some("mh-fallback"),
            _ => None,
        }
    }

    /// The kernel module that implements it.
    pub fn module(self) -> String {
        format!("ip_vs_{}", self.name())
    }
}

impl fmt::Display for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A flag that the scheduler does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{flag}` is no flag of the scheduler {scheduler}")]
pub struct UnknownFlag {
    /// The flag.
    pub flag: String,
    /// The scheduler.
    pub scheduler: Scheduler,
}

/// A name that is no scheduler of the kernel's.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a scheduler")]
pub struct UnknownScheduler(pub String);

impl FromStr for Scheduler {
    type Err = UnknownScheduler;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Scheduler::ALL
            .into_iter()
            .find(|scheduler| scheduler.name() == name)
            .ok_or_else(|| UnknownScheduler(name.to_owned()))
    }
}
