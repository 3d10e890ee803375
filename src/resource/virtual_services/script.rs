//! The POSIX sh that makes a change.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use super::super::quote;
use super::boot::{Boot, RulesUnit, UnitState};
use crate::ipvs::{Edit, Protocol, Rules, ServiceKey};

/// `su`, `sudo` and some shells leave these out.
pub(super) const PATH: &str = "PATH=$PATH:/usr/sbin:/sbin\n";

/// How often a new real server is asked, a second apart, until it answers the director.
const TRIES: u32 = 20;

/// Seconds for one connection to a new real server, and for its answer.
const CONNECT_SECONDS: u32 = 2;
const ANSWER_SECONDS: u32 = 3;

/// Seconds that the connections of what leaves have to end, all together.
const LEAVE_SECONDS: u32 = 10;

/// A call of ipvsadm that may be made again: what is there already is edited, what is gone is gone.
const EDIT: &str = r#"edit() {
    said=$(ipvsadm "$@" 2>&1) && return 0
    call="ipvsadm $*"
    verb=$1
    shift
    case $verb:$said in
        -A:*'already exists'*) ipvsadm -E "$@"; return ;;
        -a:*'already exists'*) ipvsadm -e "$@"; return ;;
        -[dD]:*'No such'* | -d:*'not defined'*) return 0 ;;
    esac
    echo "$call: $said" >&2
    return 1
}
"#;

/// Connected is answered: what comes then is the service's own matter, and need not be HTTP. Neither of the two that
/// curl is asked for tells it alone: before 7.61 the time of a fast connection is 0.000, and a service that hangs up at
/// once may not take the request. (`num_connects` counts attempts before 7.71.)
fn answers() -> String {
    format!(
        r#"command -v curl >/dev/null || {{
    echo 'curl is not installed: without it the director can not try new real servers; add `package: {{ name: curl }}` for directors' >&2
    exit 1
}}
tries={TRIES}
answers() {{
    while :; do
        connected=$(curl -s -o /dev/null -w '%{{time_connect}} %{{size_request}}' --noproxy '*' --connect-timeout {CONNECT_SECONDS} -m {ANSWER_SECONDS} "http://$1/") || :
        case $connected in *[1-9]*) return 0 ;; esac
        tries=$((tries - 1))
        if [ "$tries" -le 0 ]; then
            echo "real server $1 does not answer the director: nothing accepts a connection there; is its service running, and does its firewall let the director in?" >&2
            return 1
        fi
        sleep 1
    done
}}
"#
    )
}

/// A real server is idle when no connection of it is active; `all` stands for every one of the service. A flow of UDP
/// has no end that could be seen, and the kernel counts it as inactive for as long as it remembers it.
/// `ipvsadm -Ln SERVICE` lists that service alone.
fn idle() -> String {
    format!(
        r#"seconds={LEAVE_SECONDS}
idle() {{
    server=$1
    shift
    while ipvsadm -Ln "$@" | {{
        busy=1
        while read -r arrow address _ _ active inactive _; do
            if [ "$arrow" != '->' ] || [ "$address" = RemoteAddress:Port ]; then continue; fi
            if [ "$server" != all ] && [ "$server" != "$address" ]; then continue; fi
            if [ "$1" = -u ]; then active=$((active + inactive)); fi
            if [ "$active" != 0 ]; then busy=0; fi
        done
        return "$busy"
    }}; do
        if [ "$seconds" -le 0 ]; then return 0; fi
        seconds=$((seconds - 1))
        sleep 1
    done
}}
"#
    )
}

/// Brings the kernel's table where it is to be: new real servers must answer first, then the edits in their order,
/// with a wait for what leaves before the first removal.
pub(super) fn kernel(edits: &[Edit]) -> String {
    let mut script = String::from(
        "command -v ipvsadm >/dev/null || { echo 'ipvsadm is not installed: add `package: { name: ipvsadm }` before' >&2; exit 1; }\n\
         [ -e /proc/net/ip_vs ] || modprobe ip_vs\n",
    );
    let newcomers = newcomers(edits);
    if !newcomers.is_empty() {
        script += &answers();
        for address in newcomers {
            line(&mut script, "answers", &address.to_string());
        }
    }
    script += EDIT;
    let first_removal = edits.iter().position(Edit::removes).unwrap_or(edits.len());
    let (edits, removals) = edits.split_at(first_removal);
    for edit in edits {
        line(&mut script, "edit", &edit.to_string());
    }
    if !removals.is_empty() {
        script += &idle();
        for removal in removals {
            match removal {
                Edit::DeleteServer(key, address) => {
                    line(&mut script, "idle", &format!("{address} {}", key.arguments()));
                }
                Edit::DeleteService(key) => line(&mut script, "idle", &format!("all {}", key.arguments())),
                _ => {}
            }
        }
        for edit in removals {
            line(&mut script, "edit", &edit.to_string());
        }
    }
    script
}

