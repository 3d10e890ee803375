mod leaving;
mod undeclared;

use proptest::prelude::*;

use super::boot_restore::UnitState;
use super::boot_restore::{Boot, Texts};
use super::*;
use crate::ipvs::{Connections, Page, arbitrary};
use crate::resource::{Family, Os};

const RR: &str = include_str!("../../../tests/cases/virtual_services/tutorial.rules");
const WRR: &str = include_str!("../../../tests/cases/virtual_services/tutorial-wrr.rules");

fn facts(family: Family) -> Facts {
    Facts { os: Os { id: "an-os".into(), version: "12".into(), family }, ..Facts::example() }
}

fn declared(rules: &str) -> VirtualServices {
    VirtualServices { table: rules.parse().unwrap(), persist: true, ..VirtualServices::default() }
}

/// A host on which the rules are in the kernel and in the file, and all else is in order.
fn host(rules: &str) -> Observed {
    let (live, connections) = (rules.parse().unwrap(), Some(Connections::default()));
    Observed { live, connections, boot: boot(rules), touched: Touched::default() }
}

fn boot(rules: &str) -> Boot {
    boot_of(Some(rules), Some("AUTO=\"true\"\n"), UnitState::Enabled)
}

fn boot_of(rules: Option<&str>, switch: Option<&str>, unit: UnitState) -> Boot {
    let texts = Texts { rules: rules.map(str::to_owned), switch: switch.map(str::to_owned) };
    Boot::of(Ways::of(&facts(Family::Debian)).as_ref(), texts, unit)
}

/// A host without anything.
fn bare() -> Observed {
    Observed { boot: boot_of(None, None, UnitState::Absent), ..host("") }
}

fn differ(declared: &VirtualServices, observed: &Observed) -> Result<Option<Change>, Refusal> {
    let facts = facts(Family::Debian);
    declared.differ(observed, Context { facts: &facts, changing: &BTreeSet::new() })
}

fn told(change: &Change) -> Vec<String> {
    let or = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
    let tell = |aspect: &crate::resource::Aspect| {
        format!("{}: {} -> {}", aspect.what, or(&aspect.old), or(&aspect.new))
    };
    change.aspects.iter().map(tell).collect()
}

fn calls(change: &Change) -> Vec<String> {
    let text = change.script.reveal();
    let (mut calls, mut many) = (Vec::new(), false);
    for line in text.lines() {
        let begins = line.strip_prefix("edits '");
        many |= begins.is_some();
        let call = begins.or_else(|| line.strip_prefix("edit ")).or_else(|| many.then_some(line));
        calls.extend(call.map(|call| call.trim_matches('\'').trim_start_matches('-').to_owned()));
        many &= !line.ends_with('\'');
    }
    calls
}

#[test]
fn a_host_as_declared_needs_nothing() {
    assert_eq!(differ(&declared(RR), &host(RR)), Ok(None));
}

#[test]
fn a_bare_host_gets_everything() {
    let change = differ(&declared(RR), &bare()).unwrap().unwrap();
    assert_eq!(
        told(&change),
        [
            "tcp 192.168.175.100:80: - -> scheduler rr",
            "real server 192.168.40.101:80: - -> nat, weight 1",
            "real server 192.168.40.102:80: - -> nat, weight 1",
            "at boot: tcp 192.168.175.100:80: - -> scheduler rr",
            "at boot: real server 192.168.40.101:80: - -> nat, weight 1",
            "at boot: real server 192.168.40.102:80: - -> nat, weight 1",
            "at boot: AUTO: - -> true",
            "unit ipvsadm at boot: - -> enabled",
        ]
    );
    assert_eq!(
        change.script.reveal(),
        include_str!("../../../tests/cases/virtual_services/tutorial.sh"),
        "the script of a first deploy changed; if that is meant, write it to the case"
    );
}

