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
