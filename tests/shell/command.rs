use serde_json::json;

use crate::declare;
use crate::root::under_each_shell;

#[test]
fn a_guard_ends_it() {
    under_each_shell(|root| {
        let made = declare("command", json!({ "cmd": "echo once >>/etc/made", "creates": "/etc/made" }));
        root.settle(&made);
        assert_eq!(root.read("/etc/made"), "once\n");
        let tested = json!({ "cmd": "echo 'two' >> made", "unless": "grep -q two made", "chdir": "/etc" });
        root.settle(&declare("command", tested));
        assert_eq!(root.read("/etc/made"), "once\ntwo\n");
    });
}

#[test]
fn without_a_guard_it_runs_every_time() {
    under_each_shell(|root| {
        let plain = declare("command", json!({ "cmd": "echo $((1 + 1)) >>/etc/made; exit 0" }));
        root.settle(&plain);
        assert_eq!(root.read("/etc/made"), "2\n2\n");
        assert!(root.plan(&plain, &[]).unwrap().unwrap().unknown);
    });
}

#[test]
fn a_syntax_error_is_its_own_failure() {
    under_each_shell(|root| {
        let bad = declare("command", json!({ "cmd": "if then", "unless": "if then" }));
        let good = declare("command", json!({ "cmd": "true", "creates": "/etc" }));
        assert_eq!(root.observe(&[&bad, &good]).len(), 2);
        assert!(root.fail(&bad).to_lowercase().contains("syntax error"));
    });
}

#[test]
fn a_secret_one_runs_as_any_other_and_leaves_no_word_behind() {
    under_each_shell(|root| {
        let says = "echo s3cret; echo s3cret >&2";
        let made =
            format!("{says}; echo s3cret >made; set -- a; [ $# = 1 ] && false; cat /proc/self/cmdline >line");
        let args = json!({ "cmd": made, "creates": "/etc/line", "chdir": "/etc", "secret": true });
        let shown = root.settle(&declare("command", args));
        assert_eq!(shown, ["runs: - -> (secret)"]);
        assert_eq!(root.read("/etc/made"), "s3cret\n");
        for cmd in [format!("{says}; exit 7"), "s3cret(".into(), "exec /s3cret/is/not/there".into()] {
            let said = root.fail(&declare("command", json!({ "cmd": cmd, "secret": true })));
            assert!(said.contains("what it said is not shown") && !said.contains("s3cret"), "{cmd}: {said}");
        }
        let nowhere =
            root.fail(&declare("command", json!({ "cmd": "true", "chdir": "/s3cret", "secret": true })));
        assert!(!nowhere.contains("s3cret"), "{nowhere}");
    });
}
