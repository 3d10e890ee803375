//! A director's tables in a plan.

use super::*;
use crate::ipvs::{Names, ServiceKey, Table, TableDiff};
use crate::resource::TableEntry;

/// The names that an inventory gives: services of VIP 192.168.175.100, real servers from 192.168.40.101 on.
fn names(table: &Table) -> Names {
    let number = |key: &ServiceKey| table.services.keys().position(|other| other == key).unwrap_or_default();
    let services = table.services.keys().map(|key| (*key, format!("shop{}", number(key) + 1)));
    let hosts = (1..=3).map(|n| (format!("192.168.40.10{n}").parse().unwrap(), format!("web{n}")));
    Names::new(services, hosts)
}

/// What differs of the running table, and of the one that the next boot brings.
fn aspects(running: [&str; 2], at_boot: [&str; 2]) -> Vec<Aspect> {
    let table = |rules: &str| -> Table { rules.parse().unwrap() };
    let all = running.map(table).into_iter().max_by_key(|table| table.services.len()).unwrap();
    let names = names(&all);
    let of = |[old, new]: [&str; 2], prefix: &str| -> Vec<Aspect> {
        let (old, new) = (table(old), table(new));
        let found = TableDiff::between(&old, &new, true).with_names(&names).differences();
        let aspect = |found: crate::ipvs::Difference| Aspect {
            entry: Some(TableEntry { at_boot: !prefix.is_empty(), entry: found.entry }),
            ..Aspect::value(format!("{prefix}{}", found.what), found.old, found.new)
        };
        found.into_iter().map(aspect).collect()
    };
    [of(running, ""), of(at_boot, "at boot: ")].concat()
}

fn shown(aspects: Vec<Aspect>) -> String {
    shown_of("shop", aspects)
}

fn shown_of(subject: &str, aspects: Vec<Aspect>) -> String {
    let plan = host_plan(vec![change(0, "virtual_services", subject, aspects)]);
    let (out, _) = told(text(), |report| report.plan(&["Balance".into()], &[("lb1", Some(&plan))]));
    let lines = out.lines().filter(|line| line.starts_with("    "));
    lines.map(|line| format!("{}\n", &line[4..])).collect()
}

const ONE: &str = "-A -t 192.168.175.100:80 -s rr\n\
    -a -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 1\n\
    -a -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 1\n";

#[test]
fn a_new_service_has_its_real_servers_in_a_line_and_both_tables_are_told_once() {
    let mut aspects = aspects(["", ONE], ["", ONE]);
    aspects.push(Aspect::value("unit ipvsadm at boot", None, some("enabled")));
    insta::assert_snapshot!(shown(aspects), @r#"
    + virtual_services shop
        + shop1 (tcp 192.168.175.100:80): scheduler rr
            + real servers web1 (192.168.40.101:80), web2 (192.168.40.102:80): nat, weight 1
        + at boot: the same
        + unit ipvsadm at boot: enabled
    "#);
}

#[test]
fn services_that_are_alike_are_told_once_with_their_names() {
    let two =
        ONE.to_owned() + &ONE.replace(":80", ":443") + &ONE.replace(":80", ":8080").replace("-w 1", "-w 2");
    insta::assert_snapshot!(shown(aspects(["", &two], ["", ""])), @r#"
    + virtual_services shop
        + shop1 (tcp 192.168.175.100:80), shop2 (tcp 192.168.175.100:443): scheduler rr
            + real servers web1 (192.168.40.101), web2 (192.168.40.102), on the service's port: nat, weight 1
        + shop3 (tcp 192.168.175.100:8080): scheduler rr
            + real servers web1 (192.168.40.101:8080), web2 (192.168.40.102:8080): nat, weight 2
    "#);
}

#[test]
fn a_service_that_loses_a_real_server_changes_and_one_that_goes_is_gone() {
    let without: String =
        ONE.lines().filter(|line| !line.contains("102:80")).map(|line| format!("{line}\n")).collect();
    insta::assert_snapshot!(shown(aspects([ONE, &without], [ONE, &without])), @r#"
    ~ virtual_services shop
        ~ shop1 (tcp 192.168.175.100:80)
            - real server web2 (192.168.40.102:80): nat, weight 1
        ~ at boot: the same
    "#);
    insta::assert_snapshot!(shown_of("all", aspects([ONE, ""], [ONE, ""])), @r#"
    - virtual_services all
        - shop1 (tcp 192.168.175.100:80): scheduler rr with real servers: web1 (192.168.40.101:80), web2 (192.168.40.102:80)
        - at boot: the same
    "#);
}

#[test]
fn a_service_that_is_pruned_is_none_of_the_declared_ones() {
    let other = "-A -t 192.168.175.100:8080 -s rr\n";
    insta::assert_snapshot!(shown_of("web", aspects([other, ""], ["", ""])), @r#"
    ~ virtual_services web
        - shop1 (tcp 192.168.175.100:8080): scheduler rr without real servers
    "#);
}

#[test]
fn a_firewall_that_loses_an_opening_keeps_those_that_are_declared() {
    let goes = || vec![Aspect::value("running: 10.0.0.1:8080/tcp", some("open"), None)];
    let mark = |subject: &str| {
        let plan = host_plan(vec![change(0, "firewall_opening", subject, goes())]);
        let (out, _) = told(text(), |report| report.plan(&["Open".into()], &[("web1", Some(&plan))]));
        out.lines()
            .find_map(|line| line.split_once(" firewall_opening "))
            .map(|(mark, _)| mark.trim().to_owned())
    };
    assert_eq!((mark("10.0.0.1:80/tcp"), mark("all")), (some("~"), some("-")));
}

#[test]
fn what_only_one_of_the_tables_lacks_is_told_of_that() {
    let wrr = ONE.replace("rr", "wrr");
    let weight = wrr.replace("102:80 -m -w 1", "102:80 -m -w 4");
    insta::assert_snapshot!(shown(aspects([ONE, &weight], [ONE, &wrr])), @r#"
    ~ virtual_services shop
        ~ shop1 (tcp 192.168.175.100:80)
            ~ scheduler: rr → wrr
        ~ at boot: the same
        ~ running: shop1 (tcp 192.168.175.100:80)
            ~ weight of web2 (192.168.40.102:80): 1 → 4
    "#);
    insta::assert_snapshot!(shown(aspects([ONE, ONE], ["", ONE])), @r#"
    + virtual_services shop
        + at boot: shop1 (tcp 192.168.175.100:80): scheduler rr
            + real servers web1 (192.168.40.101:80), web2 (192.168.40.102:80): nat, weight 1
    "#);
}
