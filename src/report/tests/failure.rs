use std::time::Duration;

use super::*;
use crate::report::{HostSummary, Summary};
use crate::resource::{Refusal, Script};
use crate::run::{Event, Failure};
use crate::transport::{LinkError, Unreachable};

fn summary(exit: u8, hosts: Vec<HostSummary>) -> Summary {
    let elapsed = Duration::from_millis(12_345);
    Summary { verb: "deploy", exit, hosts, left: Vec::new(), not_verified: false, elapsed }
}

/// The paragraph that the summary begins with.
fn paragraph(failure: Failure, verbosity: u8) -> String {
    let failure = Rc::new(failure);
    let (_, err) = told(Options { verbosity, ..text() }, |report| {
        report.tell(Event::Failed { host: "lvs_director".into(), failure: Rc::clone(&failure) });
        report.summary(&summary(1, Vec::new()));
    });
    err.split_once("\n\n").map(|(_, paragraph)| paragraph.to_owned()).unwrap_or(err)
}

fn step() -> Failure {
    let mut script = Script::from("apt-get install ipvsadm\nprintf %s ");
    script.push_content("a secret");
    script += " >\"$t\"\n";
    let lines: String = (1..=22).map(|number| format!("line {number}\n")).collect();
    Failure::Step {
        label: "package ipvsadm".into(),
        code: 100,
        output: format!("{lines}E: Unable to locate package ipvsadm\n"),
        script,
    }
}

#[test]
fn a_step() {
    insta::assert_snapshot!(paragraph(step(), 0), @r#"
    lvs_director: package ipvsadm failed with exit code 100
        ... (3 lines before)
        line 4
        line 5
        line 6
        line 7
        line 8
        line 9
        line 10
        line 11
        line 12
        line 13
        line 14
        line 15
        line 16
        line 17
        line 18
        line 19
        line 20
        line 21
        line 22
        E: Unable to locate package ipvsadm
      help: correct what it complains of, and run the same again
    "#);
    let verbose = paragraph(step(), 1);
    assert!(verbose.contains("    apt-get install ipvsadm\n    printf %s (content) >\"$t\"\n"), "{verbose}");
}

#[test]
fn an_unreachable_host() {
    let stderr = "ssh: connect to host 192.168.40.100 port 22: Connection refused\r\n".into();
    let failure = Failure::Link(LinkError::Unreachable { why: Unreachable::Refused, stderr });
    insta::assert_snapshot!(paragraph(failure, 0), @r#"
    lvs_director: can't be reached: the connection was refused
        ssh: connect to host 192.168.40.100 port 22: Connection refused
      help: start sshd on it, or set `ssh: { port: ... }` to the port it listens on
    "#);
}

#[test]
fn a_change_that_did_not_take() {
    let aspects = vec![Aspect::value("running", some("0"), some("1"))];
    insta::assert_snapshot!(paragraph(Failure::NotTaken { label: "sysctl x".into(), aspects }, 0), @r#"
    lvs_director: sysctl x did not take
      it still differs:
        ~ running: 0 → 1
      help: see what else on the host sets it: another tool, a second file, a service that puts it back
    "#);
}

#[test]
fn the_others() {
    let label = || "default_gateway 192.168.40.100".to_owned();
    let route = Failure::TakenBack { label: label(), seconds: 30, seen: true };
    let unseen = Failure::TakenBack { label: label(), seconds: 30, seen: false };
    let unproved = Failure::Unproved {
        label: "service apache2".into(),
        addresses: vec!["192.168.40.101:80".parse().unwrap()],
    };
    let locked = Failure::Locked { by: "ann@desk from 192.0.2.7 since 2026-11-23 10:04:00 UTC".into() };
    let refusal = Refusal { reason: "it is a directory".into(), remedy: "move it away".into() };
    let refused = Failure::Refused { label: "file /x".into(), refusal };
    let sudo = LinkError::Become { password_wanted: true, stderr: "sudo: a password is required".into() };
    let lost = LinkError::Lost { stderr: "client_loop: send disconnect: Broken pipe".into() };
    let deadline = LinkError::Deadline(Duration::from_secs(90));
    let failures = [route, unseen, unproved, locked, refused, sudo.into(), lost.into(), deadline.into()];
    insta::assert_snapshot!(failures.map(|failure| paragraph(failure, 0)).concat(), @r#"
    lvs_director: default_gateway 192.168.40.100 was not confirmed by a new connection within 30 s
      help: the host has taken the change back by itself: make sure that the new way leads to this machine, or give --allow-route-change to make it without confirmation
    lvs_director: default_gateway 192.168.40.100 was not confirmed by a new connection within 30 s
      help: whether the change was made is not known: if it was, the host's own watchdog takes it back; look at it by another way
    lvs_director: after service apache2, its director gets no answer from 192.168.40.101:80
      help: look at its service there; the real servers after it were left as they are
    lvs_director: another run changes this host: ann@desk from 192.0.2.7 since 2026-11-23 10:04:00 UTC
      help: nothing was changed; run again when it has ended, or wait for it with --lock-wait SECONDS
    lvs_director: file /x: it is a directory
      help: move it away
    lvs_director: sudo refused: sudo: a password is required
      help: give the password with --ask-become-pass, --become-password-file or $LVSPROV_BECOME_PASSWORD
    lvs_director: the connection was lost before the script had ended
        client_loop: send disconnect: Broken pipe
      help: what it did is unknown: run the same again, which reads the host anew and goes on
    lvs_director: no end after 90 s
      help: what it did is unknown: run the same again, which reads the host anew and goes on
    "#);
}

#[test]
fn a_run_ends_with_its_failures_and_its_numbers() {
    let host = |name: &str, changed, failed, unreachable| HostSummary {
        host: name.into(),
        ok: 5,
        changed,
        failed,
        unreachable,
    };
    let hosts =
        vec![host("lvs_director", 3, 1, false), host("client", 0, 0, false), host("rs01", 0, 0, true)];
    let (out, err) = told(text(), |report| {
        report.tell(Event::Failed { host: "lvs_director".into(), failure: Rc::new(step()) });
        report.summary(&Summary { not_verified: true, ..summary(1, hosts) });
    });
    assert_eq!(err.matches("Unable to locate").count(), 1, "{err}");
    insta::assert_snapshot!(out, @r#"
    ✘ lvs_director  5 ok, 3 changed, 1 failed
    ✔ client        5 ok, 0 changed, 0 failed
    ✘ rs01          unreachable
    not verified: `lvsprov verify` asks the services
    deploy: failed on 1 of 3 hosts in 12.3 s, 3 changes on 1 of 3 hosts
    "#);
}

#[test]
fn a_plan_has_the_last_word_when_nothing_failed() {
    let hosts = vec![HostSummary { host: "a".into(), changed: 2, ..HostSummary::default() }];
    let (out, err) =
        told(text(), |report| report.summary(&Summary { verb: "plan", ..summary(3, hosts.clone()) }));
    assert_eq!((out.as_str(), err.as_str()), ("", ""));
}

#[test]
fn an_error_of_no_single_host() {
    let (out, err) = told(text(), |report| report.error("the lab is broken\nlast words", "mend it"));
    assert_eq!(out, "");
    assert_eq!(err, "error: the lab is broken\n    last words\n  help: mend it\n");
}
