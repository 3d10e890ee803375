use lvsprov::resource::{File, Record, Resource};
use serde_json::json;

use crate::declare;
use crate::repository::web;
use crate::root::{Root, shown, under_each_shell};
use crate::undo::differences;

/// The script of the change, with the record before it, as the engine sends it.
fn script(root: &Root, resource: &Resource) -> String {
    let observed = root.observe(&[resource]).remove(0);
    let change = root.plan(resource, &[]).unwrap().unwrap();
    let record = resource.record(&observed).unwrap();
    let note = "lvsprov_note() { printf '%s\\n' \"$1\" >>/notes; }\n";
    format!(
        "{note}{}{}{}",
        Record::write_all(std::slice::from_ref(&record)).reveal(),
        record.0.find(),
        change.unguarded()
    )
}

/// Under each shell but busybox, which has a dpkg of its own that it takes before Debian's.
fn under_each_with_dpkg(test: impl Fn(&Root)) {
    under_each_shell(|root| {
        if !root.has_applets() {
            root.repository();
            test(root);
        }
    });
}

fn busy(root: &Root) -> Option<String> {
    Resource::busy(&root.observe(&[&web()])[0])
}

#[test]
fn packages_are_as_before_with_all_that_came_and_went_beside() {
    under_each_with_dpkg(|root| {
        let before = root.installed();
        let conf: Resource = File::new("/etc/lvt-web.conf", "declared\n").into();
        let observed = root.observe(&[&web(), &conf]);
        let records = [web().record(&observed[0]).unwrap(), conf.record(&observed[1]).unwrap()];
        root.sh(&Record::write_all(&records).reveal());
        root.sh(&script(root, &web()));
        root.deploy(&conf);
        assert_eq!(root.plan(&web(), &[]), Ok(None));
        assert!(root.exists("/etc/lvt-passwd") && !root.exists("/opt/lvt-old"));
        let mut back = root.destroy();
        back.sort();
        let gone = ["lvt-lib: 1 -> -", "lvt-old: - -> installed", "lvt-users: 1 -> -", "lvt-web: 1 -> -"];
        assert_eq!(back[..4], gone);
        assert_eq!(differences(&before, &root.installed()), [""; 0]);
    });
}

#[test]
fn what_others_have_come_to_need_stays_and_is_named() {
    under_each_with_dpkg(|root| {
        root.sh(&script(root, &web()));
        root.sh("apt-get -y install lvt-other >/dev/null 2>&1");
        let (_, said) = root.undo(&root.records()[0]);
        assert_eq!(said.lines().next(), Some("the package lvt-lib stays: lvt-other needs it"));
        let left = root.sh("dpkg-query -W -f '${Package} ' ");
        assert_eq!(left, "lvt-lib lvt-old lvt-other ");
    });
}

#[test]
fn ipvsadm_stays_with_what_it_needs_while_others_have_virtual_services() {
    under_each_with_dpkg(|root| {
        let ipvsadm = declare("package", json!({ "name": "ipvsadm" }));
        root.sh(&script(root, &ipvsadm));
        root.write("/etc/ipvsadm.rules", "# theirs\n-A -t 192.0.2.1:80 -s rr\n");
        let record = root.records().remove(0);
        let (_, said) = root.undo(&record);
        assert_eq!(
            said,
            "the package ipvsadm:all stays: the rules file has virtual services of others\n\
             the package lvt-lib stays: ipvsadm needs it\n"
        );
        let why = root.sh(&record.stays(3));
        assert!(why.starts_with("3 the package ipvsadm:all stays") && why.lines().count() == 2, "{why}");
        root.write("/etc/ipvsadm.rules", "# none\n");
        assert_eq!(root.destroy(), ["ipvsadm: 1 -> -", "lvt-lib: 1 -> -"]);
    });
}

#[test]
fn what_had_left_its_configuration_leaves_that_again() {
    under_each_with_dpkg(|root| {
        root.sh("apt-get -y install lvt-web >/dev/null 2>&1; apt-get -y remove lvt-web lvt-lib lvt-users >/dev/null 2>&1");
        root.sh("echo mine >/etc/lvt-web.conf; apt-get -y install lvt-old >/dev/null 2>&1");
        let list = || root.sh("dpkg -l; cat /etc/lvt-web.conf");
        let before = list();
        assert!(before.contains("\nrc  lvt-web"));
        root.sh(&script(root, &web()));
        assert!(list().contains("\nii  lvt-web"));
        root.destroy();
        assert_eq!(list(), before);
    });
}

