//! The way back to what there was before the first change.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use lvsprov::resource::VirtualServices;

use crate::director::{DEFAULTS, Director, RR, WRR, declared, directors};

const OTHER: &str = "-A -t 192.168.175.101:80 -s rr\n-a -t 192.168.175.101:80 -r 192.168.40.101:80 -m -w 1\n";
const FOREIGN: &str =
    "-A -u 192.168.175.100:53 -s rr\n-a -u 192.168.175.100:53 -r 192.168.40.103:53 -m -w 1\n";

/// What a deploy may change, but for the live table.
fn files(director: &Director) -> Vec<(PathBuf, String, u32)> {
    let mut found = Vec::new();
    for name in ["etc/ipvsadm.rules", "etc/default/ipvsadm"] {
        let path = director.path(name);
        if let Ok(metadata) = fs::metadata(&path) {
            found.push((path, director.read(name), metadata.permissions().mode()));
        }
    }
    for level in 2..=5 {
        let links = fs::read_dir(director.path(&format!("etc/rc{level}.d"))).unwrap();
        found.extend(links.map(|link| (link.unwrap().path(), String::new(), 0)));
    }
    found
}

/// Puts the rules into the live table and the file, as somebody else does.
fn put(director: &Director, rules: &str) {
    for line in rules.lines() {
        director.run(&format!("modprobe ip_vs\nipvsadm {line}"));
    }
    let path = director.path("etc/ipvsadm.rules");
    let before = fs::read_to_string(&path).unwrap_or_default();
    fs::write(path, before + rules).unwrap();
}

fn sorted(director: &Director) -> Vec<String> {
    let mut lines: Vec<_> = director.read("kernel").lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn all_is_as_it_was_after_several_deploys() {
    for director in directors() {
        let before = files(&director);
        director.deploy(&declared(RR));
        director.deploy(&declared(&format!("{WRR}{OTHER}")));
        // RR is declared no more, but not pruned.
        director.deploy(&declared(&OTHER.replace("-w 1", "-w 5")));
        assert_ne!(files(&director), before);
        director.destroy();
        assert_eq!(files(&director), before, "{:?}", director.shell);
        assert_eq!(director.read("kernel"), "");
        assert!(!director.read("calls").contains("-C"));
    }
}

#[test]
fn what_was_there_before_gets_its_settings_back() {
    for director in directors() {
        put(&director, &format!("{WRR}{FOREIGN}"));
        // no end to the last line
        fs::write(director.path("etc/default/ipvsadm"), "DAEMON=none").unwrap();
        let (before, table) = (files(&director), sorted(&director));
        director.deploy(&declared(&format!("{RR}{OTHER}")));
        director.deploy(&VirtualServices { prune: true, ..declared(OTHER) });
        director.destroy();
        assert_eq!((files(&director), sorted(&director)), (before, table), "{:?}", director.shell);
    }
}

#[test]
fn what_somebody_else_added_or_changed_since_stays() {
    for director in directors() {
        director.deploy(&declared(RR));
        put(&director, FOREIGN);
        let defaults = director.read("etc/default/ipvsadm").replace("none", "master");
        fs::write(director.path("etc/default/ipvsadm"), defaults).unwrap();
        director.destroy();
        assert_eq!(director.read("kernel"), FOREIGN);
        assert_eq!(director.read("etc/ipvsadm.rules"), format!("# emtpy rules file for ipvsadm\n{FOREIGN}"));
        assert_eq!(director.read("etc/default/ipvsadm"), DEFAULTS.replace("none", "master"));
    }
}

#[test]
fn what_leaves_is_drained() {
    for director in directors() {
        director.deploy(&declared(RR));
        fs::write(director.path("calls"), "").unwrap();
        fs::write(director.path("active"), "3\n").unwrap();
        director.destroy();
        let quiesced = |host: u8| format!("-e -t 192.168.175.100:80 -r 192.168.40.{host}:80 -m -w 0");
        assert_eq!(director.calls(), [quiesced(101), quiesced(102), "-D -t 192.168.175.100:80".into()]);
        assert_eq!(director.read("slept").lines().count(), 3);
    }
}

#[test]
fn files_that_were_not_there_go() {
    for director in directors() {
        for name in ["etc/ipvsadm.rules", "etc/default/ipvsadm"] {
            fs::remove_file(director.path(name)).unwrap();
        }
        let before = files(&director);
        director.deploy(&declared(RR));
        director.destroy();
        assert_eq!(files(&director), before);
    }
}

#[test]
fn a_run_that_is_killed_is_finished_by_the_next() {
    for director in directors() {
        for fatal in 1..=3 {
            let director = Director::new(director.shell);
            let before = files(&director);
            director.deploy(&declared(RR));
            fs::write(director.path("calls"), "").unwrap();
            fs::write(director.path("fatal"), fatal.to_string()).unwrap();
            assert!(!director.run(&director.reversal().unwrap()).status.success());
            director.destroy();
            assert_eq!(files(&director), before);
            assert_eq!(director.read("kernel"), "");
        }
    }
}
