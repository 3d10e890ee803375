use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::document::{Complaints, Source, Span};
use crate::lab::LabEvent;
use crate::plan::{Tally, Took, Unfinished};
use crate::report::{HostSummary, Summary};
use crate::resource::{Refusal, Risk};
use crate::run::{Event, Failure};
use crate::verify;

/// The lines, each of which must be an object with `event` and `version`.
fn lines(tell: impl FnOnce(&Report)) -> Vec<Value> {
    let (out, err) = told(json(), tell);
    assert_eq!(err, "", "stderr stays quiet");
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        assert!(line["event"].is_string() && line["version"] == 1, "{line}");
    }
    lines
}

fn line(tell: impl FnOnce(&Report)) -> String {
    let lines = lines(tell);
    assert_eq!(lines.len(), 1);
    lines[0].to_string()
}

#[test]
fn a_verdict() {
    let judged = verdict::judged(&["lvs_real_server02", "-"], [0, 1]);
    let line = line(|report| report.tell(verify::Event::Judged(Rc::new(judged))));
    assert_eq!(
        line,
        r#"{"event":"verdict","version":1,"time":0.0,"service":"web","client":"client","requests":2,"sequence":["lvs_real_server02","-"],"counts":{"lvs_real_server01":0,"lvs_real_server02":1},"expected":"rr: 3 each, in turn","pass":false,"judged":true,"findings":["request 2 to web failed: HTTP 503"],"latency":{"min":0.0011,"median":0.0012,"max":0.023},"why":null,"known":[]}"#
    );
}

#[test]
fn a_verdict_that_can_not_be_had() {
    let verdict = verify::Verdict {
        expected: "wlc: every request answered".into(),
        sequence: vec!["?".into()],
        why: Some("the answers do not tell which real server they are from".into()),
        known: vec!["the only request was answered".into()],
        ..verify::Verdict::default()
    };
    let judged = verify::Judged { service: "web".into(), client: "client".into(), requests: 1, verdict };
    assert_eq!(
        line(|report| report.tell(verify::Event::Judged(Rc::new(judged)))),
        r#"{"event":"verdict","version":1,"time":0.0,"service":"web","client":"client","requests":1,"sequence":["?"],"counts":{},"expected":"wlc: every request answered","pass":false,"judged":false,"findings":[],"latency":null,"why":"the answers do not tell which real server they are from","known":["the only request was answered"]}"#
    );
}

#[test]
fn a_plan_is_a_line_a_change() {
    let change = Change {
        risks: vec![Risk::Restart { service: "apache2".into() }],
        ..Change::new(vec![Aspect::value("state", some("stopped"), some("started"))], "a script")
    };
    let refusal = Refusal { reason: "why".into(), remedy: "do".into() };
    let plan = host_plan(vec![
        item(0, "service", "apache2", Outcome::Change(change)),
        item(0, "package", "chrony", Outcome::Ok),
        item(0, "file", "/x", Outcome::Refused(refusal)),
    ]);
    let stages = ["Real servers".to_owned()];
    let told = lines(|report| report.plan(&stages, &[("rs01", Some(&plan)), ("rs02", None)]));
    let told: Vec<String> = told.iter().map(Value::to_string).collect();
    assert_eq!(
        told,
        [
            r#"{"event":"change","version":1,"time":0.0,"host":"rs01","stage":"Real servers","task":null,"module":"service","subject":"apache2","aspects":[{"what":"state","old":"stopped","new":"started"}],"unknown":false,"risks":[{"risk":"restart","service":"apache2"}]}"#,
            r#"{"event":"refused","version":1,"time":0.0,"host":"rs01","stage":"Real servers","task":null,"module":"file","subject":"/x","reason":"why","remedy":"do"}"#,
        ]
    );
    let drift = lines(|report| report.drift(&[("rs01", Some(&plan)), ("rs02", None)]));
    assert_eq!((drift[0]["event"].as_str(), drift[0].get("stage")), (Some("drift"), None));
}

