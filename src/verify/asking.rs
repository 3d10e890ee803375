//! The loop that runs on a client: its words, and its bounds.

use std::time::Duration;

use super::question::Question;
use crate::inventory::ServiceDeclaration;
use crate::ipvs::{Check, Page};
use crate::resource::asking::{MARK, page_options, page_url, talk_call, talk_functions};
use crate::resource::quote;

/// Seconds that one page may take, connection and all.
const PAGE_SECONDS: u64 = 10;

/// Seconds to connect: two lost packets, which are sent again after one and three seconds, are too much.
const CONNECT_SECONDS: u64 = 3;

/// Seconds for what comes over a connection, where the connection is all that is asked.
const ANSWER_SECONDS: u64 = 3;

/// How many pages one curl asks for at most, between two looks at the clock.
const BATCH: usize = 64;

/// When a loop ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// After so many requests at the latest.
    pub requests: usize,
    /// Once so many have failed: the verdict is sure by then, and each may take ten seconds.
    pub failures: usize,
    /// No request begins after so many seconds.
    pub seconds: u64,
}

impl Bounds {
    /// For so many requests to a service. A service of a few real servers may fail with each of them, and once more.
    pub(super) fn of(declared: &ServiceDeclaration, requests: usize) -> Bounds {
        let taking = declared.service.real_servers.values().filter(|server| server.weight > 0).count();
        let seconds = 60 + u64::try_from(requests / 20).unwrap_or(u64::MAX / 2);
        Bounds { requests, failures: (taking + 1).clamp(3, 10), seconds }
    }

    /// How long the loop takes at most.
    pub(super) fn longest(&self) -> Duration {
        let batch = u64::try_from(self.requests.min(BATCH)).unwrap_or(u64::MAX);
        Duration::from_secs(self.seconds + batch.saturating_mul(PAGE_SECONDS))
    }
}

/// Makes requests until a bound is met. `once N` makes up to N of them, says in `requests` how many it made, and adds those
/// that failed to `failed`. The clock is the kernel's own: one that a deploy sets must not end a loop.
const LOOP: &str = r#"now() { read -r now _ </proc/uptime; now=${now%%.*}; }
made=0 failed=0 batch=FIRST
now
until=$((now + BOUND))
while [ "$made" -lt REQUESTS ]; do
    [ "$failed" -lt FAILURES ] || { echo "${mark}ended failures"; break; }
    now
    before=$now
    [ "$before" -lt "$until" ] || { echo "${mark}ended time"; break; }
    left=$((REQUESTS - made))
    [ "$left" -le "$batch" ] || left=$batch
    once "$left"
    [ "$requests" -gt 0 ] || break
    made=$((made + requests))
    now
    if [ $((now - before)) -lt 5 ]; then batch=MOST; else batch=FEWEST; fi
done
"#;

/// Pages, by one curl as long as none fails: starting one a request would take longer than the request. HTTP/1.0 without
/// keep-alive has the server end each connection, and curl tells how many it opened for a request. What curl says of a failed
/// request goes the same way as all else: two streams would arrive in another order than they were written in.
///
/// A failure ends curl, by a word that one of before 7.52 does not know, passes over and lives without. `no-alpn` is such a
/// word too: else curl offers `http/1.0` in the TLS handshake, for which Apache picks `http/1.1`, and the handshake fails.
const PAGES: &str = r#"once() {
    code=0
    said=$(
        {
            printf '%s\n' fail-early no-alpn
            turn=0
            while [ "$turn" -lt "$1" ]; do
                printf 'url = "%s"\n' "$url"
                turn=$((turn + 1))
            done
        } | curl -q --globoff --silent --show-error --stderr - --http1.0 --noproxy '*' \
            --connect-timeout CONNECT --max-time PAGE --header 'Connection: close' --user-agent lvsprov \
            --write-out "$mark%{http_code} %{time_total} %{local_port} %{num_connects}\n" OPTIONS--config -
    ) || code=$?
    printf '%s\n' "$said"
    requests=$1
    if [ "$code" != 0 ]; then
        failed=$((failed + 1))
        requests=$(($(printf %s "$said" | tr -cd '\036' | wc -c)))
    fi
}
"#;

/// Connections: what comes over one is the service's own matter. Before 7.61 the time of a fast one is 0.000, and a service
/// that hangs up at once may not take the request: either tells of it.
const CONNECTIONS: &str = r#"once() {
    said=$(
        curl -q --globoff --silent --show-error --stderr - --http1.0 --noproxy '*' --output /dev/null \
            --connect-timeout CONNECT --max-time ANSWER --user-agent lvsprov \
            --write-out "$mark%{time_connect} %{size_request} %{local_port}\n" "$url"
    ) || :
    printf '%s\n' "$said"
    requests=1
    told=${said##*"$mark"}
    case ${told% *} in
    *[1-9]*) ;;
    *) failed=$((failed + 1)) ;;
    esac
}
"#;

/// Talks.
const TALKS: &str = r#"once() {
    said=$(TALK) || :
    printf '%s\n' "$said"
    requests=1
    case $said in
    *"$mark"ok) ;;
    *) failed=$((failed + 1)) ;;
    esac
}
"#;

/// POSIX sh that asks until a bound is met, one request after the other, each over a connection of its own and past any
/// proxy. What came of each stands behind a [`MARK`], and in front of that its answer.
pub(super) fn script(question: &Question, bounds: &Bounds) -> String {
    let mut text = format!(
        "command -v curl >/dev/null || {{ echo 'curl is not installed'; exit 127; }}\nmark={}\n",
        quote(&MARK.to_string())
    );
    let url = |page: &Page| format!("url={}\n", quote(&page_url(page, question.address)));
    let batch = match &question.check {
        Check::Page(page) => {
            text += &url(page);
            text += &filled(PAGES).replace("OPTIONS", &page_options(page, question.address));
            [16, BATCH, 4]
        }
        Check::Talk(talk) => {
            text += &talk_functions();
            text += &TALKS.replace("TALK", &talk_call(talk, question.address));
            [1, 1, 1]
        }
        Check::Connection | Check::Usual | Check::None => {
            text += &url(&Page::default());
            text += &filled(CONNECTIONS);
            [1, 1, 1]
        }
    };
    let [first, most, fewest] = batch.map(|size: usize| size.to_string());
    text + &LOOP
        .replace("FIRST", &first)
        .replace("MOST", &most)
        .replace("FEWEST", &fewest)
        .replace("BOUND", &bounds.seconds.to_string())
        .replace("REQUESTS", &bounds.requests.to_string())
        .replace("FAILURES", &bounds.failures.to_string())
}

fn filled(text: &str) -> String {
    let values = [("CONNECT", CONNECT_SECONDS), ("PAGE", PAGE_SECONDS), ("ANSWER", ANSWER_SECONDS)];
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, &value.to_string()))
}