#[test]
fn the_tutorials_own_change_is_two_edits() {
    let change = differ(&declared(WRR), &host(RR)).unwrap().unwrap();
    assert_eq!(
        told(&change),
        [
            "scheduler of tcp 192.168.175.100:80: rr -> wrr",
            "weight of 192.168.40.102:80: 1 -> 4",
            "at boot: scheduler of tcp 192.168.175.100:80: rr -> wrr",
            "at boot: weight of 192.168.40.102:80: 1 -> 4",
        ]
    );
    assert_eq!(
        calls(&change),
        ["E -t 192.168.175.100:80 -s wrr", "e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 4"]
    );
    assert_eq!(change.gates, [], "no new real server has to answer");
}

#[test]
fn each_truth_is_repaired_alone() {
    let live = Observed { live: WRR.parse().unwrap(), ..host(RR) };
    let change = differ(&declared(RR), &live).unwrap().unwrap();
    assert_eq!(change.aspects.len(), 2);
    assert!(!change.script.reveal().contains("/etc/"));

    let file = Observed { boot: boot(WRR), ..host(RR) };
    let change = differ(&declared(RR), &file).unwrap().unwrap();
    assert!(told(&change).iter().all(|line| line.starts_with("at boot: ")), "{:?}", told(&change));
    assert!(calls(&change).is_empty() && !change.script.reveal().contains("AUTO"));

    let off = boot_of(Some(RR), Some("AUTO=false\n"), UnitState::Enabled);
    let auto = Observed { boot: off, ..host(RR) };
    let change = differ(&declared(RR), &auto).unwrap().unwrap();
    assert_eq!(told(&change), ["at boot: AUTO: false -> true"]);
    assert!(!change.script.reveal().contains("ipvsadm.rules"));

    let mut unit = host(RR);
    unit.boot.unit = UnitState::Disabled;
    let change = differ(&declared(RR), &unit).unwrap().unwrap();
    assert_eq!(told(&change), ["unit ipvsadm at boot: disabled -> enabled"]);
    assert!(!change.script.reveal().contains("mv -f \"$t\""));
}

#[test]
fn nothing_ever_flushes_the_table() {
    let script = differ(&declared(RR), &bare()).unwrap().unwrap().script.reveal();
    for word in ["ipvsadm -C", "--clear", "restart", "systemctl start", "systemctl stop", "init.d/ipvsadm st"]
    {
        assert!(!script.contains(word), "{word}");
    }
}

#[test]
fn what_is_not_declared_stays_in_the_table_and_in_the_file() {
    let both = format!(
        "# ours\n{RR}-A -u 192.168.175.100:53 -s rr\n-a -u 192.168.175.100:53 -r 192.168.40.103:53 -m -w 1 -x 9\n"
    );
    assert_eq!(differ(&declared(RR), &host(&both)), Ok(None));
    let change = differ(&declared(WRR), &host(&both)).unwrap().unwrap();
    assert!(change.script.reveal().contains("-r 192.168.40.103:53 -m -w 1 -x 9"), "{}", change.script);
    assert!(change.script.reveal().contains("'# ours\n"));

    let pruning = VirtualServices { prune: true, ..declared(RR) };
    let change = differ(&pruning, &host(&both)).unwrap().unwrap();
    let gone = "udp 192.168.175.100:53: scheduler rr with real servers: 192.168.40.103:53 -> -";
    assert_eq!(told(&change), [gone.to_owned(), format!("at boot: {gone}")]);
    let expected = ["e -u 192.168.175.100:53 -r 192.168.40.103:53 -m -w 0 -x 9", "D -u 192.168.175.100:53"];
    assert_eq!(calls(&change), expected);
    assert!(change.script.reveal().contains("leaving='UDP 192.168.175.100:53 all'\n"));
}