#[test]
fn a_run_ends_with_its_summary() {
    let host = || "rs01".to_owned();
    let failure = Failure::Step { label: "x".into(), code: 1, output: "no\n".into(), script: "s".into() };
    let summary = Summary {
        verb: "deploy",
        exit: 1,
        hosts: vec![HostSummary {
            host: host(),
            ok: 1,
            changed: 2,
            failed: 1,
            changes: Some(Tally { made: 2, in_part: 1, ..Tally::default() }),
            ..HostSummary::default()
        }],
        unfinished: vec![Unfinished {
            host: host(),
            what: "x".into(),
            took: Took::Part(vec![Aspect::value("at boot", None, some("1"))]),
        }],
        elapsed: Duration::from_millis(1500),
        ..Summary::default()
    };
    let lines = lines(|report| {
        report.step("deploy");
        report.tell(LabEvent::MachineReady { host: host(), after: Duration::from_millis(1500) });
        report.tell(Event::Connecting { host: host() });
        report.tell(Event::Planned { host: host(), ok: 1, changes: 3 });
        report.tell(Event::StepBegan { host: host(), label: "x".into(), number: 1, of: 3 });
        report.tell(Event::Failed { host: host(), failure: Rc::new(failure) });
        report.summary(&summary);
    });
    let events: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(events, ["step", "machine_ready", "connecting", "planned", "step_began", "failed", "summary"]);
    assert_eq!(
        lines[5].to_string(),
        r#"{"event":"failed","version":1,"time":0.0,"host":"rs01","unreachable":false,"message":"x failed with exit code 1","output":"no\n","remedy":"correct what it complains of, and run the same again"}"#
    );
    assert_eq!(
        lines[6].to_string(),
        r#"{"event":"summary","version":1,"time":0.0,"exit":1,"hosts":{"rs01":{"ok":1,"changed":2,"failed":1,"unreachable":false,"changes":{"made":2,"in_part":1,"failed":0,"unknown":0,"not_begun":0}}},"changes":{"made":2,"in_part":1,"failed":0,"unknown":0,"not_begun":0},"unfinished":[{"host":"rs01","what":"x","took":"part","aspects":[{"what":"at boot","old":null,"new":"1"}]}],"verb":"deploy","seconds":1.5}"#
    );
}

#[test]
fn a_summary_of_who_only_reads_names_what_was_not_read() {
    let host =
        |name: &str, unread| HostSummary { host: name.into(), ok: 1, unread, ..HostSummary::default() };
    let hosts = vec![host("rs01", false), host("client", true)];
    assert_eq!(
        line(|report| report.summary(&Summary { verb: "verify", exit: 4, hosts, ..Summary::default() })),
        r#"{"event":"summary","version":1,"time":0.0,"exit":4,"hosts":{"rs01":{"ok":1,"changed":0,"failed":0,"unreachable":false},"client":{"ok":1,"changed":0,"failed":0,"unreachable":false}},"not_read":["client"],"verb":"verify","seconds":0.0}"#
    );
}

#[test]
fn a_complaint() {
    let mut complaints = Complaints::about(Source::new("inventory.yaml", "a: b\nc: d\n"));
    complaints.add(Span { offset: 8, length: 1 }, "wrong", "right");
    assert_eq!(
        line(|report| report.complaints(&[complaints])),
        r#"{"event":"complaint","version":1,"time":0.0,"file":"inventory.yaml","line":2,"column":4,"message":"wrong","remedy":"right"}"#
    );
}

#[test]
fn what_is_told_after_a_summary_needs_another() {
    lines(|report| {
        assert!(!report.summed_up());
        report.summary(&Summary { verb: "deploy", ..Summary::default() });
        assert!(report.summed_up());
        report.error("the lab is gone", "");
        assert!(!report.summed_up());
    });
}
