//! How a link ends, what ends with it, and what does not.

use std::time::{Duration, Instant};

use lvsprov::transport::{Ended, Exchange, LinkError, Progress};

use super::{SHELLS, alive, block_on, open};

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
fn a_lost_connection_lets_a_brief_change_come_to_its_end_and_nothing_after_it() {
    for shell in SHELLS {
        block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let [begun, done, after] = ["begun", "done", "after"].map(|name| dir.path().join(name));
            let mut link = open(shell).await;
            let mut exchange = Exchange::changing(Duration::from_secs(20)).brief();
            exchange.push_step(format!("echo $$ >{}; sleep 1; touch {}", begun.display(), done.display()));
            exchange.push_step(format!("touch {}", after.display()));
            let cut =
                tokio::time::timeout(Duration::from_millis(500), link.exchange(&exchange, |_| ())).await;
            assert!(cut.is_err(), "{shell:?} ended early");
            drop(link);
            let shell_id = std::fs::read_to_string(&begun).unwrap();
            let start = Instant::now();
            while alive(shell_id.trim()) {
                assert!(start.elapsed() < Duration::from_secs(8), "{shell:?} still runs");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert!(done.exists() && !after.exists(), "{shell:?}");
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

#[test]
fn what_has_a_session_of_its_own_outlives_the_link() {
    for shell in SHELLS {
        for cut in [true, false] {
            block_on(async {
                let dir = tempfile::tempdir().unwrap();
                let [pids, go, done] = ["pids", "go", "done"].map(|name| dir.path().join(name));
                let mut link = open(shell).await;
                let mut exchange = Exchange::changing(Duration::from_secs(if cut { 20 } else { 1 }));
                exchange.push_step(format!(
                    "setsid sh -c 'echo $$ >{pids}.new; mv {pids}.new {pids}; until [ -e {go} ]; do sleep 0.1; done; \
                     echo whole >{done}.new; mv {done}.new {done}' </dev/null >/dev/null 2>&1 &\n\
                     sleep 300 & echo $! >{pids}.here; sleep 301",
                    pids = pids.display(),
                    go = go.display(),
                    done = done.display(),
                ));
                let wait = Duration::from_millis(if cut { 700 } else { 10_000 });
                let ended = tokio::time::timeout(wait, link.exchange(&exchange, |_| ())).await;
                assert_eq!(ended.is_err(), cut, "{shell:?}: {ended:?}");
                let read =
                    |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap().trim().to_owned();
                let (detached, here) = (read("pids"), read("pids.here"));
                // After a deadline the host ends the rest by itself, with the connection still there.
                let mut link = Some(link).filter(|_| !cut);
                let start = Instant::now();
                while alive(&here) {
                    assert!(start.elapsed() < Duration::from_secs(8), "{shell:?}: {here} still runs");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                // The second, killing, signal comes two seconds after the first.
                tokio::time::sleep(Duration::from_millis(2500)).await;
                assert!(alive(&detached), "{shell:?}: what was detached was ended, cut: {cut}");
                link.take();
                std::fs::write(&go, "").unwrap();
                while !done.exists() {
                    assert!(
                        start.elapsed() < Duration::from_secs(16),
                        "{shell:?}: it did not come to its end"
                    );
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            });
        }
    }
}

#[test]
fn what_hangs_is_named_and_ended_on_the_host() {
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            let mut exchange = Exchange::reading(Duration::from_secs(1));
            exchange.push_inline("echo first");
            exchange.push_inline("trap '' TERM; said=$(/bin/sleep 307)");
            let mut place = None;
            let on = |step| {
                if let Progress::Began(section) = step {
                    place = Some(section);
                }
            };
            let error = link.exchange(&exchange, on).await.unwrap_err();
            assert!(matches!(error, LinkError::Deadline(_)), "{error}");
            assert_eq!(place, Some(1), "{shell:?}");
            let hung = link.end().await;
            assert_eq!(
                (hung.running, hung.ended),
                (vec!["/bin/sleep 307".to_owned()], Ended::All),
                "{shell:?}"
            );
        });
    }
}
