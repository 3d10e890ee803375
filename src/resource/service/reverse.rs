//! What a unit was, and the way back to that.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::unit::{self, AtBoot};
use super::{Effect, Script, Service, Unit, mark, no_systemd, unit_name};
use crate::resource::{Aspect, Change, Context, Refusal, Risk, quote};

/// What a unit was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// Whether it was there at all. If not, its package goes after it.
    exists: bool,
    /// Whether it ran.
    running: bool,
    /// Whether it started at boot; `None` when that is not for itself to say.
    enabled: Option<bool>,
}

impl Prior {
    pub(super) fn of(unit: &Unit) -> Prior {
        let enabled = match unit.at_boot {
            AtBoot::Enabled => Some(true),
            AtBoot::Disabled => Some(false),
            AtBoot::Static | AtBoot::Indirect => None,
        };
        Prior { exists: unit.exists(), running: unit.up(), enabled }
    }

    /// The change that brings it back.
    pub(super) fn reversal(
        &self,
        service: &Service,
        unit: &Unit,
        context: Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        let name = unit_name(&service.name);
        if !context.facts.systemd {
            return Err(no_systemd(&name, context.facts));
        }
        if !unit.exists() {
            return if self.exists && (self.running || self.enabled == Some(true)) {
                Err(Refusal {
                    reason: format!("{name} is not there any more, but was"),
                    remedy: "install its package again, then run again".into(),
                })
            } else {
                Ok(None)
            };
        }
        let masked = unit.load == "masked";
        if masked && (self.running && !unit.up() || self.enabled == Some(true)) {
            return Err(Refusal {
                reason: format!("{name} is masked: someone made sure that it can't start"),
                remedy: format!("if it may run again: systemctl unmask {name}"),
            });
        }
        let mut aspects = Vec::new();
        let mut script = Script(unit::look(&quote(&name)));
        let mut risks = Vec::new();
        if let Some(enabled) = self.enabled.filter(|_| !masked)
            && let Some((old, new)) = unit.boot_differs(enabled, &name)?
        {
            aspects.push(Aspect::value("at boot", old, Some(new.into())));
            script.enable(enabled);
        }
        // That unit's start and stop clear the table.
        let runs = if name == "ipvsadm.service" { unit.up() } else { self.running };
        if runs && !unit.up() {
            aspects.push(Aspect::value("running", unit.shown(), Some("started".into())));
            script.run(None);
        } else if !runs && unit.up() {
            aspects.push(Aspect::value("running", unit.shown(), Some("stopped".into())));
            if service.interrupts != Some(false) && unit.active() {
                risks.push(Risk::Stop { service: service.name.clone() });
            }
            script.stop();
        }
        if unit.restart || unit.reload {
            let due = if unit.restart { Effect::Restart } else { Effect::Reload };
            aspects.push(Aspect::value(due.word(), Some("due".into()), None));
        }
        if aspects.is_empty() {
            return Ok(None);
        }
        for effect in [Effect::Restart, Effect::Reload] {
            script.0 += &format!("rm -f {}\n", quote(&mark(&name, effect)));
        }
        script.0 += "rmdir /run/lvsprov/stale /run/lvsprov 2>/dev/null || :\n";
        Ok(Some(Change { deadline: Duration::from_secs(180), risks, ..Change::new(aspects, script.0) }))
    }
}
