//! A link over real shells on this machine: what an exchange gives back, and that nothing outlives it.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use lvsprov::transport::{Exchange, Link, LinkError, Progress, Settings, Target, Way};

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];

fn settings() -> Settings {
    Settings {
        control_dir: "/nonexistent".into(),
        config_file: None,
        configuration: String::new(),
        connect_timeout: Duration::from_secs(5),
        persist: Duration::from_secs(1),
    }
}

async fn open(words: &[&str]) -> Link {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    let target = Target { name: "here".into(), way: Way::Local(words), r#become: None };
    Link::open(&target, &settings(), "m4rk".into())
        .await
        .unwrap_or_else(|error| panic!("{error}: `make packages` installs every shell that the tests need"))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn alive(pid: &str) -> bool {
    // A zombie is dead, only not yet buried by whoever adopted it.
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" Z")))
}

#[test]
fn sections_come_back_apart_whatever_they_print() {
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            for round in 0..3 {
                let mut exchange = Exchange::changing(Duration::from_secs(20));
                exchange.push("printf 'no newline, \\000, \\036m4rk?'; cat");
                exchange.push_step("false; echo not reached");
                exchange.push_step("echo skipped");
                exchange.push("echo to stderr >&2; exit 7");
                exchange.push_inline("set -- a b; [ $# = 2 ] && cat && (exit 4)");
                exchange.push_inline("# nothing");
                let mut progress = Vec::new();
                let reply = link.exchange(&exchange, |step| progress.push(step)).await.unwrap();
                let outputs: Vec<_> = reply
                    .sections
                    .iter()
                    .map(|section| {
                        section.as_ref().map(|o| (String::from_utf8_lossy(&o.bytes).into_owned(), o.code))
                    })
                    .collect();
                let some = |text: &str, code| Some((text.to_owned(), code));
                assert_eq!(
                    outputs,
                    [
                        some("no newline, \0, \u{1e}m4rk?", 0),
                        some("", 1),
                        None,
                        some("to stderr\n", 7),
                        some("", 4),
                        some("", 0)
                    ],
                    "{shell:?}, round {round}"
                );
                assert_eq!(progress.len(), 10);
                assert_eq!(progress[2], Progress::Began(1));
            }
        });
    }
}

#[test]
fn a_section_may_be_empty() {
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            let mut exchange = Exchange::reading(Duration::from_secs(20));
            exchange.push("");
            exchange.push_step("# only a comment\n");
            exchange.push("echo after");
            let reply = link.exchange(&exchange, |_| ()).await.unwrap();
            let codes: Vec<_> =
                reply.sections.iter().map(|section| section.as_ref().map(|o| o.code)).collect();
            assert_eq!(codes, [Some(0); 3], "{shell:?}");
        });
    }
}

#[test]
fn a_text_of_a_megabyte_arrives_whole() {
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            let text = "it is a line of a file, with $HOME and `date`\n".repeat(20_000);
            let mut exchange = Exchange::reading(Duration::from_secs(60));
            exchange.push(format!("printf %s '{text}'"));
            let reply = link.exchange(&exchange, |_| ()).await.unwrap();
            assert_eq!(reply.sections[0].as_ref().unwrap().bytes, text.as_bytes(), "{shell:?}");
        });
    }
}

#[test]
fn a_lost_connection_ends_everything_that_a_change_started() {
    for shell in SHELLS {
        block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let (pids, gone) = (dir.path().join("pids"), dir.path().join("temporary"));
            let mut link = open(shell).await;
            let mut exchange = Exchange::changing(Duration::from_secs(20));
            exchange.push_step(format!(
                "trap 'rm -f {gone}' EXIT; trap 'exit 1' TERM; touch {gone}\n\
                 sleep 300 & echo $! $$ >{pids}.new; mv {pids}.new {pids}; sleep 301",
                gone = gone.display(),
                pids = pids.display(),
            ));
            // The future is dropped in the middle, and the link with it: what SIGKILL to us would do.
            let cut =
                tokio::time::timeout(Duration::from_millis(700), link.exchange(&exchange, |_| ())).await;
            assert!(cut.is_err(), "{shell:?} ended early");
            let pids = std::fs::read_to_string(&pids).unwrap();
            assert!(pids.split_whitespace().all(alive), "{shell:?}: {pids} must run before the cut");
            drop(link);
            let start = Instant::now();
            while pids.split_whitespace().any(alive) || gone.exists() {
                let left = start.elapsed() < Duration::from_secs(8);
                assert!(left, "{shell:?}: of {pids} some still run, or the temporary file is still there");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }
}

#[test]
fn a_script_that_does_not_end_is_reported_with_its_deadline() {
    block_on(async {
        let mut link = open(&["dash"]).await;
        let mut exchange = Exchange::changing(Duration::from_secs(1));
        exchange.push_step("sleep 60");
        let error = link.exchange(&exchange, |_| ()).await.unwrap_err();
        assert!(
            matches!(error, LinkError::Deadline(deadline) if deadline == Duration::from_secs(1)),
            "{error}"
        );
    });
}

#[test]
fn a_shell_that_dies_is_lost_not_failed() {
    block_on(async {
        let mut link = open(&["dash"]).await;
        let mut exchange = Exchange::reading(Duration::from_secs(5));
        exchange.push("echo last words; kill -9 $$");
        let error = link.exchange(&exchange, |_| ()).await.unwrap_err();
        assert!(matches!(error, LinkError::Lost { .. }), "{error}");
    });
}
