//! One run at a time changes a host: a lock that the host's own shell holds, and that ends with it.
//!
//! The shell keeps a file open on a descriptor that nothing which it starts inherits, and flock(1) locks it: whatever
//! ends the shell, a cut connection or a reboot, frees the lock. The file also says who holds it, and whose turn it was last.

use super::Output;
use super::word;

/// The descriptor of the lock's file. dash and busybox sh know only those of one digit, and 3 is the connection.
pub(super) const DESCRIPTOR: u8 = 9;

/// Where the file is: a folder that only root may enter. `$LVSPROV_RUN` of the host's shell names another one, so that tests
/// can let several shells of one machine pass for hosts.
const FOLDER: &str = "${LVSPROV_RUN:-/run/lvsprov}";

/// What came of asking for a host's lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    /// The link holds it now.
    Taken {
        /// Whose turn it was before. Where it is not [the same](Turn::is_unbroken) as when the host was read, somebody else
        /// may have changed the host since then, and it must be read again.
        last: Turn,
    },
    /// Another link holds it.
    Held {
        /// Who, from where and since when, by the host's clock: `ann@desk from 192.0.2.7 since 2026-11-23 10:04:00 UTC, by
        /// process 4711 there`. Who ends that process, of a controller that has lost its power, frees the lock.
        by: String,
    },
    /// The host can't lock.
    Unable {
        /// Why.
        why: String,
        /// What the operator can do about it.
        remedy: &'static str,
    },
}

/// Whose turn it was last to change a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn(Option<String>);

impl Turn {
    /// A section that reads it, for [`Exchange::push_inline`](super::Exchange::push_inline). It starts no process. Put before
    /// what the host is read with, it tells of all that comes later.
    pub fn section() -> String {
        format!(
            "{{ read -r lvsprov_turn <{FOLDER}/lock; }} 2>/dev/null && printf '%s\\n' \"$lvsprov_turn\" || :"
        )
    }

    /// From what the section printed. A host where nobody ever took the lock has a turn too.
    pub fn read(printed: &[u8]) -> Turn {
        match String::from_utf8_lossy(printed).trim_end() {
            "" => Turn(Some(String::new())),
            line => Turn(line.strip_prefix("free ").map(str::to_owned)),
        }
    }

    /// Whether nobody held the lock from when this was read until `last` was. Where somebody held it at one of the two
    /// times, or ended without giving it back, that is not known, and it is not.
    pub fn is_unbroken(&self, last: &Turn) -> bool {
        self.0.is_some() && self == last
    }
}

/// The turn of whoever holds the lock with this word, to be compared with what [`Turn::read`] gives once it is given back.
pub(super) fn of_word(word: &str) -> Turn {
    Turn(Some(word.to_owned()))
}

/// A section that asks for the lock. `holder` says who does, `word` is one that no other holder has.
pub(super) fn take(holder: &str, word: &str) -> String {
    let holder = word::quoted(&holder.replace(char::is_control, " "));
    format!(
        r#"lvsprov_lock={FOLDER}
lvsprov_failed() {{
    lvsprov_lock=${{lvsprov_lock%/lock}}
    df -Pk "$lvsprov_lock" 2>/dev/null | sed -n '$s/^/df -Pk: /p'
    echo failed
}}
umask 077
if ! command -v flock >/dev/null; then echo missing
elif ! {{ [ -d "$lvsprov_lock" ] || mkdir -p "$lvsprov_lock"; }} || ! {{ :; }} >>"$lvsprov_lock/lock"; then lvsprov_failed
else
    lvsprov_lock=$lvsprov_lock/lock
    exec {DESCRIPTOR}<>"$lvsprov_lock"
    flock -n {DESCRIPTOR} 2>/dev/null
    lvsprov_code=$? lvsprov_said=
    # The words cost one more process, which is only spent where there are any.
    if [ $lvsprov_code != 0 ]; then lvsprov_said=$(flock -n {DESCRIPTOR} 2>&1); lvsprov_code=$?; fi
    case $lvsprov_code$lvsprov_said in
    0*)
        lvsprov_turn=
        read -r lvsprov_turn <"$lvsprov_lock" || :
        if printf 'held %s\n%s%s\n%s\n' {word} {holder} "${{SSH_CONNECTION:+ from ${{SSH_CONNECTION%% *}}}}" $$ >"$lvsprov_lock"
        then printf 'taken\n%s\n' "$lvsprov_turn"
        else exec {DESCRIPTOR}<&-; lvsprov_failed
        fi ;;
    1)  # held: busybox's flock ends with 1 too when it fails, but says why
        exec {DESCRIPTOR}<&-
        {{ read -r lvsprov_turn && IFS= read -r lvsprov_by && read -r lvsprov_pid; }} <"$lvsprov_lock" || lvsprov_by=
        # It was written when the lock was taken.
        lvsprov_since=$(date -u -r "$lvsprov_lock" '+ since %Y-%m-%d %H:%M:%S UTC' 2>/dev/null) || lvsprov_since=
        if [ -z "$lvsprov_by" ]; then printf 'held\nanother run\n'
        else printf 'held\n%s%s, by process %s there\n' "$lvsprov_by" "$lvsprov_since" "$lvsprov_pid"
        fi ;;
    *)  exec {DESCRIPTOR}<&-; printf '%s\nfailed\n' "$lvsprov_said" ;;
    esac
