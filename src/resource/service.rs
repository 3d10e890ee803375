//! Services under systemd: whether they run, whether they start at boot, and whether what runs is stale.
//!
//! A service whose file changes must restart. The file's change says so on the host, under `/run/lvsprov/stale`,
//! before it replaces the file, and the service's change takes that back after it has restarted: whatever
//! interrupts a run between the two, the next one finds the mark. A reboot clears it, as it starts the service anew.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::word::words;
use super::{Aspect, Change, Context, Facts, Family, Kind, Refusal, Risk, Unreadable, quote};

mod reverse;
mod unit;

pub use reverse::Prior;
pub use unit::Unit;

/// A systemd unit: whether it runs, now and after the next boot.
///
/// Whether it runs and whether it starts at boot are compared apart. The module refuses masked units, `enabled` for
/// static ones, and hosts without systemd. Of `ipvsadm` only `enabled` is taken: its start, stop and restart each
/// clear the live table, which `virtual_services` brings.
///
/// Where the playbook declares the content of a file that the service depends on, it does so before the service.
///
/// ```yaml
/// - service: { name: apache2, state: started, enabled: true, restart_on: [/etc/apache2/ports.conf] }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The unit's name; `.service` may be left out.
    pub name: String,
    /// Whether it is to run. Without it, it is left as it is.
    #[serde(default)]
    pub state: Option<ServiceState>,
    /// Whether it is to start at boot. Without it, that is left as it is.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Files that it reads only when it starts: it restarts when one of them changed.
    #[serde(default)]
    pub restart_on: Vec<String>,
    /// Files that it reads again on a reload: it reloads when one of them changed.
    #[serde(default)]
    pub reload_on: Vec<String>,
    /// Whether its restart or stop interrupts what the host serves; so it is taken to be when this is left out. On real
    /// servers such changes are made on one after another.
    #[serde(default)]
    pub interrupts: Option<bool>,
}

/// Whether a unit is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceState {
    /// It runs.
    Started,
    /// It does not.
    Stopped,
}

/// What a running service needs when a file of its changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// To read it again; a unit that can't is restarted.
    Reload,
    /// To start anew.
    Restart,
}

impl Effect {
    fn word(self) -> &'static str {
        match self {
            Effect::Reload => "reload",
            Effect::Restart => "restart",
        }
    }
}

/// The name as systemd has it.
pub(super) fn unit_name(name: &str) -> String {
    const TYPES: [&str; 8] =
        [".service", ".socket", ".timer", ".mount", ".target", ".path", ".slice", ".automount"];
    if TYPES.iter().any(|t| name.ends_with(t)) { name.to_owned() } else { format!("{name}.service") }
}

fn no_systemd(name: &str, facts: &Facts) -> Refusal {
    let remedy = match facts.os.family {
        // what a service's stop, its failure and its being enabled in several runlevels look like there is not known here
        Family::Alpine => {
            let plain = name.strip_suffix(".service").unwrap_or(name);
            format!(
                "`service` knows systemd only. For OpenRC use two tasks with `command`: `rc-service {plain} start` unless \
                 `rc-service {plain} status`, and `rc-update add {plain} default` unless \
                 `[ -e /etc/runlevels/default/{plain} ]`"
            )
        }
        _ => "`service` knows systemd only: use a `command` that is guarded by `unless`".into(),
    };
    Refusal { reason: format!("this host is not run by systemd, so {name} can't be seen or changed"), remedy }
}

fn mark(unit: &str, effect: Effect) -> String {
    format!("/run/lvsprov/stale/{}.{}", unit_name(unit), effect.word())
}

/// POSIX sh that says on the host that `unit` runs with what is about to be replaced.
pub(super) fn mark_stale(unit: &str, effect: Effect) -> String {
    format!("mkdir -p /run/lvsprov/stale\n: >{}\n", quote(&mark(unit, effect)))
}

impl Kind for Service {
    const MODULE: &'static str = "service";
    type Observed = Unit;
    type Prior = Prior;

    fn subject(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        let legal = |c: char| c.is_ascii_alphanumeric() || ":-_.@\\".contains(c);
        if !self.name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !self.name.chars().all(legal) {
            return Err(format!("`{}` is no unit's name", self.name));
        }
        if self.name.ends_with('@') || self.name.contains("@.") {
            return Err(format!("`{}` is a template: name an instance of it, after the @", self.name));
        }
        // the unit's start is `ipvsadm -C` and a restore, its stop is `ipvsadm -C`
        if unit_name(&self.name) == "ipvsadm.service" {
            let stale = !self.restart_on.is_empty() || !self.reload_on.is_empty();
            for (given, argument) in
                [(self.state.is_some(), "`state`"), (stale, "`restart_on` and `reload_on`")]
            {
                if given {
                    return Err(format!(
                        "a start, stop or restart of ipvsadm clears the live table: leave {argument} out, \
                         `virtual_services` brings the table"
                    ));
                }
            }
        }
        Ok(())
    }

