//! What the next boot brings.

use std::fs;
use std::os::unix::fs::symlink;

use lvsprov::resource::Resource;

use crate::director::{Director, RR, declared, directors};

#[test]
fn a_file_that_names_no_auto_or_is_missing_gets_it() {
    for director in directors() {
        fs::write(director.path("etc/default/ipvsadm"), "DAEMON=\"none\"").unwrap();
        fs::remove_file(director.path("etc/ipvsadm.rules")).unwrap();
        director.deploy(&declared(RR));
        assert_eq!(director.read("etc/default/ipvsadm"), "DAEMON=\"none\"\nAUTO=\"true\"\n");
        assert_eq!(director.read("etc/ipvsadm.rules"), RR);
    }
}

#[test]
fn a_unit_of_systemds_own_counts_by_its_wants() {
    for director in directors() {
        director.deploy(&declared(RR));
        fs::create_dir_all(director.path("etc/systemd/system/multi-user.target.wants")).unwrap();
        fs::create_dir_all(director.path("usr/lib/systemd/system")).unwrap();
        fs::write(director.path("usr/lib/systemd/system/ipvsadm.service"), "[Unit]\n").unwrap();
        let change = director.differ(&declared(RR)).unwrap();
        assert_eq!(change.aspects.len(), 1);
        assert_eq!(change.aspects[0].what, "unit ipvsadm at boot");
        let wants = director.path("etc/systemd/system/multi-user.target.wants/ipvsadm.service");
        symlink("/usr/lib/systemd/system/ipvsadm.service", wants).unwrap();
        assert_eq!(director.differ(&declared(RR)), None);
    }
}

#[test]
fn nothing_is_done_where_something_else_is_in_a_file_s_place() {
    for director in directors() {
        for file in ["etc/ipvsadm.rules", "etc/default/ipvsadm"] {
            let director = Director::new(director.shell);
            fs::remove_file(director.path(file)).unwrap();
            let reason = format!("/{file} is to be a regular file, but is something else");
            fs::create_dir(director.path(file)).unwrap();
            assert_eq!(director.refused(&declared(RR)).reason, reason);
            fs::remove_dir(director.path(file)).unwrap();
            // To replace it through the link would take the device away.
            symlink("/dev/null", director.path(file)).unwrap();
            assert_eq!(director.refused(&declared(RR)).reason, reason);
        }
    }
}

#[test]
fn a_large_rules_file_is_printed_only_where_it_is_not_as_declared() {
    let servers =
        (0..2000).map(|n| format!("-a -t 10.0.0.1:80 -r 10.1.{}.{}:80 -m -w 1\n", n / 200, n % 200));
    let rules = format!("-A -t 10.0.0.1:80 -s rr\n{}", servers.collect::<String>());
    let large = declared(&rules);
    let at_boot = |director: &Director| {
        let change = director.differ(&large).expect("the kernel's table is empty");
        let told = change
            .aspects
            .into_iter()
            .filter(|aspect| aspect.what.starts_with("at boot: ") && aspect.what.contains(":80"));
        told.map(|aspect| (aspect.what, aspect.old)).collect::<Vec<_>>()
    };
    for director in directors() {
        fs::write(director.path("etc/ipvsadm.rules"), &rules).unwrap();
        assert_eq!(at_boot(&director), [], "{:?}", director.shell);
        let printed = director.printed(&Resource::from(large.clone()));
        assert!(printed.len() < 1000, "{:?}: {printed}", director.shell);
        let other = rules.replace("10.1.7.99:80 -m -w 1", "10.1.7.99:80 -m -w 9");
        fs::write(director.path("etc/ipvsadm.rules"), other).unwrap();
        let weight = ("at boot: weight of 10.1.7.99:80".to_owned(), Some("9".to_owned()));
        assert_eq!(at_boot(&director), [weight], "{:?}", director.shell);
    }
}
