//! Checks by the shells that directors have, with the curl of this machine, against listeners of its own.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;

use super::super::asking::tests::TlsServer;
use super::*;
use crate::ipvs::{Page, Scheme, Talk};

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash", "--posix"], &["busybox", "sh"]];

/// A server that gives each connection one answer to what it was sent, and ends it.
fn serve(answer: fn(&str) -> &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut said = [0; 4096];
            let length = stream.read(&mut said).unwrap_or(0);
            let _ = stream.write_all(answer(&String::from_utf8_lossy(&said[..length])).as_bytes());
        }
    });
    address
}

/// What is told of the queries; nobody sleeps.
fn asked(shell: &[&str], queries: &BTreeSet<Query>) -> Answers {
    asked_with(shell, queries, "")
}

fn asked_with(shell: &[&str], queries: &BTreeSet<Query>, before: &str) -> Answers {
    let text = Query::ask(queries).replace("tries=20", "tries=2");
    let script = format!("sleep() {{ :; }}\n{before}(\nset -eu\n{text}\n)");
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).args(["-c", &script]).env("LC_ALL", "C").stdin(Stdio::null());
    let output = command.output().unwrap_or_else(|error| panic!("{shell:?} must be installed: {error}"));
    assert!(output.status.success(), "{shell:?}: {output:?}");
    Answers::read(queries, &output.stdout)
}

fn page(address: SocketAddr, path: &str) -> Query {
    let page = Page { host: Some("shop.example".into()), path: path.into(), ..Page::default() };
    Query { address, check: Check::Page(page) }
}

fn talk(address: SocketAddr, expect: &str) -> Query {
    let talk = Talk { send: "PING\r\n".into(), expect: expect.into() };
    Query { address, check: Check::Talk(talk) }
}

#[test]
fn a_page_must_come_with_its_status() {
    let address = serve(|said| match said.lines().next() {
        Some("GET /health HTTP/1.0") if said.contains("\r\nHost: shop.example:") => {
            "HTTP/1.0 200 OK\r\n\r\nfine"
        }
        _ => "HTTP/1.0 503 Busy\r\n\r\n",
    });
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let right = [page(address, "/health"), Query::connection(address)];
    let (wrong, down) = (page(address, "/"), page(dead, "/health"));
    let queries: BTreeSet<Query> = right.iter().chain([&wrong, &down]).cloned().collect();
    for shell in SHELLS {
        let answers = asked(shell, &queries);
        assert_eq!(answers.right, right.clone().into(), "{shell:?}: {answers:?}");
        assert_eq!(answers.wrong[&wrong], "HTTP 503 instead of 200", "{shell:?}");
        assert!(answers.wrong[&down].starts_with("(7) "), "{shell:?}: {answers:?}");
    }
}

#[test]
fn a_page_over_tls_must_come_with_the_certificate_of_its_name() {
    let server = TlsServer::start("shop.example");
    let over_tls = |host: Option<&str>, insecure| {
        let scheme = Scheme::Https { insecure };
        let page = Page { scheme, host: host.map(str::to_owned), ..Page::default() };
        Query { address: server.address, check: Check::Page(page) }
    };
    let whoever = [over_tls(None, true), over_tls(Some("shop.example"), true)];
    let (named, other) = (over_tls(Some("shop.example"), false), over_tls(Some("other.example"), false));
    let queries: BTreeSet<Query> = whoever.iter().chain([&named, &other]).cloned().collect();
    let trusted = format!("export CURL_CA_BUNDLE={}\n", server.certificate().display());
    for shell in SHELLS {
        let answers = asked(shell, &queries);
        assert_eq!(answers.right, whoever.clone().into(), "{shell:?}: {answers:?}");
        assert!(answers.wrong[&named].starts_with("(60) SSL certificate problem: "), "{answers:?}");
        let answers = asked_with(shell, &queries, &trusted);
        assert_eq!(answers.wrong.keys().collect::<Vec<_>>(), [&other], "{shell:?}: {answers:?}");
    }
}

#[test]
fn a_talk_must_have_a_line_with_what_is_expected() {
    let address = serve(|said| if said == "PING\r\n" { "-wait\r\n+PONG\r\n" } else { "-ERR\r\n" });
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (right, any) = (talk(address, "+PONG"), talk(address, ""));
    let (wrong, down) = (talk(address, "+pong"), talk(dead, "+PONG"));
    let queries: BTreeSet<Query> = [&right, &any, &wrong, &down].into_iter().cloned().collect();
    // The small curl of RHEL knows no telnet.
    let small = "curl() { if [ \"$2\" = -V ]; then echo 'Protocols: file ftp http https'; else command curl \"$@\"; fi; }\n";
    for (shell, before) in SHELLS.iter().flat_map(|shell| [(shell, ""), (shell, small)]) {
        let answers = asked_with(shell, &queries, before);
        assert_eq!(answers.right, [right.clone(), any.clone()].into(), "{shell:?} {before}: {answers:?}");
        let why = "no line of its answer holds what is expected; the last is: +PONG";
        assert_eq!(answers.wrong[&wrong], why, "{shell:?} {before}");
        assert!(answers.wrong[&down].starts_with("no answer: "), "{shell:?} {before}: {answers:?}");
    }
}

#[test]
fn the_curlrc_of_whoever_is_logged_in_is_not_read() {
    let address = serve(|_| "HTTP/1.0 200 OK\r\n\r\nfine\n");
    let page = Query { address, check: Check::Page(Page::default()) };
    let queries: BTreeSet<Query> = [page, talk(address, "fine"), Query::connection(address)].into();
    let home = tempfile::tempdir().unwrap();
    let read = home.path().join("read");
    std::fs::write(home.path().join(".curlrc"), format!("trace-ascii = \"{}\"\n", read.display())).unwrap();
    let before = format!("unset CURL_HOME XDG_CONFIG_HOME; export HOME={}\n", home.path().display());
    for shell in SHELLS {
        assert_eq!(asked_with(shell, &queries, &before).right, queries, "{shell:?}");
        assert!(!read.exists(), "{shell:?}");
    }
    asked_with(SHELLS[0], &queries, &format!("{before}curl -sS -o /dev/null http://{address}/\n"));
    assert!(read.exists(), "a curl that is told nothing reads it");
}

#[test]
fn a_curl_that_warns_is_read_like_any_other() {
    let address = serve(|_| "-ERR\r\n");
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (none, down) = (talk(dead, ""), page(dead, "/"));
    let queries: BTreeSet<Query> = [none.clone(), down.clone(), talk(address, "-ERR")].into();
    let warns = "mkdir -p HOME; printf '%s\\n' '#!/bin/sh' 'echo curl: libcurl.so.4: no version information >&2' \
                 'exec /usr/bin/curl \"$@\"' >HOME/curl; chmod +x HOME/curl; PATH=HOME:$PATH\n";
    let folder = tempfile::tempdir().unwrap();
    let warns = warns.replace("HOME", folder.path().to_str().unwrap());
    for shell in SHELLS {
        let answers = asked_with(shell, &queries, &warns);
        assert_eq!(answers.right, [talk(address, "-ERR")].into(), "{shell:?}: {answers:?}");
        assert!(answers.wrong[&none].starts_with("no answer: (7) "), "{shell:?}: {answers:?}");
        assert!(answers.wrong[&down].starts_with("(7) "), "{shell:?}: {answers:?}");
    }
}
