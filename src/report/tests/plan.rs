use super::*;
use crate::resource::{Refusal, Risk};

fn stages() -> Vec<String> {
    vec!["Real servers answer".into(), "The director forwards".into()]
}

fn director() -> HostPlan {
    let running = Aspect::value("running", some("0"), some("1"));
    let boot = Aspect::value("at boot", None, some("1 (/etc/sysctl.d/lvsprov.conf)"));
    let route = Change {
        risks: vec![
            Risk::RouteChange {
                controller: "192.168.40.1".parse().ok(),
                old: None,
                new: "192.168.40.100".parse().unwrap(),
            },
            Risk::Restart { service: "apache2".into() },
        ],
        ..Change::new(
            vec![Aspect::value("running", some("192.168.40.1 (eth0)"), some("192.168.40.100 (eth0)"))],
            "",
        )
    };
    let command = Change {
        unknown: true,
        ..Change::new(vec![Aspect::value("runs", None, some("update\nthe \x1b[31mlot"))], "")
    };
    let refusal = Refusal { reason: "no owner is known".into(), remedy: "set it by hand".into() };
    host_plan(vec![
        item(0, "package", "chrony", Outcome::Ok),
        change(1, "sysctl", "net.ipv4.ip_forward", vec![boot, running]),
        change(1, "package", "ipvsadm", vec![Aspect::value("ipvsadm", None, some("installed"))]),
        change(1, "file", "/etc/old", vec![Aspect::value("type", some("file"), None)]),
        Item {
            named: some("lb1 (192.168.40.100)"),
            ..item(1, "default_gateway", "192.168.40.100", Outcome::Change(route))
        },
        Item {
            task: some("Everything is up to date"),
            ..item(1, "command", "update", Outcome::Change(command))
        },
        item(1, "kernel_module", "ip_vs", Outcome::Refused(refusal)),
    ])
}

fn page(old: Option<&str>, new: &str) -> HostPlan {
    let content = Aspect::text("content", old.map(str::to_owned), some(new));
    host_plan(vec![change(0, "file", "/var/www/html/index.html", vec![content])])
}

