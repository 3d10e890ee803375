//! A unit as it was observed, and the sh that observes and starts it.

use crate::resource::{Refusal, Unreadable};

/// What systemd and the marks say of one unit. The default is one that does not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// `loaded`, `not-found`, `masked`, `bad-setting`, `error`
    pub load: String,
    /// `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`
    active: String,
    /// Its finer state: `running`, `auto-restart`.
    sub: String,
    /// Whether it starts at boot.
    pub at_boot: AtBoot,
    /// Whether it is marked to restart.
    pub restart: bool,
    /// Whether it is marked to reload.
    pub reload: bool,
}

/// Whether a unit starts at boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtBoot {
    /// It does.
    Enabled,
    /// It does not.
    #[default]
    Disabled,
    /// Only others that need it start it: there is nothing to enable.
    Static,
    /// Enabling or disabling it does so to another unit, which it names.
    Indirect,
}

impl Unit {
    /// Whether it runs.
    pub fn active(&self) -> bool {
        matches!(self.active.as_str(), "active" | "reloading" | "refreshing")
    }

    /// Whether there is something to stop.
    pub fn up(&self) -> bool {
        !matches!(self.active.as_str(), "inactive" | "failed" | "")
    }

    /// Whether it is on its way to another state.
    pub fn moving(&self) -> bool {
        matches!(self.active.as_str(), "activating" | "deactivating" | "reloading" | "refreshing")
    }

    /// Whether systemd knows it.
    pub fn exists(&self) -> bool {
        !matches!(self.load.as_str(), "not-found" | "")
    }

    /// Its state for a plan; `None` when it does not exist.
    pub fn shown(&self) -> Option<String> {
        match (self.load.as_str(), self.active.as_str(), self.sub.as_str()) {
            ("not-found" | "", ..) => None,
            (_, "inactive", _) => Some("stopped".into()),
            (_, "active", _) => Some("running".into()),
            (_, "activating", sub) => Some(format!("activating ({sub})")),
            (_, active, _) => Some(active.to_owned()),
        }
    }

    /// What it is at boot now and what it is to be, when the two differ.
    pub fn boot_differs(
        &self,
        enabled: bool,
        name: &str,
    ) -> Result<Option<(Option<String>, &'static str)>, Refusal> {
        let old = |text: &str| self.shown().map(|_| text.to_owned());
        match (self.at_boot, enabled) {
            (AtBoot::Disabled, true) => Ok(Some((old("disabled"), "enabled"))),
            (AtBoot::Enabled, false) => Ok(Some((old("enabled"), "disabled"))),
            (AtBoot::Static, true) => Err(Refusal {
                reason: format!("{name} is static: it has no [Install] section, so it can't be enabled"),
                remedy: "leave `enabled` out, or enable the unit that pulls it in (its .socket or .timer)"
                    .into(),
            }),
            _ => Ok(None),
        }
    }
}

/// The tool whose words stand behind the marks.
const SYSTEMCTL: &str = "systemctl show";

/// A line a unit with its marks, then systemd's blocks in the same order. Whether an init script's unit starts at
/// boot is told by its links alone: systemd calls it `generated` in any case.
pub(super) fn probe(units: &str) -> String {
    format!(
        r#"for u in {units}; do
  m=
  for l in /etc/rc[2345].d/S[0-9][0-9]"${{u%.service}}"; do
    if [ -L "$l" ] || [ -e "$l" ]; then m="$m sysv"; break; fi
  done
  for e in restart reload; do
    if [ -e "/run/lvsprov/stale/$u.$e" ]; then m="$m $e"; fi
  done
  echo "unit $u$m"
done
echo =
systemctl --no-pager show -p Id,LoadState,ActiveState,SubState,UnitFileState {units}
"#
    )
}

/// The units in the order of the probe.
pub(super) fn parse(count: usize, output: &[u8]) -> Result<Vec<Unit>, Unreadable> {
    let text = String::from_utf8_lossy(output);
    let unreadable = |line: &str| Unreadable::new("service", line);
    let (marks, blocks) = text.split_once("=\n").ok_or_else(|| unreadable("it ends too early"))?;
    let marks: Vec<Vec<&str>> = marks.lines().map(|line| line.split_whitespace().skip(2).collect()).collect();
    let blocks: Vec<&str> = blocks.trim_end().split("\n\n").collect();
    if marks.len() != count || blocks.len() != count {
        let told = format!("{} units where {count} were asked for", blocks.len());
        return Err(unreadable(&told).by(SYSTEMCTL));
    }
    let unit = |(marks, block): (Vec<&str>, &str)| {
        let value = |key: &str| {
            let mut lines = block.lines().filter_map(|line| line.split_once('='));
            lines.find(|(k, _)| *k == key).map(|(_, v)| v.to_owned())
        };
        let marked = |mark: &str| marks.contains(&mark);
        let file = value("UnitFileState").unwrap_or_default();
        Ok(Unit {
            load: value("LoadState").ok_or_else(|| unreadable(block).by(SYSTEMCTL))?,
            active: value("ActiveState").ok_or_else(|| unreadable(block).by(SYSTEMCTL))?,
            sub: value("SubState").unwrap_or_default(),
            at_boot: match file.as_str() {
                "enabled" | "alias" => AtBoot::Enabled,
                "indirect" => AtBoot::Indirect,
                "static" | "transient" => AtBoot::Static,
                // `bad` is what the systemd of EL7 calls an init script's
                "generated" | "bad" if marked("sysv") => AtBoot::Enabled,
                _ => AtBoot::Disabled,
            },
            restart: marked("restart"),
            reload: marked("reload"),
        })
    };
    marks.into_iter().zip(blocks).map(unit).collect()
}

/// POSIX sh with which each change begins: what there is now, in `s`.
pub(super) fn look(unit: &str) -> String {
    format!(
        r#"u={unit}
s=$(systemctl --no-pager show -p LoadState,ActiveState,NeedDaemonReload "$u")
case $s in *LoadState=not-found*) echo "there is no unit $u: declare the package or file that brings it before it" >&2; exit 1;; esac
case $s in *NeedDaemonReload=yes*) systemctl daemon-reload;; esac
"#
    )
}

/// POSIX sh that leaves the unit running with its files as they are now. `effect` is what was planned
/// for it: `restart`, `reload` or nothing. A mark that a file's change has left counts as well.
pub(super) fn run(effect: &str) -> String {
    format!(
        r#"effect={effect}
m=/run/lvsprov/stale/$u
if [ -e "$m.restart" ]; then effect=restart; fi
if [ -z "$effect" ] && [ -e "$m.reload" ]; then effect=reload; fi
case $s in
*ActiveState=active*|*ActiveState=reloading*)
  case $effect in restart) verb=restart;; reload) verb=reload-or-restart;; *) verb=;; esac;;
*ActiveState=failed*) verb=start; systemctl reset-failed "$u";;
*) verb=start;;
esac
if {{ [ -n "$verb" ] && ! systemctl "$verb" "$u"; }} || ! systemctl -q is-active "$u"; then
  echo "$u does not run:" >&2
  systemctl --no-pager --full --lines=30 status "$u" >&2 || :
  exit 1
fi
rm -f "$m.restart" "$m.reload"
"#
    )
}