#[test]
fn a_killed_run_leaves_it_going_and_the_next_one_waits() {
    under_each_shell(|root| {
        root.repository();
        root.write("/hold", "");
        let mut run = root.start(&script(root, &web()));
        root.until("the package is being configured", || root.exists("/var/lib/lvt-web/state"));
        root.sh(&format!("kill -KILL -{}", run.id()));
        run.wait().unwrap();
        let what = busy(root).expect("it goes on");
        assert!(what.starts_with("a package transaction that an earlier run began at "), "{what}");
        assert!(what.ends_with(": installs lvt-web"), "{what}");
        assert_eq!(busy(root), Some(what), "the text is told once");
        root.sh("rm /hold");
        root.until("it has ended", || busy(root).is_none());
        assert_eq!(root.plan(&web(), &[]), Ok(None));
        assert_eq!(root.sh("/usr/bin/dpkg --audit"), "");
        // it noted what it did, though nobody followed it
        if !root.has_applets() {
            root.destroy();
            assert_eq!(root.sh("dpkg-query -W -f '${Package} '"), "lvt-old ");
        }
    });
}

#[test]
fn its_failure_is_told_by_the_next_run_once() {
    under_each_shell(|root| {
        root.repository();
        root.write("/hold", "");
        root.write("/broken", "");
        let script = script(root, &web());
        let mut run = root.start(&script);
        root.until("the package is being configured", || root.exists("/var/lib/lvt-web/state"));
        root.sh(&format!("kill -KILL -{}; rm /hold", run.id()));
        run.wait().unwrap();
        root.until("it has ended", || busy(root).is_none());
        let told = shown(&root.plan(&web(), &[]).unwrap().unwrap());
        assert!(told[0].starts_with("lvt-web: interrupted (half-configured) -> installed"), "{told:?}");
        assert!(
            told[1].starts_with("the last transaction, which installs lvt-web: failed with 100: "),
            "{told:?}"
        );
        assert_eq!(told.len(), 2);
        let error = root.fail(&web());
        assert!(error.contains("subprocess returned error exit status 7"), "{error}");
        assert_eq!(shown(&root.plan(&web(), &[]).unwrap().unwrap()).len(), 1);
        root.sh("rm /broken");
        root.settle(&web());
        assert!(!root.exists("/var/lib/lvsprov/transaction"));
    });
}

#[test]
fn somebody_elses_lock_is_waited_for_and_named() {
    under_each_shell(|root| {
        root.repository();
        root.write("/hold", "");
        let other = "apt-get -y install lvt-web >/dev/null 2>&1";
        let mut theirs = root.start(other);
        root.until("they hold the lock", || root.exists("/var/lib/lvt-web/state"));
        let ours = declare("package", json!({ "name": "lvt-other" }));
        let mut run = root.start(&script(root, &ours));
        root.until("it is told", || root.exists("/notes"));
        let told = root.read("/notes");
        let holder = told.strip_prefix("waits for apt-get (pid ").unwrap_or_else(|| panic!("{told}"));
        assert!(holder.ends_with("), which holds /var/lib/dpkg/lock-frontend\n"), "{told}");
        root.sh("rm /hold");
        assert!(theirs.wait().unwrap().success() && run.wait().unwrap().success());
        assert_eq!(root.plan(&ours, &[]), Ok(None));
        assert_eq!(root.read("/notes"), told, "it is told once");
    });
}

#[test]
fn a_lock_that_is_not_given_back_ends_the_step_and_nothing_of_its_holder() {
    under_each_shell(|root| {
        root.repository();
        root.write("/hold", "");
        let mut theirs = root.start("apt-get -y install lvt-web >/dev/null 2>&1");
        root.until("they hold the lock", || root.exists("/var/lib/lvt-web/state"));
        let ours = declare("package", json!({ "name": "lvt-other" }));
        let change = root.plan(&ours, &[]).unwrap().unwrap();
        let output = root.run(&change.unguarded().replace("lock_seconds=300", "lock_seconds=1"));
        assert_eq!(output.status.code(), Some(75));
        let error = String::from_utf8(output.stderr).unwrap();
        let last = error.lines().last().unwrap();
        assert!(last.starts_with("gave up waiting for apt-get (pid "), "{error}");
        assert!(
            last.contains("), which holds /var/lib/dpkg/lock-frontend. Nothing of it was ended: "),
            "{error}"
        );
        root.sh("rm /hold");
        assert!(theirs.wait().unwrap().success(), "it was let go on");
        assert!(!root.settle(&ours).is_empty());
    });
}

#[test]
fn under_systemd_it_is_a_unit_of_its_own() {
    under_each_shell(|root| {
        root.repository();
        root.mkdir("/run/systemd/system");
        root.stub("systemd-run", "while [ \"$1\" != /bin/sh ]; do shift; done; setsid \"$@\" &");
        root.sh(&script(root, &web()));
        assert_eq!(root.plan(&web(), &[]), Ok(None));
        let calls = root.calls();
        assert!(calls[0].contains("-p KillMode=process"), "{calls:?}");
        // one that does not answer is done without
        root.sh("apt-get -y purge lvt-web >/dev/null 2>&1");
        root.stub("systemd-run", "exit 1");
        root.settle(&web());
    });
}
