//! What loops print, and loops themselves: by the shells that clients have, with the curl of this machine, against
//! listeners of its own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::super::asking::{Bounds, script};
use super::*;
use crate::ipvs::{Scheme, Talk};
use crate::resource::asking::tests::TlsServer;

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash", "--posix"], &["busybox", "sh"]];

fn question(check: Check) -> Question {
    Question { address: "192.168.175.100:80".parse().unwrap(), check }
}

fn usual() -> Check {
    Check::Usual.of_client().unwrap()
}

fn read(output: &[u8], question: &Question, usual: bool, planned: usize, pages: &Pages) -> Answers {
    let output = Output { bytes: output.into(), ..Output::default() };
    super::read(&output, question, usual, planned, pages).unwrap()
}

fn told(answers: &Answers) -> Vec<(Option<&str>, Option<&str>)> {
    answers.requests.iter().map(|one| (one.real_server.as_deref(), one.error.as_deref())).collect()
}

#[test]
fn what_curl_prints_becomes_requests() {
    // As curl 7.88 prints it.
    let output = b"web1\n\x1e200 0.004 40001 1\n\
                   curl: (7) Failed to connect to web1 port 80 after 3004 ms: Timeout was reached\n\x1e000 0.0 0 0\n\
                   <h1>It works!</h1>\x1e200 0.1 40002 1\nnot found\x1e404 0.1 40003 1\n\
                   web1curl: (18) transfer closed with 9 bytes remaining to read\n\x1e200 0.1 40004 1\n";
    let pages = Pages::named(["web1"]);
    let answers = read(output, &question(usual()), true, 6, &pages);
    assert_eq!(
        told(&answers),
        [
            (Some("web1"), None),
            (None, Some("(7) Failed to connect to web1 port 80: Timeout was reached")),
            (None, Some("the page is no real server's: `<h1>It works!</h1>`")),
            (None, Some("HTTP 404")),
            (Some("web1"), Some("(18) transfer closed with 9 bytes remaining to read")),
            (None, Some("it was not made")),
        ]
    );
    let requests = &answers.requests;
    assert_eq!((requests[0].local_port, requests[0].own_connection), (40001, true));
    assert!(requests.iter().all(|request| !request.no_http));

    // Where something was said of what to ask, an answer need not tell whose it is.
    let health = Page { path: "/health".into(), status: 404, ..Page::default() };
    let answers = read(&output[..], &question(Check::Page(health)), false, 5, &pages);
    assert_eq!(answers.requests[3].error, None);
    assert_eq!(answers.requests[0].error.as_deref(), Some("HTTP 200 instead of 404"));
}

#[test]
fn a_client_on_which_curl_does_not_work_has_asked_nothing() {
    let why = |bytes: &[u8], said: &[u8]| {
        let output = Output { bytes: bytes.into(), said: said.into(), code: 0 };
        super::read(&output, &question(usual()), true, 2, &Pages::default()).unwrap_err()
    };
    assert_eq!(why(b"curl is not installed\n", b""), "curl is not installed");
    let loader = b"curl: symbol lookup error: curl: undefined symbol: nghttp2_option_set\n";
    assert_eq!(why(b"\n", loader), "curl: symbol lookup error: curl: undefined symbol: nghttp2_option_set");
    assert_eq!(
        why(b"\n\n\n\x1eended failures\n", loader),
        why(b"\n", loader),
        "one by one, as connections are made"
    );
    assert_eq!(why(b"", b""), "curl made no request, and does not say why");
}

#[test]
fn why_curl_made_no_further_request_is_told() {
    let output = Output {
        bytes: b"web1\n\x1e200 0.004 40001 1\n".into(),
        said: b"curl: error while loading shared libraries: libssl.so.3\n".into(),
        code: 0,
    };
    let answers = super::read(&output, &question(usual()), true, 2, &Pages::named(["web1"])).unwrap();
    let why = "error while loading shared libraries: libssl.so.3";
    assert_eq!(told(&answers), [(Some("web1"), None), (None, Some(why))]);
}

