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
    insta::assert_snapshot!(shown(judged(&[TWO, ONE, TWO, ONE, TWO, ONE], [3, 3])), @r#"
    PASS  web from client: 02 01 02 01 02 01
          expected rr: 3 each, in turn
          lvs_real_server01  ████████████  3 of 3
          lvs_real_server02  ████████████  3 of 3
          latency 1.1 ms min, 1.2 ms median, 23.0 ms max
    "#);
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
fn what_is_not_judged_does_not_pass() {
    let mut judged = judged(&[TWO, TWO], [0, 2]);
    judged.verdict.judged = false;
    judged.verdict.findings.clear();
    judged.verdict.latency = None;
    for share in &mut judged.verdict.counts {
        share.expected = None;
    }
    insta::assert_snapshot!(shown(judged), @r#"
    NOT JUDGED  web from client: 02 02
          expected rr: 3 each, in turn
          lvs_real_server01                0
          lvs_real_server02  ████████████  2
    "#);
}

#[test]
fn long_sequences_are_wrapped() {
    let sequence: Vec<&str> = [ONE, TWO].into_iter().cycle().take(60).collect();
    let out = shown(judged(&sequence, [3, 3]));
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    let numbers: Vec<&str> = out.split_whitespace().filter(|word| ["01", "02"].contains(word)).collect();
    assert_eq!(numbers.len(), 60);
}

#[test]
fn services_that_nobody_asked_are_not_passed_over() {
    let event = Event::NotTried { services: vec!["web".into(), "mail".into()] };
    insta::assert_snapshot!(told(text(), |report| report.tell(event)).0, @r#"
    NOT TRIED  web, mail: no client takes part that can ask
          add a host under `clients` with an address of the service's kind, IPv4 or IPv6, or let --limit take one in
    "#);
}
