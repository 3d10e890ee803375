mod untold;

use std::net::SocketAddr;

use proptest::prelude::*;

use super::super::{cycle, requests};
use super::*;
use crate::ipvs::{Forwarding, Protocol, RealServer, Scheduler, ServiceKey};

fn address(index: usize) -> SocketAddr {
    format!("192.168.40.{}:80", 101 + index).parse().unwrap()
}

fn service(scheduler: Scheduler, weights: &[u16]) -> ServiceDeclaration {
    let key = ServiceKey::Address(Protocol::Tcp, "192.168.175.100:80".parse().unwrap());
    let mut service = VirtualService::new(key, scheduler);
    for (index, weight) in weights.iter().enumerate() {
        service.real_servers.insert(address(index), RealServer::new(Forwarding::Nat, *weight));
    }
    let hosts = (0..weights.len()).map(|index| (address(index), format!("{:02}", index + 1))).collect();
    ServiceDeclaration {
        name: "web".into(),
        service,
        forwarding: Forwarding::Nat,
        check: Check::Usual,
        drain: None,
        hosts,
    }
}

fn answers(sequence: &str) -> Vec<Request> {
    let request = |(index, name): (usize, &str)| Request {
        real_server: Some(name.into()),
        http_code: 200,
        seconds: 0.001,
        local_port: 40_000 + u16::try_from(index % 3_000).unwrap(),
        own_connection: true,
        ..Request::default()
    };
    sequence.split_whitespace().enumerate().map(request).collect()
}

fn judge(declared: &ServiceDeclaration, requests: &[Request]) -> Verdict {
    super::judge(declared, &Answers { requests: requests.to_vec(), ended: None }, requests.len())
}

fn failed(why: &str) -> Request {
    Request { error: Some(why.into()), ..Request::default() }
}

fn passes(declared: &ServiceDeclaration, sequence: &str) -> bool {
    judge(declared, &answers(sequence)).pass
}

#[test]
fn the_tutorials_three_outputs_pass() {
    assert!(passes(&service(Scheduler::Rr, &[1, 1]), "02 01 02 01 02 01"));
    let wrr = judge(&service(Scheduler::Wrr, &[1, 4]), &answers("02 02 02 01 02 02 02 02 01 02"));
    assert!(wrr.pass, "{wrr:?}");
    assert_eq!(wrr.expected, "wrr: of any 5 in a row, 1 01, 4 02");
    let shares: Vec<_> = wrr.counts.iter().map(|share| (share.count, share.expected.clone())).collect();
    assert_eq!(shares, [(2, Some(2..=2)), (8, Some(8..=8))]);
    assert!(passes(&service(Scheduler::Sh, &[1, 1]), "02 02 02 02 02 02 02 02 02 02"));
}

#[test]
fn what_a_full_real_server_may_explain_is_not_judged() {
    let mut declared = service(Scheduler::Rr, &[1, 1]);
    declared.service.real_servers.get_mut(&address(0)).unwrap().upper_threshold = 2;
    assert!(passes(&declared, "02 01 02 01 02 01"));
    let full = judge(&declared, &answers("02 01 02 01 02 02"));
    assert_eq!((full.pass, full.judged, full.findings), (false, false, Vec::new()));
    let why = "a real server at its upper threshold is passed over, and whether one was is not known";
    assert_eq!(full.why.as_deref(), Some(why));
}

#[test]
fn requests_cover_two_cycles_and_at_least_six() {
    for (scheduler, weights, expected) in [
        (Scheduler::Rr, &[1, 1][..], (2, 6)),
        (Scheduler::Rr, &[1, 5, 1, 0, 1], (4, 8)),
        (Scheduler::Wrr, &[1, 4], (5, 10)),
        (Scheduler::Wrr, &[20, 30, 0], (5, 10)),
        (Scheduler::Sh, &[1, 1], (2, 6)),
        (Scheduler::Wrr, &[60_000, 1], (60_001, 10_000)),
        (Scheduler::Wlc, &[1, 1, 1, 1], (4, 8)),
        (Scheduler::Rr, &[0, 0], (2, 6)),
        (Scheduler::Rr, &[], (1, 6)),
    ] {
        let declared = service(scheduler, weights);
        assert_eq!(
            (cycle(&declared.service), requests(&declared.service)),
            expected,
            "{scheduler} {weights:?}"
        );
    }
}

