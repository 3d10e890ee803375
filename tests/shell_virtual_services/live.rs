//! The live table.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use lvsprov::ipvs::ServiceKey;
use lvsprov::resource::{Change, Resource, Risk, VirtualServices};

use crate::director::{DEFAULTS, Director, RR, WRR, declared, directors, said};

#[test]
fn a_first_deploy_fills_the_table_and_the_next_boot() {
    for director in directors() {
        director.deploy(&declared(RR));
        assert_eq!(director.calls(), RR.lines().collect::<Vec<_>>());
        assert_eq!(director.read("etc/ipvsadm.rules"), format!("# emtpy rules file for ipvsadm\n{RR}"));
        assert_eq!(director.read("etc/default/ipvsadm"), DEFAULTS.replace("false", "true"));
        assert_eq!(director.read("systemctl"), "enable ipvsadm\n");
        let mode = fs::metadata(director.path("etc/ipvsadm.rules")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o640, "the file keeps its mode");
    }
}

#[test]
fn the_tutorials_change_is_two_calls_and_one_file() {
    for director in directors() {
        director.deploy(&declared(RR));
        fs::write(director.path("calls"), "").unwrap();
        let defaults = fs::metadata(director.path("etc/default/ipvsadm")).unwrap().modified().unwrap();
        director.deploy(&declared(WRR));
        let expected =
            ["-E -t 192.168.175.100:80 -s wrr", "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 4"];
        assert_eq!(director.calls(), expected);
        let after = fs::metadata(director.path("etc/default/ipvsadm")).unwrap().modified().unwrap();
        assert_eq!(defaults, after);
    }
}

#[test]
fn a_script_may_be_started_again() {
    for director in directors() {
        let change = director.differ(&declared(RR)).unwrap();
        for _ in 0..3 {
            let output = director.run(&change.unguarded());
            assert!(output.status.success(), "{:?}: {output:?}", director.shell);
        }
        assert_eq!(director.differ(&declared(RR)), None);
        assert_eq!(director.read("etc/default/ipvsadm").matches("AUTO").count(), 1);
    }
}

#[test]
fn a_run_that_is_killed_is_finished_by_the_next() {
    for director in directors() {
        for (from, to) in [("", RR), (RR, WRR)] {
            for fatal in 1..=3 {
                let director = Director::new(director.shell);
                if !from.is_empty() {
                    director.deploy(&declared(from));
                    fs::write(director.path("calls"), "").unwrap();
                }
                let change = director.differ(&declared(to)).unwrap();
                fs::write(director.path("fatal"), fatal.to_string()).unwrap();
                let killed = director.run(&change.unguarded());
                let reached = !director.path("fatal").exists();
                assert_ne!(killed.status.success(), reached, "{killed:?}");
                _ = fs::remove_file(director.path("fatal"));
                if reached {
                    director.deploy(&declared(to));
                }
                assert_eq!(director.differ(&declared(to)), None);
            }
        }
    }
}

#[test]
fn what_leaves_is_deleted_when_its_connections_have_ended_or_the_time_is_up() {
    for director in directors() {
        director.deploy(&declared(RR));
        let one: String = RR.lines().take(2).map(|line| format!("{line}\n")).collect();
        for (active, waited) in [(3, 3), (1000, 10)] {
            fs::write(director.path("slept"), "").unwrap();
            fs::write(director.path("calls"), "").unwrap();
            fs::write(director.path("active"), format!("{active}\n")).unwrap();
            director.deploy(&declared(&one));
            assert_eq!(
                director.calls(),
                [
                    "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 0",
                    "-d -t 192.168.175.100:80 -r 192.168.40.102:80"
                ]
            );
            assert_eq!(director.read("slept").lines().count(), waited, "{:?}", director.shell);
            director.deploy(&declared(RR));
        }
        fs::write(director.path("active"), "2\n").unwrap();
        director.deploy(&VirtualServices { prune: true, ..declared("") });
        assert_eq!(director.read("kernel"), "");
        assert_eq!(director.read("etc/ipvsadm.rules"), "# emtpy rules file for ipvsadm\n");
    }
}

/// The first two services of the tutorial's kind, the second one by itself.
const SECOND: &str = "-A -t 192.168.175.101:80 -s rr
-a -t 192.168.175.101:80 -r 192.168.40.101:80 -m -w 1
-a -t 192.168.175.101:80 -r 192.168.40.102:80 -m -w 1
";

fn drains(change: &Change) -> Vec<(Option<u64>, u32)> {
    let drains = change.risks.iter().filter_map(|risk| match risk {
        Risk::Drain { connections, seconds, .. } => Some((*connections, *seconds)),
        _ => None,
    });
    drains.collect()
}

