use std::collections::BTreeSet;

use super::*;

/// What the probe prints on a Rocky 9 host as it is installed, but for zones that have no interface.
const PUBLIC: &str = r#"public (active)
  target: default
  icmp-block-inversion: no
  interfaces: eth0 eth1
  sources: 
  services: dhcpv6-client ssh
  ports: 
  protocols: 
  forward: yes
  masquerade: no
  forward-ports: 
  source-ports: 
  icmp-blocks: 
  rich rules: 
"#;

const FILES: &str = r#"/etc/firewalld/firewalld.conf:DefaultZone=public
/usr/lib/firewalld/zones/public.xml:<?xml version="1.0" encoding="utf-8"?>
/usr/lib/firewalld/zones/public.xml:<zone>
/usr/lib/firewalld/zones/public.xml:  <service name="ssh"/>
/usr/lib/firewalld/zones/public.xml:  <forward/>
/usr/lib/firewalld/zones/public.xml:</zone>
/usr/lib/firewalld/services/http.xml:<service><port protocol="tcp" port="80"/></service>
"#;

fn opening(to: &[&str]) -> FirewallOpening {
    FirewallOpening { to: to.iter().map(|text| text.parse().unwrap()).collect() }
}

fn facts() -> Facts {
    let mut facts = Facts::example();
    facts.firewall = Some(Firewall::Firewalld);
    facts.addresses.push(("eth1".into(), "10.9.0.1/24".parse().unwrap()));
    facts
}

fn observed(declared: &FirewallOpening, opened: &str, running: &str, files: &str) -> Observed {
    let output = format!("=opened\n{opened}=running\n{running}=files\n{files}");
    FirewallOpening::parse(&[declared], &facts(), output.as_bytes()).unwrap().remove(0)
}

fn differ(
    declared: &FirewallOpening,
    opened: &str,
    running: &str,
    files: &str,
) -> Result<Option<Change>, Refusal> {
    let observed = observed(declared, opened, running, files);
    declared.differ(&observed, Context { facts: &facts(), changing: &BTreeSet::new() })
}

/// What a plan shows for `192.168.40.101:80/tcp`.
fn shown(running: &str, files: &str) -> Vec<String> {
    aspects(differ(&opening(&["192.168.40.101:80/tcp"]), "", running, files).unwrap())
}

fn aspects(change: Option<Change>) -> Vec<String> {
    let side = |side: Option<String>| side.unwrap_or_else(|| "-".into());
    let one = |aspect: Aspect| format!("{}: {} -> {}", aspect.what, side(aspect.old), side(aspect.new));
    change.into_iter().flat_map(|change| change.aspects).map(one).collect()
}

#[test]
fn what_runs_and_what_the_next_boot_brings_are_told_apart() {
    let (running, at_boot) = (
        "running: 192.168.40.101:80/tcp: - -> open (zone public)",
        "at boot: 192.168.40.101:80/tcp: - -> open (zone public)",
    );
    assert_eq!(shown(PUBLIC, FILES), [running, at_boot]);
    let runs = PUBLIC.replace("services: dhcpv6-client ssh", "services: dhcpv6-client http ssh");
    assert_eq!(shown(&runs, FILES), [at_boot]);
    let boots = FILES.replace("\"ssh\"/>", "\"ssh\"/><port port=\"80\" protocol=\"tcp\"/>");
    assert_eq!(shown(PUBLIC, &boots), [running]);
    assert_eq!(shown(&runs, &boots), [""; 0]);
}

#[test]
fn what_is_open_by_any_other_means_is_no_change() {
    let line = |old: &str, new: &str| PUBLIC.replace(old, new);
    let rule = |rule: &str| format!("{PUBLIC}\t{rule}\n");
    let open = [
        line("ports: \n  protocols", "ports: 22/tcp 8-90/tcp\n  protocols"),
        line("protocols: \n", "protocols: tcp\n"),
        line("target: default", "target: ACCEPT"),
        rule("rule family=\"ipv4\" port port=\"80\" protocol=\"tcp\" accept"),
        rule("rule service name=\"http\" accept"),
        rule(
            "rule family=\"ipv4\" destination address=\"192.168.40.0/24\" port port=\"80\" protocol=\"tcp\" accept",
        ),
        rule("rule priority=\"-5\" family=\"ipv4\" accept\n\trule family=\"ipv4\" drop"),
    ];
    for running in open {
        let shown = shown(&running, FILES);
        assert!(shown.len() == 1 && shown[0].starts_with("at boot"), "{running}{shown:?}");
    }
    let closed = [
        line("ports: \n  protocols", "ports: 80/udp 800/tcp\n  protocols"),
        rule("rule family=\"ipv6\" port port=\"80\" protocol=\"tcp\" accept"),
        rule("rule family=\"ipv4\" source address=\"10.0.0.0/8\" port port=\"80\" protocol=\"tcp\" accept"),
        rule("rule family=\"ipv4\" port port=\"80\" protocol=\"tcp\" accept limit value=\"1/m\""),
        rule("rule family=\"ipv4\" port port=\"80\" protocol=\"tcp\" log prefix=\"a b\" level=\"info\""),
        rule("rule family=\"ipv4\" source NOT address=\"10.0.0.0/8\" accept"),
        // a part's own matter, and what comes after a rule of ours
        rule("rule family=\"ipv4\" source address=\"10.0.0.0/8\" drop"),
        rule("rule priority=\"32767\" reject"),
    ];
    for running in closed {
        assert_eq!(shown(&running, FILES).len(), 2, "{running}");
    }
}

