//! Hosts with tools that are broken, chatty or hang, and with a full disk: what is said of them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use lvsprov::plan::Tally;

use super::cluster::{Cluster, Outcome};
use super::machine::Machine;

const DEPLOY: &str = r#"
- name: Real servers
  hosts: real_servers
  tasks:
    - name: The page
      file: { dest: /srv/page, content: "{{ name }}\n", mode: "0644" }
    - name: The way back
      default_gateway: { via: "{{ dip }}" }
- name: The director
  hosts: directors
  tasks:
    - sysctl: { name: net.ipv4.ip_forward, value: 1 }
"#;

/// A tool that stands before the host's own.
fn replace(machine: &Machine, tool: &str, body: &str) {
    let path = machine.root.path(&format!("/stub/{tool}"));
    fs::write(&path, format!("#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n{body}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn cluster() -> Cluster {
    let cluster = Cluster::new(2, DEPLOY);
    for web in ["web1", "web2"] {
        cluster.machine(web).root.mkdir("/srv");
    }
    cluster
}

/// What the host or its tools said, and what to do.
fn said(outcome: &Outcome, host: &str) -> (String, String) {
    let index = outcome.plan.hosts.iter().position(|planned| planned.name == host).unwrap();
    let failure = outcome.failures[index].as_ref().unwrap_or_else(|| panic!("{:#?}", outcome.events));
    (failure.said().to_owned(), failure.remedy())
}

#[test]
fn an_ip_that_colours_and_warns_is_read_like_any_other() {
    let cluster = cluster();
    let chatty = "echo 'ip: no version information available' >&2\nexec ip -c=always \"$@\"";
    for name in ["d", "web1", "web2"] {
        replace(cluster.machine(name), "ip", chatty);
    }
    let colours = cluster.machine("web1").root.sh("ip -o addr show 2>/dev/null");
    assert!(colours.contains('\u{1b}'), "the stand-in colours: {colours:?}");
    let outcome = cluster.deploy();
    outcome.whole();
    assert_eq!(outcome.changed(), [1, 2, 2]);
    assert!(cluster.deploy().plan.is_empty());
}

#[test]
fn a_tool_whose_words_can_not_be_read_is_named_with_what_it_said() {
    let cluster = cluster();
    replace(cluster.machine("web1"), "ip", "echo 'ip: symbol lookup error' >&2\nexit 127");
    // Only where the gateway is asked for.
    let body = "case \"$*\" in *batch*) exit 1;; *route*) echo 'ip: a strange kernel' >&2; echo default via nowhere;; *) exec ip \"$@\";; esac";
    replace(cluster.machine("web2"), "ip", body);
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["web1", "web2"], "{:#?}", outcome.events);
    let nonsense = "what was read from the host makes no sense: ";
    assert_eq!(
        outcome.failure("web1"),
        format!("{nonsense}facts: `ip -o addr show` failed with exit code 127")
    );
    assert_eq!(said(&outcome, "web1").0, "ip: symbol lookup error");
    let failure = outcome.failure("web2");
    let asked =
        "default_gateway (task `The way back`): can't read what `ip -4 -o route show default` printed: ";
    assert!(failure.starts_with(&format!("{nonsense}{asked}")), "{failure}");
    let (words, remedy) = said(&outcome, "web2");
    assert!(words.contains("ip: a strange kernel"), "{words}");
    assert!(remedy.starts_with("run `ip -4 -o route show default` on the host"), "{remedy}");
}

#[test]
fn a_probe_that_hangs_is_named_and_ended_there() {
    let mut cluster = cluster();
    cluster.read_timeout = Duration::from_secs(6);
    // A number that no other test's sleep has.
    let sleep = format!("sleep {}", 30_000_000 + std::process::id());
    fs::write(cluster.machine("web1").root.path("/srv/page"), "an old page\n").unwrap();
    replace(cluster.machine("web1"), "stat", &format!("exec {sleep}"));
    let begun = Instant::now();
    let outcome = cluster.deploy();
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    assert_eq!(outcome.failed(), ["web1"], "{:#?}", outcome.events);
    assert_eq!(outcome.failure("web1"), "reading file (task `The page`) did not end within 6 s");
    let (running, remedy) = said(&outcome, "web1");
    assert!(running.lines().any(|line| line == sleep), "{running}");
    assert!(remedy.starts_with("it was ended there; "), "{remedy}");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| fs::read_to_string(process.path().join("cmdline")).ok());
    assert_eq!(lines.filter(|line| line.replace('\0', " ").contains(&sleep)).count(), 0, "it still runs");
    assert_eq!(outcome.changed()[2], 2, "the others go on");
}