#[test]
fn rr_that_is_even_but_not_in_turn_is_found() {
    let verdict = judge(&service(Scheduler::Rr, &[1, 1]), &answers("01 01 02 02 01 02"));
    assert!(!verdict.pass && verdict.judged);
    assert_eq!(verdict.expected, "rr: 3 each, in turn");
    assert_eq!(verdict.findings, ["rr: of requests 1 to 2, 01 answered 2 instead of 1: 01 01"]);
}

#[test]
fn all_hits_on_one_are_no_round_robin() {
    assert!(!passes(&service(Scheduler::Rr, &[1, 1]), "01 01 01 01 01 01"));
    assert!(!passes(&service(Scheduler::Wrr, &[1, 4]), "02 02 02 02 02 02 02 02 02 02"));
    assert!(!passes(&service(Scheduler::Sh, &[1, 1]), "02 02 02 01 02 02"));
}

#[test]
fn less_than_a_cycle_may_not_repeat() {
    let three = service(Scheduler::Rr, &[1, 1, 1]);
    assert!(passes(&three, "03 01"));
    assert!(!passes(&three, "03 03"));
    assert!(!passes(&service(Scheduler::Wrr, &[1, 4]), "01 01 02"));
}

#[test]
fn persistence_keeps_a_client_with_one_whatever_the_scheduler() {
    let mut declared = service(Scheduler::Rr, &[1, 1]);
    declared.service.persistence = Some(300);
    assert!(passes(&declared, "01 01 01 01 01 01"));
    // `expire_quiescent_template` is off: the client stays with the real server that has left.
    let mut leaving = service(Scheduler::Rr, &[0, 1]);
    leaving.service.persistence = Some(300);
    assert!(passes(&leaving, "01 01 01 01 01 01"));
    let verdict = judge(&declared, &answers("01 02 01 02 01 02"));
    assert_eq!(
        verdict.findings,
        [
            "persistence of 300 s keeps a client with one real server, but request 1 went to 01 and request 2 to 02"
        ]
    );
}

#[test]
fn what_is_not_known_never_passes() {
    for scheduler in Scheduler::ALL {
        let verdict = judge(&service(scheduler, &[1, 1]), &answers("01 02 01 02 01 02"));
        let judged = matches!(scheduler, Scheduler::Rr | Scheduler::Wrr | Scheduler::Sh);
        assert_eq!(verdict.judged, judged, "{scheduler}");
        if !judged {
            assert!(!verdict.pass && verdict.findings.is_empty());
            let why = format!("this version does not know in which order {scheduler} picks real servers");
            assert_eq!(verdict.why, Some(why));
            assert_eq!(verdict.known, ["all 6 requests were answered"]);
        }
    }
    let mut by_port = service(Scheduler::Sh, &[1, 1]);
    by_port.service.scheduler_flags = vec!["sh-port".into()];
    assert!(!judge(&by_port, &answers("01 01 01 01 01 01")).judged);
}

#[test]
fn a_real_server_with_weight_0_gets_nothing() {
    let declared = service(Scheduler::Rr, &[1, 1, 0]);
    assert!(passes(&declared, "02 01 02 01 02 01"));
    let verdict = judge(&declared, &answers("02 01 03 02 01 03"));
    assert_eq!(verdict.findings[0], "03 answered, though its weight is 0");
    assert_eq!(verdict.counts[2].expected, Some(0..=0));
    let stranger = judge(&declared, &answers("02 99"));
    assert_eq!(stranger.findings[0], "99 answered, which is no real server of web");
    let nobody = judge(&service(Scheduler::Rr, &[0, 0]), &[]);
    assert!(nobody.judged && !nobody.pass);
}

#[test]
fn a_failed_request_is_named() {
    let mut requests = answers("02 01 02 01 02 01");
    requests[3] = Request { error: Some("timed out after 5 s".into()), ..Request::default() };
    let verdict = judge(&service(Scheduler::Rr, &[1, 1]), &requests);
    assert!(!verdict.pass);
    assert_eq!(verdict.findings, ["request 4 to web failed: timed out after 5 s"]);
    assert_eq!(verdict.sequence, ["02", "01", "02", "-", "02", "01"]);

    let mut requests = answers("02 01 02 01 02 01");
    requests[0].http_code = 503;
    requests[1].real_server = None;
    let verdict = judge(&service(Scheduler::Rr, &[1, 1]), &requests);
    assert_eq!(
        verdict.findings,
        [
            "request 1 to web failed: HTTP 503 from 02",
            "request 2 to web failed: HTTP 200 with a page that no real server has"
        ]
    );
    assert!(!judge(&service(Scheduler::Rr, &[1, 1]), &[]).pass);
}

