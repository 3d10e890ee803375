//! The kernel's threads that tell another director of connections, and hear of them: `ipvsadm --start-daemon`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a sync daemon does. A director has one of each at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SyncState {
    /// It sends what the director knows of its connections.
    Master,
    /// It takes what another director sends.
    Backup,
}

/// A sync daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncDaemon {
    /// Whether it sends or takes.
    pub state: SyncState,
    /// The interface of its multicast.
    pub interface: String,
    /// What it sends, or takes, is marked with this number, 0 to 255.
    #[serde(default)]
    pub syncid: u8,
}

impl SyncState {
    /// ipvsadm's word.
    pub fn name(self) -> &'static str {
        match self {
            SyncState::Master => "master",
            SyncState::Backup => "backup",
        }
    }
}

impl SyncDaemon {
    /// From a line of `ipvsadm -L --daemon`: `master sync daemon (mcast=eth1, syncid=7, maxlen=1472, ...)`.
    pub fn listed(line: &str) -> Option<SyncDaemon> {
        let (state, settings) = line.split_once(" sync daemon (")?;
        let state = match state {
            "master" => SyncState::Master,
            "backup" => SyncState::Backup,
            _ => return None,
        };
        let setting = |name: &str| {
            let mut settings = settings.trim_end_matches(')').split(", ");
            settings.find_map(|setting| setting.strip_prefix(name)?.strip_prefix('='))
        };
        let (interface, syncid) = (setting("mcast")?.to_owned(), setting("syncid")?.parse().ok()?);
        Some(SyncDaemon { state, interface, syncid })
    }

    /// The words after `ipvsadm` that start it.
    pub fn arguments(&self) -> String {
        format!(
            "--start-daemon {} --mcast-interface {} --syncid {}",
            self.state.name(),
            self.interface,
            self.syncid
        )
    }
}

impl fmt::Display for SyncDaemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, syncid {}", self.interface, self.syncid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ipvsadm_lists_is_read() {
        let line =
            "master sync daemon (mcast=vec1, syncid=7, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)";
        let daemon = SyncDaemon { state: SyncState::Master, interface: "vec1".into(), syncid: 7 };
        assert_eq!(SyncDaemon::listed(line), Some(daemon));
        // As ipvsadm before 1.29 has it.
        let short = SyncDaemon::listed("backup sync daemon (mcast=eth0, syncid=0)").unwrap();
        assert_eq!(short.arguments(), "--start-daemon backup --mcast-interface eth0 --syncid 0");
        assert_eq!(SyncDaemon::listed("No daemon is running"), None);
    }
}
