use std::time::Duration;

use super::*;
use crate::document::{Complaints, Source, Span};
use crate::lab::{BuildStep, LabEvent};
use crate::run::Event;
use crate::verify;

fn deploy(report: &Report) {
    let host = || "lvs_director".to_owned();
    report.tell(Event::Connecting { host: host() });
    report.tell(Event::Connected { host: host() });
    report.tell(Event::Planned { host: host(), ok: 3, changes: 2 });
    report.tell(Event::Planned { host: "client".into(), ok: 4, changes: 0 });
    report.tell(Event::StageBegan { name: "The director forwards".into(), hosts: vec![host()] });
    for (number, label) in [(1, "package ipvsadm"), (2, "sysctl net.ipv4.ip_forward")] {
        report.tell(Event::StepBegan { host: host(), label: label.into(), number, of: 2 });
        report.tell(Event::StepDone { host: host(), label: label.into() });
    }
    report.tell(Event::StageDone { host: host(), changed: 2 });
    report.tell(verify::Event::Asking { client: "client".into(), requests: 6 });
}

#[test]
fn a_line_an_event_where_no_terminal_is() {
    let (out, err) = told(text(), deploy);
    assert_eq!(out, "");
    insta::assert_snapshot!(err, @r#"
    lvs_director:      2 differences, 3 as declared
    client:            4 as declared
    The director forwards (1 host)
    lvs_director:      1/2 package ipvsadm
    lvs_director:      2/2 sysctl net.ipv4.ip_forward
    lvs_director:      2 changes made
    client:            making 6 requests
    "#);
}

#[test]
fn a_wait_says_what_it_is_for() {
    let slow = |report: &Report| {
        report.tell(Event::Connecting { host: "client".into() });
        report.tell(Event::Slow { host: "client".into(), what: "a connection".into() });
        report.tell(LabEvent::MachineStopping { host: "client".into() });
        report.tell(LabEvent::Slow { what: "its machines to end".into() });
    };
    let (_, err) = told(text(), slow);
    insta::assert_snapshot!(err, @r#"
    client:            waiting for a connection
    client:            powering off
    lab:               waiting for its machines to end
    "#);
    assert_eq!(told(json(), slow).0.lines().count(), 1, "that it connects");
}

#[test]
fn more_lines_when_asked() {
    let (_, err) = told(Options { verbosity: 1, ..text() }, deploy);
    assert!(err.contains("lvs_director:      connecting\n"), "{err}");
    assert!(err.contains("lvs_director:      changed package ipvsadm\n"), "{err}");
}

#[test]
fn on_a_terminal_only_the_stages_stay() {
    let (out, err) = told(Options { terminal: true, ..text() }, deploy);
    assert_eq!((out.as_str(), err.as_str()), ("", "The director forwards (1 host)\n"));
}

#[test]
fn a_lab() {
    let tell = |report: &Report| {
        let host = || "client".to_owned();
        report.step("lab up");
        report.tell(LabEvent::ImageBuilding { step: BuildStep::Bootstrap });
        report.tell(LabEvent::ImageReady { path: "/cache/image".into(), cached: false });
        report.tell(LabEvent::NetworkReady { namespace: "lvsprov-web".into(), subnets: 2 });
        report.tell(LabEvent::MachineStarted { host: host() });
        let last = "No route to host (os error 113)".to_owned();
        report.tell(LabEvent::MachineStartedAgain { host: host(), after: Duration::from_secs(105), last });
        report.tell(LabEvent::MachineReady { host: host(), after: Duration::from_millis(4210) });
        report.tell(LabEvent::LabRemoved { lab: "web".into() });
        report.step("deploy");
    };
    let (out, err) = told(text(), tell);
    assert_eq!(out, "== lab up\n\n== deploy\n");
    insta::assert_snapshot!(err, @r#"
    lab:               building the base image, 1/4: installing Debian (the first build takes about a minute)
    lab:               the base image is built: /cache/image
    lab:               network namespace lvsprov-web joins 2 subnets
    client:            booting
    client:            not there after 1 min 45 s (No route to host (os error 113)); it is started once more
    client:            up after 4.2 s
    lab:               web is gone
    "#);
    let (_, err) = told(Options { terminal: true, ..text() }, tell);
    assert!(err.contains("up after 4.2 s\n") && !err.contains("booting"), "{err}");
}

#[test]
fn complaints_are_shown_with_their_line() {
    let source = Source::new("inventory.yaml", "cluster: web\nscheduler: rrr\n");
    let mut complaints = Complaints::about(source);
    complaints.add(Span { offset: 24, length: 3 }, "there is no scheduler `rrr`", "write `rr`");
    let all = [complaints];
    let (out, err) = told(text(), |report| report.complaints(&all));
    assert_eq!(out, "");
    insta::assert_snapshot!(err, @r#"
      x there is no scheduler `rrr`
       ,-[inventory.yaml:2:12]
     2 | scheduler: rrr
       :            ^^^
       `----
      help: write `rr`

    1 complaint; nothing was connected to
    "#);
    let (_, err) = told(Options { terminal: true, ..text() }, |report| report.complaints(&all));
    assert!(err.contains("╭─[inventory.yaml:2:12]"), "{err}");
}