#[test]
fn what_is_no_web_server_is_told() {
    let no_http = |output: &[u8]| {
        let answers = read(output, &question(usual()), true, 1, &Pages::default());
        answers.requests[0].no_http
    };
    assert!(no_http(b"curl: (1) Received HTTP/0.9 when not allowed\n\x1e000 0.1 40001 1\n"));
    assert!(no_http(b"220 mail ESMTP\r\n\x1e000 0.1 40001 1\n"), "before 7.66");
    let tls = b"<p>You're speaking plain HTTP to an SSL-enabled server port.</p>\x1e400 0.1 40001 1\n";
    assert!(no_http(tls));
    assert!(!no_http(b"curl: (52) Empty reply from server\n\x1e000 0.1 40001 1\n"));
    assert!(!no_http(b"no\x1e503 0.1 40001 1\n"));
}

/// A server that answers each connection by its number, from 0, and what it was sent.
fn serve(answer: impl Fn(usize, String) -> Vec<u8> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut open: Vec<TcpStream> = Vec::new();
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
            let mut said = [0; 4096];
            let length = stream.read(&mut said).unwrap_or(0);
            let answer = answer(number, String::from_utf8_lossy(&said[..length]).into_owned());
            let _ = stream.write_all(&answer);
            // Some go on listening.
            if answer.ends_with(b"more") {
                open.push(stream);
            }
        }
    });
    address
}

fn page(status: u16, body: &str) -> Vec<u8> {
    format!("HTTP/1.0 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// What a loop gave under a shell.
fn asked(shell: &[&str], check: Check, address: SocketAddr, bounds: Bounds) -> Answers {
    asked_after("", shell, check, address, bounds)
}

/// The same, after some other words of sh.
fn asked_after(before: &str, shell: &[&str], check: Check, address: SocketAddr, bounds: Bounds) -> Answers {
    let question = Question { address, check };
    let script = before.to_owned() + &script(&question, &bounds);
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).args(["-c", &script]).env("LC_ALL", "C").stdin(Stdio::null());
    let output = command.output().unwrap_or_else(|error| panic!("{shell:?} must be installed: {error}"));
    assert!(output.stderr.is_empty(), "{shell:?}: {}", String::from_utf8_lossy(&output.stderr));
    let usual = question.check == usual();
    read(&output.stdout, &question, usual, bounds.requests, &Pages::named(["web1", "web2"]))
}

fn bounds(requests: usize) -> Bounds {
    Bounds { requests, failures: 3, seconds: 60 }
}

#[test]
fn pages_come_in_their_order_each_over_a_connection_of_its_own() {
    for shell in SHELLS {
        let address = serve(|number, _| page(200, ["web1\n", "web2\n"][number % 2]));
        let answers = asked(shell, usual(), address, bounds(40));
        assert_eq!((answers.requests.len(), answers.ended), (40, None), "{shell:?}");
        for (number, request) in answers.requests.iter().enumerate() {
            assert_eq!(
                request.real_server.as_deref(),
                Some(["web1", "web2"][number % 2]),
                "{shell:?}: {number}"
            );
            assert!(request.own_connection && request.error.is_none());
        }
    }
}

#[test]
fn a_loop_against_a_dead_service_ends_after_a_few_failures() {
    // Nobody listens there.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for shell in SHELLS {
        for check in [usual(), Check::Connection, Check::Talk(Talk::default())] {
            let answers = asked(shell, check.clone(), address, bounds(3_994));
            assert_eq!(answers.ended, Some(Ended::Failures), "{shell:?} {check:?}");
            assert_eq!(answers.requests.len(), 3, "{shell:?} {check:?}");
            assert!(answers.requests.iter().all(|request| request.error.is_some()));
        }
    }
}

#[test]
fn failures_among_answers_are_where_they_were() {
    for shell in SHELLS {
        let address = serve(|number, _| if number % 3 == 1 { Vec::new() } else { page(200, "web1") });
        let answers = asked(shell, usual(), address, bounds(20));
        let failed: Vec<bool> = answers.requests.iter().map(|request| request.error.is_some()).collect();
        assert_eq!(failed, [false, true, false, false, true, false, false, true], "{shell:?}");
        assert_eq!(answers.ended, Some(Ended::Failures));
    }
}

#[test]
fn a_loop_whose_time_is_up_says_so() {
    for shell in SHELLS {
        let slow = |_: usize, _: String| {
            thread::sleep(Duration::from_millis(100));
            page(200, "web1")
        };
        let start = Instant::now();
        let answers = asked(shell, usual(), serve(slow), Bounds { seconds: 1, ..bounds(2_000) });
        assert_eq!(answers.ended, Some(Ended::Time), "{shell:?}");
        assert!((1..2_000).contains(&answers.requests.len()));
        assert!(start.elapsed().as_secs() < 20);
        assert!(answers.requests.iter().all(|request| request.error.is_none()));
    }
}

