//! What the next boot brings on distributions other than Debian.

use std::fs;

use lvsprov::resource::Family;

use crate::director::{Director, RR, WRR, declared, directors_of};

const THRESHOLDS: &str = "-A -t 192.168.175.100:80 -s wrr\n\
    -a -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 3 -x 500 -y 400\n";

fn asked(director: &Director) -> Vec<String> {
    director.read("systemctl").lines().filter(|line| !line.starts_with("show ")).map(str::to_owned).collect()
}

#[test]
fn rhels_unit_is_started_before_an_empty_table_is_filled_and_keeps_its_file() {
    for director in directors_of(Family::RedHat) {
        director.deploy(&declared(RR));
        assert_eq!(director.read("etc/sysconfig/ipvsadm"), RR);
        assert_eq!(
            asked(&director),
            ["daemon-reload", "enable ipvsadm", "-q is-active ipvsadm", "start ipvsadm"],
            "{:?}",
            director.shell
        );
        // What a reboot, an upgrade or an administrator does.
        assert!(director.run("systemctl stop ipvsadm").status.success());
        assert_eq!(director.read("etc/sysconfig/ipvsadm"), RR, "it saved over the file");
        assert_eq!(director.read("kernel"), "", "it was flushed");
        assert!(director.run("systemctl start ipvsadm").status.success());
        assert_eq!(director.read("kernel"), RR);
        director.deploy(&declared(WRR));
        assert_eq!(asked(&director).len(), 6, "the unit was touched again: {:?}", asked(&director));
    }
}

#[test]
fn rhels_unit_is_not_started_where_that_would_flush_somebodys_table() {
    for director in directors_of(Family::RedHat) {
        fs::write(director.path("kernel"), RR.replace("192.168.175.100", "192.168.175.99")).unwrap();
        assert!(
            director
                .run("echo x >/proc/net/ip_vs; ipvsadm -a -t 192.168.175.99:80 -r 10.0.0.1:80 -m -w 1")
                .status
                .success()
        );
        director.deploy(&declared(RR));
        assert!(!director.path("runs").exists(), "{:?}", asked(&director));
        assert!(director.read("kernel").contains("192.168.175.99:80 -r 10.0.0.1:80"));
    }
}

#[test]
fn rhels_unit_is_not_started_where_its_file_has_what_nobody_declared() {
    for director in directors_of(Family::RedHat) {
        fs::write(director.path("etc/sysconfig/ipvsadm"), "-A -t 10.0.0.9:80 -s rr\n").unwrap();
        director.deploy(&declared(RR));
        assert_eq!(director.read("kernel"), RR, "{:?}: {:?}", director.shell, asked(&director));
        assert!(!director.path("runs").exists());
        assert!(
            director.read("etc/sysconfig/ipvsadm").contains("10.0.0.9:80"),
            "the next boot brings it as before"
        );
    }
}

#[test]
fn rhels_unit_goes_without_flushing_what_others_have_put_there() {
    for director in directors_of(Family::RedHat) {
        director.deploy(&declared(RR));
        let others = "ipvsadm -A -t 10.9.9.9:80 -s rr";
        assert!(director.run(others).status.success());
        director.destroy();
        assert_eq!(director.read("kernel"), "-A -t 10.9.9.9:80 -s rr\n");
        assert!(!director.path("runs").exists() && !director.path("etc/sysconfig/ipvsadm").exists());
        assert!(!director.path("etc/systemd/system/ipvsadm.service.d").exists());
        assert!(!director.path("etc/systemd/system/multi-user.target.wants/ipvsadm.service").exists());
    }
}

#[test]
fn thresholds_stand_in_every_rules_file() {
    let files = [
        (Family::RedHat, "etc/sysconfig/ipvsadm"),
        (Family::Suse, "etc/ipvsadm.rules"),
        (Family::Alpine, "var/lib/ipvsadm/rules-save"),
    ];
    for (family, file) in files {
        for director in directors_of(family) {
            let change = director.differ(&declared(THRESHOLDS)).unwrap();
            assert!(director.run(&director.recorded(&declared(THRESHOLDS), &change)).status.success());
            assert_eq!(director.read(file), THRESHOLDS, "{family:?}, {:?}", director.shell);
        }
    }
}

