//! Alpine's service of OpenRC: on start it does `ipvsadm -C` and restores its file as it is. It saves only when it is asked,
//! and then with names.

use super::{BootRestore, Switch};
use crate::resource::{Facts, Family};

pub(super) struct OpenRc;

impl BootRestore for OpenRc {
    fn serves(&self, facts: &Facts) -> bool {
        facts.os.family == Family::Alpine
    }

    fn rules(&self) -> &'static str {
        "/var/lib/ipvsadm/rules-save"
    }

    /// `ipvsadm-restore` is given the whole file, and ipvsadm knows no comment.
    fn comments(&self) -> bool {
        false
    }

    fn switch(&self) -> Option<Switch> {
        None
    }

    fn installed(&self) -> &'static str {
        "[ -e /etc/init.d/ipvsadm ]"
    }

    /// A service that stands in any runlevel starts with it.
    fn state(&self) -> &'static str {
        "    for link in /etc/runlevels/*/ipvsadm; do
        if [ -L \"$link\" ]; then echo enabled; return 0; fi
    done
    echo disabled
"
    }

    fn enable(&self) -> &'static str {
        "    rc-update add ipvsadm default\n"
    }

    fn disable(&self) -> &'static str {
        "    rc-update --all del ipvsadm\n"
    }
}
