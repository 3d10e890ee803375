//! The unit that sets it all at boot.

use super::IpvsSettings;
use crate::ipvs::{SyncDaemon, SyncState, Timeouts};

/// The unit's file.
pub(super) const FILE: &str = "/etc/systemd/system/lvsprov-ipvs.service";

/// What has it start at boot.
pub(super) const LINK: &str = "/etc/systemd/system/multi-user.target.wants/lvsprov-ipvs.service";

/// The unit's text. A call of ipvsadm loads IPVS. A sync daemon needs its interface's address.
pub(super) fn text(declared: &IpvsSettings) -> String {
    let mut text = String::from(
        "# Written by lvsprov: no rules file has words for this.\n[Unit]\nDescription=Timeouts and sync daemons of IPVS\n",
    );
    text += if declared.sync_daemons.is_empty() {
        "After=systemd-modules-load.service\n"
    } else {
        "Wants=network-online.target\nAfter=systemd-modules-load.service network-online.target\n"
    };
    text += "\n[Service]\nType=oneshot\nRemainAfterExit=yes\n";
    if !declared.timeouts.is_empty() {
        text += &format!("ExecStart=/sbin/ipvsadm --set {}\n", declared.timeouts.arguments());
    }
    for daemon in &declared.sync_daemons {
        text += &format!("ExecStart=/sbin/ipvsadm {}\n", daemon.arguments());
    }
    text + "\n[Install]\nWantedBy=multi-user.target\n"
}

/// What a text of the unit sets.
pub(super) fn read(text: &str) -> IpvsSettings {
    let mut set = IpvsSettings { timeouts: Timeouts::default(), sync_daemons: Vec::new() };
    for line in text.lines().filter_map(|line| line.strip_prefix("ExecStart=/sbin/ipvsadm ")) {
        let words: Vec<&str> = line.split(' ').collect();
        let seconds = |word: &str| word.parse().ok().filter(|seconds| *seconds > 0);
        match words[..] {
            ["--set", tcp, tcp_fin, udp] => {
                set.timeouts = Timeouts { tcp: seconds(tcp), tcp_fin: seconds(tcp_fin), udp: seconds(udp) };
            }
            ["--start-daemon", state, _, interface, _, syncid] => {
                let state = if state == "backup" { SyncState::Backup } else { SyncState::Master };
                let (interface, syncid) = (interface.to_owned(), syncid.parse().unwrap_or_default());
                set.sync_daemons.push(SyncDaemon { state, interface, syncid });
            }
            _ => {}
        }
    }
    set
}

/// POSIX sh that removes it.
pub(super) const REMOVE: &str = "systemctl disable lvsprov-ipvs.service\nrm -f /etc/systemd/system/lvsprov-ipvs.service\nsystemctl daemon-reload\n";
