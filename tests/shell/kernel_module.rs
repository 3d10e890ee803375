use serde_json::json;

use crate::declare;
use crate::root::under_each_shell;

#[test]
fn a_loaded_module_is_named_for_the_boot() {
    let loaded = std::fs::read_dir("/sys/module").unwrap().next().unwrap().unwrap().file_name();
    under_each_shell(|root| {
        let name = loaded.to_str().unwrap();
        let own = format!("/etc/modules-load.d/lvsprov-{name}.conf");
        assert_eq!(
            root.settle(&declare("kernel_module", json!({ "name": name }))),
            [format!("at boot: - -> loaded ({own})")]
        );
        assert!(root.read(&own).ends_with(&format!("\n{name}\n")));
    });
}

#[test]
fn a_dash_is_an_underscore_and_etc_modules_counts() {
    let loaded =
        std::fs::read_dir("/sys/module").unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let name = loaded.into_iter().find(|name| name.contains('_')).unwrap();
    under_each_shell(|root| {
        root.write("/etc/modules", format!("# at boot\n{}\n", name.replace('_', "-")));
        root.mkdir("/etc/modules-load.d");
        root.link("/etc/modules-load.d/modules.conf", "../modules");
        assert_eq!(root.plan(&declare("kernel_module", json!({ "name": name })), &[]), Ok(None));
    });
}

/// An administrator masks a configuration by a link to /dev/null; a pipe is a device that the test may lose.
#[test]
fn what_a_link_to_a_device_masks_stays_masked() {
    let loaded = std::fs::read_dir("/sys/module").unwrap().next().unwrap().unwrap().file_name();
    under_each_shell(|root| {
        let name = loaded.to_str().unwrap();
        root.mkdir("/etc/modules-load.d");
        root.sh("mkfifo /pipe");
        root.link(&format!("/etc/modules-load.d/lvsprov-{name}.conf"), "/pipe");
        let error = root.fail(&declare("kernel_module", json!({ "name": name })));
        assert!(error.contains("/pipe is no regular file"), "{error}");
        root.sh("[ -p /pipe ]");
    });
}

#[test]
fn one_that_can_not_be_loaded_says_why() {
    under_each_shell(|root| {
        root.stub("modprobe", "echo no such module >&2; exit 1");
        let error = root.fail(&declare("kernel_module", json!({ "name": "nosuch" })));
        assert!(
            error.contains("can't load nosuch: is the package with this kernel's modules installed"),
            "{error}"
        );
    });
}

/// A module that brings two others, of which one is there already, and that IPVS's scheduler holds.
const MODPROBE: &str = r#"case $1 in
--show-depends) for m in nf_defrag-ipv6 libcrc32c ip_vs; do echo "insmod /lib/modules/6/kernel/$m.ko "; done;;
*) for m in nf_defrag_ipv6 libcrc32c ip_vs ip_vs_rr; do mkdir -p /sys/module/$m/holders; done
   echo 1 >/sys/module/ip_vs/refcnt; : >/sys/module/ip_vs/holders/ip_vs_rr;;
esac"#;
const RMMOD: &str = r#"if [ -e /busy ] && [ $1 = ip_vs ]; then echo busy >&2; exit 1; fi
rm -r /sys/module/$1; rm -f /sys/module/*/holders/$1"#;

#[test]
fn what_was_not_loaded_is_unloaded_with_what_came_along() {
    under_each_shell(|root| {
        // busybox has a modprobe of its own
        if root.has_applets() {
            return;
        }
        root.sh("mount -t tmpfs none /sys; mkdir -p /sys/module/libcrc32c");
        root.stub("modprobe", MODPROBE);
        root.stub("rmmod", RMMOD);
        let ip_vs = declare("kernel_module", json!({ "name": "ip_vs" }));
        let own = "/etc/modules-load.d/lvsprov-ip_vs.conf";
        let shown = root.there_and_back(&[&ip_vs]);
        assert_eq!(shown, [format!("at boot: loaded ({own}) -> -"), "running: loaded -> -".into()]);
        assert_eq!(root.sh("ls /sys/module"), "libcrc32c\n");
        root.deploy(&ip_vs);
        root.write("/busy", "");
        let (_, said) = root.undo(&root.records()[0]);
        assert_eq!(said, "the kernel module ip_vs stays loaded: it is in use\n");
        assert!(!root.exists(own));
    });
}
