use lvsprov::resource::Resource;
use serde_json::json;

use crate::declare;
use crate::root::{Root, under_each_shell};

fn apache() -> Resource {
    declare("package", json!({ "name": ["apache2", "chrony"] }))
}

/// A dpkg whose database is a file of lines as `dpkg-query` prints them, and an apt that installs into it.
fn apt(root: &Root, installed: &str, install: &str) {
    root.write("/database", installed);
    root.stub("dpkg-query", "cat /database");
    root.stub("dpkg", "");
    let done = "case \" $* \" in *' install '*) ;; *) exit 0;; esac\n";
    let add = "while [ \"$1\" != install ]; do shift; done; shift\n\
               for p; do echo \"$p amd64 installed ok 1\" >>/database; done";
    root.stub("apt-get", &format!("{done}{install}\n{add}"));
}

/// What was called, without the options.
fn called(root: &Root) -> Vec<String> {
    let word = |call: String| {
        let words: Vec<&str> = call.split(' ').collect();
        let verbs = words.iter().skip(1).filter(|w| w.starts_with(|c: char| c.is_ascii_lowercase()));
        let verbs: Vec<&str> = verbs.copied().collect();
        format!("{} {}", words[0], verbs.join(" "))
    };
    root.calls().into_iter().filter(|c| !c.starts_with("dpkg-query")).map(word).collect()
}

#[test]
fn only_the_missing_are_installed_and_lists_only_fetched_when_there_are_none() {
    under_each_shell(|root| {
        apt(root, "chrony amd64 installed ok 4.3\n", "");
        let change = root.plan(&apache(), &[]).unwrap().unwrap();
        root.sh(&change.unguarded());
        assert_eq!(called(root), ["apt-get update", "apt-get install apache2"]);
        assert_eq!(root.plan(&apache(), &[]), Ok(None));
        root.write("/database", "");
        root.write("/var/lib/apt/lists/x_Packages", "");
        root.calls();
        root.sh(&change.unguarded());
        assert_eq!(called(root), ["apt-get install apache2"]);
    });
}

#[test]
fn a_failed_install_is_healed_and_tried_again() {
    under_each_shell(|root| {
        apt(
            root,
            "",
            "if ! [ -e /tried ]; then echo >/tried; echo 'E: Unable to fetch some archives' >&2; exit 100; fi",
        );
        root.write("/var/lib/apt/lists/x_Packages", "");
        let change = root.plan(&apache(), &[]).unwrap().unwrap();
        root.calls();
        root.sh(&change.unguarded());
        let install = "apt-get install apache2 chrony";
        let mut expected = vec![install, "dpkg ", "apt-get install", "apt-get update", install];
        expected.retain(|call| !(*call == "dpkg " && root.has_applets()));
        assert_eq!(called(root), expected);
        assert_eq!(root.plan(&apache(), &[]), Ok(None));
    });
}

#[test]
fn an_install_that_fails_twice_fails() {
    under_each_shell(|root| {
        apt(root, "", "echo 'E: Unable to locate package apache2' >&2; exit 100");
        assert!(root.fail(&apache()).contains("E: Unable to locate package apache2"));
    });
}

#[test]
fn the_real_dpkg_is_understood() {
    let names = declare("package", json!({ "name": ["dash", "no-such-package"] }));
    under_each_shell(|root| {
        root.mkdir("/var/lib/dpkg");
        root.write("/var/lib/dpkg/status", std::fs::read("/var/lib/dpkg/status").unwrap());
        let change = root.plan(&names, &[]).unwrap().unwrap();
        assert_eq!(crate::root::shown(&change), ["no-such-package: - -> installed"]);
    });
}

#[test]
fn dnf_is_taken_where_there_is_one_and_yum_else() {
    under_each_shell(|root| {
        // no Red Hat has busybox for its sh, and busybox has an `rpm` of its own
        if root.has_applets() {
            return;
        }
        root.write("/etc/os-release", "ID=rocky\nID_LIKE=\"rhel fedora\"\n");
        root.stub(
            "rpm",
            "for p; do [ -e \"/$p.rpm\" ] && echo \"$p x86_64 installed ok 1-1.el9\"; done\n\
                          [ -e /httpd.rpm ] || echo 'package httpd is not installed'",
        );
        root.stub("yum", "echo >/httpd.rpm");
        let httpd = declare("package", json!({ "name": "httpd" }));
        let yum = || root.calls().into_iter().filter(|call| !call.starts_with("rpm")).collect::<Vec<_>>();
        assert_eq!(root.settle(&httpd), ["httpd: - -> installed"]);
        assert_eq!(yum()[0], "yum -y install httpd");
        root.sh("rm /httpd.rpm");
        root.stub("dnf", "echo >/httpd.rpm");
        root.settle(&httpd);
        assert_eq!(yum()[0], "dnf -y --setopt=install_weak_deps=False install httpd");
    });
}

/// A database of lines of a name, in which `httpd` brings `apr`, that something else may have come to need.
const RPM: &str = r#"case "$*" in
-qa*) sed 's/$/.x86_64 there/' /rpms;;
*--whatprovides*) case "$*" in *' libapr.so()(64bit)') echo apr.x86_64;; esac;;
-e*) if [ -e /needed ] && [ "$*" != '-e --test httpd.x86_64' ]; then
  printf 'error: Failed dependencies:\n\tlibapr.so()(64bit) is needed by (installed) other-1-1.x86_64\n' >&2; exit 1; fi;;
-q*) shift 3
  for p; do n=${p%.x86_64}
    if grep -qx "$n" /rpms; then echo "$n x86_64 installed ok 1-1"; else echo "package $p is not installed"; fi
  done;;
esac"#;
const DNF: &str = r#"case "$*" in
*' remove '*) for p; do sed -i "/^${p%.x86_64}\$/d" /rpms; done;;
*) printf 'apr\nhttpd\n' >>/rpms;;
esac"#;

#[test]
fn with_rpm_too_exactly_what_came_goes() {
    under_each_shell(|root| {
        if root.has_applets() {
            return;
        }
        root.write("/etc/os-release", "ID=rocky\nID_LIKE=\"rhel fedora\"\n");
        root.write("/rpms", "bash\n");
        root.stub("rpm", RPM);
        root.stub("dnf", DNF);
        let httpd = declare("package", json!({ "name": "httpd" }));
        root.deploy(&httpd);
        assert_eq!(root.read("/rpms"), "bash\napr\nhttpd\n");
        root.write("/needed", "");
        let (mut shown, said) = root.undo(&root.records()[0]);
        shown.sort();
        assert_eq!(shown, ["apr.x86_64: 1-1 -> -", "httpd.x86_64: 1-1 -> -"]);
        assert_eq!(said.lines().next(), Some("the package apr.x86_64 stays: other-1-1.x86_64 needs it"));
        assert_eq!(root.read("/rpms"), "bash\napr\n");
        root.sh("rm /needed");
        assert_eq!(root.destroy(), ["apr.x86_64: 1-1 -> -"]);
        assert_eq!(root.read("/rpms"), "bash\n");
    });
}
