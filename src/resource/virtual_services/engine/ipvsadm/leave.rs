//! The wait for the connections of what leaves.

use std::time::Duration;

use crate::ipvs::Edit;
use crate::resource::quote;

/// A real server is idle when no connection of it is active. A flow of UDP has no end that could be seen, and the kernel
/// counts it as inactive for as long as it remembers it. What is waited for comes first, and may be long: a shell's own
/// words have no bound, a process's have.
const BUSY: &str = r#"busy() {
    { printf '%s\n\n' "$leaving"; ipvsadm -Ln; } | awk '
        !listing && NF == 0 { listing = 1; next }
        !listing { leaving[$0] = 1; next }
        $1 == "->" {
            if (((service " " $2) in leaving || (service " all") in leaving) && ($5 > 0 || (service ~ /^UDP/ && $6 > 0))) busy = 1
            next
        }
        { service = $1 " " $2 ($1 == "FWM" && $3 == "IPv6" ? " IPv6" : "") }
        END { print busy ? "yes" : "no" }'
}
"#;

/// POSIX sh that waits until the real servers that these edits remove are idle, `drain` at most.
pub(super) fn wait(edits: &[Edit], drain: Duration) -> String {
    let leaving: Vec<String> = edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::DeleteServer(key, address) => Some(format!("{} {address}", key.listed())),
            Edit::DeleteService(key) => Some(format!("{} all", key.listed())),
            _ => None,
        })
        .collect();
    format!(
        r#"{BUSY}leaving={leaving}
seconds={seconds}
while [ "$seconds" -gt 0 ] && [ "$(busy)" != no ]; do
    seconds=$((seconds - 1))
    sleep 1
done
"#,
        leaving = quote(&leaving.join("\n")),
        seconds = drain.as_secs()
    )
}
