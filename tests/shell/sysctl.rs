use lvsprov::resource::Resource;
use serde_json::json;

use crate::declare;
use crate::root::{Root, under_each_shell};

const OWN: &str = "/etc/sysctl.d/99-zz-lvsprov-net.ipv4.ip_forward.conf";

fn forward() -> Resource {
    declare("sysctl", json!({ "name": "net.ipv4.ip_forward", "value": 1 }))
}

fn running(root: &Root) -> String {
    root.sh("cat /proc/sys/net/ipv4/ip_forward").trim().to_owned()
}

#[test]
fn a_key_is_set_now_and_at_boot() {
    under_each_shell(|root| {
        root.mkdir("/run/systemd/system");
        let shown = root.settle(&forward());
        assert_eq!(shown, [format!("at boot: - -> 1 ({OWN})"), "running: 0 -> 1".into()]);
        assert_eq!(running(root), "1");
        assert!(root.read(OWN).ends_with("\nnet.ipv4.ip_forward = 1\n"));
    });
}

#[test]
fn what_others_wrote_stays_and_is_overruled() {
    under_each_shell(|root| {
        root.mkdir("/run/systemd/system");
        root.write("/etc/sysctl.conf", "# mine\nnet.ipv4.ip_forward=0\n");
        root.mkdir("/etc/sysctl.d");
        root.link("/etc/sysctl.d/99-sysctl.conf", "../sysctl.conf");
        let shown = root.settle(&forward());
        assert_eq!(shown[0], format!("at boot: 0 (/etc/sysctl.d/99-sysctl.conf) -> 1 ({OWN})"));
        assert_eq!(root.read("/etc/sysctl.conf"), "# mine\nnet.ipv4.ip_forward=0\n");
    });
}

#[test]
fn where_another_file_says_it_already_none_is_written() {
    under_each_shell(|root| {
        root.mkdir("/run/systemd/system");
        root.write("/etc/sysctl.d/50-mine.conf", "  net/ipv4/ip_forward = 1  \n");
        assert_eq!(root.settle(&forward()), ["running: 0 -> 1"]);
        assert!(!root.exists(OWN));
    });
}

#[test]
fn a_mask_in_etc_hides_the_vendors_file() {
    under_each_shell(|root| {
        root.mkdir("/run/systemd/system");
        root.mkdir("/etc/sysctl.d");
        root.write("/run/sysctl.d/50-vendor.conf", "net.ipv4.ip_forward=1\n");
        root.sh("echo 1 >/proc/sys/net/ipv4/ip_forward");
        assert_eq!(root.plan(&forward(), &[]), Ok(None));
        root.link("/etc/sysctl.d/50-vendor.conf", "/dev/null");
        assert_eq!(root.settle(&forward()), [format!("at boot: - -> 1 ({OWN})")]);
    });
}

#[test]
fn an_unknown_key_says_what_may_bring_it() {
    under_each_shell(|root| {
        root.mkdir("/run/systemd/system");
        let key = declare("sysctl", json!({ "name": "net.ipv4.nosuch.conntrack", "value": 1 }));
        assert!(
            root.fail(&key).contains("the kernel has no /proc/sys/net/ipv4/nosuch/conntrack: if a module")
        );
    });
}

#[test]
fn a_key_is_as_before_again_now_and_at_boot() {
    under_each_shell(|root| {
        root.mkdir("/run/systemd/system");
        let shown = root.there_and_back(&[&forward()]);
        assert_eq!(
            shown,
            [format!("at boot: net.ipv4.ip_forward = 1 ({OWN}) -> -"), "running: 1 -> 0".into()]
        );
        assert_eq!(running(root), "0");
        // one that was written before there were records
        root.write(OWN, "# mine\nnet.ipv4.ip_forward = 2\n");
        root.there_and_back(&[&forward()]);
    });
}

#[test]
fn what_the_kernel_changed_with_it_is_as_before_too() {
    under_each_shell(|root| {
        root.mkdir("/run/systemd/system");
        root.sh("cd /proc/sys/net/ipv4/conf; echo 0 >all/accept_redirects; echo 1 >lo/forwarding");
        let conf = || {
            root.sh(
                "grep -H '' /proc/sys/net/ipv4/conf/*/forwarding /proc/sys/net/ipv4/conf/*/accept_redirects",
            )
        };
        let before = conf();
        root.deploy(&forward());
        assert_ne!(conf(), before);
        root.destroy();
        assert_eq!(conf(), before);
    });
}

#[test]
fn a_key_that_a_module_brought_has_the_modules_value_until_that_goes() {
    under_each_shell(|root| {
        root.mkdir("/run/systemd/system");
        // The file that the module will bring: it was not there when the host was looked at.
        let key = declare("sysctl", json!({ "name": "net.ipv4.conf.late.rp_filter", "value": 2 }));
        let observed = root.observe(&[&key]).remove(0);
        root.sh("/usr/bin/ip link add late type veth peer name peer");
        let change = root.plan(&key, &[]).unwrap().unwrap();
        let (record, keep) = key.record(&observed).unwrap();
        root.sh(&format!(
            "{}\n{}",
            lvsprov::resource::Record::write_all(&[(record, keep)]).reveal(),
            change.unguarded()
        ));
        let stored = root.records().remove(0);
        let value = || root.sh("cat /proc/sys/net/ipv4/conf/late/rp_filter").trim().to_owned();
        assert_eq!(value(), "2");
        root.undo(&stored);
        assert_eq!(value(), "0");
        root.sh("/usr/bin/ip link del late");
        assert_eq!(root.reverse(&stored), Ok(None));
    });
}
