//! The reader of what a client's loop prints.

use super::question::Question;
use super::{Pages, Request};
use crate::ipvs::{Check, Page};
use crate::resource::asking::MARK;
use crate::transport::Output;

/// What came of a loop.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// The requests, in the order in which they were made.
    pub requests: Vec<Request>,
    /// Why there are fewer of them than were to be made, where it ended early.
    pub ended: Option<Ended>,
}

/// Why a loop ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// So many requests had failed that no later one could mend it.
    Failures,
    /// Its time was up.
    Time,
}

/// Reads what a loop of `planned` requests printed. Those that it did not come to, and does not say why, have failed.
/// `usual` tells that nothing was said of what to ask: an answer then must tell its real server.
///
/// # Errors
/// Why not even one request was made: what asks does not work on the client, and nothing is known of the service.
pub(super) fn read(
    output: &Output,
    question: &Question,
    usual: bool,
    planned: usize,
    pages: &Pages,
) -> Result<Answers, String> {
    let printed = String::from_utf8_lossy(&output.bytes);
    let mut pieces = printed.split(MARK);
    let mut answers = Answers::default();
    let mut body = pieces.next().unwrap_or_default();
    for piece in pieces {
        let (told, next) = piece.split_once('\n').unwrap_or((piece, ""));
        match (told, &question.check) {
            ("ended failures", _) => answers.ended = Some(Ended::Failures),
            ("ended time", _) => answers.ended = Some(Ended::Time),
            (_, Check::Page(asked)) => answers.requests.push(page(body, told, asked, usual, pages)),
            (_, Check::Talk(_)) => answers.requests.push(talk(body, told, pages)),
            _ => answers.requests.push(connection(body, told)),
        }
        body = next;
    }
    // What stands behind the last request is why there is no further one. A tool that does not run says so elsewhere.
    let said = String::from_utf8_lossy(&output.said);
    let why = [body.trim(), said.trim()].into_iter().find(|why| !why.is_empty());
    if answers.requests.is_empty() {
        return Err(why.map_or_else(|| "curl made no request, and does not say why".into(), last));
    }
    if answers.ended.is_none() {
        let error = why.map_or_else(|| "it was not made".into(), last_line);
        let missing = || Request { error: Some(error.clone()), ..Request::default() };
        answers.requests.resize_with(answers.requests.len().max(planned), missing);
    }
    Ok(answers)
}

/// What stands in front of a request's mark: its body, and curl's message when the request failed: `curl: (28) ...`.
fn complaint(text: &str) -> (&str, Option<&str>) {
    let whole = text.strip_suffix('\n').unwrap_or(text);
    // The body of a request that was cut off need not end with a newline.
    let Some(at) = whole.rfind("curl: (") else { return (text, None) };
    let (body, message) = whole.split_at(at);
    match message.split_once('\n') {
        None => (body, Some(message)),
        // Of a certificate that it does not take curl has more to say.
        Some((first, more)) if more.starts_with("More details here: ") => (body, Some(first)),
        Some(_) => (text, None),
    }
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

fn page(text: &str, told: &str, asked: &Page, usual: bool, pages: &Pages) -> Request {
    let (body, complaint) = complaint(text);
    let mut words = told.split(' ');
    let http_code: u16 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let seconds = words.next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    let local_port = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let own_connection = words.next().is_some_and(|opened| opened != "0");
    let right = http_code == asked.status;
    let real_server = pages.real_server(body).filter(|_| right).map(str::to_owned);
    let error = match (complaint, http_code, &real_server) {
        (Some(message), ..) => Some(without_time(&last_line(message))),
        (None, 0, _) => Some("no answer".to_owned()),
        (None, ..) if right && usual && real_server.is_none() => {
            Some(format!("the page is no real server's: `{}`", last_line(body)))
        }
        (None, ..) if right => None,
        (None, code, _) if usual => Some(format!("HTTP {code}")),
        (None, code, _) => Some(format!("HTTP {code} instead of {}", asked.status)),
    };
    let no_http = error.is_some() && speaks_no_http(body, complaint, http_code);
    Request { real_server, http_code, seconds, local_port, own_connection, error, no_http }
}

/// Whether something came that is no answer of a web server, or only that of one that wants TLS.
fn speaks_no_http(body: &str, complaint: Option<&str>, http_code: u16) -> bool {
    match (complaint, http_code) {
        (Some(message), 0) => message.contains("HTTP/0.9") || message.contains("(8)"),
        // Before 7.66 curl took whatever came for a page.
        (None, 0) => !body.is_empty(),
        (_, 400) => {
            let body = body.to_ascii_lowercase();
            body.contains("https") || body.contains("ssl")
        }
        _ => false,
    }
}

fn connection(text: &str, told: &str) -> Request {
    let mut words = told.split(' ');
    let seconds: f64 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    let sent: u64 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let local_port = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let opened = seconds > 0.0 || sent > 0;
    let error = (!opened).then(|| {
        complaint(text).1.map_or("no connection".into(), |message| without_time(&last_line(message)))
    });
    Request { seconds, local_port, own_connection: opened, error, ..Request::default() }
}

fn talk(text: &str, told: &str, pages: &Pages) -> Request {
    let right = told == "ok";
    Request {
        real_server: pages.real_server(text).filter(|_| right).map(str::to_owned),
        own_connection: true,
        error: (!right).then(|| last_line(told)),
        ..Request::default()
    }
}

/// The last line, without the name of who says it.
fn last_line(text: &str) -> String {
    let line = last(text);
    line.strip_prefix("curl: ").map(str::to_owned).unwrap_or(line)
}

fn last(text: &str) -> String {
    text.trim().lines().last().unwrap_or_default().trim().chars().take(100).collect()
}

#[cfg(test)]
mod tests;
