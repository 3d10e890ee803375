use crate::root::under_each_shell;
use lvsprov::resource::Family;

#[test]
fn a_host_says_what_it_is() {
    under_each_shell(|root| {
        root.write(
            "/etc/os-release",
            "NAME=\"Rocky Linux\"\nID=\"rocky\"\nVERSION_ID=\"9.3\"\nID_LIKE=\"rhel centos\"",
        );
        let facts = root.facts();
        assert_eq!((facts.os.id.as_str(), facts.os.version.as_str()), ("rocky", "9.3"));
        assert_eq!(facts.os.family, Family::RedHat);
        assert_eq!(facts.uid, 0);
        assert_eq!(facts.kernel, root.sh("uname -r").trim());
        assert_eq!(facts.boot_id.len(), 36);
        assert!(!facts.systemd);
        assert_eq!(facts.connection.unwrap().client.to_string(), "10.9.9.9");
        assert!(facts.addresses.contains(&("lo".into(), "127.0.0.1/8".parse().unwrap())));
        root.mkdir("/run/systemd/system");
        assert!(root.facts().systemd);
    });
}