#[test]
fn every_symbol() {
    let (director, page) = (director(), page(Some("a\nb\n"), "a\nreal server"));
    let hosts =
        [("lvs_director", Some(&director)), ("rs01", Some(&page)), ("rs02", Some(&page)), ("client", None)];
    let (out, err) = told(text(), |report| report.plan(&stages(), &hosts));
    assert_eq!(err, "");
    insta::assert_snapshot!(out, @r#"
    Real servers answer
      rs01, rs02
        ~ file /var/www/html/index.html
            ~ content:
              @@ -1,2 +1,2 @@
               a
              -b
              +real server
              \ no newline at the end

    The director forwards
      lvs_director
        ~ sysctl net.ipv4.ip_forward
            + at boot: 1 (/etc/sysctl.d/lvsprov.conf)
            ~ running: 0 → 1
        + package ipvsadm: installed
        - file /etc/old
            - type: file
        ~ default_gateway lb1 (192.168.40.100)
            ~ running: 192.168.40.1 (eth0) → 192.168.40.100 (eth0)
            note: moves this host's own way back to the controller (192.168.40.1) to 192.168.40.100
            note: restarts apache2
        ? command update  (Everything is up to date)
            runs:
              + update
              + the lot
            note: only running it tells what it changes
        ! kernel_module ip_vs
            no owner is known
            help: set it by hand

    Plan: 7 changes (1 unknown) on 3 of 4 hosts; 1 refused; client could not be read.
    "#);
}

#[test]
fn what_is_alike_on_several_hosts_is_told_once_with_what_is_their_own() {
    let host = |name: &str| {
        let content = Aspect::text("content", None, Some(format!("{name}\n")));
        host_plan(vec![
            change(0, "file", "/var/www/html/index.html", vec![content]),
            change(0, "service", "apache2", vec![Aspect::value("running", None, some("started"))]),
        ])
    };
    let mut third = host("rs03");
    third.items.push(change(0, "file", "/old", vec![Aspect::value("type", some("file"), None)]));
    let plans = [host("rs01"), host("rs02"), third];
    let hosts = [("rs01", Some(&plans[0])), ("rs02", Some(&plans[1])), ("rs03", Some(&plans[2]))];
    let (out, _) = told(text(), |report| report.plan(&stages(), &hosts));
    insta::assert_snapshot!(out, @r#"
    Real servers answer
      rs01, rs02, rs03
        + file /var/www/html/index.html
            + content:
              rs01: +rs01
              rs02: +rs02
              rs03: +rs03
        + service apache2
            + running: started
      rs03
        - file /old
            - type: file

    Plan: 7 changes on 3 of 3 hosts.
    "#);
    let (out, _) = told(json(), |report| report.plan(&stages(), &hosts));
    assert_eq!(out.lines().count(), 7, "an event a change");
}

#[test]
fn long_texts_are_counted_unless_a_diff_is_asked_for() {
    let lines: String = (1..=13).map(|number| format!("{number}\n")).collect();
    let plan = page(None, &lines);
    let hosts = [("rs01", Some(&plan))];
    let (out, _) = told(text(), |report| report.plan(&stages(), &hosts));
    assert!(out.contains("content: 13 lines added, 0 removed; --diff shows them\n"), "{out}");
    let (out, _) = told(Options { diff: true, ..text() }, |report| report.plan(&stages(), &hosts));
    assert!(out.contains("+13\n"), "{out}");
}

#[test]
fn nothing_to_change() {
    let plan = host_plan(vec![item(0, "package", "chrony", Outcome::Ok), item(1, "file", "/x", Outcome::Ok)]);
    let hosts = [("rs01", Some(&plan)), ("rs02", Some(&plan))];
    let (out, _) = told(text(), |report| report.plan(&stages(), &hosts));
    assert_eq!(out, "Plan: nothing to change (4 resources on 2 hosts).\n");
}

#[test]
fn of_what_is_refused_or_not_read_it_is_not_said_that_nothing_is_to_change() {
    let ok = || item(0, "package", "chrony", Outcome::Ok);
    let refusal = Refusal { reason: "no owner is known".into(), remedy: "set it by hand".into() };
    let refused = host_plan(vec![ok(), item(1, "kernel_module", "ip_vs", Outcome::Refused(refusal))]);
    let plan = host_plan(vec![ok()]);
    let last = |hosts: &[(&str, Option<&HostPlan>)]| {
        let (out, _) = told(text(), |report| report.plan(&stages(), hosts));
        out.lines().next_back().unwrap_or_default().to_owned()
    };
    assert_eq!(
        last(&[("rs01", Some(&refused)), ("rs02", Some(&plan))]),
        "Plan: no change, 2 resources on 2 hosts as declared; 1 refused."
    );
    assert_eq!(
        last(&[("rs01", Some(&plan)), ("rs02", None), ("rs03", Some(&plan))]),
        "Plan: nothing to change on the 2 hosts that were read (2 resources); rs02 could not be read."
    );
}

#[test]
fn colours_are_there_when_they_are_wanted() {
    let plan = page(None, "x");
    let hosts = [("rs01", Some(&plan))];
    let (out, _) = told(Options { color: true, ..text() }, |report| report.plan(&stages(), &hosts));
    assert!(out.contains("\x1b[32m+\x1b[0m file"), "{out:?}");
}

#[test]
fn drift_in_the_words_of_who_compares() {
    let (director, page) = (director(), page(Some("a\nb\n"), "a\nreal server"));
    let (out, _) =
        told(text(), |report| report.drift(&[("lvs_director", Some(&director)), ("rs01", Some(&page))]));
    insta::assert_snapshot!(out, @r#"
    lvs_director: sysctl net.ipv4.ip_forward: at boot missing, declared 1 (/etc/sysctl.d/lvsprov.conf)
    lvs_director: sysctl net.ipv4.ip_forward: running 0, declared 1
    lvs_director: package ipvsadm: missing, declared installed
    lvs_director: file /etc/old: type file, declared absent
    lvs_director: default_gateway lb1 (192.168.40.100): running 192.168.40.1 (eth0), declared 192.168.40.100 (eth0)
    lvs_director: command update: only running it tells whether it is as declared
    lvs_director: kernel_module ip_vs: no owner is known
      help: set it by hand
    rs01: file /var/www/html/index.html: content differs (- found, + declared)
      @@ -1,2 +1,2 @@
       a
      -b
      +real server
      \ no newline at the end
    drift: 7 differences on 2 of 2 hosts; 1 unknown
    "#);
}

#[test]
fn drift_of_several_hosts_is_told_once() {
    let stopped = || {
        let running = Aspect::value("running", some("stopped"), some("started"));
        host_plan(vec![change(1, "service", "apache2", vec![running])])
    };
    let (one, two, three) = (stopped(), director(), stopped());
    let hosts = [("rs01", Some(&one)), ("lvs_director", Some(&two)), ("rs02", Some(&three))];
    let (out, _) = told(text(), |report| report.drift(&hosts));
    assert!(out.starts_with("rs01, rs02: service apache2: running stopped, declared started\n"), "{out}");
    assert_eq!(out.matches("apache2").count(), 1, "{out}");
    assert!(out.contains("differences on 3 of 3 hosts"), "each counts: {out}");
}

#[test]
fn no_drift() {
    let plan = host_plan(vec![item(0, "package", "chrony", Outcome::Ok), item(1, "file", "/x", Outcome::Ok)]);
    let hosts = [("rs01", Some(&plan)), ("rs02", Some(&plan))];
    let (out, _) = told(text(), |report| report.drift(&hosts));
    assert_eq!(out, "no drift: 4 resources on 2 hosts are as declared\n");
}

#[test]
fn no_more_is_said_of_drift_than_was_read() {
    let as_declared = host_plan(vec![item(0, "package", "chrony", Outcome::Ok)]);
    let drifted = page(Some("a\nb\n"), "a\nreal server");
    let last = |hosts: &[(&str, Option<&HostPlan>)]| {
        let (out, _) = told(text(), |report| report.drift(hosts));
        out.lines().last().unwrap_or_default().to_owned()
    };
    let (read, other) = (("rs01", Some(&as_declared)), ("rs02", Some(&as_declared)));
    assert_eq!(
        last(&[("lvs_director", None), read, other]),
        "no drift on the 2 hosts that were read: 2 resources are as declared; lvs_director could not be read"
    );
    assert_eq!(
        last(&[("lvs_director", None), ("client", None), read, ("rs02", Some(&drifted))]),
        "drift: 1 difference on 1 of the 2 hosts that were read; lvs_director, client could not be read"
    );
    let none = ["a", "b", "c", "d"].map(|name| (name, None));
    assert_eq!(last(&none), "drift is not known: none of 4 hosts could be read");
    assert_eq!(
        last(&[none.as_slice(), &[read]].concat()),
        "no drift on the 1 host that was read: 1 resource is as declared; 4 hosts could not be read"
    );
}
