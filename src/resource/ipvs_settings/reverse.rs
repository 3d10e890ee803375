//! What IPVS was set to before the first change, and the way back to that.

use serde::{Deserialize, Serialize};

use super::{IpvsSettings, Observed, observed, seconds, start, unit};
use crate::ipvs::{SyncDaemon, SyncState, Timeouts};
use crate::resource::{Aspect, Change, Script};

/// What there was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// The timeouts that ran, or that the kernel would have begun with.
    timeouts: Timeouts,
    /// The daemons that ran.
    daemons: Vec<SyncDaemon>,
    /// Whether lvsprov's unit was there.
    unit: bool,
}

impl Prior {
    pub(super) fn of(observed: &Observed) -> Prior {
        let daemons = [SyncState::Master, SyncState::Backup].into_iter();
        Prior {
            timeouts: observed.timeouts(),
            daemons: daemons.filter_map(|state| observed.daemon(state).cloned()).collect(),
            unit: observed.unit.is_some(),
        }
    }

    /// The change that brings it back: what the first run declared, and what the unit names by now. The unit goes last,
    /// so that a run that is killed before is taken up by the next.
    pub(super) fn reversal(&self, first: &IpvsSettings, observed: &Observed) -> Option<Change> {
        let ours = unit::read(observed.unit.as_deref().unwrap_or_default());
        let mut aspects = Vec::new();
        let mut script = Script::from(observed::PATH);
        if observed.is_loaded() {
            let set = [first.timeouts, ours.timeouts].map(|timeouts| timeouts.named());
            let now = observed.timeouts().named();
            let mut back = self.timeouts.named().into_iter().enumerate().map(|(index, (name, was))| {
                let (_, now) = now[index];
                let differs = now != was && set.iter().any(|timeouts| timeouts[index].1.is_some());
                if differs {
                    aspects.push(Aspect::value(
                        format!("timeout {name}"),
                        now.map(seconds),
                        was.map(seconds),
                    ));
                }
                was.filter(|_| differs)
            });
            let back = Timeouts {
                tcp: back.next().flatten(),
                tcp_fin: back.next().flatten(),
                udp: back.next().flatten(),
            };
            if !back.is_empty() {
                script += &format!("ipvsadm --set {}\n", back.arguments());
            }
            for state in [SyncState::Master, SyncState::Backup] {
                let mut set = first.sync_daemons.iter().chain(&ours.sync_daemons);
                let (now, was) =
                    (observed.daemon(state), self.daemons.iter().find(|daemon| daemon.state == state));
                if now != was && set.any(|daemon| daemon.state == state) {
                    let told = |daemon: Option<&SyncDaemon>| daemon.map(ToString::to_string);
                    aspects.push(Aspect::value(
                        format!("sync daemon {}", state.name()),
                        told(now),
                        told(was),
                    ));
                    script += &match was {
                        Some(was) => start(was),
                        None => format!("ipvsadm --stop-daemon {}\n", state.name()),
                    };
                }
            }
        }
        if !self.unit && (observed.unit.is_some() || observed.enabled) {
            let there = if observed.enabled { "enabled" } else { "disabled" };
            aspects.push(Aspect::value("unit lvsprov-ipvs at boot", Some(there.into()), None));
            script += unit::REMOVE;
        }
        (!aspects.is_empty()).then(|| Change::new(aspects, script))
    }
}