fi
umask 022"#
    )
}

/// A section that gives the lock back.
pub(super) fn give_back(word: &str) -> String {
    format!("printf 'free %s\\n' {word} >{FOLDER}/lock; exec {DESCRIPTOR}<&-")
}

/// What [`take`] printed.
pub(super) fn outcome(output: &Output) -> Lock {
    let text = String::from_utf8_lossy(&output.bytes);
    let mut lines = text.lines();
    let last = lines.next_back().unwrap_or_default();
    let before = lines.next_back().unwrap_or_default();
    match (before, last) {
        ("taken", turn) => Lock::Taken { last: Turn::read(turn.as_bytes()) },
        ("held", by) => Lock::Held { by: by.to_owned() },
        (df, "failed") if is_full(df) => Lock::Unable {
            why: format!("can't lock it: no space left on {}: {df}", df.rsplit(' ').next().unwrap_or(df)),
            remedy: "make room there, and run the same again",
        },
        (_, "missing") => Lock::Unable {
            why: "it has no flock(1), by which one run at a time is let change it".into(),
            remedy: "install util-linux on it",
        },
        _ => Lock::Unable {
            why: format!("can't lock it: {}", without_df(&text)),
            remedy: "log in as root, or set `ssh: { become: true }`; see that /run/lvsprov there can be written to",
        },
    }
}

/// Whether df tells that nothing is left: `df -Pk: tmpfs 1024 1024 0 100% /run`.
fn is_full(df: &str) -> bool {
    df.starts_with("df -Pk: ") && df.split_whitespace().nth(5) == Some("0")
}

/// What was said of a lock that failed. Where there is room, df's line says nothing.
fn without_df(text: &str) -> String {
    let lines = text.trim_end().trim_end_matches("failed").lines();
    lines.filter(|line| !line.starts_with("df -Pk: ")).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(text: &str) -> Turn {
        Turn::read(text.as_bytes())
    }

    #[test]
    fn a_turn_is_unbroken_only_where_that_is_known() {
        assert!(turn("free a\n").is_unbroken(&turn("free a")));
        assert!(turn("").is_unbroken(&turn("")));
        assert!(!turn("").is_unbroken(&turn("free a")));
        assert!(!turn("free a").is_unbroken(&turn("free b")));
        // It was being changed while it was read.
        assert!(!turn("held a").is_unbroken(&turn("free a")));
        // Its holder never said that it had ended.
        assert!(!turn("held a").is_unbroken(&turn("held a")));
    }

    #[test]
    fn what_the_host_complains_of_is_told() {
        let bytes = b"mkdir: cannot create directory '/run/lvsprov': Permission denied\nfailed\n".to_vec();
        let Lock::Unable { why, remedy } = outcome(&Output { bytes, ..Output::default() }) else { panic!() };
        assert!(why.ends_with("Permission denied") && remedy.contains("become"), "{why}, {remedy}");
    }

    #[test]
    fn a_full_file_system_is_no_matter_of_rights() {
        let of = |df: &str| {
            let bytes = format!("sh: 12: printf: I/O error\n{df}failed\n").into_bytes();
            match outcome(&Output { bytes, ..Output::default() }) {
                Lock::Unable { why, remedy } => (why, remedy),
                other => panic!("{other:?}"),
            }
        };
        let (why, remedy) = of("df -Pk: tmpfs 1024 1024 0 100% /run\n");
        assert!(why.starts_with("can't lock it: no space left on /run: df -Pk: tmpfs"), "{why}");
        assert!(remedy.starts_with("make room"), "{remedy}");
        let (why, _) = of("df -Pk: tmpfs 1024 24 1000 3% /run\n");
        assert_eq!(why, "can't lock it: sh: 12: printf: I/O error");
        assert_eq!(of("").0, why);
    }
}
