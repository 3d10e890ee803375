//! Which new real servers answer their director.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;

use lvsprov::resource::{Answers, Kind as _, Query};

use crate::director::{Director, RR, declared, directors};

fn asked(director: &Director, addresses: &BTreeSet<SocketAddr>) -> BTreeSet<SocketAddr> {
    let queries = queries(addresses);
    let output = director.run(&Query::ask(&queries));
    assert!(output.status.success(), "{output:?}");
    answering(&queries, &output.stdout)
}

fn queries(addresses: &BTreeSet<SocketAddr>) -> BTreeSet<Query> {
    addresses.iter().copied().map(Query::connection).collect()
}

fn answering(queries: &BTreeSet<Query>, output: &[u8]) -> BTreeSet<SocketAddr> {
    Answers::read(queries, output).right.into_iter().map(|query| query.address).collect()
}

fn addresses(count: u8) -> BTreeSet<SocketAddr> {
    (1..=count).map(|host| SocketAddr::from(([192, 168, 40, host], 80))).collect()
}

#[test]
fn those_that_answer_are_told_and_the_others_have_had_their_time() {
    for director in directors() {
        let down: SocketAddr = "192.168.40.2:80".parse().unwrap();
        fs::write(director.path("down"), format!("\"http://{down}/\"\n")).unwrap();
        let mut all = addresses(3);
        let six = "[2001:db8::1]:80".parse().unwrap();
        all.insert(six);
        let answering = asked(&director, &all);
        assert!(answering.contains(&six));
        assert_eq!(all.difference(&answering).collect::<Vec<_>>(), [&down], "{:?}", director.shell);
        let tried = director.read("tried");
        assert_eq!(tried.lines().filter(|url| url.contains(".2:80/")).count(), 20, "{tried}");
        assert_eq!(tried.lines().count(), 23);
    }
}

#[test]
fn many_are_asked_by_a_few_processes_each_of_them_once() {
    for director in directors() {
        let all = addresses(100);
        assert_eq!(asked(&director, &all), all, "{:?}", director.shell);
        assert_eq!(director.read("tried").lines().count(), 100);
        assert!(Query::ask(&queries(&all)).matches("\nask ").count() <= 32);
    }
}

#[test]
fn one_that_begins_to_answer_is_told() {
    for director in directors() {
        fs::write(director.path("down"), "\"http://192.168.40.1:80/\"").unwrap();
        // It starts while it is waited for.
        let one = queries(&addresses(1));
        let probe = Query::ask(&one);
        let output = director.run(&format!("sleep() {{ : >\"$ROOT/down\"; }}\n{probe}"));
        assert_eq!(answering(&one, &output.stdout), addresses(1));
        assert_eq!(director.read("tried").lines().count(), 2);
    }
}

#[test]
fn a_missing_curl_is_told() {
    for director in directors() {
        let output = director.run(&format!("PATH=/nowhere\n{}", Query::ask(&queries(&addresses(1)))));
        let said = String::from_utf8(output.stderr).unwrap();
        if director.shell[0] != "busybox" {
            assert!(!output.status.success());
            assert!(said.starts_with("curl is not installed"), "{said}");
        }
    }
}

#[test]
fn what_is_behind_a_shut_gate_is_left_out_and_comes_once_it_is_open() {
    for director in directors() {
        let change = director.differ(&declared(RR)).unwrap();
        let shut: Vec<_> =
            change.gates.iter().filter(|gate| gate.address.ip().to_string().ends_with(".102")).collect();
        director.deploy(&declared(RR).without(&shut));
        assert!(!director.read("kernel").contains("192.168.40.102"));
        director.deploy(&declared(RR));
        assert!(director.read("kernel").contains("192.168.40.102"));
    }
}
