//! What a kernel parameter was, and the way back to that.

use serde::{Deserialize, Serialize};

use super::{Observed, Sysctl, path, shown};
use crate::resource::drop_in::{self, keep_directory};
use crate::resource::shell::{Attributes, restore};
use crate::resource::{Aspect, Change, Script, quote};

/// What a kernel parameter was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// The running value; `None` when the kernel had no such key.
    pub running: Option<String>,
    /// The lines of lvsprov's own file for the key; `None` when there was none.
    pub own: Option<Vec<String>>,
}

/// POSIX sh that copies into the current directory what lvsprov's own file holds, what runs just now (which is what the
/// module brought, if it is the one that brings the key), and what the kernel changes together with the key.
pub(super) fn keep(sysctl: &Sysctl) -> String {
    format!(
        r#"if [ -f {own} ]; then cp -p {own} own; fi
if [ -r {key} ]; then cat {key} >running || :; fi
grep -sH '' {beside} /dev/null >beside || :
{directory}"#,
        own = quote(&sysctl.own()),
        key = quote(&format!("/proc/sys/{}", path(&sysctl.name))),
        beside = beside(&path(&sysctl.name)),
        directory = keep_directory("/etc/sysctl.d"),
    )
}

/// What the kernel sets by itself when it begins or ends to forward: `inet_forward_change` in net/ipv4/devinet.c,
/// `addrconf_forward_change` in net/ipv6/addrconf.c. As patterns of sh.
fn beside(key: &str) -> &'static str {
    match key {
        "net/ipv4/ip_forward" | "net/ipv4/conf/all/forwarding" => {
            "/proc/sys/net/ipv4/conf/*/forwarding /proc/sys/net/ipv4/conf/all/accept_redirects"
        }
        "net/ipv6/conf/all/forwarding" => "/proc/sys/net/ipv6/conf/*/forwarding",
        _ => "",
    }
}

/// The others are set where they are not as they were; `all` is the key itself. Interfaces may have gone.
const BESIDE: &str = r#"if [ -s "$record/beside" ]; then
  while IFS=: read -r f v; do
    case $f in */all/forwarding) continue;; esac
    if [ -e "$f" ] && [ "$(cat "$f")" != "$v" ]; then printf '%s\n' "$v" >"$f"; fi
  done <"$record/beside"
fi
"#;

impl Prior {
    /// The change that brings it back.
    pub(super) fn reversal(&self, sysctl: &Sysctl, observed: &Observed) -> Option<Change> {
        let own = sysctl.own();
        let mut aspects = Vec::new();
        let mut script = Script::new();
        let file = |lines: &Option<Vec<String>>| lines.as_ref().map(|l| format!("{} ({own})", l.join("; ")));
        if observed.own != self.own {
            aspects.push(Aspect::value("at boot", file(&observed.own), file(&self.own)));
            if self.own.is_some() {
                let attributes = Attributes { mode: Some("0644"), owner: Some("0"), group: Some("0") };
                script += "mkdir -p /etc/sysctl.d\n";
                script += restore(&own, "\"$record/own\"", attributes);
            } else {
                script += &drop_in::remove(&own);
            }
        }
        let key = quote(&format!("/proc/sys/{}", path(&sysctl.name)));
        let now = observed.running.as_deref().map(shown);
        match (&self.running, &observed.running) {
            // It went with its module.
            (_, None) => {}
            (Some(was), Some(is)) => {
                if was != is {
                    aspects.push(Aspect::value("running", now, Some(shown(was))));
                    script += &format!("printf '%s\\n' {} >{key}\n{BESIDE}", quote(&shown(was)));
                }
            }
            (None, Some(_)) => {
                let new = Some("as its module brought it".to_owned());
                aspects.push(Aspect::value("running", now, new));
                script +=
                    &format!("if [ -s \"$record/running\" ]; then cat \"$record/running\" >{key}; fi\n");
            }
        }
        (!aspects.is_empty()).then(|| Change::new(aspects, script))
    }
}
