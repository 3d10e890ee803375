//! zypper and apk, which are not here: stand-ins that print what the real ones print.

use lvsprov::resource::Resource;
use serde_json::json;

use crate::declare;
use crate::root::{Root, shown, under_each_shell};

/// A database of lines of a name and a version; `apache2` brings `libapr1`. zypper's table has version 2.4.58-1 and
/// 2.4.66-1 of it.
const RPM: &str = r#"case "$*" in
-qa*) sed 's/ .*/.x86_64 there/' /rpms;;
*--whatprovides*) echo libapr1.x86_64;;
-e*) if [ -e /needed ] && [ "$*" != '-e --test apache2.x86_64' ]; then
  printf 'error: Failed dependencies:\n\tlibapr.so()(64bit) is needed by (installed) other-1-1.x86_64\n' >&2; exit 1; fi;;
-q*) shift 3
  for p; do n=${p%.x86_64}
    if grep -q "^$n " /rpms; then sed -n "s/^$n \(.*\)/$n x86_64 installed ok \1/p" /rpms
    else echo "package $p is not installed"; fi
  done;;
esac"#;
const ZYPPER: &str = r#"[ ! -e /locked ] || { rm /locked; exit 7; }
v=
for p; do case $p in
search) printf '%s\n' \
  'S  | Name    | Type    | Version    | Arch   | Repository' \
  '---+---------+---------+------------+--------+-----------' \
  'v  | apache2 | package | 2.4.66-1   | x86_64 | Updates' \
  'v  | apache2 | package | 2.4.58-1   | x86_64 | Main' \
  'i  | apache2 | package | 2.4.51-1   | x86_64 | (System Packages)'
  exit;;