#[test]
fn what_leaves_is_waited_for() {
    let three = format!("{RR}-a -t 192.168.175.100:80 -r 192.168.40.103:80 -m -w 0\n")
        .replace("102:80 -m -w 1", "102:80 -m -w 3");
    let one: String = RR.lines().take(2).map(|line| format!("{line}\n")).collect();
    let change = differ(&declared(&one), &host(&three)).unwrap().unwrap();
    assert_eq!(
        told(&change)[..2],
        [
            "real server 192.168.40.102:80: nat, weight 3 -> -",
            "real server 192.168.40.103:80: nat, weight 0 -> -"
        ]
    );
    let after = |needle: &str| change.script.reveal().find(needle).unwrap_or_else(|| panic!("{needle}"));
    let quiesced = after("edit -e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 0\n");
    // The one that was quiesced before may still have connections, too.
    let waited = after(
        "leaving='TCP 192.168.175.100:80 192.168.40.102:80\nTCP 192.168.175.100:80 192.168.40.103:80'\n",
    );
    let deleted = after("edit -d -t 192.168.175.100:80 -r 192.168.40.102:80\n");
    assert!(quiesced < waited && waited < deleted);
    assert!(change.deadline > differ(&declared(WRR), &host(RR)).unwrap().unwrap().deadline);
}

#[test]
fn a_line_that_stops_the_restore_becomes_a_comment() {
    let broken = format!("{RR}-A -t localhost:http -s rr\n");
    let mut observed = host(RR);
    observed.boot = boot(&broken);
    let change = differ(&declared(RR), &observed).unwrap().unwrap();
    assert_eq!(
        told(&change),
        ["at boot: line 4: -A -t localhost:http -s rr -> a comment, because `localhost:http` is not numeric"]
    );
    assert!(
        change.script.reveal().contains("# `localhost:http` is not numeric: -A -t localhost:http -s rr\n")
    );
}

#[test]
fn what_names_stood_for_is_written_by_number_as_it_runs() {
    let other =
        "-A -t 192.168.175.101:443 -s rr\n-a -t 192.168.175.101:443 -r 192.168.40.103:443 -m -w 1 -x 9\n";
    let saved = "-A -t 192.168.175.101:https -s rr\n-a -t 192.168.175.101:https -r web3:https -m -w 1\n";
    let mut observed = host(&format!("{RR}{other}"));
    observed.boot = boot(&format!("{RR}{saved}"));
    let change = differ(&declared(RR), &observed).unwrap().unwrap();
    assert_eq!(
        told(&change),
        [
            "at boot: tcp 192.168.175.101:443: - -> scheduler rr",
            "at boot: real server 192.168.40.103:443: - -> nat, weight 1",
            "at boot: line 4: -A -t 192.168.175.101:https -s rr -> \
             a comment, because `192.168.175.101:https` is not numeric",
            "at boot: line 5: -a -t 192.168.175.101:https -r web3:https -m -w 1 -> \
             a comment, because `192.168.175.101:https` is not numeric",
        ]
    );
    assert!(calls(&change).is_empty());
    assert!(change.script.reveal().contains(&format!("{RR}{other}'")), "{}", change.script);

    // of a service that reads, what names took away comes back, and the rest is as the file has it
    let half = other.replace("-r 192.168.40.103:443", "-r web3:https") + "-A -u 192.168.175.101:53 -s wrr\n";
    observed.live = format!("{RR}{other}-A -u 192.168.175.101:53 -s rr\n").parse().unwrap();
    observed.boot = boot(&format!("{RR}{half}"));
    let change = differ(&declared(RR), &observed).unwrap().unwrap();
    assert_eq!(told(&change)[0], "at boot: real server 192.168.40.103:443: - -> nat, weight 1");
    assert!(change.script.reveal().contains("-A -u 192.168.175.101:53 -s wrr"));

    let pruning = VirtualServices { prune: true, ..declared(RR) };
    assert_eq!(pruning.rules(&observed, true), Rules::read(RR));
}

#[test]
fn an_undeclared_service_enters_a_file_of_numbers_only_by_hand() {
    let mut observed = host(&format!("{RR}-A -u 192.168.175.101:53 -s rr\n"));
    observed.boot = boot(RR);
    assert_eq!(differ(&declared(RR), &observed), Ok(None));
}