    fn restarts_for(&self) -> &[String] {
        if self.interrupts == Some(false) { &[] } else { &self.restart_on }
    }

    fn probe(batch: &[&Self], facts: &Facts) -> String {
        if !facts.systemd {
            return String::new();
        }
        let units: Vec<String> = batch.iter().map(|s| unit_name(&s.name)).collect();
        unit::probe(&words(units.iter().map(String::as_str)))
    }

    fn parse(batch: &[&Self], facts: &Facts, output: &[u8]) -> Result<Vec<Unit>, Unreadable> {
        if !facts.systemd {
            return Ok(vec![Unit::default(); batch.len()]);
        }
        unit::parse(batch.len(), output)
    }

    fn differ(&self, unit: &Unit, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        let name = unit_name(&self.name);
        if !context.facts.systemd {
            return Err(no_systemd(&name, context.facts));
        }
        let wanted = self.state == Some(ServiceState::Started) || self.enabled == Some(true);
        if unit.load == "masked" && wanted {
            return Err(Refusal {
                reason: format!("{name} is masked: someone made sure that it can't start"),
                remedy: format!("if it may run again: systemctl unmask {name}"),
            });
        }
        let mut aspects = Vec::new();
        let mut script = Script(unit::look(&quote(&name)));
        let mut risks = Vec::new();
        let mut revives = false;
        if let Some(enabled) = self.enabled
            && let Some((old, new)) = unit.boot_differs(enabled, &name)?
        {
            aspects.push(Aspect::value("at boot", old, Some(new.into())));
            script.enable(enabled);
        }
        let effect = self.pending(unit, context);
        let interrupts = self.interrupts != Some(false);
        match self.state {
            Some(ServiceState::Started) if !unit.active() => {
                aspects.push(Aspect::value("running", unit.shown(), Some("started".into())));
                script.run(None);
                // What its package is yet to bring has served nobody.
                revives = interrupts && unit.shown().is_some();
            }
            Some(ServiceState::Stopped) if unit.up() => {
                aspects.push(Aspect::value("running", unit.shown(), Some("stopped".into())));
                if interrupts && unit.active() {
                    risks.push(Risk::Stop { service: self.name.clone() });
                }
                script.stop();
            }
            Some(ServiceState::Stopped) => {}
            _ => {
                if let Some((effect, why)) = effect.filter(|_| unit.active()) {
                    aspects.push(Aspect::value(effect.word(), None, Some(why)));
                    script.run(Some(effect));
                    if effect == Effect::Restart && interrupts {
                        risks.push(Risk::Restart { service: self.name.clone() });
                    }
                }
            }
        }
        if aspects.is_empty() {
            return Ok(None);
        }
        Ok(Some(Change {
            deadline: Duration::from_secs(180),
            risks,
            revives,
            ..Change::new(aspects, script.0)
        }))
    }

    fn unsettled(unit: &Unit) -> bool {
        unit.moving()
    }

    fn prior(&self, unit: &Unit) -> Option<Prior> {
        Some(Prior::of(unit))
    }

    fn revert(&self, prior: &Prior, unit: &Unit, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        prior.reversal(self, unit, context)
    }
}

impl Service {
    /// What the running service needs, and why.
    fn pending(&self, unit: &Unit, context: Context<'_>) -> Option<(Effect, String)> {
        let sides = [
            (Effect::Restart, &self.restart_on, unit.restart),
            (Effect::Reload, &self.reload_on, unit.reload),
        ];
        sides.into_iter().find_map(|(effect, paths, marked)| {
            let changing = paths.iter().find(|path| context.changing.contains(*path));
            match changing {
                Some(path) => Some((effect, format!("{path} changes"))),
                None if marked => {
                    Some((effect, "its file changed before, in a run that was interrupted".into()))
                }
                None => None,
            }
        })
    }
}

/// What a service's change runs. Its package may have started the unit in this very stage, before its file was
/// replaced: so whether to start, restart or reload is settled by what is there when the script runs.
struct Script(String);

impl Script {
    /// To enable what is enabled is not free: systemd reads all its units again.
    fn enable(&mut self, enabled: bool) {
        self.0 += if enabled {
            "[ \"$(systemctl is-enabled \"$u\" 2>/dev/null)\" = enabled ] || systemctl enable \"$u\"\n"
        } else {
            "systemctl disable \"$u\"\n"
        };
    }

    fn stop(&mut self) {
        self.0 += "systemctl stop \"$u\"\n";
    }

