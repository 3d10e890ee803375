//! One link at a time holds a host's lock, and it never outlives the link.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lvsprov::transport::{Exchange, Link, Lock, Turn};

use super::{SHELLS, alive, block_on, open};

/// A shell of a host whose run-time files are in the folder; its links meet at the lock there.
async fn open_on(host: &Path, shell: &[&str]) -> Link {
    let run = format!("LVSPROV_RUN={}", host.join("run").display());
    let ssh = "SSH_CONNECTION=192.0.2.7 40000 192.0.2.1 22";
    open(&[&["env", run.as_str(), ssh], shell].concat()).await
}

async fn turn(link: &mut Link) -> Turn {
    let mut exchange = Exchange::reading(Duration::from_secs(20));
    exchange.push_inline(Turn::section());
    let reply = link.exchange(&exchange, |_| ()).await.unwrap();
    let output = reply.sections[0].as_ref().unwrap();
    assert_eq!(output.code, 0);
    Turn::read(&output.bytes)
}

async fn taken(link: &mut Link) -> Turn {
    match link.lock("ann's desk").await.unwrap() {
        Lock::Taken { last } => last,
        other => panic!("{other:?}"),
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn the_second_is_told_who_holds_it() {
    for shell in SHELLS {
        block_on(async {
            let host = tempfile::tempdir().unwrap();
            let (mut first, mut second) =
                (open_on(host.path(), shell).await, open_on(host.path(), shell).await);
            let before = turn(&mut second).await;
            assert!(before.is_unbroken(&taken(&mut first).await), "{shell:?}");
            assert!(matches!(first.lock("again").await.unwrap(), Lock::Taken { .. }), "{shell:?}");
            let Lock::Held { by } = second.lock("bob").await.unwrap() else {
                panic!("{shell:?}: both hold it")
            };
            assert!(
                by.starts_with("ann's desk from 192.0.2.7 since 20") && by.contains(" UTC, by process "),
                "{by}"
            );
            assert_eq!((mode(&host.path().join("run")), mode(&host.path().join("run/lock"))), (0o700, 0o600));

            let between = turn(&mut second).await;
            first.unlock().await.unwrap();
            let after = turn(&mut second).await;
            let last = taken(&mut second).await;
            assert!(!before.is_unbroken(&last), "{shell:?}: the first held it since");
            assert!(!between.is_unbroken(&last), "{shell:?}: it was read while the first held it");
            assert!(after.is_unbroken(&last), "{shell:?}: nobody held it since");
            assert!(matches!(first.lock("ann").await.unwrap(), Lock::Held { .. }), "{shell:?}");
        });
    }
}

#[test]
fn it_ends_with_the_link_whatever_was_started_under_it() {
    for shell in SHELLS {
        block_on(async {
            let host = tempfile::tempdir().unwrap();
            let mut link = open_on(host.path(), shell).await;
            taken(&mut link).await;
            let mut exchange = Exchange::changing(Duration::from_secs(20));
            for _ in 0..2 {
                exchange.push_step("setsid sleep 30 </dev/null >/dev/null 2>&1 & echo $!");
            }
            exchange.push_inline("setsid sleep 30 </dev/null >/dev/null 2>&1 & echo $!");
            exchange.push_inline("sh -c 'setsid sleep 30 </dev/null >/dev/null 2>&1 & echo $!'");
            let reply = link.exchange(&exchange, |_| ()).await.unwrap();
            let pids: Vec<String> = reply
                .sections
                .iter()
                .map(|section| String::from_utf8_lossy(&section.as_ref().unwrap().bytes).trim().to_owned())
                .collect();
            drop(link);
            let mut next = open_on(host.path(), shell).await;
            let start = Instant::now();
            while !matches!(next.lock("bob").await.unwrap(), Lock::Taken { .. }) {
                assert!(start.elapsed() < Duration::from_secs(8), "{shell:?}: {pids:?} hold it");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert!(pids.iter().all(|pid| alive(pid)), "{shell:?}: {pids:?} must run all the time");
            for pid in pids {
                std::process::Command::new("kill").arg(pid).status().unwrap();
            }
        });
    }
}

#[test]
fn ending_the_process_that_is_named_frees_it() {
    for shell in SHELLS {
        block_on(async {
            let host = tempfile::tempdir().unwrap();
            let (mut gone, mut next) = (open_on(host.path(), shell).await, open_on(host.path(), shell).await);
            taken(&mut gone).await;
            let Lock::Held { by } = next.lock("bob").await.unwrap() else {
                panic!("{shell:?}: both hold it")
            };
            let pid = by.split_once("process ").unwrap().1.split(' ').next().unwrap();
            std::process::Command::new("kill").args(["-KILL", pid]).status().unwrap();
            let start = Instant::now();
            while !matches!(next.lock("bob").await.unwrap(), Lock::Taken { .. }) {
                assert!(start.elapsed() < Duration::from_secs(8), "{shell:?}: it is still held");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }
}

#[test]
fn a_link_that_is_cut_in_a_change_holds_it_until_the_change_has_ended() {
    for shell in SHELLS {
        block_on(async {
            let host = tempfile::tempdir().unwrap();
            let ended = host.path().join("ended");
            let mut link = open_on(host.path(), shell).await;
            taken(&mut link).await;
            let mut exchange = Exchange::changing(Duration::from_secs(20));
            exchange.push_step(format!(
                "trap 'sleep 1; touch {}' EXIT; trap 'exit 1' TERM; sleep 300",
                ended.display()
            ));
            let cut =
                tokio::time::timeout(Duration::from_millis(700), link.exchange(&exchange, |_| ())).await;
            assert!(cut.is_err());
            let mut next = open_on(host.path(), shell).await;
            drop(link);
            let start = Instant::now();
            while !matches!(next.lock("bob").await.unwrap(), Lock::Taken { .. }) {
                assert!(start.elapsed() < Duration::from_secs(8), "{shell:?}: it is still held");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(ended.exists(), "{shell:?}: the lock was free while the change still cleaned up");
        });
    }
}

#[test]
fn a_host_that_cannot_lock_says_why() {
    for shell in SHELLS {
        block_on(async {
            let host = tempfile::tempdir().unwrap();
            std::fs::write(host.path().join("run"), "").unwrap();
            let mut link = open_on(host.path(), shell).await;
            let Lock::Unable { why, .. } = link.lock("ann").await.unwrap() else { panic!("{shell:?}") };
            assert!(why.contains("run"), "{shell:?}: {why}");
        });
    }
}

#[test]
fn a_host_without_a_working_flock_is_not_taken_for_one_that_is_held() {
    // What busybox's own sh has built in, is found without a path.
    for shell in &SHELLS[..2] {
        block_on(async {
            let host = tempfile::tempdir().unwrap();
            let programs = host.path().join("programs");
            std::fs::create_dir(&programs).unwrap();
            for name in ["mkdir", "date", "sh"] {
                symlink(program(name), programs.join(name)).unwrap();
            }
            let mut link = open_on(host.path(), shell).await;
            let mut exchange = Exchange::reading(Duration::from_secs(20));
            exchange.push_inline(format!("PATH={}", programs.display()));
            link.exchange(&exchange, |_| ()).await.unwrap();
            let Lock::Unable { remedy, .. } = link.lock("ann").await.unwrap() else { panic!("{shell:?}") };
            assert_eq!(remedy, "install util-linux on it");

            // busybox's flock ends with 1 for all that goes wrong, but says nothing when the lock is held.
            let flock = programs.join("flock");
            std::fs::write(&flock, "#!/bin/sh\necho 'flock: No locks available'; exit 1\n").unwrap();
            std::fs::set_permissions(&flock, PermissionsExt::from_mode(0o755)).unwrap();
            let Lock::Unable { why, .. } = link.lock("ann").await.unwrap() else { panic!("{shell:?}") };
            assert!(why.ends_with("No locks available"), "{shell:?}: {why}");
        });
    }
}

fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.exists()).unwrap()
}
