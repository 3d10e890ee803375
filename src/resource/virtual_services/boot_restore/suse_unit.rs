//! SUSE's unit: it restores the file that `/etc/sysconfig/ipvsadm` names, which is a file of settings there and no rules.
//! It never saves.

use super::debian_unit::DebianUnit;
use super::{BootRestore, Switch};
use crate::resource::{Facts, Family};

pub(super) struct SuseUnit;

impl BootRestore for SuseUnit {
    fn serves(&self, facts: &Facts) -> bool {
        facts.os.family == Family::Suse
    }

    fn rules(&self) -> &'static str {
        "/etc/ipvsadm.rules"
    }

    /// Whether it passes comments over has not been seen.
    fn comments(&self) -> bool {
        false
    }

    /// A file that somebody else has chosen holds rules of theirs.
    fn switch(&self) -> Option<Switch> {
        Some(Switch {
            file: "/etc/sysconfig/ipvsadm",
            name: "IPVSADM_CONFIG",
            on: self.rules(),
            replaces: false,
        })
    }

    fn installed(&self) -> &'static str {
        DebianUnit.installed()
    }

    fn state(&self) -> &'static str {
        DebianUnit.state()
    }

    fn enable(&self) -> &'static str {
        DebianUnit.enable()
    }

    fn disable(&self) -> &'static str {
        DebianUnit.disable()
    }
}
