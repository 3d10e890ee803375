//! What IPVS is set to beside its table, and what no rules file has words for: `ipvsadm -S` forgets it.
//!
//! No distribution but Debian has a place for sync daemons, and none one for timeouts. A unit of lvsprov's own sets both
//! at boot.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shell::{Attributes, replace};
use super::{Aspect, Change, Context, Facts, Kind, Refusal, Script, Unreadable, quote};
use crate::ipvs::{LONGEST_TIMEOUT, SyncDaemon, Timeouts};

mod observed;
mod reverse;
mod unit;

pub use observed::Observed;
pub use reverse::Prior;

/// The timeouts of IPVS and its sync daemons, now and at boot.
///
/// No rules file has words for them, and no save keeps them. `/etc/systemd/system/lvsprov-ipvs.service` sets them at
/// boot. A timeout that is left out stays as it is, and so does a sync daemon of a state that is not named. Whether a
/// daemon runs with another interface or number is compared, what else it can be told is not.
///
/// The module refuses hosts without systemd, and Debian's own sync daemons in `/etc/default/ipvsadm`.
///
/// ```yaml
/// - ipvs_settings: { timeouts: { tcp: 900, tcp_fin: 120, udp: 300 } }
/// - ipvs_settings: { sync_daemons: [{ state: master, interface: eth1, syncid: 7 }] }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IpvsSettings {
    /// Seconds after which a connection that is silent is forgotten: `tcp`, `tcp_fin` (after its FIN) and `udp`.
    #[serde(default, deserialize_with = "or_nothing")]
    pub timeouts: Timeouts,
    /// The sync daemons: one of each `state`, `master` or `backup`, at most; each with its `interface` and `syncid`.
    #[serde(default, deserialize_with = "or_nothing")]
    pub sync_daemons: Vec<SyncDaemon>,
}