fn without(rules: &str, address: &str) -> String {
    rules.lines().filter(|line| !line.contains(address)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_plan_counts_the_connections_of_what_leaves_and_the_change_tells_what_it_cut() {
    for director in directors() {
        fs::write(director.path("active"), "14\n").unwrap();
        director.deploy(&declared(RR));
        let one = declared(&without(RR, "192.168.40.102"));
        let change = director.differ(&one).unwrap();
        assert_eq!(drains(&change), [(Some(14), 10)], "{:?}", director.shell);
        let output = director.run(&change.unguarded());
        assert!(output.status.success(), "{output:?}");
        let said = said(&output);
        assert_eq!(said[0], "waiting for 14 connections to end, 10 s left", "{:?}", director.shell);
        assert_eq!(said[9], "waiting for 5 connections to end, 1 s left");
        assert_eq!(said[10..], ["!! 4 connections were still there after 10 s and were cut"]);
    }
}

#[test]
fn what_has_ended_in_time_was_not_cut() {
    for director in directors() {
        director.deploy(&declared(RR));
        fs::write(director.path("active"), "1\n").unwrap();
        let output = director.run(&director.differ(&declared(&without(RR, ".102"))).unwrap().unguarded());
        assert_eq!(said(&output), ["waiting for 1 connection to end, 10 s left"], "{:?}", director.shell);
        // With none there is nothing to say.
        let output = director
            .run(&director.differ(&declared("-A -t 192.168.175.100:80 -s rr\n")).unwrap().unguarded());
        assert_eq!(said(&output), [""; 0], "{:?}", director.shell);
    }
}

#[test]
fn each_service_has_its_own_time_and_what_has_none_is_cut_at_once() {
    for director in directors() {
        fs::write(director.path("active"), "50\n").unwrap();
        director.deploy(&declared(&format!("{RR}{SECOND}")));
        fs::write(director.path("calls"), "").unwrap();
        let (first, second) = ("-t 192.168.175.100:80", "-t 192.168.175.101:80");
        let key = |words| ServiceKey::read(words).unwrap();
        let drain = [(key(first), 0), (key(second), 25)].into();
        let one = VirtualServices { drain, ..declared(&without(&format!("{RR}{SECOND}"), ".102")) };
        let change = director.differ(&one).unwrap();
        assert_eq!(drains(&change), [(Some(50), 0), (Some(50), 25)]);
        let output = director.run(&change.unguarded());
        assert!(output.status.success(), "{output:?}");
        let said = said(&output);
        assert_eq!(said[0], "!! 50 connections were cut at once", "{:?}", director.shell);
        assert_eq!(said[1], "waiting for 49 connections to end, 25 s left");
        assert_eq!(said[2], "waiting for 39 connections to end, 15 s left");
        assert_eq!(said[3], "waiting for 34 connections to end, 10 s left");
        assert_eq!(said.last().unwrap(), "!! 24 connections were still there after 25 s and were cut");
        let leaver = |service: &str| format!("-d {service} -r 192.168.40.102:80");
        assert_eq!(director.calls()[2..], [leaver(first), leaver(second)], "{:?}", director.shell);
        assert_eq!(director.read("slept").lines().count(), 25);
        assert!(change.deadline > std::time::Duration::from_secs(60 + 25));
    }
}

#[test]
fn of_a_large_table_only_the_connections_of_what_leaves_are_asked_for() {
    for director in directors() {
        fs::write(director.path("active"), "7\n").unwrap();
        director.deploy(&declared(&many()));
        assert!(!director.printed(&declared(&many()).into()).contains("Masq 1 7"), "{:?}", director.shell);
        let change = director.differ(&declared(&without(&many(), "192.168.40.9:"))).unwrap();
        assert_eq!(drains(&change), [(Some(14), 10)], "{:?}: behind two services", director.shell);
    }
}

#[test]
fn a_hash_falls_back_until_the_wait_is_over() {
    for director in directors() {
        let two = RR.replace("rr", "sh");
        director.deploy(&declared(&two));
        fs::write(director.path("calls"), "").unwrap();
        fs::write(director.path("active"), "3\n").unwrap();
        let one: String = two.lines().take(2).map(|line| format!("{line}\n")).collect();
        director.deploy(&declared(&one));
        assert_eq!(
            director.calls(),
            [
                "-E -t 192.168.175.100:80 -s sh -b sh-fallback",
                "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 0",
                "-d -t 192.168.175.100:80 -r 192.168.40.102:80",
                "-E -t 192.168.175.100:80 -s sh",
            ]
        );
        assert_eq!(director.read("slept").lines().count(), 3, "{:?}", director.shell);
    }
}

#[test]
fn a_flow_of_udp_is_waited_for_though_it_never_counts_as_active() {
    for director in directors() {
        let two = RR.replace("-t ", "-u ");
        director.deploy(&declared(&two));
        let one: String = two.lines().take(2).map(|line| format!("{line}\n")).collect();
        fs::write(director.path("inactive"), "4\n").unwrap();
        director.deploy(&declared(&one));
        assert_eq!(director.read("slept").lines().count(), 4, "{:?}", director.shell);
    }
}

#[test]
fn what_the_kernel_refuses_is_told_with_the_call() {
    for director in directors() {
        let change = director.differ(&declared(RR)).unwrap();
        // Somebody takes the service away while the run adds to it.
        let script = change.unguarded().replace("edit -A -t 192.168.175.100:80 -s rr\n", "");
        let output = director.run(&script);
        assert!(!output.status.success());
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "ipvsadm -a -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 1: Service not defined\n"
        );
        assert!(!director.read("etc/ipvsadm.rules").contains("-A"), "the kernel first, then the file");
    }
}

/// Two services of ten real servers each: more than are called for one by one.
fn many() -> String {
    let service = |vip: u8| {
        let servers = (1..=10)
            .map(|host| format!("-a -t 192.168.175.{vip}:80 -r 192.168.40.{host}:80 -m -w 1\n"))
            .collect::<String>();
        format!("-A -t 192.168.175.{vip}:80 -s rr\n{servers}")
    };
    service(100) + &service(101)
}

#[test]
fn many_edits_are_one_process() {
    for director in directors() {
        director.deploy(&declared(&many()));
        assert_eq!(director.read("restores").lines().count(), 1);
        assert_eq!(director.calls().len(), 22);
        // What comes is one process, what goes another. The plan has asked for the connections as well.
        fs::write(director.path("active"), "4\n").unwrap();
        director.deploy(&declared(&many().replace("192.168.40.", "192.168.41.")));
        assert_eq!(director.read("restores").lines().count(), 3);
        assert_eq!(director.read("slept").lines().count(), 3);
    }
}

#[test]
fn one_real_server_that_differs_among_services_with_the_same_ones_is_found() {
    for director in directors() {
        let four = many() + &many().replace("192.168.175.10", "192.168.175.11");
        director.deploy(&declared(&four));
        director.run("ipvsadm -e -t 192.168.175.101:80 -r 192.168.40.3:80 -m -w 7");
        let change = director.differ(&declared(&four)).unwrap();
        let [aspect] = &change.aspects[..] else { panic!("{:?}: {:?}", director.shell, change.aspects) };
        assert_eq!(
            aspect.what, "weight of 192.168.40.3:80 behind tcp 192.168.175.101:80",
            "{:?}",
            director.shell
        );
        director.deploy(&declared(&four));
        assert_eq!(director.differ(&declared(&four)), None);
    }
}

#[test]
fn a_listing_that_ends_early_is_not_taken_for_the_table() {
    for director in directors() {
        for rules in [RR.to_owned(), many()] {
            let resource = Resource::from(declared(&rules));
            director.deploy(&declared(&rules));
            fs::write(director.path("broken"), "").unwrap();
            let unreadable = director.read_of(&resource).unwrap_err();
            assert_eq!(unreadable.tool, Some("ipvsadm -Ln --thresholds"), "{:?}", director.shell);
            fs::remove_file(director.path("broken")).unwrap();
            director.read_of(&resource).unwrap();
        }
    }
}

#[test]
fn what_is_in_a_tunnel_is_read_of_a_small_and_of_a_large_table() {
    for director in directors() {
        let tunnel = "-A -t 192.168.175.102:80 -s rr
-a -t 192.168.175.102:80 -r 192.168.50.1:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum
";
        director.deploy(&declared(tunnel));
        director.deploy(&declared(&(many() + tunnel)));
        let another = many() + &tunnel.replace("6080", "6081");
        assert!(director.differ(&declared(&another)).is_some(), "{:?}: another port", director.shell);
    }
}

#[test]
fn a_line_that_the_kernel_refuses_is_named_among_many() {
    for director in directors() {
        let change = director.differ(&declared(&many())).unwrap();
        let script = change.unguarded().replace("-A -t 192.168.175.101:80 -s rr\n", "");
        let output = director.run(&script);
        assert!(!output.status.success());
        let said = String::from_utf8(output.stdout).unwrap();
        // Only the first line of what is said is told at once.
        assert!(said.starts_with("the edits are made again, one by one: ipvsadm -R said: "), "{said}");
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "ipvsadm -a -t 192.168.175.101:80 -r 192.168.40.1:80 -m -w 1: Service not defined\n"
        );
        assert!(!director.read("etc/ipvsadm.rules").contains("-A"), "the kernel first, then the file");
        director.deploy(&declared(&many()));
    }
}

#[test]
fn what_somebody_else_has_done_among_many_is_no_error() {
    for director in directors() {
        let change = director.differ(&declared(&many())).unwrap();
        director.run("ipvsadm -A -t 192.168.175.100:80 -s wrr");
        let output = director.run(&change.unguarded());
        assert!(output.status.success(), "{output:?}");
        assert_eq!(director.differ(&declared(&many())), None);
    }
}

#[test]
fn a_run_that_is_killed_among_many_edits_is_finished_by_the_next() {
    for director in directors() {
        for fatal in [2, 12, 22] {
            let director = Director::new(director.shell);
            let change = director.differ(&declared(&many())).unwrap();
            fs::write(director.path("fatal"), fatal.to_string()).unwrap();
            assert!(!director.run(&change.unguarded()).status.success());
            assert_eq!(director.read("kernel").lines().count(), fatal - 1);
            director.deploy(&declared(&many()));
        }
    }
}