#[test]
fn a_disk_that_is_full_is_said_to_be_full() {
    let playbook = DEPLOY.replace("{{ name }}", &"a line of a long page ".repeat(4000));
    let cluster = Cluster::new(2, &playbook);
    for web in ["web1", "web2"] {
        cluster.machine(web).root.mkdir("/srv");
    }
    cluster.machine("web1").root.sh("mount -t tmpfs -o size=16k none /srv");
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["web1"], "{:#?}", outcome.events);
    assert_eq!(outcome.failure("web1"), "The page failed: no space left on /srv");
    let (words, remedy) = said(&outcome, "web1");
    assert!(
        words.contains("df -Pk: none 16 0 16 0% /srv; ") && words.contains(" KiB did not fit"),
        "{words}"
    );
    assert_eq!(remedy, "make room on /srv there, and run the same again");
    assert_eq!(cluster.machine("web1").root.sh("ls -A /srv"), "", "nothing is left of the try");
}

/// A `sleep` that no other test has, and how many of it still run.
fn sleep() -> (String, impl Fn() -> usize) {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = 100_000 * NUMBER.fetch_add(1, Ordering::Relaxed) + 40_000_000;
    let line = format!("/usr/bin/sleep {}", number + std::process::id() % 100_000);
    let wanted = line.clone();
    let running = move || {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let lines = processes.filter_map(|process| fs::read_to_string(process.path().join("cmdline")).ok());
        lines.filter(|line| line.replace('\0', " ").trim() == wanted).count()
    };
    (line, running)
}

/// The message without its seconds.
fn without_seconds(message: &str) -> String {
    let (before, seconds) = message.rsplit_once(" within ").unwrap_or_else(|| panic!("{message}"));
    let number: u64 = seconds.strip_suffix(" s").unwrap().parse().unwrap();
    assert!((2..20).contains(&number), "{message}");
    before.to_owned()
}

#[test]
fn a_change_that_hangs_is_named_and_ended_there_and_the_others_are_read() {
    let (sleep, running) = sleep();
    let playbook = format!(
        "
- name: Real servers
  hosts: real_servers
  tasks:
    - command: {{ cmd: \"touch /first\", creates: /first, timeout: 1 }}
    - {{ name: The long one, command: {{ cmd: \"exec {sleep}\", creates: /made, timeout: 1 }} }}
    - command: {{ cmd: \"touch /last\", creates: /last, timeout: 1 }}
"
    );
    let mut cluster = Cluster::new(1, &playbook);
    cluster.read_timeout = Duration::from_secs(2);
    let begun = Instant::now();
    let outcome = cluster.deploy();
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!(outcome.failed(), ["web1"], "{:#?}", outcome.events);
    let named = format!("the change of command exec {sleep} (task `The long one`) did not end");
    assert_eq!(without_seconds(&outcome.failure("web1")), named);
    let (said, remedy) = said(&outcome, "web1");
    // The link's own processes are of the same group here.
    assert!(said.lines().any(|line| line == sleep), "{said}");
    assert!(!said.contains("sleep 00"), "the host's own clock is not what hangs: {said}");
    assert!(remedy.starts_with("it was ended there; see on the host what it waited for"), "{remedy}");
    assert_eq!(running(), 0, "it still runs");
    // Of a command only running it tells: that the last one was not begun can't be read.
    assert_eq!(outcome.tally("web1"), Tally { made: 1, unknown: 2, ..Tally::default() });
    assert_eq!(outcome.unfinished(), ["web1: The long one: unknown", "web1: command touch /last: unknown"]);
    assert!(!cluster.machine("web1").root.exists("/last"));
}

#[test]
fn reading_back_that_hangs_is_named_and_ended_there() {
    let (sleep, running) = sleep();
    let playbook = format!(
        "
- name: Real servers
  hosts: real_servers
  tasks:
    - name: The trap
      command: {{ cmd: \"touch /trap\", unless: \"[ -e /trap ] && exec {sleep}\", timeout: 1 }}
"
    );
    let mut cluster = Cluster::new(1, &playbook);
    cluster.read_timeout = Duration::from_secs(2);
    let outcome = cluster.deploy();
    assert_eq!(outcome.failed(), ["web1"], "{:#?}", outcome.events);
    let named = "reading back command (task `The trap`) did not end";
    assert_eq!(without_seconds(&outcome.failure("web1")), named);
    assert!(said(&outcome, "web1").0.lines().any(|line| line == sleep));
    assert_eq!(running(), 0, "it still runs");
    assert_eq!(outcome.tally("web1"), Tally { unknown: 1, ..Tally::default() });
}

#[test]
fn of_a_secret_command_that_hangs_nothing_is_shown() {
    let (sleep, running) = sleep();
    let playbook = format!(
        "
- name: Real servers
  hosts: real_servers
  tasks:
    - {{ name: The long one, command: {{ cmd: \"{sleep}\", creates: /made, timeout: 1, secret: true }} }}
"
    );
    let mut cluster = Cluster::new(1, &playbook);
    cluster.read_timeout = Duration::from_secs(2);
    let outcome = cluster.deploy();
    let named = "the change of command (secret) (task `The long one`) did not end";
    assert_eq!(without_seconds(&outcome.failure("web1")), named);
    let (said, remedy) = said(&outcome, "web1");
    assert_eq!(said, "(secret)");
    assert!(!remedy.contains(&sleep) && !format!("{:?}", outcome.events).contains(&sleep), "{remedy}");
    assert_eq!(running(), 0, "it still runs");
}
