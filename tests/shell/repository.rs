//! The real apt and dpkg over a small repository of packages, which install nothing below /usr.

use std::collections::BTreeMap;

use lvsprov::resource::Resource;
use serde_json::json;

use crate::declare;
use crate::root::Root;

/// The maintainer's scripts of a package: name and text.
type Scripts = &'static [(&'static str, &'static str)];

/// Name, control fields, and scripts of maintainers. `web` is what is declared: it needs `lib`, and does away with `old`.
/// Its scripts do what chrony's do: a state that they make and purge, and a user who goes by a program of another package.
const PACKAGES: [(&str, &str, Scripts); 6] = [
    (
        "lvt-web",
        "Depends: lvt-lib, lvt-users\nConflicts: lvt-old\n",
        &[
            (
                "postinst",
                "/opt/lvt-users add\nmkdir -p /var/lib/lvt-web; echo >/var/lib/lvt-web/state\n\
                          while [ -e /hold ]; do sleep 0.1; done\n[ ! -e /broken ] || exit 7",
            ),
            (
                "postrm",
                "[ \"$1\" = purge ] || exit 0\nrm -f /var/lib/lvt-web/state; rmdir /var/lib/lvt-web\n\
                        if [ -e /opt/lvt-users ]; then /opt/lvt-users remove; fi",
            ),
        ],
    ),
    ("lvt-lib", "", &[]),
    ("lvt-users", "", &[]),
    ("lvt-old", "", &[]),
    ("lvt-other", "Depends: lvt-lib\n", &[]),
    ("ipvsadm", "Depends: lvt-lib\n", &[("postrm", "[ \"$1\" != purge ] || rm -f /etc/ipvsadm.rules")]),
];

const USERS: &str =
    "#!/bin/sh\ncase $1 in add) echo web >/etc/lvt-passwd;; remove) rm /etc/lvt-passwd;; esac\n";

const BUILD: &str = r#"
mkdir -p /var/lib/dpkg/info /var/lib/dpkg/updates /var/lib/apt/lists/partial /var/cache/apt/archives/partial /var/log/apt
mkdir -p /etc/apt/apt.conf.d /etc/apt/preferences.d /etc/dpkg/dpkg.cfg.d
: >/var/lib/dpkg/status
: >/var/lib/dpkg/statoverride
: >/var/lib/dpkg/available
echo 'APT::Sandbox::User "root"; Dir::Log::Terminal "";' >/etc/apt/apt.conf
echo 'deb [trusted=yes] file:/srv/repository ./' >/etc/apt/sources.list
cd /srv/repository
for p in lvt-* ipvsadm; do
  /usr/bin/dpkg-deb --root-owner-group -Znone -b $p >/dev/null
  { cat $p/DEBIAN/control; echo "Filename: ./$p.deb"; echo "Size: $(stat -c %s $p.deb)"
    echo "SHA256: $(sha256sum <$p.deb | cut -d' ' -f1)"; echo; } >>Packages
done
apt-get update >/dev/null
apt-get -y install lvt-old >/dev/null 2>&1
"#;

impl Root {
    /// A system on which `lvt-old` is installed.
    pub fn repository(&self) {
        for (name, fields, scripts) in PACKAGES {
            let folder = format!("/srv/repository/{name}");
            let control = format!(
                "Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\n{fields}\
                 Description: for a test\n"
            );
            self.write(&format!("{folder}/DEBIAN/control"), control);
            self.write(&format!("{folder}/opt/{name}"), if name == "lvt-users" { USERS } else { name });
            self.sh(&format!("chmod 755 {folder}/opt/{name}"));
            if name == "lvt-web" {
                self.write(&format!("{folder}/etc/lvt-web.conf"), "its own\n");
                self.write(&format!("{folder}/DEBIAN/conffiles"), "/etc/lvt-web.conf\n");
            }
            for (script, text) in scripts {
                let path = format!("{folder}/DEBIAN/{script}");
                self.write(&path, format!("#!/bin/sh\nset -e\n{text}\n"));
                self.sh(&format!("chmod 755 {path}"));
            }
        }
        self.sh(BUILD);
    }

    /// All that a package may leave, but for caches, logs, and what dpkg keeps of its own last change.
    pub fn installed(&self) -> BTreeMap<String, String> {
        let own = ["/var/cache", "/var/log", "/var/lib/apt", "/var/lib/dpkg", "/srv"];
        let mut all = self.tree_without(&own);
        all.insert(
            "dpkg".into(),
            self.sh("/usr/bin/dpkg -l; ls /var/lib/dpkg/info; cat /var/lib/dpkg/statoverride"),
        );
        all.insert("auto".into(), self.sh("cat /var/lib/apt/extended_states 2>/dev/null || :"));
        all
    }

    /// Looks again until it is so.
    pub fn until(&self, what: &str, holds: impl Fn() -> bool) {
        for _ in 0..600 {
            if holds() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("never: {what}");
    }
}

pub fn web() -> Resource {
    declare("package", json!({ "name": "lvt-web" }))
}
