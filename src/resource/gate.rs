//! What must be true just before a part of a change is made: a real server answers its director.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::shell::words;
use crate::ipvs::ServiceKey;

/// A new real server of some services, which enters their table only when it accepts a TCP connection from the director.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gate {
    /// The real server.
    pub address: SocketAddr,
    /// The services that it is to enter.
    pub services: Vec<ServiceKey>,
    /// Whether the next boot would have brought it in any case: it was in the table before.
    pub known: bool,
}

/// How often a real server is asked, a second apart.
const TRIES: u32 = 20;
/// Seconds for one connection, and for its answer.
const CONNECT_SECONDS: u32 = 2;
const ANSWER_SECONDS: u32 = 3;

impl Gate {
    /// Seconds that [`Gate::probe`] takes at most.
    pub const LONGEST: u64 = (TRIES * (CONNECT_SECONDS + 1)) as u64;

    /// POSIX sh that prints `answers ADDRESS` for each of the addresses that accepts a connection. It asks all of them
    /// side by side, and gives each its whole time.
    ///
    /// Connected is answered: what comes then is the service's own matter, and need not be HTTP. Neither of the two that
    /// curl is asked for tells it alone: before 7.61 the time of a fast connection is 0.000, and a service that hangs up at
    /// once may not take the request. (`num_connects` counts attempts before 7.71.)
    pub fn probe(addresses: &BTreeSet<SocketAddr>) -> String {
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        format!(
            r#"command -v curl >/dev/null || {{
    echo 'curl is not installed: without it the director can not try new real servers; add `package: {{ name: curl }}` for directors' >&2
    exit 1
}}
answers() {{
    tries={TRIES}
    while :; do
        connected=$(curl -s -o /dev/null -w '%{{time_connect}} %{{size_request}}' --noproxy '*' --connect-timeout {CONNECT_SECONDS} -m {ANSWER_SECONDS} "http://$1/") || :
        case $connected in *[1-9]*) echo "answers $1"; return 0 ;; esac
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 0
        sleep 1
    done
}}
for address in {addresses}; do answers "$address" & done
wait
"#,
            addresses = words(addresses.iter().map(String::as_str)),
        )
    }

    /// The addresses that answered, from what [`Gate::probe`] printed.
    pub fn answering(output: &[u8]) -> BTreeSet<SocketAddr> {
        let text = String::from_utf8_lossy(output);
        text.lines().filter_map(|line| line.strip_prefix("answers ")?.parse().ok()).collect()
    }
}