remove) for q; do case $q in [a-z]*) sed -i "/^${q%.x86_64} /d" /rpms;; esac; done; exit;;
apache2) v=2.4.66-1;;
apache2=*) v=${p#*=};;
esac; done
[ -n "$v" ] || exit 0
sed -i /^apache2/d /rpms
grep -q libapr1 /rpms || echo 'libapr1 1-1' >>/rpms
echo "apache2 $v" >>/rpms
exit 102"#;

fn apache(more: serde_json::Value) -> Resource {
    let mut args = json!({ "name": "apache2" });
    args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    declare("package", args)
}

/// No SUSE has busybox for its sh, and busybox has an `rpm` of its own.
fn under_each_suse(test: impl Fn(&Root)) {
    under_each_shell(|root| {
        if !root.has_applets() {
            root.write(
                "/etc/os-release",
                "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\nVERSION_ID=\"15.6\"\n",
            );
            root.write("/rpms", "bash 5-1\n");
            root.stub("rpm", RPM);
            root.stub("zypper", ZYPPER);
            test(root);
        }
    });
}

fn zypper(root: &Root) -> Vec<String> {
    root.calls().into_iter().filter(|call| call.starts_with("zypper")).collect()
}

#[test]
fn zypper_installs_and_a_restart_that_it_wants_is_no_failure() {
    under_each_suse(|root| {
        assert_eq!(root.settle(&apache(json!({}))), ["apache2: - -> installed"]);
        assert_eq!(zypper(root)[0], "zypper --non-interactive install --no-recommends apache2");
        assert_eq!(root.settle(&apache(json!({ "state": "absent" }))), ["apache2: 2.4.66-1 -> -"]);
    });
}

#[test]
fn zypper_brings_versions_and_the_latest() {
    under_each_suse(|root| {
        root.write("/var/cache/zypp/solv/main/cookie", "");
        assert_eq!(root.settle(&apache(json!({ "version": "2.4.5*" }))), ["apache2: - -> 2.4.58-1"]);
        assert!(
            zypper(root)
                .contains(&"zypper --non-interactive install --no-recommends apache2=2.4.58-1".into())
        );
        assert_eq!(root.settle(&apache(json!({ "version": "2.4.58" }))), [""; 0]);
        assert_eq!(root.settle(&apache(json!({ "state": "latest" }))), ["apache2: 2.4.58-1 -> 2.4.66-1"]);
        let older = apache(json!({ "version": "2.4.58-1", "allow_downgrade": true }));
        assert_eq!(
            shown(&root.plan(&older, &[]).unwrap().unwrap()),
            ["apache2: 2.4.66-1 -> 2.4.58-1 (a downgrade)"]
        );
        root.calls();
        root.settle(&older);
        let call = "zypper --non-interactive install --no-recommends --oldpackage apache2=2.4.58-1";
        assert_eq!(zypper(root)[0], call);
    });
}

#[test]
fn with_zypper_too_exactly_what_came_goes() {
    under_each_suse(|root| {
        root.deploy(&apache(json!({})));
        assert_eq!(root.read("/rpms"), "bash 5-1\nlibapr1 1-1\napache2 2.4.66-1\n");
        root.write("/needed", "");
        let (_, said) = root.undo(&root.records()[0]);
        assert_eq!(said.lines().next(), Some("the package libapr1.x86_64 stays: other-1-1.x86_64 needs it"));
        root.sh("rm /needed");
        assert_eq!(root.destroy(), ["libapr1.x86_64: 1-1 -> -"]);
        assert_eq!(root.read("/rpms"), "bash 5-1\n");
    });
}

#[test]
fn zyppers_lock_is_waited_for() {
    under_each_suse(|root| {
        root.write("/locked", "");
        root.settle(&apache(json!({})));
        let calls: Vec<String> = zypper(root).into_iter().take(2).collect();
        assert_eq!(calls, ["zypper --non-interactive install --no-recommends apache2"; 2]);
    });
}

/// `apache2` brings `apr`, which stays when `/needed` is there.
const APK: &str = r#"db=/lib/apk/db/installed
put() { printf 'C:Q1\nP:%s\nV:%s\nA:x86_64\nF:etc\n\n' "$1" "$2" >>$db; }
drop() { awk -v p="P:$1" 'BEGIN { RS = ""; ORS = "\n\n" } { n = split($0, l, "\n"); for (i = 1; i <= n; i++) if (l[i] == p) next; print }' $db >$db.new; mv $db.new $db; }
case "$*" in
policy*) printf '%s\n' 'apache2 policy:' '  2.4.58-r0:' '    http://host/v3.19/main' '  2.4.62-r0:' '    http://host/v3.20/main';;
*' add '*) for p; do case $p in
  apache2) v=2.4.62-r0;;
  apache2=*) v=${p#*=};;
  esac; done
  grep -q '^P:apr$' $db || put apr 1.7-r0
  drop apache2; put apache2 "$v";;
*' del '*) for p; do case $p in
  apache2) drop apache2;;
  apr) if [ -e /needed ]; then printf 'World updated, but the following packages are not removed due to:\n  apr: subversion\n'; else drop apr; fi;;
  esac; done;;
esac"#;

fn under_each_alpine(test: impl Fn(&Root)) {
    under_each_shell(|root| {
        root.write("/etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n");
        let lib = root.path("/lib");
        std::fs::remove_file(&lib).unwrap();
        std::fs::create_dir(&lib).unwrap();
        for entry in std::fs::read_dir("/usr/lib").unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            root.link(&format!("/lib/{name}"), &format!("/usr/lib/{name}"));
        }
        root.write("/lib/apk/db/installed", "C:Q1\nP:musl\nV:1.2.5-r0\nA:x86_64\n\n");
        root.stub("apk", APK);
        test(root);
    });
}

fn apk(root: &Root) -> Vec<String> {
    root.calls().into_iter().filter(|call| call.starts_with("apk --wait")).collect()
}

