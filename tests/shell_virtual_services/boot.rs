//! What the next boot brings.

use std::fs;
use std::os::unix::fs::symlink;

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
fn a_directory_in_a_file_s_place_is_told() {
    for director in directors() {
        for file in ["etc/ipvsadm.rules", "etc/default/ipvsadm"] {
            let director = Director::new(director.shell);
            fs::remove_file(director.path(file)).unwrap();
            fs::create_dir(director.path(file)).unwrap();
            let error = director.read_of(&declared(RR).into()).unwrap_err();
            assert!(error.to_string().contains(&format!("/{file} is a directory")), "{error}");
        }
    }
}
