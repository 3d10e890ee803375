//! What leaves: its connections are waited for, and counted.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::edits;
use crate::ipvs::{Connections, Edit, ServiceKey};
use crate::resource::quote;
use crate::resource::shell::tell;

/// `unended LEAVING [each]` prints how many connections of these have not ended: all together, or each real server's that
/// has some and then [`ALL_TOLD`].
///
/// Of TCP a connection has ended when it is not active. A flow of UDP has no end that could be seen, and the kernel counts
/// it as inactive for as long as it remembers it. What is counted comes first, and may be long: a shell's own words have no
/// bound, a process's have.
const UNENDED: &str = r#"unended() {
    { printf '%s\n\n' "$1"; ipvsadm -Ln; } | awk -v each="${2:-}" '
        !listing && NF == 0 { listing = 1; next }
        !listing { leaving[$0] = 1; next }
        $1 == "->" {
            if ((service " " $2) in leaving || (service " all") in leaving) {
                all += open = $5 + (service ~ /^UDP/ ? $6 : 0)
                if (each && open) print service, $2, open
            }
            next
        }
        { service = $1 " " $2 ($1 == "FWM" && $3 == "IPv6" ? " IPv6" : "") }
        END { print each ? "all told" : all + 0 }'
}
"#;

const ALL_TOLD: &str = "all told";

/// `drain SECONDS` waits until nothing of `$leaving` has a connection, so many seconds after `$begun` at most, and says what
/// it waits for: every second of the last ten, and every ten before. `cut_off SECONDS` tells what had not ended then.
///
/// The time is the kernel's own, in hundredths: a clock may be set meanwhile, and to list a large table takes its time too.
const DRAIN: &str = r#"clock() { read -r now rest </proc/uptime; now=${now%.*}${now#*.}; }
connections() {
    case $1 in
        1) some="1 connection" was=was ;;
        *) some="${1:-some} connections" was=were ;;
    esac
}
drain() {
    told=$(($1 + 10))
    while :; do
        open=$(unended "$leaving") || open=
        clock
        left=$(((begun + 100 * $1 - now + 99) / 100))
        if [ "$open" = 0 ] || [ "$left" -le 0 ]; then return 0; fi
        if [ "$left" -le 10 ] || [ $((told - left)) -ge 10 ]; then
            told=$left
            connections "$open"
            say "waiting for $some to end, $left s left"
        fi
        sleep 1
    done
}
cut_off() {
    case $open in 0 | '') return 0 ;; esac
    connections "$open"
    if [ "$1" = 0 ]; then
        tell "$some $was cut at once"
    else
        tell "$some $was still there after $1 s and $was cut"
    fi
}
clock
begun=$now
"#;

/// POSIX sh that makes these edits, of `all` in the whole change, and gives what they remove the seconds that `drain` has for
/// its service: what has less leaves first. Gives the most seconds, too.
pub(super) fn calls(going: &[Edit], all: usize, drain: &dyn Fn(ServiceKey) -> u32) -> (String, u32) {
    let mut turns: BTreeMap<u32, Vec<Edit>> = BTreeMap::new();
    for edit in going {
        turns.entry(drain(edit.key())).or_default().push(edit.clone());
    }
    let longest = turns.keys().next_back().copied().unwrap_or(0);
    let mut script = tell() + UNENDED + DRAIN;
    for (seconds, edits) in turns {
        let leaving: Vec<String> = edits.iter().filter_map(leaving).collect();
        script += &format!("leaving={}\ndrain {seconds}\n", quote(&leaving.join("\n")));
        script += &edits::calls(&edits, all);
        script += &format!("cut_off {seconds}\n");
    }
    (script, longest)
}

/// What is waited for before the edit.
fn leaving(edit: &Edit) -> Option<String> {
    match edit {
        Edit::DeleteServer(key, address) => Some(words(*key, *address)),
        Edit::DeleteService(key) => Some(format!("{} all", key.listed())),
        _ => None,
    }
}

fn words(key: ServiceKey, address: SocketAddr) -> String {
    format!("{} {address}", key.listed())
}

/// POSIX sh that prints how many connections these real servers have.
pub(super) fn count(leaving: &[(ServiceKey, SocketAddr)]) -> String {
    let leaving: Vec<String> = leaving.iter().map(|(key, address)| words(*key, *address)).collect();
    format!("{UNENDED}unended {} each\n", quote(&leaving.join("\n")))
}

/// From what [`count`] printed; `None` where that was not its end.
pub(super) fn counted(printed: &str) -> Option<Connections> {
    let lines: Vec<&str> = printed.lines().collect();
    let (last, lines) = lines.split_last()?;
    if *last == ALL_TOLD { Connections::counted(lines.iter().copied()) } else { None }
}