#[test]
fn apk_installs_and_removes() {
    under_each_alpine(|root| {
        assert_eq!(root.settle(&apache(json!({}))), ["apache2: - -> installed"]);
        assert_eq!(apk(root)[0], "apk --wait 60 add apache2");
        assert_eq!(root.settle(&apache(json!({ "state": "absent" }))), ["apache2: 2.4.62-r0 -> -"]);
    });
}

#[test]
fn apk_brings_versions_and_the_latest() {
    under_each_alpine(|root| {
        root.write("/var/cache/apk/APKINDEX.0.tar.gz", "");
        assert_eq!(root.settle(&apache(json!({ "version": "2.4.58" }))), ["apache2: - -> 2.4.58-r0"]);
        assert_eq!(apk(root)[0], "apk --wait 60 add apache2=2.4.58-r0");
        assert_eq!(root.settle(&apache(json!({ "version": "2.4.5*" }))), [""; 0]);
        assert_eq!(root.settle(&apache(json!({ "state": "latest" }))), ["apache2: 2.4.58-r0 -> 2.4.62-r0"]);
        assert_eq!(apk(root)[0], "apk --wait 60 add --upgrade apache2");
    });
}

#[test]
fn with_apk_too_exactly_what_came_goes() {
    under_each_alpine(|root| {
        root.deploy(&apache(json!({})));
        root.write("/needed", "");
        let (_, said) = root.undo(&root.records()[0]);
        assert!(said.lines().any(|line| line == "the package apr stays: subversion needs it"), "{said}");
        root.sh("rm /needed");
        assert_eq!(root.destroy(), ["apr: 1.7-r0 -> -"]);
        assert_eq!(root.sh("grep ^P: /lib/apk/db/installed"), "P:musl\n");
    });
}

#[test]
fn apks_lock_is_waited_for_and_its_holder_named() {
    under_each_alpine(|root| {
        root.write("/lib/apk/db/lock", "");
        let mut theirs = root.start(
            "exec flock /lib/apk/db/lock sh -c 'echo >/theirs; while ! [ -e /enough ]; do sleep 0.1; done'",
        );
        root.until("they hold the lock", || root.exists("/theirs"));
        let change = root.plan(&apache(json!({})), &[]).unwrap().unwrap();
        let output = root.run(&change.unguarded().replace("lock_seconds=300", "lock_seconds=1"));
        let error = String::from_utf8(output.stderr).unwrap();
        let first = error.lines().next().unwrap();
        assert!(
            first.starts_with("waits for ") && first.ends_with(", which holds /lib/apk/db/lock"),
            "{error}"
        );
        root.write("/enough", "");
        theirs.wait().unwrap();
        assert!(!root.settle(&apache(json!({}))).is_empty());
    });
}

#[test]
fn dnfs_lock_is_told_by_the_number_in_its_file() {
    under_each_shell(|root| {
        if root.has_applets() {
            return;
        }
        root.write("/etc/os-release", "ID=rocky\nID_LIKE=\"rhel fedora\"\n");
        root.stub(
            "rpm",
            "[ -e /httpd ] && echo 'httpd x86_64 installed ok 1-1' || echo 'package httpd is not installed'",
        );
        root.stub("dnf", ": >/httpd");
        let httpd = declare("package", json!({ "name": "httpd" }));
        root.write("/var/cache/dnf/metadata_lock.pid", std::process::id().to_string());
        let change = root.plan(&httpd, &[]).unwrap().unwrap();
        let output = root.run(&change.unguarded().replace("lock_seconds=300", "lock_seconds=0"));
        let error = String::from_utf8(output.stderr).unwrap();
        let holder = format!("(pid {}), which holds /var/cache/dnf/metadata_lock.pid", std::process::id());
        assert!(
            error.starts_with("waits for ") && error.lines().next().unwrap().ends_with(&holder),
            "{error}"
        );
        // a number that nobody has is no lock
        root.write("/var/cache/dnf/metadata_lock.pid", "4194304");
        assert!(!root.settle(&httpd).is_empty());
    });
}
