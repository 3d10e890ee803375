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