/// `null` is nothing: what a variable holds that was not set.
fn or_nothing<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(
    value: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

impl Kind for IpvsSettings {
    const MODULE: &'static str = "ipvs_settings";
    type Observed = Observed;
    type Prior = Prior;

    fn subject(&self) -> String {
        let timeouts = (!self.timeouts.is_empty()).then(|| "timeouts".to_owned());
        let daemons = self.sync_daemons.iter().map(|daemon| format!("sync daemon {}", daemon.state.name()));
        let all: Vec<String> = timeouts.into_iter().chain(daemons).collect();
        if all.is_empty() { "none".into() } else { all.join(", ") }
    }

    fn check(&self) -> Result<(), String> {
        for (name, seconds) in self.timeouts.named() {
            if seconds.is_some_and(|seconds| !(1..=LONGEST_TIMEOUT).contains(&seconds)) {
                return Err(format!("the timeout `{name}` is 1 to {LONGEST_TIMEOUT} seconds"));
            }
        }
        for (index, daemon) in self.sync_daemons.iter().enumerate() {
            let state = daemon.state;
            if self.sync_daemons[..index].iter().any(|other| other.state == state) {
                return Err(format!(
                    "two sync daemons are {}: a director has one of each at most",
                    state.name()
                ));
            }
            let legal = |c: char| !c.is_whitespace() && !c.is_control() && c != '/';
            if daemon.interface.is_empty()
                || daemon.interface.starts_with('-')
                || !daemon.interface.chars().all(legal)
            {
                return Err(format!("`{}` is no interface's name", daemon.interface));
            }
        }
        Ok(())
    }

    fn probe(_batch: &[&Self], _facts: &Facts) -> String {
        observed::probe()
    }

    fn parse(batch: &[&Self], _facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        let observed = Observed::parse(&String::from_utf8_lossy(output))?;
        Ok(batch.iter().map(|_| observed.clone()).collect())
    }

    fn differ(&self, observed: &Observed, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        if self.timeouts.is_empty() && self.sync_daemons.is_empty() {
            return Ok(None);
        }
        if !context.facts.systemd {
            return Err(Refusal {
                reason: "this host is not run by systemd, so that nothing here sets timeouts and sync daemons at boot"
                    .into(),
                remedy: "leave them out of the inventory, and have them set by the host's own start scripts: \
                         `ipvsadm --set`, `ipvsadm --start-daemon`"
                    .into(),
            });
        }
        if let Some(daemon) = observed.debians_daemon().filter(|_| !self.sync_daemons.is_empty()) {
            return Err(Refusal {
                reason: format!("/etc/default/ipvsadm starts a sync daemon at boot: DAEMON=\"{daemon}\""),
                remedy: "set DAEMON=\"none\" there, so that it is started once, or leave `sync_daemons` out"
                    .into(),
            });
        }
        let mut aspects = Vec::new();
        let mut script = Script::from(observed::PATH);
        self.live(observed, &mut aspects, &mut script);
        self.at_boot(observed, &mut aspects, &mut script);
        Ok((!aspects.is_empty()).then(|| Change::new(aspects, script)))
    }

    fn prior(&self, observed: &Observed) -> Option<Prior> {
        Some(Prior::of(observed))
    }

    fn revert(&self, prior: &Prior, observed: &Observed, _: Context<'_>) -> Result<Option<Change>, Refusal> {
        Ok(prior.reversal(self, observed))
    }
}

impl IpvsSettings {
    /// What runs otherwise than declared, and the POSIX sh that sets it.
    fn live(&self, observed: &Observed, aspects: &mut Vec<Aspect>, script: &mut Script) {
        let running = observed.timeouts();
        let mut differs = false;
        for ((name, wanted), (_, now)) in self.timeouts.named().into_iter().zip(running.named()) {
            if let Some(wanted) = wanted.filter(|wanted| now != Some(*wanted)) {
                differs = true;
                let now = now.filter(|_| observed.is_loaded()).map(seconds);
                aspects.push(Aspect::value(format!("timeout {name}"), now, Some(seconds(wanted))));
            }
        }
        let daemons =
            self.sync_daemons.iter().filter(|daemon| observed.daemon(daemon.state) != Some(*daemon));
        let daemons: Vec<&SyncDaemon> = daemons.collect();
        if differs || !daemons.is_empty() {
            *script += "command -v ipvsadm >/dev/null || { echo 'ipvsadm is not installed: add `package: { name: ipvsadm }` before' >&2; exit 1; }\n";
        }
        if differs {
            *script += &format!("ipvsadm --set {}\n", self.timeouts.arguments());
        }
        for daemon in daemons {
            let state = daemon.state.name();
            let there = observed.daemon(daemon.state);
            let old = there.map(ToString::to_string);
            aspects.push(Aspect::value(format!("sync daemon {state}"), old, Some(daemon.to_string())));
            *script += &start(daemon);
        }
    }

    /// What the next boot lacks, and the POSIX sh that mends it. The unit is not started: what runs is set already.
    fn at_boot(&self, observed: &Observed, aspects: &mut Vec<Aspect>, script: &mut Script) {
        let wanted = unit::text(self);
        if observed.unit.as_ref() != Some(&wanted) {
            let attributes = Attributes { mode: Some("0644"), owner: Some("0"), group: Some("0") };
            *script += replace(unit::FILE, &wanted, attributes);
            *script += "systemctl daemon-reload\n";
            aspects.push(Aspect::text(
                format!("at boot: {}", unit::FILE),
                observed.unit.clone(),
                Some(wanted),
            ));
        }
        if !observed.enabled {
            aspects.push(Aspect::value("unit lvsprov-ipvs at boot", None, Some("enabled".into())));
            *script += "systemctl enable lvsprov-ipvs.service\n";
        }
    }
}

fn seconds(seconds: u32) -> String {
    format!("{seconds} s")
}

/// POSIX sh that starts a daemon in the place of the one that is there.
fn start(daemon: &SyncDaemon) -> String {
    let state = daemon.state.name();
    let words: Vec<String> = daemon.arguments().split(' ').map(quote).collect();
    format!("ipvsadm --stop-daemon {state} 2>/dev/null || :\nipvsadm {}\n", words.join(" "))
}

#[cfg(test)]
mod tests;