#[test]
fn a_connection_used_twice_is_found() {
    let mut requests = answers("02 01 02 01 02 01");
    requests[5].own_connection = false;
    let verdict = judge(&service(Scheduler::Rr, &[1, 1]), &requests);
    assert_eq!(
        verdict.findings,
        ["request 6 came over a connection of an earlier one: they are not one connection each"]
    );
}

#[test]
fn a_port_that_the_kernel_gives_out_again_is_another_connection() {
    assert!(passes(&service(Scheduler::Rr, &[1, 1]), &"02 01 ".repeat(2_000)));
}

#[test]
fn a_host_that_serves_on_two_ports_has_the_shares_of_both() {
    let mut declared = service(Scheduler::Rr, &[1, 1]);
    let second: SocketAddr = "192.168.40.101:8080".parse().unwrap();
    declared.service.real_servers.insert(second, RealServer::new(Forwarding::Nat, 1));
    declared.hosts.push((second, "01".into()));
    let verdict = judge(&declared, &answers("02 01 01 02 01 01"));
    assert!(verdict.pass, "{verdict:?}");
    assert_eq!(verdict.counts.len(), 2);
}

#[test]
fn latency_is_of_what_was_answered() {
    let mut requests = answers("02 01 02 01");
    for (request, seconds) in requests.iter_mut().zip([0.4, 0.1, 0.2, 9.0]) {
        request.seconds = seconds;
    }
    requests[3].real_server = None;
    let verdict = judge(&service(Scheduler::Rr, &[1, 1]), &requests);
    assert_eq!(verdict.latency, Some(Latency { min: 0.1, median: 0.2, max: 0.4 }));
    assert_eq!(judge(&service(Scheduler::Rr, &[1, 1]), &[]).latency, None);
}

/// `ip_vs_wrr_schedule` of net/netfilter/ipvs/ip_vs_wrr.c, over the list in the kernel's order.
struct Wrr {
    weights: Vec<usize>,
    /// The place in the list; `None` for its head.
    current: Option<usize>,
    current_weight: usize,
    max_weight: usize,
    step: usize,
}

impl Wrr {
    fn new(weights: &[usize]) -> Self {
        let mut wrr = Wrr { weights: Vec::new(), current: None, current_weight: 0, max_weight: 0, step: 1 };
        wrr.changed(weights);
        wrr
    }

    /// `ip_vs_wrr_dest_changed`: any edit of the real servers.
    fn changed(&mut self, weights: &[usize]) {
        self.weights = weights.to_vec();
        self.current = None;
        self.step = weights.iter().fold(0, |a, b| num_gcd(a, *b)).max(1);
        self.max_weight = (weights.iter().max().copied().unwrap_or(0) + 1).saturating_sub(self.step);
        if self.current_weight > self.max_weight || self.current_weight == 0 {
            self.current_weight = self.max_weight;
        } else if self.step > 1 {
            self.current_weight = (self.current_weight / self.step) * self.step + 1;
        }
    }

    fn schedule(&mut self) -> usize {
        assert!(self.max_weight > 0, "somebody takes connections");
        loop {
            let from = self.current.map_or(0, |index| index + 1);
            if let Some(found) =
                (from..self.weights.len()).find(|index| self.weights[*index] >= self.current_weight)
            {
                self.current = Some(found);
                return found;
            }
            self.current = None;
            self.current_weight = match self.current_weight.checked_sub(self.step) {
                None | Some(0) => self.max_weight,
                Some(weight) => weight,
            };
        }
    }
}

fn num_gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { num_gcd(b, a % b) }
}

