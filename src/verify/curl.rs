//! The curl loop that runs on a client: its words, and the reader of what it prints.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use super::{Pages, Request};
use crate::resource::quote;

/// How long one request may take, connection and all.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How long it may take to connect: two lost packets, which are sent again after one and three seconds, are too much.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// In front of what curl tells of each request, behind its body.
const MARK: char = '\u{1e}';

/// POSIX sh that makes `count` requests, one after the other, each over a connection of its own and past any proxy.
///
/// It is one curl process: starting one a request would take longer than the request. HTTP/1.0 without keep-alive has
/// the server end each connection, and curl tells how many it opened for a request. What curl says of a failed request goes the same way
/// as all else: two streams would arrive in another order than they were written in.
pub fn script(address: SocketAddr, count: usize) -> String {
    let mut script = format!(
        "command -v curl >/dev/null || {{ echo 'curl is not installed'; exit 127; }}\n\
         set -- \"http://{address}/\"\n\
         exec curl --silent --show-error --stderr - --http1.0 --noproxy '*' --connect-timeout {connect} --max-time {most} \\\n\
         \t--header 'Connection: close' --user-agent lvsprov \\\n\
         \t--write-out {format}",
        connect = CONNECT_TIMEOUT.as_secs(),
        most = REQUEST_TIMEOUT.as_secs(),
        format = quote(&format!("{MARK}%{{http_code}} %{{time_total}} %{{local_port}} %{{num_connects}}\\n")),
    );
    for _ in 0..count {
        let _ = write!(script, " \"$1\"");
    }
    script
}

/// The requests, from what the loop printed: `count` of them, those that it did not come to as failed.
pub fn parse(output: &[u8], count: usize, pages: &Pages) -> Vec<Request> {
    let output = String::from_utf8_lossy(output);
    let mut pieces = output.split(MARK);
    let mut requests: Vec<Request> = Vec::with_capacity(count);
    let mut body = pieces.next().unwrap_or_default();
    for piece in pieces {
        let (told, next) = piece.split_once('\n').unwrap_or((piece, ""));
        requests.push(request(body, told, pages));
        body = next;
    }
    // What stands behind the last request is why there is no further one.
    let why = body.trim();
    let missing = || Request {
        error: Some(if why.is_empty() { "it was not made".into() } else { last_line(why, "") }),
        ..Request::default()
    };
    requests.resize_with(requests.len().max(count), missing);
    requests
}

/// What stands in front of a request's mark: its body, and curl's message when the request failed: `curl: (28) ...`.
fn complaint(text: &str) -> (&str, Option<&str>) {
    let whole = text.strip_suffix('\n').unwrap_or(text);
    // The body of a request that was cut off need not end with a newline.
    let Some(at) = whole.rfind("curl: (") else { return (text, None) };
    let (body, message) = whole.split_at(at);
    if message.contains('\n') { (text, None) } else { (body, Some(message)) }
}

/// The message without `after 3004 ms`, so that messages of one kind are alike.
fn without_time(message: &str) -> String {
    let Some((before, rest)) = message.split_once(" after ") else { return message.to_owned() };
    match rest.split_once(" ms") {
        Some((number, behind)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{before}{behind}")
        }
        _ => message.to_owned(),
    }
}

fn request(text: &str, told: &str, pages: &Pages) -> Request {
    let (body, complaint) = complaint(text);
    let mut words = told.split(' ');
    let http_code = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let seconds = words.next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    let local_port = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let own_connection = words.next().is_some_and(|opened| opened != "0");
    let real_server = pages.real_server(body).filter(|_| http_code == 200).map(str::to_owned);
    let error = match (complaint, http_code, &real_server) {
        (Some(message), ..) => Some(without_time(&last_line(message, ""))),
        (None, 0, _) => Some("no answer".to_owned()),
        (None, 200, None) => Some(format!("the page is no real server's: `{}`", last_line(body, ""))),
        (None, 200, Some(_)) => None,
        (None, code, _) => Some(format!("HTTP {code}")),
    };
    Request { real_server, http_code, seconds, local_port, own_connection, error }
}

fn last_line(text: &str, otherwise: &str) -> String {
    let line = text.trim().lines().last().unwrap_or(otherwise).trim();
    let line = line.strip_prefix("curl: ").unwrap_or(line);
    line.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_curl_prints_becomes_requests() {
        // As curl 7.88 prints it.
        let output = b"web1\n\x1e200 0.004 40001 1\n\
                       curl: (7) Failed to connect to web1 port 80 after 3004 ms: Timeout was reached\n\x1e000 0.0 0 0\n\
                       <h1>It works!</h1>\x1e200 0.1 40002 1\nnot found\x1e404 0.1 40003 1\n\
                       web1curl: (18) transfer closed with 9 bytes remaining to read\n\x1e200 0.1 40004 1\n";
        let requests = parse(output, 6, &Pages::named(["web1"]));
        let told: Vec<_> = requests.iter().map(|r| (r.real_server.as_deref(), r.error.as_deref())).collect();
        assert_eq!(
            told,
            [
                (Some("web1"), None),
                (None, Some("(7) Failed to connect to web1 port 80: Timeout was reached")),
                (None, Some("the page is no real server's: `<h1>It works!</h1>`")),
                (None, Some("HTTP 404")),
                (Some("web1"), Some("(18) transfer closed with 9 bytes remaining to read")),
                (None, Some("it was not made")),
            ]
        );
        assert_eq!((requests[0].local_port, requests[0].own_connection), (40001, true));
    }

    #[test]
    fn a_client_without_curl_fails_every_request_with_the_reason() {
        let requests = parse(b"curl is not installed\n", 2, &Pages::default());
        assert!(requests.iter().all(|r| r.error.as_deref() == Some("curl is not installed")));
    }
}
