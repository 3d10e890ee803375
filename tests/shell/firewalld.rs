use std::fs;

use lvsprov::resource::{Firewall, Resource};
use serde_json::json;

use crate::declare;
use crate::root::{Root, SHELLS};

/// firewalld with one zone, in shell: what runs is in /fw/running, what is at boot in /fw/boot and the zone's file.
const FIREWALL_CMD: &str = r#"
if [ -e /fw/ends ]; then echo "FirewallD is not running" >&2; exit 252; fi
place=/fw/running
for word do
  case $word in
    --permanent) place=/fw/boot ;;
    --list-all-zones)
      printf 'public (active)\n  target: default\n  interfaces: lo vec0\n  sources: \n  services: ssh\n  rich rules: \n'
      sed 's/^/\t/' /fw/running
      printf '\n' ;;
    --add-rich-rule=*)
      if [ -e /fw/full ] && [ $place = /fw/boot ]; then echo 'Error: no space left on device' >&2; exit 1; fi
      if ! grep -qxF "${word#*=}" $place; then printf '%s\n' "${word#*=}" >>$place; fi ;;
    --remove-rich-rule=*)
      grep -vxF "${word#*=}" $place >/fw/new
      cat /fw/new >$place ;;
  esac
done
if [ $place = /fw/boot ]; then
  {
    printf '<zone>\r\n  <service name="ssh"/>\r\n'
    sed 's|^rule \(family="[^"]*"\) \(source [^ ]* \)\{0,1\}destination \([^ ]*\) port \(port="[^"]*" [^ ]*\) accept$|<rule \1><\2/><destination \3/><port \4/><accept/></rule>|; s|<source \([^ ]*\) />|<source \1/>|; s|<//*>||' /fw/boot
    printf '</zone>\n'
  } >/etc/firewalld/zones/public.xml
fi
echo success
"#;

/// A host on which firewalld runs.
fn with_firewalld(test: impl Fn(&Root)) {
    for shell in SHELLS {
        println!("under {}", shell.0.join(" "));
        let unit =
            "mount -t tmpfs none sys/fs/cgroup; mkdir -p sys/fs/cgroup/system.slice/firewalld.service\n";
        let root = Root::with(shell, unit);
        root.write("/fw/running", "");
        root.write("/fw/boot", "");
        root.write("/etc/firewalld/firewalld.conf", "# mine\r\nDefaultZone=public\r\n");
        root.write("/etc/firewalld/zones/public.xml", "<zone>\n  <service name=\"ssh\"/>\n</zone>\n");
        root.write(
            "/etc/firewalld/services/ssh.xml",
            "<service><port port=\"22\" protocol=\"tcp\"/></service>",
        );
        root.stub("firewall-cmd", FIREWALL_CMD);
        test(&root);
    }
}

fn openings(to: &[&str]) -> Resource {
    declare("firewall_opening", json!({ "to": to }))
}

const WEB: &str = "192.168.40.101:80/tcp";
const TIME: &str = "192.168.40.101:123/udp from 192.168.40.0/24";
const SIX: &str = "[fd00:40::101]:80/tcp";

#[test]
fn what_is_missing_is_opened_now_and_at_boot() {
    with_firewalld(|root| {
        assert_eq!(root.facts().firewall, Some(Firewall::Firewalld));
        let shown = root.settle(&openings(&[WEB, TIME, SIX]));
        assert_eq!(shown.len(), 6, "{shown:?}");
        assert!(!root.calls().iter().any(|call| call.contains("--reload")));
        let running = root.read("/fw/running");
        let mut rules: Vec<&str> = running.lines().collect();
        rules.sort_unstable();
        let to = "destination address=\"192.168.40.101\"";
        assert_eq!(
            rules,
            [
                format!("rule family=\"ipv4\" {to} port port=\"80\" protocol=\"tcp\" accept"),
                format!(
                    "rule family=\"ipv4\" source address=\"192.168.40.0/24\" {to} port port=\"123\" protocol=\"udp\" accept"
                ),
                "rule family=\"ipv6\" destination address=\"fd00:40::101\" port port=\"80\" protocol=\"tcp\" accept".into(),
            ]
        );
        assert_eq!(root.read("/fw/boot"), root.read("/fw/running"));
    });
}

#[test]
fn only_what_lvsprov_opened_is_closed() {
    with_firewalld(|root| {
        let theirs = "rule family=\"ipv4\" destination address=\"192.168.40.101\" port port=\"22\" protocol=\"tcp\" accept\n";
        root.write("/fw/running", theirs);
        root.deploy(&openings(&[WEB, SIX, "192.168.40.101:22/tcp"]));
        assert_eq!(root.plan(&openings(&[WEB, SIX]), &[]), Ok(None));
        root.calls();
        // one service has left the inventory
        let left = openings(&[WEB]);
        let change = root.plan(&left, &[]).unwrap().unwrap();
        assert_eq!(crate::root::shown(&change).len(), 2);
        let find = root.records().remove(0).record.find();
        root.sh(&format!("{find}{}", change.unguarded()));
        assert_eq!(root.plan(&left, &[]), Ok(None));
        assert!(!root.read("/fw/running").contains("fd00") && !root.read("/fw/boot").contains("fd00"));
        // the same once more by an administrator is theirs
        root.sh("firewall-cmd --zone=public '--add-rich-rule=rule family=\"ipv6\" destination address=\"fd00:40::101\" port port=\"80\" protocol=\"tcp\" accept'");
        assert_eq!(root.plan(&left, &[]), Ok(None));
        let shown = root.destroy();
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert!(root.read("/fw/running").starts_with(theirs) && root.read("/fw/running").contains("fd00"));
        assert_eq!(root.read("/fw/boot"), "");
    });
}

#[test]
fn a_change_that_was_cut_off_is_taken_up_and_taken_back() {
    with_firewalld(|root| {
        root.write("/fw/full", "");
        let observed = root.observe(&[&openings(&[WEB])]).remove(0);
        let record = openings(&[WEB]).record(&observed).unwrap();
        let written = lvsprov::resource::Record::write_all(std::slice::from_ref(&record)).reveal();
        let change = root.plan(&openings(&[WEB]), &[]).unwrap().unwrap();
        let output = root.run(&format!("{written}{}{}", record.0.find(), change.unguarded()));
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("no space left"));
        assert!(root.read("/fw/running").contains("192.168.40.101"));
        fs::remove_file(root.path("/fw/full")).unwrap();
        assert_eq!(root.settle(&openings(&[WEB])), [format!("at boot: {WEB}: - -> open (zone public)")]);
        assert_eq!(root.destroy().len(), 2);
        assert_eq!((root.read("/fw/running"), root.read("/fw/boot")), (String::new(), String::new()));
    });
}

#[test]
fn one_that_ends_or_is_masked_is_told_as_that() {
    with_firewalld(|root| {
        root.write("/fw/ends", "");
        let refusal = root.plan(&openings(&[WEB]), &[]).unwrap_err();
        assert!(refusal.reason.ends_with("FirewallD is not running"), "{}", refusal.reason);
    });
    crate::root::under_each_shell(|root| {
        assert_eq!(root.plan(&openings(&[WEB]), &[]), Ok(None));
        assert_eq!(root.calls(), [""; 0]);
    });
}