/// What a client sees of a wrr service with these weights: the kernel's list is newest first, or in any order after
/// edits; the state is any that earlier weights and requests left.
fn wrr_window() -> impl Strategy<Value = (Vec<u16>, Vec<usize>)> {
    let weights = || {
        prop::collection::vec(0..12_u16, 1..6).prop_map(|weights| {
            let factor = 1 + weights[0] % 4;
            weights.into_iter().map(|weight| weight * factor).collect::<Vec<_>>()
        })
    };
    let some_takes = |weights: &Vec<u16>| weights.iter().any(|weight| *weight > 0);
    let now = weights().prop_filter("somebody takes connections", some_takes);
    let before = weights().prop_filter("somebody takes connections", some_takes);
    (now, before, 0..60_usize, 0..60_usize, 0..80_usize, any::<prop::sample::Index>()).prop_map(
        |(weights, before, earlier, warm, length, rotation)| {
            let mut order: Vec<_> = (0..weights.len()).rev().collect();
            order.rotate_left(rotation.index(weights.len()));
            let wide =
                |weights: &[u16]| weights.iter().map(|weight| usize::from(*weight)).collect::<Vec<_>>();
            let mut kernel = Wrr::new(&wide(&before));
            (0..earlier).for_each(|_| _ = kernel.schedule());
            let listed: Vec<_> = order.iter().map(|index| weights[*index]).collect();
            kernel.changed(&wide(&listed));
            (0..warm).for_each(|_| _ = kernel.schedule());
            let window = (0..=length).map(|_| order[kernel.schedule()]).collect();
            (weights, window)
        },
    )
}

fn sequence(window: &[usize]) -> String {
    window.iter().map(|index| format!("{:02} ", index + 1)).collect()
}

#[test]
fn the_model_of_wrr_does_what_the_tutorial_saw() {
    let mut kernel = Wrr::new(&[4, 1]);
    let window: Vec<_> = (0..10).map(|_| 2 - kernel.schedule()).map(|index| format!("{index:02}")).collect();
    assert_eq!(window.join(" "), "02 02 02 02 01 02 02 02 02 01");
}

proptest! {
    #[test]
    fn every_window_of_what_wrr_does_passes((weights, window) in wrr_window()) {
        let verdict = judge(&service(Scheduler::Wrr, &weights), &answers(&sequence(&window)));
        prop_assert!(verdict.pass, "{weights:?} {window:?}: {:?}", verdict.findings);
        for share in &verdict.counts {
            let expected = share.expected.clone().unwrap();
            prop_assert!(expected.contains(&share.count), "{share:?}");
        }
    }

    #[test]
    fn one_answer_from_another_real_server_is_no_wrr(
        (weights, window) in wrr_window(), place in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(),
    ) {
        let declared = service(Scheduler::Wrr, &weights);
        prop_assume!(window.len() >= cycle(&declared.service));
        let mut window = window;
        let (place, other) = (place.index(window.len()), other.index(weights.len()));
        prop_assume!(window[place] != other);
        window[place] = other;
        prop_assert!(!passes(&declared, &sequence(&window)), "{weights:?} {window:?}");
    }

    #[test]
    fn every_window_of_rr_passes_and_no_other(
        weights in prop::collection::vec(0..3_u16, 2..6), start in 0..9_usize, length in 1..40_usize,
        place in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(),
    ) {
        let order: Vec<_> = (0..weights.len()).rev().filter(|index| weights[*index] > 0).collect();
        prop_assume!(!order.is_empty());
        let declared = service(Scheduler::Rr, &weights);
        let mut window: Vec<_> = (start..start + length).map(|turn| order[turn % order.len()]).collect();
        prop_assert!(passes(&declared, &sequence(&window)));
        let (place, other) = (place.index(length), other.index(weights.len()));
        if length >= order.len() && window[place] != other {
            window[place] = other;
            prop_assert!(!passes(&declared, &sequence(&window)), "{weights:?} {window:?}");
        }
    }

    #[test]
    fn the_expected_counts_add_up(weights in prop::collection::vec(0..9_u16, 1..6), count in 1..60_usize) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        for scheduler in [Scheduler::Rr, Scheduler::Wrr] {
            let verdict = judge(&service(scheduler, &weights), &answers(&"01 ".repeat(count)));
            let ranges: Vec<_> = verdict.counts.iter().map(|share| share.expected.clone().unwrap()).collect();
            prop_assert!(ranges.iter().map(|range| range.start()).sum::<usize>() <= count);
            prop_assert!(ranges.iter().map(|range| range.end()).sum::<usize>() >= count);
        }
    }
}
