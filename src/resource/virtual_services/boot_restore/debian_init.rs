//! Debian up to 12 and what derives from it: an init script, which systemd runs as well.
//!
//! On start it does `ipvsadm -C` and `grep -v ^# RULES | ipvsadm -R`, when `/etc/default/ipvsadm` says `AUTO="true"`.

use super::{BootRestore, Switch};
use crate::resource::{Facts, Family};

pub(super) struct DebianInit;

impl BootRestore for DebianInit {
    fn serves(&self, facts: &Facts) -> bool {
        facts.os.family == Family::Debian
    }

    fn rules(&self) -> &'static str {
        "/etc/ipvsadm.rules"
    }

    fn switch(&self) -> Option<Switch> {
        Some(Switch { file: "/etc/default/ipvsadm", name: "AUTO", on: "true", replaces: true })
    }

    fn installed(&self) -> &'static str {
        "[ -e /etc/init.d/ipvsadm ]"
    }

    fn state(&self) -> &'static str {
        "    if [ -c /etc/systemd/system/ipvsadm.service ]; then echo masked; return 0; fi
    for link in /etc/rc[2-4].d/S??ipvsadm; do
        if [ -L \"$link\" ]; then echo enabled; return 0; fi
    done
    echo disabled
"
    }

    fn enable(&self) -> &'static str {
        "    if [ -d /run/systemd/system ]; then systemctl enable ipvsadm
    else update-rc.d ipvsadm defaults && update-rc.d ipvsadm enable
    fi
"
    }

    fn disable(&self) -> &'static str {
        "    if [ -d /run/systemd/system ]; then systemctl disable ipvsadm
    else update-rc.d ipvsadm disable
    fi
"
    }
}