    fn run(&mut self, effect: Option<Effect>) {
        self.0 += &unit::run(effect.map(Effect::word).unwrap_or(""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn apache() -> Service {
        Service {
            name: "apache2".into(),
            state: Some(ServiceState::Started),
            enabled: Some(true),
            restart_on: vec!["/etc/apache2/ports.conf".into()],
            reload_on: vec!["/etc/apache2/apache2.conf".into()],
            interrupts: None,
        }
    }

    fn differ(service: &Service, output: &str, changing: &[&str]) -> Result<Option<Change>, Refusal> {
        let facts = Facts::example();
        let unit = Service::parse(&[service], &facts, output.as_bytes()).unwrap().remove(0);
        let changing: BTreeSet<String> = changing.iter().map(|&p| p.to_owned()).collect();
        service.differ(&unit, Context { facts: &facts, changing: &changing })
    }

    fn shown(change: Option<Change>) -> Vec<String> {
        let aspects = change.map(|c| c.aspects).unwrap_or_default();
        let show = |side: Option<String>| side.unwrap_or_else(|| "-".into());
        aspects.into_iter().map(|a| format!("{}: {} -> {}", a.what, show(a.old), show(a.new))).collect()
    }

    fn unit(marks: &str, load: &str, active: &str, file: &str) -> String {
        format!(
            "unit apache2.service {marks}\n=\nId=apache2.service\nLoadState={load}\nActiveState={active}\n\
             SubState=x\nUnitFileState={file}\nNeedDaemonReload=no\n"
        )
    }

    #[test]
    fn a_unit_whose_package_is_yet_to_come_is_absent() {
        let change = differ(&apache(), &unit("", "not-found", "inactive", ""), &[]).unwrap();
        assert_eq!(shown(change), ["at boot: - -> enabled", "running: - -> started"]);
    }

    #[test]
    fn one_that_runs_and_is_enabled_stays() {
        assert_eq!(differ(&apache(), &unit("", "loaded", "active", "enabled"), &[]), Ok(None));
        let stopped = Service { state: Some(ServiceState::Stopped), enabled: None, ..apache() };
        assert_eq!(differ(&stopped, &unit("restart", "loaded", "failed", "enabled"), &[]), Ok(None));
    }

    #[test]
    fn a_changed_file_restarts_it_now_or_in_the_next_run() {
        let up = unit("", "loaded", "active", "enabled");
        let change = differ(&apache(), &up, &["/etc/apache2/ports.conf"]).unwrap().unwrap();
        assert_eq!(change.risks, [Risk::Restart { service: "apache2".into() }]);
        assert_eq!(shown(Some(change)), ["restart: - -> /etc/apache2/ports.conf changes"]);
        let change = differ(&apache(), &up, &["/etc/apache2/apache2.conf"]).unwrap().unwrap();
        assert_eq!(change.risks, []);
        assert_eq!(shown(Some(change)), ["reload: - -> /etc/apache2/apache2.conf changes"]);
        let change = differ(&apache(), &unit("restart", "loaded", "active", "enabled"), &[]).unwrap();
        assert_eq!(shown(change), ["restart: - -> its file changed before, in a run that was interrupted"]);
    }

    #[test]
    fn a_start_is_also_a_restart() {
        let change = differ(&apache(), &unit("restart", "loaded", "failed", "enabled"), &[]).unwrap();
        assert_eq!(shown(change), ["running: failed -> started"]);
    }

    #[test]
    fn an_init_script_is_enabled_by_its_links() {
        let linked = unit("sysv", "loaded", "active", "generated");
        assert_eq!(differ(&apache(), &linked, &[]), Ok(None));
        let unlinked = unit("", "loaded", "active", "generated");
        assert_eq!(shown(differ(&apache(), &unlinked, &[]).unwrap()), ["at boot: disabled -> enabled"]);
    }

    #[test]
    fn the_masked_and_the_static_are_refused() {
        let refusal = differ(&apache(), &unit("", "masked", "inactive", "masked"), &[]).unwrap_err();
        assert!(refusal.remedy.contains("systemctl unmask apache2.service"));
        assert!(differ(&apache(), &unit("", "loaded", "active", "static"), &[]).is_err());
    }

    #[test]
    fn ipvsadm_is_never_started_stopped_or_restarted() {
        let bare = Service { restart_on: Vec::new(), reload_on: Vec::new(), ..apache() };
        for name in ["ipvsadm", "ipvsadm.service"] {
            for state in [ServiceState::Started, ServiceState::Stopped] {
                let service = Service { name: name.into(), state: Some(state), ..bare.clone() };
                let complaint = service.check().unwrap_err();
                assert!(
                    complaint.ends_with("leave `state` out, `virtual_services` brings the table"),
                    "{complaint}"
                );
            }
            let restarted = Service { name: name.into(), state: None, ..apache() };
            assert!(restarted.check().unwrap_err().contains("leave `restart_on` and `reload_on` out"));
            let enabled = Service { name: name.into(), state: None, ..bare.clone() };
            assert_eq!(enabled.check(), Ok(()));
        }
    }
}
