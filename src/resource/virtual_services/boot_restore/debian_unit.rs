//! Debian since 13 and what derives from it: a unit of systemd's own. The old init script is there beside it.
//!
//! It loads and flushes as the init script does, when `/etc/default/ipvsadm` says `AUTO="true"`.

use super::debian_init::DebianInit;
use super::{BootRestore, Switch};
use crate::resource::Facts;

pub(super) struct DebianUnit;

impl BootRestore for DebianUnit {
    fn serves(&self, facts: &Facts) -> bool {
        DebianInit.serves(facts)
    }

    fn rules(&self) -> &'static str {
        DebianInit.rules()
    }

    fn switch(&self) -> Option<Switch> {
        DebianInit.switch()
    }

    fn installed(&self) -> &'static str {
        "[ -f /etc/systemd/system/ipvsadm.service ] || [ -e /usr/lib/systemd/system/ipvsadm.service ] || \
         [ -e /lib/systemd/system/ipvsadm.service ]"
    }

    fn state(&self) -> &'static str {
        "    if [ -c /etc/systemd/system/ipvsadm.service ]; then echo masked; return 0; fi
    for link in /etc/systemd/system/*.wants/ipvsadm.service; do
        if [ -L \"$link\" ]; then echo enabled; return 0; fi
    done
    echo disabled
"
    }

    fn enable(&self) -> &'static str {
        "    systemctl enable ipvsadm\n"
    }

    fn disable(&self) -> &'static str {
        "    systemctl disable ipvsadm\n"
    }
}
