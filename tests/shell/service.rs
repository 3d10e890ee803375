use lvsprov::resource::{Effect, File, Resource, Risk};
use serde_json::json;

use crate::declare;
use crate::root::{Root, shown, under_each_shell};

const CONF: &str = "/etc/web.conf";

fn apache() -> Resource {
    let args = json!({ "name": "apache2", "state": "started", "enabled": true, "restart_on": [CONF] });
    declare("service", args)
}

/// A systemd of one unit, whose state lies in files.
const SYSTEMCTL: &str = r#"
set -- $(for w; do case $w in -*) ;; *) echo "$w";; esac; done)
active=inactive file=disabled load=loaded
read -r active </active; read -r file </enabled; read -r load </load
case $1 in
show)
  echo Id=apache2.service; echo LoadState=$load; echo ActiveState=$active; echo SubState=x
  echo UnitFileState=$file; echo NeedDaemonReload=no;;
start|restart|reload-or-restart) if [ -e /broken ]; then echo failed >/active; exit 1; fi; echo active >/active;;
stop) echo inactive >/active;;
enable) echo enabled >/enabled;;
disable) echo disabled >/enabled;;
is-enabled) echo "$file"; [ "$file" = enabled ];;
is-active) [ "$active" = active ];;
status) echo 'AH00072: make_sock: could not bind to address 0.0.0.0:80'; exit 3;;
esac"#;

fn systemd(root: &Root, active: &str, enabled: &str) {
    root.mkdir("/run/systemd/system");
    root.write("/active", format!("{active}\n"));
    root.write("/enabled", format!("{enabled}\n"));
    root.write("/load", "loaded\n");
    root.stub("systemctl", SYSTEMCTL);
}

/// What was done, leaving out what only looks.
fn done(root: &Root) -> Vec<String> {
    let words = |call: String| call.split(' ').filter(|w| !w.starts_with('-')).collect::<Vec<_>>().join(" ");
    let looks =
        |call: &String| ["show", "is-active", "is-enabled", "status"].iter().any(|w| call.contains(w));
    root.calls().into_iter().map(words).filter(|c| !looks(c)).collect()
}

#[test]
fn it_is_enabled_and_started_once() {
    under_each_shell(|root| {
        systemd(root, "inactive", "disabled");
        let shown = root.settle(&apache());
        assert_eq!(shown, ["at boot: disabled -> enabled", "running: stopped -> started"]);
        let done = done(root);
        assert_eq!(done[..2], ["systemctl enable apache2.service", "systemctl start apache2.service"]);
        assert!(!done.iter().any(|call| call.contains("restart")));
    });
}

#[test]
fn a_changed_file_restarts_it_even_when_the_run_ended_in_between() {
    under_each_shell(|root| {
        systemd(root, "active", "enabled");
        root.write(CONF, "old\n");
        let file = File { notifies: vec![("apache2".into(), Effect::Restart)], ..File::new(CONF, "new\n") };
        let change = root.plan(&apache(), &[CONF]).unwrap().unwrap();
        assert_eq!(shown(&change), [format!("restart: - -> {CONF} changes")]);
        root.settle(&file.into());
        root.calls();
        // here the first run ended; in the next the file is as declared
        let shown = root.settle(&apache());
        assert_eq!(shown, ["restart: - -> its file changed before, in a run that was interrupted"]);
        assert_eq!(done(root)[0], "systemctl restart apache2.service");
        assert!(root.names("/run/lvsprov/stale").is_empty());
    });
}

#[test]
fn what_its_package_started_before_the_file_came_is_restarted() {
    under_each_shell(|root| {
        systemd(root, "inactive", "disabled");
        let change = root.plan(&apache(), &[CONF]).unwrap().unwrap();
        // the package's script enables and starts it, then the file changes
        systemd(root, "active", "enabled");
        let notifies = vec![("apache2".into(), Effect::Restart)];
        root.settle(&File { notifies, ..File::new(CONF, "new\n") }.into());
        root.calls();
        root.sh(&change.unguarded());
        assert!(done(root).contains(&"systemctl restart apache2.service".to_owned()));
        assert_eq!(root.plan(&apache(), &[]), Ok(None));
    });
}

#[test]
fn one_that_was_stopped_is_started_and_not_restarted() {
    under_each_shell(|root| {
        systemd(root, "failed", "enabled");
        root.write("/run/lvsprov/stale/apache2.service.restart", "");
        let change = root.plan(&apache(), &[CONF]).unwrap().unwrap();
        assert_eq!(shown(&change), ["running: failed -> started"]);
        root.calls();
        root.sh(&change.unguarded());
        assert_eq!(done(root), ["systemctl reset-failed apache2.service", "systemctl start apache2.service"]);
        assert_eq!(root.plan(&apache(), &[]), Ok(None));
    });
}