#[test]
fn what_1_26_saved_is_rewritten_though_it_means_the_same() {
    let udp = "-A -u 192.168.175.100:5060 -s rr -o\n";
    let mut observed = host(udp);
    observed.boot = boot(&udp.replace("-o", "ops"));
    let change = differ(&declared(udp), &observed).unwrap().unwrap();
    assert_eq!(
        told(&change),
        ["at boot: line 1, an option without its dashes: \
          -A -u 192.168.175.100:5060 -s rr ops -> -A -u 192.168.175.100:5060 -s rr -o"]
    );
}

#[test]
fn a_masked_unit_and_an_unknown_distribution_are_refused() {
    let mut masked = host(RR);
    masked.boot.unit = UnitState::Masked;
    assert!(differ(&declared(RR), &masked).unwrap_err().remedy.contains("unmask"));

    let facts = facts(Family::Other);
    let context = Context { facts: &facts, changing: &BTreeSet::new() };
    let refusal = declared(RR).differ(&host(RR), context).unwrap_err();
    assert!(refusal.reason.contains("an-os 12"));
    let transient = VirtualServices { persist: false, ..declared(RR) };
    assert_eq!(transient.differ(&host(RR), context), Ok(None));
}

#[test]
fn words_that_are_patterns_to_a_shell_are_quoted() {
    let rules = "-A -t [2001:db8::1]:80 -s rr\n-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -m -w 1\n";
    let change = differ(&declared(rules), &host("")).unwrap().unwrap();
    assert!(change.script.reveal().contains("edit -a -t '[2001:db8::1]:80' -r '[2001:db8::2]:80' -m -w 1\n"));
}

fn gates(change: &Change) -> Vec<String> {
    let tell = |gate: &Gate| {
        let services: Vec<_> = gate.services.iter().map(ToString::to_string).collect();
        format!("{}{} of {}", gate.address, if gate.known { ", known," } else { "" }, services.join(", "))
    };
    change.gates.iter().map(tell).collect()
}

#[test]
fn a_new_real_server_has_a_gate_if_tcp_can_try_it_and_it_is_to_take_connections() {
    let more = "-A -t 192.168.175.101:80 -s rr\n\
        -a -t 192.168.175.101:80 -r 192.168.40.102:80 -m -w 1\n\
        -a -t 192.168.175.101:80 -r 192.168.40.103:80 -m -w 0\n\
        -A -t 192.168.175.101:0 -s rr -p 9\n-a -t 192.168.175.101:0 -r 192.168.40.104:0 -m -w 1\n\
        -A -u 192.168.175.101:53 -s rr\n-a -u 192.168.175.101:53 -r 192.168.40.105:53 -m -w 1\n\
        -A -t 192.168.175.102:25 -s rr\n-a -t 192.168.175.102:25 -r 192.168.40.106:25 -m -w 1\n";
    let relaxed = "-t 192.168.175.102:25";
    let all = VirtualServices {
        checks: ServiceKey::read(relaxed).into_iter().map(|key| (key, Check::None)).collect(),
        ..declared(&format!("{RR}{more}"))
    };
    let change = differ(&all, &host("")).unwrap().unwrap();
    assert_eq!(
        gates(&change),
        [
            "192.168.40.101:80 of tcp 192.168.175.100:80",
            "192.168.40.102:80 of tcp 192.168.175.100:80, tcp 192.168.175.101:80",
        ]
    );
    // A table that was lost: the file still has it.
    let lost = Observed { live: Table::default(), ..host(RR) };
    let change = differ(&all, &lost).unwrap().unwrap();
    assert_eq!(
        gates(&change),
        [
            "192.168.40.101:80, known, of tcp 192.168.175.100:80",
            "192.168.40.102:80 of tcp 192.168.175.101:80",
            "192.168.40.102:80, known, of tcp 192.168.175.100:80",
        ]
    );
}

