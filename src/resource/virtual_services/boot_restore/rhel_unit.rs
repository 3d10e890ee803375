//! RHEL's unit and what derives from it: it restores the rules file as it is, and when it stops it writes the live table
//! over it, without what `ipvsadm -S` forgets. A restart, an upgrade and every reboot stop it.
//!
//! A drop-in takes the writing away, so that the file stays what was declared.

use super::{BootRestore, Switch};
use crate::resource::{Facts, Family};

pub(super) struct RhelUnit;

/// Removes the drop-in, which counts until systemd reads its folders again.
macro_rules! without_drop_in {
    () => {
        "    folder=/etc/systemd/system/ipvsadm.service.d
    rm -f $folder/lvsprov.conf
    if [ -d $folder ]; then rmdir $folder 2>/dev/null || :; fi
"
    };
}

impl BootRestore for RhelUnit {
    fn serves(&self, facts: &Facts) -> bool {
        facts.os.family == Family::RedHat
    }

    fn rules(&self) -> &'static str {
        "/etc/sysconfig/ipvsadm"
    }

    /// `ipvsadm-restore` is given the whole file, and ipvsadm knows no comment.
    fn comments(&self) -> bool {
        false
    }

    fn switch(&self) -> Option<Switch> {
        None
    }

    fn installed(&self) -> &'static str {
        "[ -f /etc/systemd/system/ipvsadm.service ] || [ -e /usr/lib/systemd/system/ipvsadm.service ]"
    }

    /// What systemd has loaded counts, whatever lies in its folders; and its NeedDaemonReload has been seen to say `no`
    /// of a drop-in that was not loaded.
    fn state(&self) -> &'static str {
        "    if [ -c /etc/systemd/system/ipvsadm.service ]; then echo masked; return 0; fi
    for link in /etc/systemd/system/*.wants/ipvsadm.service; do
        if [ -L \"$link\" ]; then
            case $(systemctl show -p DropInPaths -p ExecStop ipvsadm 2>/dev/null) in
            *ipvsadm-save*/lvsprov.conf* | */lvsprov.conf*ipvsadm-save*) echo contested ;;
            *ipvsadm-save*) echo overwrites ;;
            *) echo enabled ;;
            esac
            return 0
        fi
    done
    echo disabled
"
    }

    fn enable(&self) -> &'static str {
        "    folder=/etc/systemd/system/ipvsadm.service.d
    mkdir -p $folder
    printf '%s\\n' '# Written by lvsprov: the rules file is not overwritten when this stops.' '[Service]' \
        'ExecStop=' 'ExecStop=/sbin/ipvsadm -C' >$folder/lvsprov.conf.new
    mv -f $folder/lvsprov.conf.new $folder/lvsprov.conf
    systemctl daemon-reload
    systemctl enable ipvsadm
"
    }

    /// What it can't restore, the edits of the live table that come after it name.
    fn start(&self) -> &'static str {
        "if ! systemctl -q is-active ipvsadm; then systemctl start ipvsadm || :; fi\n"
    }

    /// A unit that runs would write the live table over the file once the drop-in is gone, at the latest when its package
    /// is removed, and flush it: it is stopped without any of its commands. It is disabled last, so that a run that is
    /// killed before is taken up by the next one.
    fn disable(&self) -> &'static str {
        concat!(
            "    if systemctl -q is-active ipvsadm; then
        run=/run/systemd/system/ipvsadm.service.d
        mkdir -p $run
        printf '%s\\n' '[Service]' 'ExecStop=' >$run/zz-lvsprov.conf
        systemctl daemon-reload
        systemctl stop ipvsadm
        rm -f $run/zz-lvsprov.conf
        rmdir $run 2>/dev/null || :
    fi
",
            without_drop_in!(),
            "    systemctl disable ipvsadm\n    systemctl daemon-reload\n"
        )
    }

    fn release(&self) -> &'static str {
        concat!(without_drop_in!(), "    systemctl daemon-reload\n")
    }
}
