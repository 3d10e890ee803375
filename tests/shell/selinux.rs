//! SELinux, which is not here: a stand-in for its file system, and for the commands that read and write labels.

use lvsprov::resource::File;
use serde_json::json;

use crate::declare;
use crate::root::{Root, SHELLS, shown};

/// A `/sys` that says that SELinux is on and has a policy, and commands that note what they were asked for. No host with
/// SELinux has busybox for its sh, and that has a `chcon` of its own.
fn under_each_with_selinux(test: impl Fn(&Root)) {
    under_each_with_a_kernel_that_has_it("mkdir -p sys/fs/selinux/class/file\n", test);
}

/// As a kernel has it that knows SELinux and was given no policy; `more` is done beside it.
fn under_each_with_a_kernel_that_has_it(more: &str, test: impl Fn(&Root)) {
    for shell in SHELLS {
        println!("under {}", shell.0.join(" "));
        let on = "mount -t tmpfs none sys; mkdir -p sys/fs/selinux/class; echo 0 >sys/fs/selinux/enforce\n";
        let root = Root::with(shell, &format!("{on}{more}"));
        if !root.has_applets() {
            root.write("/etc/os-release", "ID=rocky\nID_LIKE=\"rhel fedora\"\nVERSION_ID=9.3\n");
            root.stub("chcon", "");
            root.stub("restorecon", "");
            test(&root);
        }
    }
}

const SEMANAGE: &str = r#"case "$*" in
'port -l') printf '%s\n' 'SELinux Port Type              Proto    Port Number' '' \
  "http_port_t                    tcp      $(sed -n 's/^portcon tcp \([0-9]*\) .*/\1, /p' /var/lib/selinux/targeted/active/ports.local | tr -d '\n')80, 443"
  echo 'websm_port_t                   tcp      9090';;
'port -a'*) echo "portcon $6 $7 system_u:object_r:$4:s0" >>/var/lib/selinux/targeted/active/ports.local;;
'port -d'*) sed -i "/ $5 /d" /var/lib/selinux/targeted/active/ports.local;;
esac"#;

fn semanage(root: &Root) {
    root.write("/var/lib/selinux/targeted/active/ports.local", "# This file is auto-generated\n\n");
    root.stub("semanage", SEMANAGE);
}

#[test]
fn facts_tell_it() {
    under_each_with_selinux(|root| assert!(root.facts().selinux));
}

/// So it is where a kernel comes with SELinux on and its distribution without, and on EL 9 with `SELINUX=disabled`.
#[test]
fn a_kernel_without_a_policy_keeps_nothing_from_anybody() {
    under_each_with_a_kernel_that_has_it("", |root| {
        assert!(!root.facts().selinux);
        root.settle(&declare("selinux_port", json!({ "port": 22 })));
        root.settle(&File::new("/srv.conf", "new\n").into());
        assert_eq!(root.calls(), [""; 0], "there are no labels to give");
    });
}

#[test]
fn a_file_keeps_its_label_and_a_new_one_gets_the_policys() {
    under_each_with_selinux(|root| {
        let file = File::new("/srv.conf", "new\n").into();
        root.settle(&file);
        assert_eq!(
            root.calls(),
            ["restorecon /srv.conf", "chcon --reference=/srv.conf /.lvsprov.srv.conf.new"]
        );
        let folder = declare("file", json!({ "dest": "/srv/www", "state": "directory" }));
        root.settle(&folder);
        assert_eq!(root.calls()[0], "restorecon /srv/www");
    });
}

#[test]
fn the_policy_gets_the_port_once_and_gives_it_back() {
    under_each_with_selinux(|root| {
        semanage(root);
        let port = declare("selinux_port", json!({ "port": 8888 }));
        root.deploy(&port);
        assert!(root.calls().contains(&"semanage port -a -t http_port_t -p tcp 8888".to_owned()));
        assert_eq!(root.plan(&port, &[]), Ok(None));
        assert_eq!(root.calls(), [""; 0], "what the administrator gave is read, not asked for");
        assert_eq!(root.destroy(), ["type: http_port_t -> -"]);
        assert_eq!(
            root.read("/var/lib/selinux/targeted/active/ports.local"),
            "# This file is auto-generated\n\n"
        );
    });
}

#[test]
fn what_was_given_before_stays() {
    under_each_with_selinux(|root| {
        semanage(root);
        root.sh("semanage port -a -t http_port_t -p tcp 8888");
        let port = declare("selinux_port", json!({ "port": 8888 }));
        assert_eq!(root.settle(&port), [""; 0]);
        let other = declare("selinux_port", json!({ "port": 9090 }));
        assert!(root.plan(&other, &[]).unwrap_err().reason.ends_with("it is websm_port_t"));
    });
}

#[test]
fn without_semanage_its_package_is_named() {
    under_each_with_selinux(|root| {
        let port = declare("selinux_port", json!({ "port": 8888 }));
        let told = shown(&root.plan(&port, &[]).unwrap().unwrap());
        assert_eq!(
            told,
            ["type: - -> http_port_t, if it is not that yet (semanage, which tells, comes with \
              policycoreutils-python-utils)"]
        );
        assert!(root.fail(&port).contains("`package: { name: policycoreutils-python-utils }` before this"));
        root.write("/etc/os-release", "ID=centos\nID_LIKE=\"rhel fedora\"\nVERSION_ID=7\n");
        assert!(shown(&root.plan(&port, &[]).unwrap().unwrap())[0].ends_with("with policycoreutils-python)"));
    });
}
