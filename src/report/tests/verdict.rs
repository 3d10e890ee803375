use super::*;
use crate::verify::{Event, Judged, Latency, Share, Verdict};

pub(super) fn judged(sequence: &[&str], counts: [usize; 2]) -> Judged {
    let share = |name: &str, count| Share { real_server: name.into(), count, expected: Some(3..=3) };
    let pass = counts == [3, 3];
    let verdict = Verdict {
        expected: "rr: 3 each, in turn".into(),
        counts: vec![share("lvs_real_server01", counts[0]), share("lvs_real_server02", counts[1])],
        sequence: sequence.iter().map(|name| (*name).to_owned()).collect(),
        pass,
        judged: true,
        findings: if pass { Vec::new() } else { vec!["request 2 to web failed: HTTP 503".into()] },
        latency: Some(Latency { min: 0.0011, median: 0.0012, max: 0.023 }),
        ..Verdict::default()
    };
    Judged { service: "web".into(), client: "client".into(), requests: sequence.len(), verdict }
}

const ONE: &str = "lvs_real_server01";
const TWO: &str = "lvs_real_server02";

fn shown(judged: Judged) -> String {
    told(text(), |report| report.tell(Event::Judged(Rc::new(judged)))).0
}

#[test]
fn round_robin_passes() {
    let passed = || judged(&[TWO, ONE, TWO, ONE, TWO, ONE], [3, 3]);
    assert_eq!(shown(passed()), "PASS  web from client: 02 01 02 01 02 01  (rr: 3 each, in turn)\n");
    let verbose = Options { verbosity: 1, ..text() };
    insta::assert_snapshot!(told(verbose, |report| report.tell(Event::Judged(Rc::new(passed())))).0, @r#"
    PASS  web from client: 02 01 02 01 02 01
          expected rr: 3 each, in turn
          lvs_real_server01  ████████████  3 of 3
          lvs_real_server02  ████████████  3 of 3
          latency 1.1 ms min, 1.2 ms median, 23.0 ms max
    "#);
}

#[test]
fn verdicts_of_one_line_are_a_list_and_others_stand_apart() {
    let passed = || judged(&[TWO, ONE, TWO, ONE, TWO, ONE], [3, 3]);
    let tell = |judged: Judged| Event::Judged(Rc::new(judged));
    let (out, _) = told(text(), |report| {
        report.step("verify");
        report.tell(tell(passed()));
        report.tell(tell(passed()));
        report.tell(tell(judged(&[TWO, "-"], [0, 1])));
        report.tell(tell(passed()));
    });
    let shape: Vec<&str> = out.lines().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(shape[..7], ["==", "", "PASS", "PASS", "", "FAIL", ""], "{out}");
    assert_eq!(shape[shape.len() - 2..], ["", "PASS"], "{out}");
}

#[test]
fn a_failed_verdict_says_what_was_found() {
    insta::assert_snapshot!(shown(judged(&[TWO, "-", TWO, ONE, TWO, TWO], [1, 4])), @r#"
    FAIL  web from client: 02 -- 02 01 02 02
          expected rr: 3 each, in turn
          lvs_real_server01  ███░░░░░░     1 of 3
          lvs_real_server02  █████████▓▓▓  4 of 3
          latency 1.1 ms min, 1.2 ms median, 23.0 ms max
          - request 2 to web failed: HTTP 503
    "#);
}

#[test]
fn what_is_not_judged_says_why_and_what_is_known() {
    let mut judged = judged(&[TWO, TWO], [0, 2]);
    judged.verdict.judged = false;
    judged.verdict.findings.clear();
    judged.verdict.latency = None;
    judged.verdict.why = Some("this version does not know in which order wlc picks real servers".into());
    judged.verdict.known =
        vec!["all 2 requests were answered".into(), "none by a real server whose weight is 0".into()];
    for share in &mut judged.verdict.counts {
        share.expected = None;
    }
    assert_eq!(
        shown(judged),
        "NOT JUDGED  web from client: 02 02  (this version does not know in which order wlc picks real servers; \
         all 2 requests were answered; none by a real server whose weight is 0)\n"
    );
}

#[test]
fn what_is_not_asked_says_why() {
    let why = Some("not asked: its check is none".into());
    let verdict = Verdict { why, ..Verdict::default() };
    let judged = Judged { service: "dns".into(), client: "client".into(), requests: 0, verdict };
    assert_eq!(shown(judged), "NOT JUDGED  dns from client: not asked: its check is none\n");
}

#[test]
fn an_answer_that_does_not_tell_from_whom_is_no_failure() {
    let verdict = Verdict { sequence: vec!["?".into(), "-".into()], ..Verdict::default() };
    let judged = Judged { service: "web".into(), client: "client".into(), requests: 2, verdict };
    assert_eq!(shown(judged), "NOT JUDGED  web from client: ?? --\n");
}

#[test]
fn long_sequences_are_wrapped() {
    let sequence: Vec<&str> = [ONE, TWO].into_iter().cycle().take(60).collect();
    let out = shown(judged(&sequence, [3, 4]));
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    let numbers: Vec<&str> = out.split_whitespace().filter(|word| ["01", "02"].contains(word)).collect();
    assert_eq!(numbers.len(), 60);
    let sequence: Vec<&str> = [ONE, TWO].into_iter().cycle().take(2000).collect();
    let out = shown(judged(&sequence, [3, 4]));
    assert!(out.lines().count() < 20 && out.contains("... of 2000; -v shows them\n"), "{out}");
}

#[test]
fn of_a_long_sequence_that_passes_the_beginning_is_shown() {
    let sequence: Vec<&str> = [ONE, TWO].into_iter().cycle().take(60).collect();
    let out = shown(judged(&sequence, [3, 3]));
    assert!(out.starts_with("PASS  web from client: 01 02 01 02 "), "{out}");
    assert!(out.ends_with(" ... of 60  (rr: 3 each, in turn)\n"), "{out}");
    assert!(out.chars().count() <= 101, "{out}");
    let mut long = judged(&sequence, [3, 3]);
    long.verdict.expected = "wrr: of any 5 in a row, ".to_owned() + &"4 lvs_real_server02, ".repeat(5);
    let out = shown(long.clone());
    assert!(
        out.ends_with(" ... of 60\n") && out.chars().count() <= 101,
        "what does not fit is left out: {out}"
    );
    long.verdict.judged = false;
    long.verdict.known = vec![long.verdict.expected.clone()];
    assert!(shown(long).ends_with(", )\n"), "what is known of a service that is not judged is told");
}

#[test]
fn services_that_are_not_tried_are_wrapped() {
    let services: Vec<String> = (1..=50).map(|number| format!("svc{number:02}")).collect();
    let (out, _) = told(text(), |report| report.tell(Event::NotTried { services: services.clone() }));
    assert!(out.lines().take(5).all(|line| line.chars().count() <= 100), "{out}");
    assert!(services.iter().all(|service| out.contains(service.as_str())), "{out}");
}

#[test]
fn services_that_nobody_asked_are_not_passed_over() {
    let event = Event::NotTried { services: vec!["web".into(), "mail".into()] };
    insta::assert_snapshot!(told(text(), |report| report.tell(event)).0, @r#"
    NOT TRIED  web, mail: no client takes part that can ask
          add a host under `clients` with an address of the service's kind, IPv4 or IPv6, or let --limit take one in
    "#);
}
