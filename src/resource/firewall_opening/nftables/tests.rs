use super::*;

const INPUT: &str = "table inet filter { # handle 1\n\tset bad { # handle 3\n\t\ttype ipv4_addr\n\t\telements = { 10.66.0.0/16,\n\
    \t\t\t     10.67.0.0/16 }\n\t}\n\n\tchain input { # handle 1\n\
    \t\ttype filter hook input priority filter; policy accept;\n\t\tct state { established, related } accept # handle 5\n\
    \t\tct state vmap { invalid : drop } # handle 7\n\t\tiif \"lo\" accept # handle 8\n\t\tip saddr @bad drop # handle 9\n\
    \t\ttcp dport { 22, 8000-8100 } counter packets 0 bytes 0 accept comment \"ssh # and more\" # handle 11\n\
    \t\tmeta l4proto { icmp, ipv6-icmp } accept # handle 13\n\t\tlimit rate 3/minute log prefix \"in: \" # handle 14\n\
    \t\treject with icmpx admin-prohibited # handle 15\n\t}\n\n\tchain forward { # handle 2\n\
    \t\ttype filter hook forward priority filter; policy drop;\n\t}\n}\n";

const WEB: &str = "192.168.40.101:80/tcp";

fn fate(rules: &str, opening: &str) -> Fate {
    let (rules, opening) = (Ruleset::read(rules.lines()), opening.parse::<Opening>().unwrap());
    let input = rules.inputs(opening.to.is_ipv4()).next().cloned().expect("an input chain");
    rules.fate(&input, Packets { opening: &opening, interface: Some("eth0") })
}

#[test]
fn the_first_rule_that_is_about_all_of_the_packets_decides() {
    let Fate::Dropped { index, rule, .. } = fate(INPUT, WEB) else { panic!("{:?}", fate(INPUT, WEB)) };
    assert_eq!((index, rule.text.as_str(), rule.handle), (7, "reject with icmpx admin-prohibited", Some(15)));
    assert_eq!(fate(INPUT, "192.168.40.101:8080/tcp"), Fate::Accepted);
    assert!(matches!(fate(INPUT, "[fd00::1]:80/tcp"), Fate::Dropped { .. }));
    let before = |rule: &str| fate(&INPUT.replace("\t\treject", &format!("\t\t{rule}\n\t\treject")), WEB);
    for accepts in [
        "tcp dport 80 accept",
        "ip daddr { 192.168.40.0/24, 10.0.0.1 } tcp dport != 22 ct state new counter accept",
        "iifname \"eth*\" meta l4proto { tcp, udp } th dport 1-1024 log prefix \"a drop\" accept",
        "ct state vmap { new : accept, invalid : drop }",
        "fib daddr type local tcp dport { 80, 443 } accept",
        "jump web\n\t}\n\tchain web {\n\t\ttcp dport 80 accept\n\t}\n\tchain other {",
        "queue num 0",
    ] {
        assert_eq!(before(accepts), Fate::Accepted, "{accepts}");
    }
    for says_nothing in [
        "ip saddr 10.0.0.0/8 tcp dport 80 accept",
        "ip6 daddr fd00::/8 tcp dport 80 accept",
        "iifname \"eth1\" accept",
        "tcp dport 80 limit rate 5/second accept",
        "udp dport 80 accept",
        "tcp dport @ports accept",
        "ct state invalid,untracked drop",
        "jump nothing_that_decides\n\t}\n\tchain nothing_that_decides {\n\t\tudp dport 1 drop\n\t}\n\tchain x {\n\t\tdrop",
    ] {
        assert!(!matches!(before(says_nothing), Fate::ByPolicy(_)), "{says_nothing}");
        if !says_nothing.starts_with("jump") {
            assert!(matches!(before(says_nothing), Fate::Dropped { index: 8, .. }), "{says_nothing}");
        }
    }
    let policy =
        "table ip filter {\n\tchain in {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n}\n";
    assert!(matches!(fate(policy, WEB), Fate::ByPolicy(_)));
}

fn observed(running: &str, file: &str) -> Nftables {
    let file: String = file.split_inclusive('\n').map(|line| format!("/etc/nftables.conf:{line}")).collect();
    Nftables::parse(&Sections::of(&format!("=running\n{running}=units\nnftables\n=files\n{file}"))).unwrap()
}

fn places(observed: &Nftables) -> Result<Vec<(String, bool)>, Refusal> {
    let places = observed.places(&WEB.parse().unwrap(), &Facts::example())?;
    Ok(places
        .into_iter()
        .map(|(hole, is_open)| (format!("{}: {}", hole.when, hole.place), is_open))
        .collect())
}

#[test]
fn what_runs_and_what_the_file_brings_are_told_apart() {
    let [running, at_boot] =
        ["running: chain inet filter input", "at boot: /etc/nftables.conf chain inet filter input"]
            .map(str::to_owned);
    let both = places(&observed(INPUT, INPUT)).unwrap();
    assert_eq!(both, [(running.clone(), false), (at_boot.clone(), false)]);
    let rule = statement(&WEB.parse().unwrap());
    for line in [
        format!("insert rule inet filter input index 7 {rule}"),
        format!("insert rule inet filter input {rule}"),
    ] {
        let half = observed(INPUT, &format!("{INPUT}{line}\n"));
        assert_eq!(places(&half).unwrap(), [(running.clone(), false), (at_boot.clone(), true)], "{line}");
        let held = half.places(&WEB.parse().unwrap(), &Facts::example()).unwrap();
        assert_eq!(held.iter().map(|(hole, _)| half.holds(hole)).collect::<Vec<_>>(), [false, true]);
    }
    // behind what drops it is of no use
    assert!(!places(&observed(INPUT, &format!("{INPUT}add rule inet filter input {rule}\n"))).unwrap()[1].1);
}

#[test]
fn where_the_file_does_not_bring_the_chain_the_rule_is_named() {
    let refusal = places(&observed(INPUT, "include \"/etc/nftables/*.nft\"\n")).unwrap_err();
    assert_eq!(
        refusal.reason,
        "nftables keeps 192.168.40.101:80/tcp out by `reject with icmpx admin-prohibited` in the chain inet filter \
         input, and who brings that chain at boot is not known"
    );
    assert_eq!(places(&observed("", "flush ruleset\n")), Ok(vec![]));
    let carriage = places(&observed(INPUT, &INPUT.replace('\n', "\r\n"))).unwrap_err();
    assert!(carriage.reason.contains("carriage return"), "{}", carriage.reason);
    let failed = places(&observed("failed\nOperation not permitted\n", "")).unwrap_err();
    assert!(failed.reason.ends_with("can't be read: Operation not permitted"));
}