#[test]
fn suses_rules_file_is_the_one_that_its_settings_name() {
    for director in directors_of(Family::Suse) {
        director.deploy(&declared(RR));
        assert_eq!(director.read("etc/ipvsadm.rules"), RR);
        assert_eq!(director.read("etc/sysconfig/ipvsadm"), "IPVSADM_CONFIG=\"/etc/ipvsadm.rules\"\n");
        assert_eq!(asked(&director), ["enable ipvsadm"]);
        director.destroy();
        assert_eq!(director.read("etc/ipvsadm.rules"), "#\n# Please insert\n#\n");

        fs::write(director.path("etc/sysconfig/ipvsadm"), "IPVSADM_CONFIG=/srv/lvs.rules\n").unwrap();
        let refusal = director.refused(&declared(RR));
        assert_eq!(
            refusal.reason,
            "/etc/sysconfig/ipvsadm has /srv/lvs.rules restored at boot, not /etc/ipvsadm.rules"
        );
        fs::remove_file(director.path("etc/sysconfig/ipvsadm")).unwrap();
        director.deploy(&declared(RR));
        let root = director.root.path().to_str().unwrap();
        let written = director.read("etc/sysconfig/ipvsadm").replace(root, "");
        assert_eq!(written, "IPVSADM_CONFIG=\"/etc/ipvsadm.rules\"\n");
    }
}

#[test]
fn alpines_service_is_in_a_runlevel_and_has_its_file() {
    for director in directors_of(Family::Alpine) {
        director.deploy(&declared(RR));
        assert_eq!(director.read("var/lib/ipvsadm/rules-save"), RR);
        assert_eq!(asked(&director), ["add ipvsadm default"]);
        director.destroy();
        assert!(!director.path("var/lib/ipvsadm/rules-save").exists());
        assert_eq!(asked(&director), ["add ipvsadm default", "--all del ipvsadm"]);
    }
}

#[test]
fn what_a_rules_file_of_rhels_holds_that_does_not_read_is_told_and_mended() {
    for (text, told) in [
        ("-A -t web.example:http -s rr\n", "at boot: line 1"),
        ("# saved by hand\n-A -t 10.0.0.9:80 -s rr\n", "at boot: a comment, which stops the restore"),
    ] {
        for director in directors_of(Family::RedHat) {
            fs::write(director.path("etc/sysconfig/ipvsadm"), text).unwrap();
            let change = director.differ(&declared(RR)).unwrap();
            let whats: Vec<&str> = change.aspects.iter().map(|aspect| aspect.what.as_str()).collect();
            assert!(whats.contains(&told), "{whats:?}");
            director.deploy(&declared(RR));
            let written = director.read("etc/sysconfig/ipvsadm");
            assert!(!written.contains(['#', 'p']), "{written}");
            director.destroy();
            assert_eq!(director.read("etc/sysconfig/ipvsadm"), text, "{:?}", director.shell);
        }
    }
    for director in directors_of(Family::RedHat) {
        // With a carriage return at the end of each line, as an editor of another system leaves it.
        fs::write(director.path("etc/sysconfig/ipvsadm"), RR.replace('\n', "\r\n")).unwrap();
        director.deploy(&declared(RR));
        assert_eq!(director.read("etc/sysconfig/ipvsadm"), RR);
    }
}

#[test]
fn a_rules_file_of_another_table_is_told_line_by_line_and_kept() {
    let iptables = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n";
    for director in directors_of(Family::RedHat) {
        fs::write(director.path("etc/sysconfig/ipvsadm"), iptables).unwrap();
        let change = director.differ(&declared(RR)).unwrap();
        let told = change.aspects.iter().filter(|aspect| aspect.what.starts_with("at boot: line "));
        assert_eq!(told.count(), 4);
        director.deploy(&declared(RR));
        director.destroy();
        assert_eq!(director.read("etc/sysconfig/ipvsadm"), iptables);
    }
}

#[test]
fn somebody_elses_drop_in_of_rhels_unit_is_respected_or_named() {
    for director in directors_of(Family::RedHat) {
        let folder = director.path("etc/systemd/system/ipvsadm.service.d");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("site.conf"), "[Service]\nExecStop=\n").unwrap();
        assert!(director.run("systemctl daemon-reload; systemctl enable ipvsadm").status.success());
        let change = director.differ(&declared(RR)).unwrap();
        assert!(
            change.aspects.iter().all(|aspect| !aspect.what.starts_with("unit ")),
            "{:?}",
            change.aspects
        );
        director.deploy(&declared(RR));
        assert!(!folder.join("lvsprov.conf").exists(), "it saves nothing as it is");
        director.destroy();
        assert!(folder.join("site.conf").exists());
    }
    for director in directors_of(Family::RedHat) {
        director.deploy(&declared(RR));
        let folder = director.path("etc/systemd/system/ipvsadm.service.d");
        fs::write(folder.join("zz-site.conf"), "[Service]\nExecStop=/sbin/ipvsadm-save -n\n").unwrap();
        assert!(director.run("systemctl daemon-reload").status.success());
        let refusal = director.refused(&declared(RR));
        assert!(refusal.reason.starts_with("somebody's drop-in has the unit ipvsadm write"), "{refusal:?}");
        assert!(refusal.remedy.contains("systemctl cat ipvsadm"), "{refusal:?}");
    }
}
