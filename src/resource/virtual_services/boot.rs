//! What the next boot will bring: the rules file and the unit that reads it.

use super::super::{Facts, Family};
use crate::ipvs::Rules;

/// How a distribution restores the table at boot. The only place that knows one from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RulesUnit {
    /// An init script up to Debian 12, a unit since: either does `ipvsadm -C` and `grep -v ^# RULES | ipvsadm -R` on
    /// start, when `/etc/default/ipvsadm` says `AUTO="true"`.
    Debian {
        /// The rules file.
        rules: &'static str,
    },
}

/// Whether a unit is started at boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitState {
    /// There is no such unit yet.
    Absent,
    /// It is not started at boot.
    Disabled,
    /// It is.
    Enabled,
    /// It can't be started.
    Masked,
}

/// What the next boot will bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// What the rules file holds; nothing when there is none.
    pub(super) rules: Rules,
    /// Whether the unit restores it; `None` when there is no such setting.
    pub(super) auto: Option<bool>,
    /// Whether the unit starts.
    pub(super) unit: UnitState,
}

impl RulesUnit {
    /// The host's, when it is known.
    pub(super) fn of(facts: &Facts) -> Option<Self> {
        match facts.os.family {
            Family::Debian => {
                let rules = facts.os.family.distribution()?.ipvsadm_rules;
                Some(RulesUnit::Debian { rules })
            }
            Family::RedHat | Family::Other => None,
        }
    }

    /// The file that the unit restores.
    pub(super) fn rules(self) -> &'static str {
        let RulesUnit::Debian { rules } = self;
        rules
    }

    /// The file with the setting `AUTO`.
    pub(super) fn defaults(self) -> &'static str {
        match self {
            RulesUnit::Debian { .. } => "/etc/default/ipvsadm",
        }
    }

    /// A function in POSIX sh that prints the name of a [`UnitState`], without starting a process.
    pub(super) fn state_function(self) -> &'static str {
        match self {
            RulesUnit::Debian { .. } => {
                r#"ipvsadm_unit() {
    native=
    for unit in /etc/systemd/system/ipvsadm.service /usr/lib/systemd/system/ipvsadm.service /lib/systemd/system/ipvsadm.service; do
        if [ -c "$unit" ]; then echo masked; return 0; fi
        if [ -e "$unit" ]; then native=yes; fi
    done
    if [ -n "$native" ]; then set -- /etc/systemd/system/*.wants/ipvsadm.service
    elif [ -e /etc/init.d/ipvsadm ]; then set -- /etc/rc[2-4].d/S??ipvsadm
    else echo absent; return 0
    fi
    for link do
        if [ -L "$link" ]; then echo enabled; return 0; fi
    done
    echo disabled
}
"#
            }
        }
    }
}

impl UnitState {
    const ALL: [UnitState; 4] =
        [UnitState::Absent, UnitState::Disabled, UnitState::Enabled, UnitState::Masked];

    /// The word that reports and the probe have for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            UnitState::Absent => "absent",
            UnitState::Disabled => "disabled",
            UnitState::Enabled => "enabled",
            UnitState::Masked => "masked",
        }
    }

    /// The state of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        UnitState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What a text of shell assignments sets `AUTO` to: the last one counts, and only `true` is true.
pub(super) fn auto<'a>(lines: impl Iterator<Item = &'a str>) -> Option<bool> {
    lines.filter_map(|line| line.trim_start().strip_prefix("AUTO=")).last().map(|value| {
        let value = value.split_whitespace().next().unwrap_or_default();
        value.trim_matches(['"', '\'']) == "true"
    })
}

#[cfg(test)]
mod tests {
    use super::auto;

    #[test]
    fn the_last_assignment_of_auto_counts() {
        let read = |text: &str| auto(text.lines());
        assert_eq!(read("# comment\nAUTO=\"false\"\nDAEMON=\"none\"\n"), Some(false));
        assert_eq!(read("AUTO=false\n  AUTO='true' # on\n"), Some(true));
        assert_eq!(read("#AUTO=true\nAUTOMATIC=true\n"), None);
        assert_eq!(read("AUTO=yes"), Some(false));
    }
}
