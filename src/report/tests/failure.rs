use std::time::Duration;

use super::summary::summary;
use super::*;
use crate::inventory::Vip;
use crate::plan::Stranger;
use crate::resource::{Login, Refusal, Script, Unreadable};
use crate::run::{Event, Failure};
use crate::transport::{Ended, LinkError, Unreachable};

/// The paragraph that the summary begins with.
fn paragraph(failure: Failure, verbosity: u8) -> String {
    let failure = Rc::new(failure);
    let (_, err) = told(Options { verbosity, ..text() }, |report| {
        report.tell(Event::Failed { host: "lvs_director".into(), failure: Rc::clone(&failure) });
        report.summary(&summary(1, Vec::new()));
    });
    err.split_once("\n\n").map(|(_, paragraph)| paragraph.to_owned()).unwrap_or(err)
}

pub(super) fn step() -> Failure {
    let mut script = Script::from("apt-get install ipvsadm\nprintf %s ");
    script.push_content("a secret");
    script += " >\"$t\"\n";
    let lines: String = (1..=22).map(|number| format!("line {number}\n")).collect();
    Failure::Step {
        label: "package ipvsadm".into(),
        code: 100,
        output: format!("{lines}E: Unable to locate package ipvsadm\n"),
        script,
    }
}

#[test]
fn a_step() {
    insta::assert_snapshot!(paragraph(step(), 0), @r#"
    lvs_director: package ipvsadm failed with exit code 100
        ... (3 lines before)
        line 4
        line 5
        line 6
        line 7
        line 8
        line 9
        line 10
        line 11
        line 12
        line 13
        line 14
        line 15
        line 16
        line 17
        line 18
        line 19
        line 20
        line 21
        line 22
        E: Unable to locate package ipvsadm
      help: correct what it complains of, and run the same again
    "#);
    let verbose = paragraph(step(), 1);
    assert!(verbose.contains("    apt-get install ipvsadm\n    printf %s (content) >\"$t\"\n"), "{verbose}");
}

#[test]
fn an_unreachable_host() {
    let stderr = "ssh: connect to host 192.168.40.100 port 22: Connection refused\r\n".into();
    let failure = Failure::Link(LinkError::Unreachable { why: Unreachable::Refused, stderr });
    insta::assert_snapshot!(paragraph(failure, 0), @r#"
    lvs_director: can't be reached: the connection was refused
        ssh: connect to host 192.168.40.100 port 22: Connection refused
      help: start sshd on it, or set `ssh: { port: ... }` to the port it listens on
    "#);
}

#[test]
fn what_is_the_same_of_several_hosts_is_told_once() {
    let refused = |address: &str| {
        let stderr = format!("ssh: connect to host {address} port 22: Connection refused\r\n");
        Failure::Link(LinkError::Unreachable { why: Unreachable::Refused, stderr })
    };
    let silent =
        || Failure::Link(LinkError::Unreachable { why: Unreachable::Timeout, stderr: String::new() });
    let failures = [
        ("web1", refused("192.168.40.101")),
        ("web2", silent()),
        ("web3", refused("192.168.40.103")),
        ("web4", silent()),
    ];
    let (_, err) = told(text(), |report| {
        for (host, failure) in failures {
            report.tell(Event::Failed { host: host.into(), failure: Rc::new(failure) });
        }
        report.summary(&summary(4, Vec::new()));
    });
    let (_, paragraphs) = err.split_once("\n\n").unwrap();
    insta::assert_snapshot!(paragraphs, @r#"
    web1, web3: can't be reached: the connection was refused
        ssh: connect to host ADDRESS port 22: Connection refused
      help: start sshd on it, or set `ssh: { port: ... }` to the port it listens on
        ADDRESS: web1 192.168.40.101, web3 192.168.40.103

    web2, web4: can't be reached: no answer in time
      help: see whether it is up, and whether a firewall drops the way to its sshd
    "#);
}

#[test]
fn a_change_that_did_not_take() {
    let aspects = vec![Aspect::value("running", some("0"), some("1"))];
    insta::assert_snapshot!(paragraph(Failure::NotTaken { label: "sysctl x".into(), aspects }, 0), @r#"
    lvs_director: sysctl x did not take
      it still differs:
        ~ running: 0 → 1
      help: see what else on the host sets it: another tool, a second file, a service that puts it back
    "#);
}

#[test]
fn the_others() {
    let label = || "default_gateway 192.168.40.100".to_owned();
    let route = Failure::TakenBack { label: label(), seconds: 30, seen: true };
    let unseen = Failure::TakenBack { label: label(), seconds: 30, seen: false };
    let unproved = Failure::Unproved {
        label: "service apache2".into(),
        addresses: vec!["192.168.40.101:80".parse().unwrap()],
    };
    let locked = Failure::Locked { by: "ann@desk from 192.0.2.7 since 2026-11-23 10:04:00 UTC".into() };
    let refusal = Refusal { reason: "it is a directory".into(), remedy: "move it away".into() };
    let refused = Failure::Refused { label: "file /x".into(), refusal };
    let sudo = LinkError::Become { password_wanted: true, stderr: "sudo: a password is required".into() };
    let lost = LinkError::Lost { stderr: "client_loop: send disconnect: Broken pipe".into() };
    let deadline = LinkError::Deadline(Duration::from_secs(90));
    let failures = [route, unseen, unproved, locked, refused, sudo.into(), lost.into(), deadline.into()];
    insta::assert_snapshot!(failures.map(|failure| paragraph(failure, 0)).concat(), @r#"
    lvs_director: default_gateway 192.168.40.100 was not confirmed by a new connection within 30 s
      help: the host has taken the change back by itself: make sure that the new way leads to this machine, or give --allow-route-change to make it without confirmation
    lvs_director: default_gateway 192.168.40.100 was not confirmed by a new connection within 30 s
      help: whether the change was made is not known: if it was, the host's own watchdog takes it back; look at it by another way
    lvs_director: after service apache2, its director gets no answer from 192.168.40.101:80
      help: look at its service there; the real servers after it were left as they are
    lvs_director: another run changes this host: ann@desk from 192.0.2.7 since 2026-11-23 10:04:00 UTC
      help: nothing was changed; run again when it has ended, or wait for it with --lock-wait SECONDS
    lvs_director: file /x: it is a directory
      help: move it away
    lvs_director: sudo refused: sudo: a password is required
      help: give the password with --ask-become-pass, --become-password-file or $LVSPROV_BECOME_PASSWORD
    lvs_director: the connection was lost before the script had ended
        client_loop: send disconnect: Broken pipe
      help: what it did is unknown: run the same again, which reads the host anew and goes on
    lvs_director: no end after 90 s
      help: what it did is unknown: run the same again, which reads the host anew and goes on
    "#);
}

#[test]
fn who_and_what_answers() {
    let login = || Login { uid: 1000, name: "ann".into() };
    let address = |text: &str| text.parse().unwrap();
    let stranger = Stranger {
        reached: "192.168.40.100".into(),
        declared: vec![address("192.168.175.100"), address("192.168.40.100")],
        found: vec![("eth0".into(), address("10.9.9.7"))],
        other: None,
    };
    let bare = Stranger { found: Vec::new(), ..stranger.clone() };
    let crowd = (1..=9).map(|last| ("eth0".into(), address(&format!("10.9.9.{last}")))).collect();
    let crowd =
        Stranger { found: crowd, other: Some((address("10.9.9.8"), "rs01".into())), ..stranger.clone() };
    let vips = |all: &[&str]| all.iter().map(|vip| Vip(vip.parse().unwrap())).collect();
    let failures = [
        Failure::NotRoot { login: login(), becoming: false },
        Failure::NotRoot { login: login(), becoming: true },
        Failure::Stranger(stranger),
        Failure::Stranger(bare),
        Failure::Stranger(crowd),
        Failure::NoVip { vips: vips(&["192.168.175.100/24"]) },
        Failure::NoVip { vips: vips(&["192.168.175.100/24", "2001:db8::10/64"]) },
    ];
    insta::assert_snapshot!(failures.map(|failure| paragraph(failure, 0)).concat(), @r#"
    lvs_director: logged in as ann (uid 1000), not as root
      help: everything here is done as root: log in as root with `ssh: { user: root }`, or let sudo make it root with `ssh: { become: true }` or --become
    lvs_director: logged in as ann (uid 1000), not as root
      help: sudo did not make it root: give that user a rule on the host that lets it run commands as root
    lvs_director: has none of its declared addresses (192.168.175.100, 192.168.40.100); it has 10.9.9.7 (eth0)
      help: nothing was changed on it: see which machine `192.168.40.100` leads to (the name service, ~/.ssh/config, the host's `address`), or correct the host's addresses in the inventory
    lvs_director: has none of its declared addresses (192.168.175.100, 192.168.40.100); it has no other
      help: nothing was changed on it: see which machine `192.168.40.100` leads to (the name service, ~/.ssh/config, the host's `address`), or correct the host's addresses in the inventory
    lvs_director: has none of its declared addresses (192.168.175.100, 192.168.40.100); it has 10.9.9.1 (eth0), 10.9.9.2 (eth0), 10.9.9.3 (eth0), 10.9.9.4 (eth0), 10.9.9.5 (eth0), 10.9.9.6 (eth0), 3 more; 10.9.9.8 is rs01's
      help: nothing was changed on it: see which machine `192.168.40.100` leads to (the name service, ~/.ssh/config, the host's `address`), or correct the host's addresses in the inventory
    lvs_director: has the VIP 192.168.175.100 on no interface
      help: put it on one (`ip addr add 192.168.175.100/24 dev INTERFACE`, and in the network's configuration for the next boot), or correct `vip`; with `own` addresses of the director in the inventory a deploy puts it there
    lvs_director: has the VIPs 192.168.175.100, 2001:db8::10 on no interface
      help: put it on one (`ip addr add 192.168.175.100/24 dev INTERFACE`, `ip addr add 2001:db8::10/64 dev INTERFACE`, and in the network's configuration for the next boot), or correct `vip`; with `own` addresses of the director in the inventory a deploy puts it there
    "#);
}

#[test]
fn an_error_of_no_single_host() {
    let (out, err) = told(text(), |report| report.error("the lab is broken\nlast words", "mend it"));
    assert_eq!(out, "");
    assert_eq!(err, "error: the lab is broken\n    last words\n  help: mend it\n");
}

#[test]
fn a_broken_tool_and_one_that_hangs_are_named_with_their_task_and_module() {
    let unreadable =
        Unreadable::new("address", "garbage").by("ip -o addr show").saying(b"ip: a new version is out\n");
    let unreadable = unreadable.asked_by("address", vec!["Addresses".into()]);
    let hung = |ended| Failure::Hung {
        what: "reading package (task `Web server`)".into(),
        seconds: 90,
        running: "dpkg-query -W -f apache2".into(),
        ended,
        changing: false,
        goes_on: None,
    };
    let left = vec!["dpkg-query -W -f apache2".to_owned()];
    let changing = |goes_on: Option<&str>| Failure::Hung {
        what: "the change of package apache2 (task `Web server`)".into(),
        seconds: 1890,
        running: "sleep 0.3".into(),
        ended: Ended::All,
        changing: true,
        goes_on: goes_on.map(str::to_owned),
    };
    let failures = [unreadable.into(), hung(Ended::All), hung(Ended::Not(left)), hung(Ended::Unknown)];
    let goes_on = "a package transaction that an earlier run began at 12:03:11: installs apache2";
    let failures = failures.into_iter().chain([changing(None), changing(Some(goes_on))]);
    insta::assert_snapshot!(failures.map(|failure| paragraph(failure, 0)).collect::<String>(), @r#"
    lvs_director: what was read from the host makes no sense: address (task `Addresses`): can't read what `ip -o addr show` printed: `garbage`
        ip: a new version is out
      help: run `ip -o addr show` on the host: see why it does not print what it should, and mend or replace it
    lvs_director: reading package (task `Web server`) did not end within 90 s
        dpkg-query -W -f apache2
      help: it was ended there; run that on the host and see what it waits for: a lock, a file system of another machine, a service
    lvs_director: reading package (task `Web server`) did not end within 90 s
        dpkg-query -W -f apache2
      help: it was killed there and still runs, as what waits in the kernel for a disk or another machine does: see `dmesg` and `mount` there; run that on the host and see what it waits for: a lock, a file system of another machine, a service
    lvs_director: reading package (task `Web server`) did not end within 90 s
        dpkg-query -W -f apache2
      help: whether it still runs there is not known, as the host did not answer any more; run that on the host and see what it waits for: a lock, a file system of another machine, a service
    lvs_director: the change of package apache2 (task `Web server`) did not end within 1890 s
        sleep 0.3
      help: it was ended there; see on the host what it waited for, a lock, a file system of another machine, a service; then run the same again, which reads the host anew and goes on
    lvs_director: the change of package apache2 (task `Web server`) did not end within 1890 s
        sleep 0.3
      help: it goes on there by itself, a package transaction that an earlier run began at 12:03:11: installs apache2: run the same again, which waits for it
    "#);
}

#[test]
fn a_full_disk_is_said_to_be_full() {
    let failure = Failure::NoSpace {
        label: "file /etc/page".into(),
        mounts: "/".into(),
        output: "sh: 7: printf: I/O error\ndf -Pk: /dev/vda 2030416 2030416 0 100% /".into(),
    };
    insta::assert_snapshot!(paragraph(failure, 0), @r#"
    lvs_director: file /etc/page failed: no space left on /
        sh: 7: printf: I/O error
        df -Pk: /dev/vda 2030416 2030416 0 100% /
      help: make room on / there, and run the same again
    "#);
}
