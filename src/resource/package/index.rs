//! The package index: what the package manager knows of what its repositories have.

use crate::resource::record::REFRESHED;

/// From what age on a plan says how old the index is, by which it tells the newest version.
const OLD: u64 = 24 * 3600;

/// POSIX sh that prints `=index SECONDS`, the age of the index, and nothing where there is none. `files` is sh that leaves
/// in `$@` files of which the newest tells when it was refreshed. Beside them counts when that was done from here, as
/// managers keep their repositories' times, and not when they last asked.
pub(super) fn probe(files: &str) -> String {
    format!(
        r#"{files}
newest=0
for s in $(stat -c %Y "$@" {REFRESHED} 2>/dev/null); do if [ "$s" -gt "$newest" ]; then newest=$s; fi; done
if [ "$newest" != 0 ]; then echo "=index $(($(date +%s) - newest))"; fi
"#
    )
}

/// An age in words: `3 days old`.
pub(super) fn age(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..120 => return "new".into(),
        120..7200 => (seconds / 60, "minutes"),
        7200..172_800 => (seconds / 3600, "hours"),
        _ => (seconds / 86400, "days"),
    };
    format!("{count} {unit} old")
}

/// The newest version that is known, with how old that knowledge is.
pub(super) fn newest(version: &str, age_of_index: Option<u64>) -> String {
    match age_of_index {
        Some(seconds) if seconds >= OLD => {
            format!("{version} (the newest of an index that is {})", age(seconds))
        }
        _ => version.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_index_is_told() {
        assert_eq!(newest("2.4", Some(60)), "2.4");
        assert_eq!(newest("2.4", Some(3 * 86400)), "2.4 (the newest of an index that is 3 days old)");
        assert_eq!(age(3 * 3600), "3 hours old");
    }
}