#[test]
fn the_zone_is_that_of_the_interface_or_of_the_source() {
    let zones = format!(
        "{}work (active)\n  target: default\n  interfaces: eth1\n  sources: 10.7.0.0/16\n",
        PUBLIC.replace("eth0 eth1", "eth0")
    );
    let files = format!("{FILES}/usr/lib/firewalld/zones/work.xml:<zone></zone>\n");
    let shown = |to: &str| aspects(differ(&opening(&[to]), "", &zones, &files).unwrap()).join("; ");
    assert!(shown("10.9.0.1:80/tcp").ends_with("open (zone work)"));
    // one that is still to come, and one that is near none
    assert!(shown("10.9.0.7:80/tcp").ends_with("open (zone work)"));
    assert!(shown("203.0.113.1:80/tcp").ends_with("open (zone public)"));
    assert!(
        shown("192.168.40.101:123/udp from 10.7.8.0/24")
            .contains("running: 192.168.40.101:123/udp from 10.7.8.0/24: - -> open (zone work)")
    );
}

#[test]
fn a_rule_that_rejects_the_same_is_not_fought() {
    let rejects = format!("{PUBLIC}\trule family=\"ipv4\" port port=\"80\" protocol=\"tcp\" reject\n");
    let refusal = differ(&opening(&["192.168.40.101:80/tcp"]), "", &rejects, FILES).unwrap_err();
    assert_eq!(
        refusal.reason,
        "a rule in firewalld's zone public keeps 192.168.40.101:80/tcp out (running): rule family=\"ipv4\" port \
         port=\"80\" protocol=\"tcp\" reject"
    );
    let written = FILES.replace(
        "  <forward/>",
        "<rule family=\"ipv4\"><port port=\"80\" protocol=\"tcp\"/>\r<drop/></rule>",
    );
    let refusal = differ(&opening(&["192.168.40.101:80/tcp"]), "", PUBLIC, &written).unwrap_err();
    assert!(
        refusal.reason.contains("(at boot): rule family=\"ipv4\" port port=\"80\""),
        "{}",
        refusal.reason
    );
}

#[test]
fn what_lvsprov_made_is_closed_and_nothing_else() {
    let opened = "/var/lib/lvsprov/records/000001-00/opened:firewalld\trunning\tzone public\t192.168.40.101:81/tcp\n\
                  /var/lib/lvsprov/records/000001-00/opened:firewalld\tat boot\tzone public\t192.168.40.101:81/tcp\n";
    let rule = |port: u16| {
        format!(
            "\trule family=\"ipv4\" destination address=\"192.168.40.101\" port port=\"{port}\" protocol=\"tcp\" accept\n"
        )
    };
    let running = format!("{PUBLIC}{}{}{}", rule(80), rule(81), rule(82));
    let declared = opening(&["192.168.40.101:80/tcp"]);
    let shown = aspects(differ(&declared, opened, &running, FILES).unwrap());
    assert_eq!(
        shown,
        [
            "at boot: 192.168.40.101:80/tcp: - -> open (zone public)",
            "running: 192.168.40.101:81/tcp: open (zone public) -> -"
        ]
    );
    let back = declared.trace();
    let observed = observed(&back, opened, &running, FILES);
    let change = back.revert(&Prior {}, &observed, Context { facts: &facts(), changing: &BTreeSet::new() });
    assert_eq!(aspects(change.unwrap()), ["running: 192.168.40.101:81/tcp: open (zone public) -> -"]);
    // a firewall that is not at work can't be asked
    let facts = Facts::example();
    let refusal = back.revert(&Prior {}, &observed, Context { facts: &facts, changing: &BTreeSet::new() });
    assert!(refusal.unwrap_err().reason.contains("192.168.40.101:81/tcp in firewalld, which is not at work"));
}

#[test]
fn a_firewall_that_does_not_answer_is_told_as_that() {
    let said = "failed\nFirewallD is not running\n";
    let declared = opening(&["192.168.40.101:80/tcp"]);
    let refusal = differ(&declared, "", said, FILES).unwrap_err();
    assert!(
        refusal.reason.ends_with("does not get an answer: FirewallD is not running"),
        "{}",
        refusal.reason
    );
    assert!(FirewallOpening::unsettled(&observed(&declared, "", said, FILES)));
    let said = "failed\nError: DBUS_ERROR: Failed to connect to socket\n";
    assert!(!FirewallOpening::unsettled(&observed(&declared, "", said, FILES)));
    assert!(differ(&declared, "", said, FILES).unwrap_err().reason.ends_with("Failed to connect to socket"));
}
