//! What must be true just before a part of a change is made: a real server answers its director.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use super::word::words;
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

/// How many real servers are asked at the same time.
const SIDE_BY_SIDE: usize = 32;
/// How often one that does not answer is asked, a second apart.
const TRIES: u32 = 20;
/// Seconds for one connection, and for its answer.
const CONNECT_SECONDS: u32 = 2;
const ANSWER_SECONDS: u32 = 3;
/// Seconds after the first asking in which one that does not answer is asked again.
const PATIENCE: u32 = TRIES * (CONNECT_SECONDS + 1);

/// Asks real servers one after another, in one process, until each has answered or has had its time; what each
/// transfer has to tell is a line, in their order.
///
/// Connected is answered: what comes then is the service's own matter, and need not be HTTP. Neither of the two that curl
/// is asked for tells it alone: before 7.61 the time of a fast connection is 0.000, and a service that hangs up at once may
/// not take the request. (`num_connects` counts attempts before 7.71.)
const ASK: &str = r#"ask() {
    tries=TRIES
    until=
    while :; do
        said=$(
            for address do printf 'url = "http://%s/"\noutput = /dev/null\n' "$address"; done |
                curl -q -g -s -K - -w '%{time_connect} %{size_request}\n' --noproxy '*' --connect-timeout CONNECT -m ANSWER
        ) || :
        left=
        for address do
            case ${said%%"$newline"*} in
                *[1-9]*) echo "answers $address" ;;
                *) left="$left $address" ;;
            esac
            case $said in
                *"$newline"*) said=${said#*"$newline"} ;;
                *) said= ;;
            esac
        done
        [ -n "$left" ] || return 0
        now=$(date +%s)
        until=${until:-$((now + PATIENCE))}
        tries=$((tries - 1))
        if [ "$tries" -le 0 ] || [ "$now" -ge "$until" ]; then return 0; fi
        sleep 1
        set -f
        set -- $left
    done
}
"#;

impl Gate {
    /// How long [`Gate::probe`] takes at most for so many addresses: each of them may use up its whole time in the first
    /// round, and in one that begins just before the time is up.
    pub fn longest(addresses: usize) -> Duration {
        let queue = u32::try_from(addresses.div_ceil(SIDE_BY_SIDE)).unwrap_or(u32::MAX);
        let round = u64::from(queue) * u64::from(ANSWER_SECONDS);
        Duration::from_secs(2 * round + u64::from(PATIENCE))
    }

    /// POSIX sh that prints `answers ADDRESS` for each of the addresses that accepts a connection. It asks a bounded
    /// number side by side, and each for as long as it takes a service to start.
    pub fn probe(addresses: &BTreeSet<SocketAddr>) -> String {
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let queues = addresses.len().min(SIDE_BY_SIDE);
        let queue = |number: usize| addresses.iter().skip(number).step_by(queues).map(String::as_str);
        let asked: String = (0..queues).map(|number| format!("ask {} &\n", words(queue(number)))).collect();
        let ask = [
            ("TRIES", TRIES),
            ("CONNECT", CONNECT_SECONDS),
            ("ANSWER", ANSWER_SECONDS),
            ("PATIENCE", PATIENCE),
        ]
        .iter()
        .fold(ASK.to_owned(), |text, (name, value)| text.replace(name, &value.to_string()));
        format!(
            r#"command -v curl >/dev/null || {{
    echo 'curl is not installed: without it the director can not try new real servers; add `package: {{ name: curl }}` for directors' >&2
    exit 1
}}
newline='
'
{ask}{asked}wait
"#
        )
    }

    /// The addresses that answered, from what [`Gate::probe`] printed.
    pub fn answering(output: &[u8]) -> BTreeSet<SocketAddr> {
        let text = String::from_utf8_lossy(output);
        text.lines().filter_map(|line| line.strip_prefix("answers ")?.parse().ok()).collect()
    }
}
