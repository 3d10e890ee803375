//! Whose page is at the place of a real server's own: ours, the distribution's, or somebody else's.

use lvsprov::resource::{Change, File, Resource};

use crate::root::{Root, SHELLS, under_each_shell};

const FOLDER: &str = "/etc/www";
const INDEX: &str = "/etc/www/index.html";
const BESIDE: &str = "/etc/www/lvsprov-real-server";

fn page() -> Resource {
    File { elsewhere: Some(BESIDE.into()), ..File::new(INDEX, "web1\n") }.into()
}

/// The change of the page itself; `None` where it is left, or as declared.
fn change(root: &Root) -> Option<Change> {
    root.plan(&page(), &[]).unwrap()
}

/// Whether it is left because of something of somebody else's.
fn left(root: &Root) -> bool {
    let observed = root.observe(&[&page()]).remove(0);
    let yields = page().yields(&observed).is_some();
    assert!(!yields || change(root).is_none());
    yields
}

#[test]
fn what_is_nobody_else_s_gets_the_page() {
    under_each_shell(|root| {
        assert!(change(root).is_some(), "there is no web server yet");
        root.mkdir(FOLDER);
        // What a killed run left, what was written here before, and other web servers' first pages.
        for name in [".lvsprov.index.html.new", "lvsprov-real-server", "index.nginx-debian.html"] {
            root.write(&format!("{FOLDER}/{name}"), "x\n");
        }
        assert!(!left(root));
        assert_eq!(root.settle(&page()), ["content: - -> web1\n"]);
        assert_eq!(root.read(INDEX), "web1\n");
    });
}

#[test]
fn somebody_else_s_page_or_site_is_left() {
    under_each_shell(|root| {
        root.write(INDEX, "<h1>Shop</h1>\n");
        assert!(left(root));
        std::fs::remove_file(root.path(INDEX)).unwrap();
        for name in ["index.php", ".htaccess", "it's a $shop"] {
            let path = format!("{FOLDER}/{name}");
            root.write(&path, "x");
            assert!(left(root), "{name}");
            std::fs::remove_file(root.path(&path)).unwrap();
        }
        root.link(INDEX, "/srv/shop/index.html");
        assert!(left(root), "it leads to nothing, for now");
        std::fs::remove_file(root.path(INDEX)).unwrap();
        root.mkdir(INDEX);
        assert!(left(root), "a folder");
    });
}

#[test]
fn what_a_record_tells_of_is_ours() {
    under_each_shell(|root| {
        root.mkdir(FOLDER);
        let observed = root.observe(&[&page()]).remove(0);
        let (record, keep) = page().record(&observed).unwrap();
        root.sh(&lvsprov::resource::Record::write_all(&[(record, keep)]).reveal());
        root.write(INDEX, "the name before\n");
        root.write(&format!("{FOLDER}/index.php"), "came later");
        assert!(!left(root));
        assert_eq!(root.settle(&page()), ["content: the name before\n -> web1\n"]);
    });
}

#[test]
fn the_distribution_s_own_page_is_nobody_s() {
    for shell in SHELLS {
        // Debian's package copies it from here.
        let debian =
            Root::with(shell, "mount -t tmpfs none usr/share\nmkdir -p usr/share/apache2/default-site\n");
        let shipped = "/usr/share/apache2/default-site/index.html";
        debian.sh(&format!("echo It works >{shipped}; mkdir {FOLDER}; cp {shipped} {INDEX}"));
        assert!(!left(&debian) && change(&debian).is_some());
        debian.sh(&format!("echo And here is our shop. >>{INDEX}"));
        assert!(left(&debian));

        let rpm = Root::new(shell);
        if rpm.has_applets() {
            continue; // it may have an rpm of its own
        }
        rpm.write(INDEX, "It works\n");
        let digest = rpm.sh(&format!("sha256sum <{INDEX}"));
        let digest = digest.split(' ').next().unwrap();
        let line = |path: &str| format!("{path} 9 1700000000 {digest} 0100644 root root 0 0 0 X");
        rpm.stub("rpm", &format!("echo '{}'\necho '{}'", line("/etc/www/icon.png"), line(INDEX)));
        assert!(!left(&rpm) && change(&rpm).is_some());
        assert_eq!(rpm.calls()[0], format!("rpm -qf --dump {INDEX}"));
        rpm.write(INDEX, "It works, and here is our shop\n");
        assert!(left(&rpm));
        rpm.stub("rpm", "echo 'file /etc/www/index.html is not owned by any package'; exit 1");
        rpm.write(INDEX, "It works\n");
        assert!(left(&rpm));
    }
}
