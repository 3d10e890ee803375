//! What stops a package manager, told in one paragraph with what to do.

use lvsprov::resource::Resource;
use serde_json::json;

use crate::declare;
use crate::root::{Root, SHELLS, under_each_shell};

fn web() -> Resource {
    declare("package", json!({ "name": "httpd" }))
}

/// A Red Hat host without the package, whose dnf prints this and fails. None has busybox for its sh, and that has an `rpm`.
fn dnf(root: &Root, says: &str) -> bool {
    root.write("/etc/os-release", "ID=rocky\nID_LIKE=\"rhel fedora\"\n");
    root.stub("rpm", "case \"$*\" in -qa*) ;; *) echo 'package httpd is not installed';; esac");
    root.write("/says", says);
    root.stub("dnf", "cat /says >&2; exit 1");
    !root.has_applets()
}

/// The last paragraph of what a change said that failed.
fn told(root: &Root, resource: &Resource) -> String {
    root.fail(resource).trim_end().rsplit("\n\n").next().unwrap().to_owned()
}

#[test]
fn dnf_without_a_repository() {
    under_each_shell(|root| {
        if dnf(root, "Error: There are no enabled repositories in \"/etc/yum.repos.d\".\n") {
            let told = told(root, &web());
            assert!(
                told.starts_with("This host has no package repository that can be used. Enable one"),
                "{told}"
            );
        }
    });
}

#[test]
fn a_package_that_is_in_no_repository() {
    let unknown = "Last metadata expiration check: 0:00:03 ago.\nNo match for argument: httpd\n\
                   Error: Unable to find a match: httpd\n";
    under_each_shell(|root| {
        if dnf(root, unknown) {
            let told = told(root, &web());
            assert!(
                told.starts_with("No repository of this host has httpd. See how this distribution"),
                "{told}"
            );
        }
        root.write("/etc/os-release", "ID=debian\n");
        root.repository();
        let nothing = declare("package", json!({ "name": ["no-such-thing", "lvt-other"] }));
        let told = self::told(root, &nothing);
        assert!(told.starts_with("No repository of this host has no-such-thing. See "), "{told}");
    });
}

#[test]
fn a_repository_that_is_out_of_reach() {
    let away = "Errors during downloading metadata for repository 'baseos':\n  - Curl error (6): Couldn't resolve host\n\
                Error: Failed to download metadata for repo 'baseos': Cannot download repomd.xml\n";
    under_each_shell(|root| {
        if dnf(root, away) {
            let told = told(root, &web());
            assert!(told.starts_with("A repository could not be reached from this host. See "), "{told}");
        }
    });
}

#[test]
fn what_is_not_known_is_not_explained() {
    under_each_shell(|root| {
        if dnf(root, "Error: something else\n") {
            assert_eq!(root.fail(&web()), "Error: something else\n");
        }
    });
}

/// A disk of its own for what the package brings, of this many bytes.
fn with_a_disk(at: &str, size: u32, test: impl Fn(&Root)) {
    for shell in SHELLS {
        println!("under {}", shell.0.join(" "));
        let more = format!("mkdir -p .{at}; mount -t tmpfs -o size={size}k none .{at}\n");
        test(&Root::with(shell, &more));
    }
}

#[test]
fn a_disk_that_dnf_finds_too_small() {
    let small = "Error Summary\n-------------\nDisk Requirements:\n   At least 5MB more space needed on the / filesystem.\n";
    under_each_shell(|root| {
        if dnf(root, small) {
            assert!(told(root, &web()).starts_with("The disk is full"));
        }
    });
}

#[test]
fn a_full_disk_in_the_middle_of_a_transaction() {
    with_a_disk("/opt", 64, |root| {
        root.repository();
        root.sh("dd if=/dev/zero of=/opt/full bs=1k count=1000 2>/dev/null || :");
        let other = declare("package", json!({ "name": "lvt-other" }));
        let told = told(root, &other);
        assert!(told.starts_with("The disk is full (no room is left on /opt). Make room on it, "), "{told}");
        root.sh("rm /opt/full");
        assert!(!root.settle(&other).is_empty());
        assert_eq!(root.sh("/usr/bin/dpkg --audit"), "");
    });
}

#[test]
fn a_disk_that_is_too_full_for_the_transactions_own_notes() {
    with_a_disk("/var/lib/lvsprov", 64, |root| {
        if dnf(root, "Error: something else\n") {
            root.stub("dnf", "dd if=/dev/zero of=/var/lib/lvsprov/full bs=1k count=1000 2>/dev/null; exit 1");
            let error = root.fail(&web());
            assert!(!error.contains("was killed"), "{error}");
        }
    });
}

#[test]
fn an_rpm_database_that_cant_be_read_is_not_taken_for_an_empty_one() {
    under_each_shell(|root| {
        if dnf(root, "") {
            root.stub(
                "rpm",
                "echo 'error: cannot open Packages database in /var/lib/rpm' >&2; echo 'package httpd is not installed'",
            );
            let refusal = root.plan(&web(), &[]).unwrap_err();
            assert_eq!(
                refusal.reason,
                "the list of installed packages can't be read: cannot open Packages database in /var/lib/rpm"
            );
            assert!(refusal.remedy.contains("`rpm --rebuilddb`"), "{}", refusal.remedy);
        }
    });
}

#[test]
fn an_rpm_database_that_breaks_in_the_middle() {
    under_each_shell(|root| {
        if dnf(root, "error: rpmdb: database disk image is malformed\nError: Transaction failed\n") {
            let told = told(root, &web());
            assert!(told.starts_with("rpm's database is damaged or can't be read. "), "{told}");
        }
    });
}

#[test]
fn a_dpkg_list_that_cant_be_read_is_not_taken_for_an_empty_one() {
    under_each_shell(|root| {
        root.repository();
        let other = declare("package", json!({ "name": "lvt-other" }));
        let change = root.plan(&other, &[]).unwrap().unwrap();
        root.sh("cp /var/lib/dpkg/status /status; echo 'no field at all' >>/var/lib/dpkg/status");
        let refusal = root.plan(&other, &[]).unwrap_err();
        assert_eq!(refusal.reason, "the list of installed packages can't be read");
        assert!(refusal.remedy.contains("/var/lib/dpkg/status-old"), "{}", refusal.remedy);
        // so it is when it breaks behind the plan
        let output = root.run(&change.unguarded());
        let error = String::from_utf8(output.stderr).unwrap();
        let told = error.trim_end().rsplit("\n\n").next().unwrap();
        assert!(told.starts_with("dpkg's list of what is installed is damaged. "), "{error}");
        root.sh("cp /status /var/lib/dpkg/status");
        assert!(!root.settle(&other).is_empty());
    });
}
