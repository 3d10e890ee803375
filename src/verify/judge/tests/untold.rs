//! What can't be told, and what fails all the same.

use super::super::super::question::Question;
use super::*;
use crate::ipvs::Page;

#[test]
fn what_is_wrong_under_any_scheduler_fails() {
    let mut declared = service(Scheduler::Wlc, &[1, 1, 0]);
    let quiet = judge(&declared, &answers("01 02 02 01"));
    assert!(!quiet.judged);
    assert_eq!(quiet.known, ["all 4 requests were answered", "none by a real server whose weight is 0"]);
    let stranger = judge(&declared, &answers("01 03"));
    assert_eq!((stranger.judged, stranger.pass), (true, false));
    assert_eq!(stranger.findings, ["03 answered, though its weight is 0"]);
    let mut requests = answers("01 02 01");
    requests[1] = failed("(7) refused");
    let gap = judge(&declared, &requests);
    assert_eq!((gap.judged, gap.pass, gap.why, gap.known), (true, false, None, Vec::new()));
    // A client of before the weight was 0 may stay.
    declared.service.persistence = Some(300);
    assert!(judge(&declared, &answers("03 03")).pass);
}

#[test]
fn a_loop_that_ended_says_so() {
    let declared = service(Scheduler::Wrr, &[997, 1000]);
    let requests = vec![failed("(28) Timeout was reached"); 3];
    let dead = super::super::judge(&declared, &Answers { requests, ended: Some(Ended::Failures) }, 3_994);
    assert_eq!((dead.judged, dead.pass), (true, false));
    assert_eq!(
        dead.findings,
        [
            "requests 1 to 3 to web failed: (28) Timeout was reached",
            "ended after 3 of 3994 requests: 3 had failed"
        ]
    );
    let slow = Answers { requests: answers("02 01 02 01"), ended: Some(Ended::Time) };
    let verdict = super::super::judge(&declared, &slow, 3_994);
    assert_eq!((verdict.judged, verdict.findings.len()), (false, 0), "{verdict:?}");
    assert_eq!(verdict.why.as_deref(), Some("its time of 259 s was up after 4 of 3994 requests"));
    assert_eq!(verdict.known, ["all 4 requests were answered"]);
    let mut wrong = slow.clone();
    wrong.requests[1] = failed("HTTP 503");
    let verdict = super::super::judge(&declared, &wrong, 3_994);
    assert_eq!(verdict.findings[1], "its time of 259 s was up after 4 of 3994 requests");
}

#[test]
fn answers_that_name_nobody_tell_nothing_of_the_order() {
    let mut declared = service(Scheduler::Rr, &[1, 1]);
    declared.check = Check::Page(Page { path: "/health".into(), ..Page::default() });
    let mut requests = answers("01 02 01 02");
    assert!(judge(&declared, &requests).pass, "the answers may name them all the same");
    requests.iter_mut().for_each(|request| request.real_server = None);
    let verdict = judge(&declared, &requests);
    assert_eq!((verdict.judged, verdict.pass, verdict.findings.len()), (false, false, 0));
    assert_eq!(verdict.sequence, ["?", "?", "?", "?"]);
    assert_eq!(verdict.counts, [], "that one answered nothing is not known");
    assert_eq!(verdict.why.as_deref(), Some("the answers do not tell which real server they are from"));
    assert_eq!(verdict.known, ["all 4 requests were answered"]);
    declared.check = Check::Connection;
    assert_eq!(judge(&declared, &requests).known, ["all 4 connections were taken"]);
    requests[2] = failed("(7) refused");
    assert_eq!(judge(&declared, &requests).findings, ["request 3 to web failed: (7) refused"]);
}

#[test]
fn what_surely_is_no_web_server_is_not_judged_as_one() {
    let declared = service(Scheduler::Rr, &[1, 1]);
    let one = Request {
        local_port: 40_000,
        own_connection: true,
        ..failed("(1) Received HTTP/0.9 when not allowed")
    };
    let mail = vec![Request { no_http: true, ..one.clone() }; 3];
    let verdict =
        super::super::judge(&declared, &Answers { requests: mail, ended: Some(Ended::Failures) }, 6);
    assert_eq!((verdict.judged, verdict.findings.len(), verdict.counts.len()), (false, 0, 0), "{verdict:?}");
    let why = "it does not speak HTTP ((1) Received HTTP/0.9 when not allowed): say with `check` what to ask";
    assert_eq!(verdict.why.as_deref(), Some(why));
    assert_eq!(verdict.known, ["all 3 connections were taken"]);
    // A web server that hangs up looks the same as what is none.
    let silent = vec![Request { error: Some("(52) Empty reply from server".into()), ..one }; 3];
    let verdict = judge(&declared, &silent);
    assert!(verdict.judged && !verdict.pass);
    assert!(verdict.findings[1].ends_with("if it is none, say with `check` what to ask"), "{verdict:?}");
}

#[test]
fn a_service_that_is_not_asked_is_never_taken_to_pass() {
    let asked = |declared: &ServiceDeclaration| Question::of(declared, "/").map(|_| ()).unwrap_err();
    let mut dns = service(Scheduler::Rr, &[1, 1]);
    dns.service.key = ServiceKey::Address(Protocol::Udp, "192.168.175.100:53".parse().unwrap());
    let verdict = not_asked(&dns, asked(&dns));
    assert!(!verdict.pass && !verdict.judged);
    let why = "not asked: it is a udp service, and this version asks TCP services only";
    assert_eq!(verdict.why.as_deref(), Some(why));
    let mut all = service(Scheduler::Rr, &[1, 1]);
    all.service.key = ServiceKey::Address(Protocol::Tcp, "192.168.175.100:0".parse().unwrap());
    assert_eq!(asked(&all), NotAsked::AllPorts);
    let mut none = service(Scheduler::Rr, &[1, 1]);
    none.check = Check::None;
    assert_eq!(not_asked(&none, asked(&none)).why.as_deref(), Some("not asked: its check is none"));
}
