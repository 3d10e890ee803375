//! What the host has for its next boot: the probe, and the parser of what it prints.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::sections::Sections;
use super::{Switch, Ways};
use crate::ipvs::{Rules, Table};
use crate::resource::named_line::line_of;
use crate::resource::{Refusal, Unreadable};

/// From how many bytes on a rules file is first compared by its digest on the host, which takes a process there.
const LARGE: usize = 64 * 1024;

/// Whether a unit is started at boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitState {
    /// There is no such unit yet.
    Absent,
    /// It is not started at boot.
    Disabled,
    /// It is.
    Enabled,
    /// It is, and when it stops it writes the live table over the rules file.
    Overwrites,
    /// It does so although lvsprov's own drop-in, which is loaded, takes that away: another one gives it back.
    Contested,
    /// It can't be started.
    Masked,
}

/// What the next boot will bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// What the rules file holds; nothing when there is none.
    pub rules: Rules,
    /// Whether the switch is on; `None` when it is not set.
    pub on: Option<bool>,
    /// Whether the unit starts.
    pub unit: UnitState,
    /// The files themselves, but for a rules file that is as declared.
    texts: Texts,
    as_declared: bool,
    /// Where a file should be, and something else is.
    pub irregular: Vec<String>,
    /// Another value that the switch has, which somebody else has chosen.
    chosen: Option<(Switch, String)>,
}

/// The files as they are. What is not UTF-8 in them is U+FFFD; whether the last line has an end is not told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// The rules file; `None` when there is none.
    pub rules: Option<String>,
    /// The switch's file; `None` when there is none.
    pub switch: Option<String>,
}

impl Boot {
    /// What is there when these are the files.
    pub fn of(ways: Option<&Ways>, texts: Texts, unit: UnitState) -> Boot {
        let rules = Rules::read(texts.rules.as_deref().unwrap_or_default());
        let switch = ways.and_then(Ways::switch);
        let on = switch.and_then(|switch| switch.read(texts.switch.as_deref()?));
        let chosen = switch
            .filter(|switch| !switch.replaces && on == Some(false))
            .and_then(|switch| Some((switch, switch.said(texts.switch.as_deref()?)?.to_owned())));
        Boot { rules, on, unit, texts, as_declared: false, irregular: Vec::new(), chosen }
    }