#[test]
fn one_that_does_not_start_shows_its_own_words() {
    under_each_shell(|root| {
        systemd(root, "inactive", "enabled");
        root.write("/broken", "");
        let error = root.fail(&apache());
        assert!(
            error.contains("apache2.service does not run:") && error.contains("could not bind"),
            "{error}"
        );
    });
}

#[test]
fn one_that_nothing_brought_says_so() {
    under_each_shell(|root| {
        systemd(root, "inactive", "");
        root.write("/load", "not-found\n");
        assert!(root.fail(&apache()).contains("there is no unit apache2.service: declare the package"));
    });
}

#[test]
fn an_init_script_is_enabled_by_its_links() {
    under_each_shell(|root| {
        systemd(root, "active", "generated");
        root.write("/etc/rc2.d/K01apache2", "");
        assert_eq!(shown(&root.plan(&apache(), &[]).unwrap().unwrap()), ["at boot: disabled -> enabled"]);
        root.link("/etc/rc2.d/S01apache2", "nowhere");
        assert_eq!(root.plan(&apache(), &[]), Ok(None));
    });
}

#[test]
fn it_is_stopped_and_disabled() {
    under_each_shell(|root| {
        systemd(root, "active", "enabled");
        let args = json!({ "name": "apache2.service", "state": "stopped", "enabled": false });
        let shown = root.settle(&declare("service", args));
        assert_eq!(shown, ["at boot: enabled -> disabled", "running: running -> stopped"]);
    });
}

#[test]
fn it_runs_and_is_enabled_as_before() {
    let stopped = declare("service", json!({ "name": "apache2", "state": "stopped", "enabled": false }));
    under_each_shell(|root| {
        systemd(root, "inactive", "disabled");
        root.deploy(&apache());
        root.write("/run/lvsprov/stale/apache2.service.restart", "");
        let back = ["at boot: enabled -> disabled", "running: running -> stopped", "restart: due -> -"];
        assert_eq!(root.destroy(), back);
        assert!(!root.exists("/run/lvsprov"));
        systemd(root, "active", "enabled");
        root.deploy(&stopped);
        assert_eq!(root.destroy(), ["at boot: disabled -> enabled", "running: stopped -> started"]);
        assert_eq!((root.read("/active"), root.read("/enabled")), ("active\n".into(), "enabled\n".into()));
    });
}

#[test]
fn one_that_a_package_brought_is_stopped_if_it_is_still_there() {
    under_each_shell(|root| {
        systemd(root, "inactive", "disabled");
        root.write("/load", "not-found\n");
        let observed = root.observe(&[&apache()]).remove(0);
        let (record, keep) = apache().record(&observed).unwrap();
        root.sh(&lvsprov::resource::Record::write_all(&[(record, keep)]).reveal());
        systemd(root, "active", "enabled");
        assert_eq!(shown(&root.reverse(&root.records()[0]).unwrap().unwrap()).len(), 2);
        root.write("/load", "not-found\n");
        assert_eq!(root.reverse(&root.records()[0]), Ok(None));
    });
}

#[test]
fn what_ran_with_a_file_runs_with_the_old_one_again() {
    under_each_shell(|root| {
        systemd(root, "active", "enabled");
        root.write(CONF, "old\n");
        let notifies = vec![("apache2".into(), Effect::Restart)];
        root.deploy(&File { notifies, ..File::new(CONF, "new\n") }.into());
        root.calls();
        let stored = root.records().remove(0);
        let change = root.reverse(&stored).unwrap().unwrap();
        assert_eq!(change.risks, [Risk::Restart { service: "apache2".into() }]);
        root.undo(&stored);
        assert_eq!(done(root)[0], "systemctl restart apache2.service");
        assert_eq!(root.read(CONF), "old\n");
    });
}

#[test]
fn one_that_is_still_starting_is_looked_at_again() {
    under_each_shell(|root| {
        for (active, moving) in [
            ("activating", true),
            ("deactivating", true),
            ("reloading", true),
            ("active", false),
            ("failed", false),
        ] {
            systemd(root, active, "enabled");
            assert_eq!(Resource::unsettled(&root.observe(&[&apache()])[0]), moving, "{active}");
        }
    });
}

#[test]
fn openrc_is_refused_with_what_to_write_instead() {
    under_each_shell(|root| {
        root.write("/etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n");
        let refusal = root.plan(&declare("service", json!({ "name": "apache2" })), &[]).unwrap_err();
        assert!(refusal.reason.starts_with("this host is not run by systemd"), "{}", refusal.reason);
        assert!(refusal.remedy.contains("`rc-update add apache2 default`"), "{}", refusal.remedy);
    });
}