/// The longest that the waits of the edits' script may last.
pub(super) fn longest_wait(edits: &[Edit]) -> Duration {
    let newcomers = u32::try_from(newcomers(edits).len()).unwrap_or(u32::MAX);
    let mut seconds = newcomers.saturating_mul(ANSWER_SECONDS);
    if newcomers > 0 {
        seconds = seconds.saturating_add(TRIES * (CONNECT_SECONDS + 1));
    }
    if edits.iter().any(Edit::removes) {
        seconds = seconds.saturating_add(LEAVE_SECONDS);
    }
    // Each call is a process, and a slow machine takes its time over one.
    let calls = Duration::from_millis(200) * u32::try_from(edits.len()).unwrap_or(u32::MAX);
    Duration::from_secs(seconds.into()).saturating_add(calls)
}

/// Brings what the next boot will find where it is to be. The unit itself is left alone: starting, stopping or
/// restarting it would flush the table.
pub(super) fn boot(unit: RulesUnit, there: &Boot, wanted: &Rules) -> String {
    let mut script = String::new();
    let rewrite = there.rules != *wanted;
    if rewrite || there.auto != Some(true) {
        script += REPLACE;
    }
    if rewrite {
        let comments: String = wanted.comments.iter().map(|line| format!("{line}\n")).collect();
        let text = comments + &wanted.table.to_string();
        let _ = writeln!(script, "replace {} {}", unit.rules(), quote(text.trim_end()));
    }
    if there.auto != Some(true) {
        script += &format!(
            r#"defaults={}
if [ -e "$defaults" ] && grep -q '^[[:space:]]*AUTO=' "$defaults"; then
    new=$(sed 's/^[[:space:]]*AUTO=.*/AUTO="true"/' "$defaults")
else
    new=$(if [ -e "$defaults" ]; then cat "$defaults"; fi)
    new=$new${{new:+
}}'AUTO="true"'
fi
replace "$defaults" "$new"
"#,
            unit.defaults()
        );
    }
    if there.unit != UnitState::Enabled {
        script += unit.state_function();
        script += r#"if [ "$(ipvsadm_unit)" != enabled ]; then
    if [ -d /run/systemd/system ]; then systemctl enable ipvsadm
    else update-rc.d ipvsadm defaults && update-rc.d ipvsadm enable
    fi
fi
"#;
    }
    script
}

/// Replaces a file by rename, with its mode and owner, through a symbolic link if it is one. The temporary name is a
/// fixed one, so that what a killed run left is overwritten by the next.
const REPLACE: &str = r#"replace() {
    target=$1
    if [ -L "$target" ]; then target=$(readlink -f "$target"); fi
    temporary=${target%/*}/.lvsprov.${target##*/}.new
    trap 'rm -f "$temporary"' EXIT
    trap 'exit 143' HUP INT TERM
    rm -f "$temporary"
    if [ -e "$target" ]; then cp -p "$target" "$temporary"; else (umask 022; : >"$temporary"); fi
    printf '%s\n' "$2" >"$temporary"
    sync "$temporary" 2>/dev/null || sync
    mv -f "$temporary" "$target"
}
"#;

/// The new real servers that a TCP connection can try.
fn newcomers(edits: &[Edit]) -> BTreeSet<SocketAddr> {
    edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::AddServer(ServiceKey::Address(Protocol::Tcp, _), address, _) if address.port() != 0 => {
                Some(*address)
            }
            _ => None,
        })
        .collect()
}

/// A command with words, each quoted: `[2001:db8::1]:80` is a pattern to a shell.
fn line(script: &mut String, command: &str, words: &str) {
    script.push_str(command);
    for word in words.split_whitespace() {
        script.push(' ');
        script.push_str(&quote(word));
    }
    script.push('\n');
}
