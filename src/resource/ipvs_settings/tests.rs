use std::collections::BTreeSet;

use super::*;

const LOADED: &str = "@running\nTimeout (tcp tcpfin udp): 900 120 300\n\
    backup sync daemon (mcast=eth0, syncid=9, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n@files\n";

fn declared(yaml: &str) -> IpvsSettings {
    serde_json::from_str(yaml).unwrap()
}

fn all() -> IpvsSettings {
    declared(
        r#"{"timeouts": {"tcp": 600, "udp": 300}, "sync_daemons": [
            {"state": "master", "interface": "eth1", "syncid": 7}, {"state": "backup", "interface": "eth1"}]}"#,
    )
}

fn differ(declared: &IpvsSettings, printed: &str) -> Result<Option<Change>, Refusal> {
    let facts = Facts::example();
    let observed = Observed::parse(printed).unwrap();
    declared.differ(&observed, Context { facts: &facts, changing: &BTreeSet::new() })
}

fn told(change: &Change) -> Vec<String> {
    let value = |value: &Option<String>| value.as_deref().unwrap_or("-").to_owned();
    let short = |aspect: &Aspect| {
        if aspect.text {
            aspect.what.clone()
        } else {
            format!("{}: {} -> {}", aspect.what, value(&aspect.old), value(&aspect.new))
        }
    };
    change.aspects.iter().map(short).collect()
}

const UNIT: &str = "# Written by lvsprov: no rules file has words for this.
[Unit]
Description=Timeouts and sync daemons of IPVS
Wants=network-online.target
After=systemd-modules-load.service network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/sbin/ipvsadm --set 600 0 300
ExecStart=/sbin/ipvsadm --start-daemon master --mcast-interface eth1 --syncid 7
ExecStart=/sbin/ipvsadm --start-daemon backup --mcast-interface eth1 --syncid 0

[Install]
WantedBy=multi-user.target
";

/// What a host prints on which this is set.
fn set(timeouts: &str) -> String {
    let lines = UNIT.lines().map(|line| format!("/etc/systemd/system/lvsprov-ipvs.service:{line}\n"));
    format!(
        "@running\nTimeout (tcp tcpfin udp): {timeouts}\nmaster sync daemon (mcast=eth1, syncid=7)\n\
         backup sync daemon (mcast=eth1, syncid=0)\n@files\nenabled\n{}",
        lines.collect::<String>()
    )
}

#[test]
fn what_runs_and_what_the_next_boot_brings_are_told_apart() {
    let change = differ(&all(), LOADED).unwrap().unwrap();
    assert_eq!(
        told(&change),
        [
            "timeout tcp: 900 s -> 600 s",
            "sync daemon master: - -> eth1, syncid 7",
            "sync daemon backup: eth0, syncid 9 -> eth1, syncid 0",
            "at boot: /etc/systemd/system/lvsprov-ipvs.service",
            "unit lvsprov-ipvs at boot: - -> enabled",
        ]
    );
    assert_eq!(change.aspects[3].new.as_deref(), Some(UNIT));
    assert_eq!(differ(&all(), &set("600 120 300")).unwrap(), None);
    let drifted = differ(&all(), &set("601 120 300")).unwrap().unwrap();
    assert_eq!(told(&drifted), ["timeout tcp: 601 s -> 600 s"]);
}

#[test]
fn without_ipvs_the_kernels_own_timeouts_count_and_nothing_runs() {
    let change = differ(&declared(r#"{"timeouts": {"tcp": 900, "udp": 60}}"#), "@files\n").unwrap().unwrap();
    assert_eq!(told(&change)[0], "timeout udp: - -> 60 s");
    assert_eq!(change.aspects.len(), 3);
}

#[test]
fn nothing_declared_is_nothing_to_do() {
    assert_eq!(differ(&declared(r#"{"timeouts": null, "sync_daemons": []}"#), LOADED).unwrap(), None);
}

#[test]
fn debians_own_daemon_is_not_started_twice() {
    let printed = format!("{LOADED}/etc/default/ipvsadm:DAEMON=\"master\"\n");
    let refusal = differ(&all(), &printed).unwrap_err();
    assert_eq!(refusal.reason, "/etc/default/ipvsadm starts a sync daemon at boot: DAEMON=\"master\"");
    let none = format!("{LOADED}/etc/default/ipvsadm:DAEMON=\"none\"\n");
    assert!(differ(&all(), &none).unwrap().is_some());
    let timeouts = declared(r#"{"timeouts": {"tcp": 600}}"#);
    assert!(differ(&timeouts, &printed).unwrap().is_some());
}

#[test]
fn what_others_set_stays_when_ours_is_taken_back() {
    let prior = Prior::of(&Observed::parse(LOADED).unwrap());
    let now = Observed::parse(&set("600 60 300")).unwrap();
    let change = prior.reversal(&declared(r#"{"timeouts": {"tcp": 700}}"#), &now).unwrap();
    assert_eq!(
        told(&change),
        [
            "timeout tcp: 600 s -> 900 s",
            "sync daemon master: eth1, syncid 7 -> -",
            "sync daemon backup: eth1, syncid 0 -> eth0, syncid 9",
            "unit lvsprov-ipvs at boot: enabled -> -",
        ]
    );
    assert!(change.script.reveal().contains("ipvsadm --set 900 0 0\n"));
    // A run that was killed before it wrote the unit.
    let killed = Observed::parse(&LOADED.replace("900", "700")).unwrap();
    let change = prior.reversal(&declared(r#"{"timeouts": {"tcp": 700}}"#), &killed).unwrap();
    assert_eq!(told(&change), ["timeout tcp: 700 s -> 900 s"]);
    assert_eq!(prior.reversal(&all(), &Observed::parse(LOADED).unwrap()), None);
}

#[test]
fn what_ipvsadm_can_not_have_printed_is_not_read() {
    for printed in ["", "@running\n@files\n", "@running\nipvsadm: cannot\n@files\n", "x\n@files\n"] {
        assert!(Observed::parse(printed).is_err(), "{printed:?}");
    }
}

#[test]
fn mistakes_are_told() {
    let wrong = |text: &str| declared(text).check().unwrap_err();
    assert_eq!(wrong(r#"{"timeouts": {"udp": 0}}"#), "the timeout `udp` is 1 to 2147483 seconds");
    let twice =
        r#"{"sync_daemons": [{"state": "backup", "interface": "a"}, {"state": "backup", "interface": "b"}]}"#;
    assert_eq!(wrong(twice), "two sync daemons are backup: a director has one of each at most");
    let name = r#"{"sync_daemons": [{"state": "backup", "interface": "-x"}]}"#;
    assert_eq!(wrong(name), "`-x` is no interface's name");
}
