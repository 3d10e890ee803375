//! The calls of ipvsadm that make the edits.

use std::time::Duration;

use crate::ipvs::Edit;
use crate::resource::quote;
use crate::resource::shell::SAY;

/// Up to so many edits are a call each.
const FEW: usize = 16;

/// So many are given to one process: in the lab, 11,000 take 3.6 s in one and 4.2 s in eleven. When it says something, so
/// many are made again.
const MANY: usize = 20_000;

/// A call that may be made again: what is there already is edited, what is gone is gone.
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

/// `ipvsadm -R` takes every command, a line each. It names no line in what it says, goes on after what the kernel refuses,
/// ends at what it can't read, and its exit code is the last line's. So when it says anything, the same edits are made one
/// by one: those that were made are so again, and the first that can't be is named.
const EDITS: &str = r#"edits() {
    if said=$(printf '%s\n' "$1" | ipvsadm -R 2>&1) && [ -z "$said" ]; then return 0; fi
    say "the edits are made again, one by one: ipvsadm -R ${said:+said: }${said:-failed}"
    set -f
    IFS='
'
    for line in $1; do
        IFS=' '
        edit $line || exit 1
    done
    set +f
    unset IFS
}
"#;

/// POSIX sh for what the calls of a change of `all` edits need, and with `says` for what is said between them.
pub(super) fn needs(all: usize, says: bool) -> String {
    let many = all > FEW;
    "command -v ipvsadm >/dev/null || { echo 'ipvsadm is not installed: add `package: { name: ipvsadm }` before' >&2; exit 1; }\n\
     [ -e /proc/net/ip_vs ] || modprobe ip_vs\n"
        .to_owned()
        + EDIT
        + if many || says { SAY } else { "" }
        + if many { EDITS } else { "" }
}

/// POSIX sh that makes the edits in their order, stopping at the first that can't be made. `all` is how many there are in
/// the whole change.
pub(super) fn calls(edits: &[Edit], all: usize) -> String {
    if all <= FEW {
        return edits.iter().map(|edit| format!("edit {}\n", words(&edit.to_string()))).collect();
    }
    let chunk = |edits: &[Edit]| edits.iter().map(Edit::to_string).collect::<Vec<_>>().join("\n");
    edits.chunks(MANY).map(|edits| format!("edits {}\n", quote(&chunk(edits)))).collect()
}

/// Each word quoted: `[2001:db8::1]:80` is a pattern to a shell.
fn words(line: &str) -> String {
    line.split_whitespace().map(quote).collect::<Vec<_>>().join(" ")
}

/// How long the calls may take: a call is a process, and a slow machine takes its time over one.
pub(super) fn longest(edits: &[Edit]) -> Duration {
    let count = |edits: usize| u32::try_from(edits).unwrap_or(u32::MAX);
    let each = Duration::from_millis(200).saturating_mul(count(edits.len().min(MANY)));
    each.saturating_add(Duration::from_millis(20).saturating_mul(count(edits.len())))
}