#[test]
fn a_page_is_asked_by_its_name_and_path() {
    for shell in SHELLS {
        let address = serve(|_, said| {
            let right = said.starts_with("GET /health?a=PAGE HTTP/1.0\r\nHost: shop.example:");
            page(if right { 204 } else { 404 }, "")
        });
        let health = Page {
            host: Some("shop.example".into()),
            path: "/health?a=PAGE".into(),
            status: 204,
            ..Page::default()
        };
        let answers = asked(shell, Check::Page(health), address, bounds(3));
        assert_eq!(told(&answers), [(None, None); 3], "{shell:?}");
    }
}

#[test]
fn a_connection_is_one_whatever_comes_over_it() {
    for shell in SHELLS {
        for answer in [b"220 mail ready\r\n".to_vec(), Vec::new(), page(500, "no")] {
            let address = serve(move |_, _| answer.clone());
            let answers = asked(shell, Check::Connection, address, bounds(2));
            assert_eq!(told(&answers), [(None, None); 2], "{shell:?}");
        }
    }
}

#[test]
fn a_talk_ends_with_the_line_that_is_expected() {
    for shell in SHELLS {
        let address = serve(|_, said| match said.as_str() {
            "PING it's\r\n" => b"-wait\r\n+PONG from web2\r\nmore".to_vec(),
            _ => b"-ERR\r\n".to_vec(),
        });
        let talk = |send: &str| Check::Talk(Talk { send: send.into(), expect: "+PONG".into() });
        let start = Instant::now();
        let answers = asked(shell, talk("PING it's\r\n"), address, bounds(2));
        assert_eq!(told(&answers), [(Some("web2"), None); 2], "{shell:?}");
        assert!(start.elapsed().as_secs() < 5, "it does not wait for the end of the connection");
        let answers = asked(shell, talk("x"), address, bounds(1));
        let why = "no line of its answer holds what is expected; the last is: -ERR";
        assert_eq!(told(&answers), [(None, Some(why))], "{shell:?}");
    }
}

#[test]
fn the_curlrc_of_whoever_is_logged_in_is_not_read() {
    let home = tempfile::tempdir().unwrap();
    let read = home.path().join("read");
    std::fs::write(home.path().join(".curlrc"), format!("trace-ascii = \"{}\"\n", read.display())).unwrap();
    let before = format!("unset CURL_HOME XDG_CONFIG_HOME; export HOME={}\n", home.path().display());
    let address = serve(|_, _| page(200, "web1\n"));
    for shell in SHELLS {
        for check in [usual(), Check::Connection, Check::Talk(Talk::default())] {
            let answers = asked_after(&before, shell, check.clone(), address, bounds(1));
            assert_eq!(answers.requests[0].error, None, "{shell:?} {check:?}");
            assert!(!read.exists(), "{shell:?} {check:?}");
        }
    }
    let plain = format!("{before}curl -sS -o /dev/null http://{address}/\n");
    asked_after(&plain, SHELLS[0], usual(), address, bounds(1));
    assert!(read.exists(), "a curl that is told nothing reads it");
}

#[test]
fn pages_over_tls_come_where_the_certificate_is_taken() {
    let server = TlsServer::start("shop.example");
    let over_tls = |insecure| {
        let host = Some("shop.example".into());
        Check::Page(Page { scheme: Scheme::Https { insecure }, host, ..Page::default() })
    };
    for shell in SHELLS {
        let answers = asked(shell, over_tls(true), server.address, bounds(4));
        let right = |request: &Request| request.error.is_none() && request.own_connection;
        assert_eq!(answers.requests.len(), 4, "{shell:?}");
        assert!(answers.requests.iter().all(right), "{shell:?}: {answers:?}");
        let answers = asked(shell, over_tls(false), server.address, bounds(4));
        assert_eq!(answers.ended, Some(Ended::Failures), "{shell:?}");
        let why = answers.requests[0].error.clone().unwrap();
        assert!(why.starts_with("(60) SSL certificate problem: "), "{shell:?}: {why}");
    }
}