    /// The files themselves.
    pub fn texts(&self) -> Cow<'_, Texts> {
        if self.as_declared {
            Cow::Owned(Texts { rules: Some(self.rules.to_string()), ..self.texts.clone() })
        } else {
            Cow::Borrowed(&self.texts)
        }
    }

    /// Why nothing can be made of it, where that is so.
    pub fn refusal(&self) -> Option<Refusal> {
        if let Some(path) = self.irregular.first() {
            return Some(Refusal {
                reason: format!("{path} is to be a regular file, but is something else"),
                remedy: format!("look what it is for (`ls -ld {path}`), and move it away"),
            });
        }
        let (Switch { file, name, on, .. }, chosen) = self.chosen.as_ref()?;
        Some(Refusal {
            reason: format!("{file} has {chosen} restored at boot, not {on}"),
            remedy: format!("move the rules of {chosen} to {on}, and write {name}=\"{on}\" into {file}"),
        })
    }

    /// POSIX sh that prints what is there. A large rules file is not printed where it is what these services make.
    pub fn probe(declared: &Table, ways: &Ways) -> String {
        let (rules, switch) = (ways.rules(), ways.switch().map(|switch| switch.file));
        let mut probe = ways.state_function() + "echo @unit\nboot_restore\n";
        let print = format!("echo @rules; lvsprov_files {rules}");
        let text = declared.to_string();
        let print = if text.len() < LARGE {
            print
        } else {
            let digest: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
            format!("case $(sha256sum <{rules} 2>/dev/null) in {digest}*) echo @declared;; *) {print};; esac")
        };
        probe += &format!("if [ -f {rules} ]; then {print}; fi\n");
        if let Some(file) = switch {
            probe += &format!("if [ -f {file} ]; then echo @switch; lvsprov_files {file}; fi\n");
        }
        probe += "echo @irregular\n";
        for file in std::iter::once(rules).chain(switch) {
            probe += &format!("if [ -e {file} ] && ! [ -f {file} ]; then echo {file}; fi\n");
        }
        probe
    }

    /// What there is, from what the probe printed.
    pub fn parse(declared: &Table, ways: Option<&Ways>, printed: &Sections<'_>) -> Result<Boot, Unreadable> {
        let unit = match (ways, printed.lines("unit")) {
            (None, _) => UnitState::Absent,
            (Some(_), Some([line])) => {
                UnitState::named(line).ok_or_else(|| Unreadable::new("the unit ipvsadm", *line))?
            }
            (Some(_), _) => return Err(Unreadable::new("the unit ipvsadm", "")),
        };
        let text = |section, file: Option<&str>| {
            file.and_then(|file| Some(text_of(file, printed.lines(section)?))).transpose()
        };
        let as_declared = printed.lines("declared").is_some();
        let rules = if as_declared { None } else { text("rules", ways.map(Ways::rules))? };
        let switch = text("switch", ways.and_then(Ways::switch).map(|switch| switch.file))?;
        let irregular = printed.lines("irregular").unwrap_or_default();
        let irregular = irregular.iter().map(|path| (*path).to_owned()).collect();
        let texts = Texts { rules, switch };
        let mut boot = Boot { as_declared, irregular, ..Boot::of(ways, texts, unit) };
        if as_declared {
            boot.rules.table = declared.clone();
        }
        Ok(boot)
    }
}

/// A file's text from its lines, each with the file's name before it.
fn text_of(file: &str, lines: &[&str]) -> Result<String, Unreadable> {
    let mut text = String::new();
    for line in lines {
        let line = line_of(file, line)
            .ok_or_else(|| Unreadable::new("the boot-time configuration of virtual services", *line))?;
        text.push_str(line);
        text.push('\n');
    }
    Ok(text)
}

impl UnitState {
    const ALL: [UnitState; 6] = [
        UnitState::Absent,
        UnitState::Disabled,
        UnitState::Enabled,
        UnitState::Overwrites,
        UnitState::Contested,
        UnitState::Masked,
    ];

    /// The word that the probe has for it.
    pub fn name(self) -> &'static str {
        match self {
            UnitState::Absent => "absent",
            UnitState::Disabled => "disabled",
            UnitState::Enabled => "enabled",
            UnitState::Overwrites => "overwrites",
            UnitState::Contested => "contested",
            UnitState::Masked => "masked",
        }
    }

    /// Why it can't be made to restore the table, where that is so.
    pub fn refusal(self) -> Option<Refusal> {
        let (reason, remedy) = match self {
            UnitState::Masked => (
                "the unit ipvsadm is masked, so that no boot restores the table",
                "run `systemctl unmask ipvsadm` on the host, or set `persist: false`",
            ),
            UnitState::Contested => (
                "somebody's drop-in has the unit ipvsadm write the live table over its rules file when it stops, without \
                 the thresholds",
                "find it with `systemctl cat ipvsadm`, after lvsprov.conf there, and remove its `ExecStop=` with \
                 ipvsadm-save, or set `persist: false`",
            ),
            _ => return None,
        };
        Some(Refusal { reason: reason.into(), remedy: remedy.into() })
    }

    /// What reports say.
    pub fn words(self) -> &'static str {
        match self {
            UnitState::Overwrites | UnitState::Contested => {
                "enabled, and writes the live table over the rules file when it stops"
            }
            state => state.name(),
        }
    }

    /// The state of that name.
    fn named(name: &str) -> Option<Self> {
        UnitState::ALL.into_iter().find(|state| state.name() == name)
    }
}
