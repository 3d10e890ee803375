//! What must be true just before a part of a change is made: a real server answers its director.

mod answers;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

pub use answers::Answers;

use super::asking::{TALK_SECONDS, page_options, page_url, talk_call, talk_functions};
use super::word::{quote, words};
use crate::ipvs::{Check, ServiceKey};

/// A new real server of some services, which enters their table only when it answers the director as they are checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gate {
    /// The real server.
    pub address: SocketAddr,
    /// The services that it is to enter.
    pub services: Vec<ServiceKey>,
    /// Whether the next boot would have brought it in any case: it was in the table before.
    pub known: bool,
    /// What the director asks it.
    pub check: Check,
}

/// An address, and what it is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Query {
    /// The address.
    pub address: SocketAddr,
    /// What is asked.
    pub check: Check,
}

/// How many real servers are asked at the same time.
const SIDE_BY_SIDE: usize = 32;
/// How often one that does not answer is asked, a second apart.
const TRIES: u32 = 20;
/// Seconds for one connection, and for its answer.
const CONNECT_SECONDS: u32 = 2;
const ANSWER_SECONDS: u32 = 3;
/// Seconds for a page.
const PAGE_SECONDS: u32 = 10;
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

/// The same for what is more than a connection: each number is a query, which a function of its own asks. What one that does
/// not answer as it must has said at last is told.
///
/// Without `no-alpn` curl offers `http/1.0` in the TLS handshake, for which Apache picks `http/1.1`, and the handshake fails.
/// In a configuration a word that an old curl does not know is passed over.
const CHECK: &str = r#"page() {
    status=$1
    shift
    failed=
    said=$(echo no-alpn | curl -q -g -s -S -K - --http1.0 --noproxy '*' --connect-timeout CONNECT -m PAGE -o /dev/null -w '\n%{http_code}' "$@" 2>&1) || failed=1
    code=${said##*"$newline"}
    if [ -n "$failed" ]; then
        said=${said%"$newline"*}
        case $said in
            *'curl: ('*) said="(${said#*curl: (}" ;;
        esac
        printf %s "${said%%"$newline"*}"
    elif [ "$code" != "$status" ]; then
        printf 'HTTP %s instead of %s' "$code" "$status"
    else
        return 0
    fi
    return 1
}
says() {
    said=$(talk "$@") || :
    case $said in
        *"$mark"ok) return 0 ;;
    esac
    printf %s "${said##*"$mark"}"
    return 1
}
check() {
    tries=TRIES
    until=
    while :; do
        left=
        for number do
            if said=$("query_$number"); then
                echo "answers $number"
            else
                left="$left $number"
                eval "said_$number=\$said"
            fi
        done
        [ -n "$left" ] || return 0
        set -- $left
        now=$(date +%s)
        until=${until:-$((now + PATIENCE))}
        tries=$((tries - 1))
        if [ "$tries" -le 0 ] || [ "$now" -ge "$until" ]; then break; fi
        sleep 1
    done
    for number do
        eval "said=\$said_$number"
        printf 'says %s %s\n' "$number" "$said"
    done
}
"#;

impl Gate {
    /// What the director asks.
    pub fn query(&self) -> Query {
        Query { address: self.address, check: self.check.clone() }
    }
}

impl Query {
    /// Whether the address takes a connection.
    pub fn connection(address: SocketAddr) -> Query {
        Query { address, check: Check::Connection }
    }

    /// Whether it is one for a connection alone.
    pub fn is_connection(&self) -> bool {
        !matches!(self.check, Check::Page(_) | Check::Talk(_))
    }

    /// How long [`Query::ask`] takes at most: each of the queries may use up its whole time in the first round, and in one
    /// that begins just before the time is up.
    pub fn longest(queries: &BTreeSet<Query>) -> Duration {
        let connections = queries.iter().filter(|query| query.is_connection()).count();
        let round = |count: usize, seconds: u32| {
            u64::try_from(count.div_ceil(SIDE_BY_SIDE)).unwrap_or(u64::MAX).saturating_mul(seconds.into())
        };
        let others = round(queries.len() - connections, PAGE_SECONDS.max(TALK_SECONDS));
        let round = round(connections, ANSWER_SECONDS).max(others);
        Duration::from_secs(round.saturating_mul(2).saturating_add(PATIENCE.into()))
    }

    /// POSIX sh that prints `answers ADDRESS`, or its number among the queries, for each that is answered as it must be, and
    /// `says NUMBER TEXT` for those of a page or a talk that are not. It asks a bounded number side by side, and each for as
    /// long as it takes a service to start.
    pub fn ask(queries: &BTreeSet<Query>) -> String {
        let connections = queries.iter().filter(|query| query.is_connection());
        let connections: Vec<String> = connections.map(|query| query.address.to_string()).collect();
        let others: Vec<(usize, &Query)> =
            queries.iter().enumerate().filter(|(_, query)| !query.is_connection()).collect();
        let mut text = String::from(
            r#"command -v curl >/dev/null || {
    echo 'curl is not installed: without it the director can not try new real servers; add `package: { name: curl }` for directors' >&2
    exit 1
}
newline='
'
"#,
        );
        if !connections.is_empty() {
            text += &filled(ASK);
            text += &queues("ask", &connections);
        }
        if !others.is_empty() {
            if others.iter().any(|(_, query)| matches!(query.check, Check::Talk(_))) {
                text += &talk_functions();
            }
            text += "mark=$(printf '\\036')\n";
            text += &filled(CHECK);
            for (number, query) in &others {
                text += &format!("query_{number}() {{ {}; }}\n", query.call());
            }
            let numbers: Vec<String> = others.iter().map(|(number, _)| number.to_string()).collect();
            text += &queues("check", &numbers);
        }
        text + "wait\n"
    }

    /// The call that asks it.
    fn call(&self) -> String {
        match &self.check {
            Check::Page(page) => format!(
                "page {} {}{}",
                page.status,
                page_options(page, self.address),
                quote(&page_url(page, self.address))
            ),
            Check::Talk(talk) => talk_call(talk, self.address).replacen("talk", "says", 1),
            Check::Usual | Check::Connection | Check::None => ":".into(),
        }
    }
}

fn filled(text: &str) -> String {
    [
        ("TRIES", TRIES),
        ("CONNECT", CONNECT_SECONDS),
        ("ANSWER", ANSWER_SECONDS),
        ("PAGE", PAGE_SECONDS),
        ("PATIENCE", PATIENCE),
    ]
    .iter()
    .fold(text.to_owned(), |text, (name, value)| text.replace(name, &value.to_string()))
}

/// Calls of a function side by side, each with its part of the words.
fn queues(function: &str, all: &[String]) -> String {
    let queues = all.len().min(SIDE_BY_SIDE);
    let queue = |number: usize| all.iter().skip(number).step_by(queues).map(String::as_str);
    (0..queues).map(|number| format!("{function} {} &\n", words(queue(number)))).collect()
}

#[cfg(test)]
mod tests;