#[test]
fn a_gate_asks_what_its_services_check() {
    let more = "-A -t 192.168.175.101:80 -s rr\n-a -t 192.168.175.101:80 -r 192.168.40.102:80 -m -w 1\n\
        -A -t 192.168.175.102:80 -s rr\n-a -t 192.168.175.102:80 -r 192.168.40.102:80 -m -w 1\n";
    let page = Check::Page(Page { path: "/health".into(), ..Page::default() });
    let checks = [("-t 192.168.175.101:80", page.clone()), ("-t 192.168.175.102:80", Check::Connection)];
    let checks = checks.map(|(key, check)| (ServiceKey::read(key).unwrap(), check)).into();
    let all = VirtualServices { checks, ..declared(&format!("{RR}{more}")) };
    let change = differ(&all, &host("")).unwrap().unwrap();
    let asked: Vec<_> = change.gates.iter().map(|gate| gate.check.clone()).collect();
    assert_eq!(
        gates(&change),
        [
            "192.168.40.101:80 of tcp 192.168.175.100:80",
            "192.168.40.102:80 of tcp 192.168.175.100:80, tcp 192.168.175.102:80",
            "192.168.40.102:80 of tcp 192.168.175.101:80",
        ]
    );
    assert_eq!(asked, [Check::Connection, Check::Connection, page]);
}

#[test]
fn what_is_behind_a_shut_gate_does_not_enter_and_what_the_file_has_stays_there() {
    let second = "-a -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 4\n";
    for (file, kept) in [("", false), (RR, true)] {
        let observed = Observed { boot: boot(file), ..host("") };
        let change = differ(&declared(WRR), &observed).unwrap().unwrap();
        let shut: Vec<_> =
            change.gates.iter().filter(|gate| gate.address.to_string().contains(".102")).collect();
        assert_eq!(shut[0].known, kept);
        let partly = declared(WRR).without(&shut);
        let change = differ(&partly, &observed).unwrap().unwrap();
        assert_eq!(
            calls(&change),
            ["A -t 192.168.175.100:80 -s wrr", "a -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 1"]
        );
        assert_eq!(change.script.reveal().contains(second), kept, "what the next boot brings");
        assert_eq!(gates(&change), gates(&differ(&partly, &observed).unwrap().unwrap()));
        // What is read back then is as it should be, and the next run brings the rest.
        let live: String = WRR.lines().take(2).map(|line| format!("{line}\n")).collect();
        let after = Observed { boot: boot(if kept { WRR } else { &live }), ..host(&live) };
        assert_eq!(differ(&partly, &after), Ok(None));
        let rest = differ(&declared(WRR), &after).unwrap().unwrap();
        assert_eq!(calls(&rest), ["a -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 4"]);
    }
    // One that came by other means in the meantime is not taken away.
    let gate = Gate {
        address: "192.168.40.102:80".parse().unwrap(),
        services: declared(RR).table.services.into_keys().collect(),
        known: false,
        check: Check::Connection,
    };
    assert_eq!(differ(&declared(RR).without(&[&gate]), &host(RR)), Ok(None));
}

proptest! {
    #[test]
    fn a_change_is_planned_exactly_when_something_differs(
        (current, desired) in arbitrary::two_tables(), prune in any::<bool>(),
    ) {
        let declared = VirtualServices { prune, ..declared(&desired.to_string()) };
        let observed = host(&current.to_string());
        let change = differ(&declared, &observed).unwrap();
        let edits = TableDiff::between(&current, &desired, prune).edits();
        prop_assert_eq!(change.is_none(), edits.is_empty());
        if let Some(change) = change {
            prop_assert_eq!(calls(&change).len(), edits.len());
            prop_assert!(!change.aspects.is_empty());
        }
        // What is written is what is then found to be right.
        let written = declared.rules(&observed, true);
        let after = host(&written.to_string());
        prop_assert_eq!(differ(&declared, &after), Ok(None));
    }
}
