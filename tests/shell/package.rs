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
            "for p; do [ -e /$p.rpm ] && echo \"$p x86_64 installed ok 1-1.el9\"; done\n\
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
