use std::time::Duration;

use super::failure::step;
use super::*;
use crate::plan::{Tally, Took, Unfinished};
use crate::report::{HostSummary, LeftOver, Summary};
use crate::run::Event;

pub(super) fn summary(exit: u8, hosts: Vec<HostSummary>) -> Summary {
    let elapsed = Duration::from_millis(12_345);
    Summary { verb: "deploy", exit, hosts, elapsed, ..Summary::default() }
}

/// A host of which five resources were as declared.
fn host(name: &str, changes: Tally) -> HostSummary {
    let failed = usize::from(changes.failed + changes.in_part > 0);
    HostSummary {
        host: name.into(),
        ok: 5,
        changed: changes.made,
        failed,
        changes: Some(changes),
        ..HostSummary::default()
    }
}

/// One that could not be reached.
fn off(name: &str) -> HostSummary {
    HostSummary {
        unreachable: true,
        unread: true,
        changes: Some(Tally::default()),
        ..host(name, Tally::default())
    }
}

#[test]
fn a_run_ends_with_its_failures_and_its_numbers() {
    let director = Tally { made: 3, failed: 1, not_begun: 2, ..Tally::default() };
    let hosts = vec![host("lvs_director", director), host("client", Tally::default()), off("rs01")];
    let (out, err) = told(text(), |report| {
        report.tell(Event::Failed { host: "lvs_director".into(), failure: Rc::new(step()) });
        report.summary(&Summary { not_verified: true, ..summary(1, hosts) });
    });
    assert_eq!(err.matches("Unable to locate").count(), 1, "{err}");
    insta::assert_snapshot!(out, @r#"
    ✘ lvs_director  5 ok, 3 changed, 1 failed, 2 not begun
    ✔ client        5 ok, 0 changed, 0 failed
    ✘ rs01          unreachable
    not verified: `lvsprov verify` asks the services
    deploy: failed on 1 of 3 hosts in 12.3 s, 3 changes on 1 of 3 hosts, 1 change failed on lvs_director, 2 changes not begun on lvs_director; rs01 could not be reached
    "#);
}

#[test]
fn what_was_made_in_part_and_what_is_not_known_are_told_apart() {
    let part = Tally { in_part: 1, not_begun: 1, ..Tally::default() };
    let unknown = Tally { made: 1, unknown: 2, ..Tally::default() };
    let unfinished = |host: &str, what: &str, took| Unfinished { host: host.into(), what: what.into(), took };
    let aspects = (1..=12).map(|number| Aspect::value(format!("at boot: {number}"), None, some("there")));
    let summary = Summary {
        unfinished: vec![
            unfinished("lvs_director", "virtual_services web", Took::Part(aspects.collect())),
            unfinished("rs01", "a long moment", Took::Unknown),
            unfinished("rs02", "a long moment", Took::Unknown),
            unfinished("client", "package curl", Took::Nothing),
        ],
        ..summary(1, vec![host("lvs_director", part), host("rs01", unknown), host("rs02", unknown)])
    };
    let (out, _) = told(text(), |report| report.summary(&summary));
    insta::assert_snapshot!(out, @r#"
    ✘ lvs_director  5 ok, 0 changed, 1 changed in part, 1 not begun
    ✘ rs01          5 ok, 1 changed, 2 unknown
    ✘ rs02          5 ok, 1 changed, 2 unknown
    in part lvs_director: virtual_services web
         when it was read back, this was not as planned:
        + at boot: 1: there
        + at boot: 2: there
        + at boot: 3: there
        + at boot: 4: there
        + at boot: 5: there
        + at boot: 6: there
        + at boot: 7: there
        + at boot: 8: there
        + at boot: 9: there
        + at boot: 10: there
         and 2 more; `lvsprov plan` shows them
    failed client: package curl
         when it was read back, it was as before
    unknown rs01, rs02: a long moment
         how far it got is not known: the same again reads the host anew, and goes on
    deploy: failed on 1 of 3 hosts in 12.3 s, 2 changes on 2 of 3 hosts, 1 change made in part on lvs_director, 4 changes unknown on rs01, rs02, 1 change not begun on lvs_director
    "#);
}

#[test]
fn that_nothing_changed_is_said_only_where_nothing_was_begun() {
    let last = |exit, hosts: Vec<HostSummary>| {
        let (out, _) = told(text(), |report| report.summary(&summary(exit, hosts)));
        out.lines().last().unwrap_or_default().to_owned()
    };
    let quiet = |name| host(name, Tally::default());
    assert_eq!(last(0, vec![quiet("a"), quiet("b")]), "deploy: done in 12.3 s, nothing changed on 2 hosts");
    assert_eq!(
        last(4, vec![quiet("a"), quiet("b"), off("c")]),
        "deploy: ended in 12.3 s, nothing changed on the 2 hosts that were read; c could not be reached"
    );
    assert_eq!(last(4, vec![off("c")]), "deploy: ended in 12.3 s, nothing changed; c could not be reached");
    let unknown = host("b", Tally { unknown: 1, ..Tally::default() });
    assert_eq!(last(130, vec![quiet("a"), unknown]), "deploy: interrupted in 12.3 s, 1 change unknown on b");
    let failed = host("b", Tally { failed: 1, ..Tally::default() });
    assert_eq!(
        last(1, vec![quiet("a"), failed]),
        "deploy: failed on 1 of 2 hosts in 12.3 s, 1 change failed on b"
    );
    let reads = HostSummary { changes: None, ..quiet("a") };
    assert_eq!(last(0, vec![reads]), "deploy: done in 12.3 s", "it was not there to change anything");
}

#[test]
fn a_host_that_went_off_after_its_changes_still_has_them() {
    let went = HostSummary { unreachable: true, ..host("rs01", Tally { made: 2, ..Tally::default() }) };
    let waits = host("lvs_director", Tally { not_begun: 1, ..Tally::default() });
    let not_yet = HostSummary { unread: true, ok: 0, ..host("client", Tally::default()) };
    let (out, _) = told(text(), |report| report.summary(&summary(130, vec![went, waits, not_yet])));
    insta::assert_snapshot!(out, @r#"
    ✘ rs01          5 ok, 2 changed, then unreachable
    - lvs_director  5 ok, 0 changed, 1 not begun
    - client        not read
    deploy: interrupted in 12.3 s, 2 changes on 1 of 3 hosts, 1 change not begun on lvs_director; rs01 could not be reached; client was not read
    "#);
}

#[test]
fn of_a_crowd_only_those_with_something_to_tell_have_a_line() {
    let mut hosts: Vec<HostSummary> =
        (0..40).map(|number| host(&format!("rs{number}"), Tally::default())).collect();
    let told = |hosts: &[HostSummary]| told(text(), |report| report.summary(&summary(130, hosts.to_vec()))).0;
    assert!(told(&hosts).starts_with("  all 40 hosts: ok\n"), "{}", told(&hosts));
    hosts[0] = host("rs0", Tally { unknown: 1, ..Tally::default() });
    hosts[1..30].iter_mut().for_each(|host| host.unread = true);
    hosts[39] = host("rs39", Tally { not_begun: 3, ..Tally::default() });
    insta::assert_snapshot!(told(&hosts), @r#"
    ✘ rs0   5 ok, 0 changed, 1 unknown
      9 hosts: ok
      1 host: nothing begun
      29 hosts: not read
    deploy: interrupted in 12.3 s, 1 change unknown on rs0, 3 changes not begun on rs39; 29 hosts were not read
    "#);
}

#[test]
fn a_plan_has_changed_nothing() {
    let planned = HostSummary { changed: 2, changes: None, ..host("a", Tally::default()) };
    let hosts = vec![planned, HostSummary { changes: None, ..off("b") }];
    let (out, _) = told(text(), |report| report.summary(&Summary { verb: "plan", ..summary(4, hosts) }));
    assert!(out.starts_with("✔ a  5 ok, 2 to change, 0 failed\n"), "{out}");
}

#[test]
fn what_is_left_is_wrapped() {
    let services: Vec<String> = (1..=30).map(|number| format!("svc{number:02}")).collect();
    let left = LeftOver {
        host: "lb1".into(),
        what: format!("real server web04 (192.168.40.104:80) of {}", services.join(", ")),
        why: "it waits for web04, which can't be reached".into(),
    };
    let (out, _) = told(text(), |report| report.summary(&Summary { left: vec![left], ..summary(4, vec![]) }));
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    assert!(services.iter().all(|service| out.contains(service.as_str())), "{out}");
}

#[test]
fn a_plan_has_the_last_word_when_nothing_failed() {
    let hosts = vec![HostSummary { host: "a".into(), changed: 2, ..HostSummary::default() }];
    let (out, err) =
        told(text(), |report| report.summary(&Summary { verb: "plan", ..summary(3, hosts.clone()) }));
    assert_eq!((out.as_str(), err.as_str()), ("", ""));
}
