//! Hosts that can't be reached, or do not let us in.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Cluster, Outcome, tell, until};

/// An inventory that reaches the lab's machines without `--lab`, as one for real machines would: each host with ssh
/// options of its own.
struct Outside<'a> {
    cluster: &'a Cluster,
    /// `HOST: what its ssh says beside the defaults`
    hosts: [(&'static str, String); 4],
}

impl Outside<'_> {
    fn of(cluster: &Cluster) -> Outside<'_> {
        let hosts = ["lvs_director", "lvs_real_server01", "lvs_real_server02", "client"];
        Outside { cluster, hosts: hosts.map(|host| (host, String::new())) }
    }

    fn with(mut self, host: &str, ssh: impl Into<String>) -> Self {
        let found = self.hosts.iter_mut().find(|(name, _)| *name == host);
        found.expect("a host of the tutorial").1 = ssh.into();
        self
    }

    fn run(&self, verb: &str, more: &[&str]) -> Outcome {
        let lab = self.cluster.lab_folder();
        let (exe, namespace) = (env!("CARGO_BIN_EXE_lvsprov"), self.cluster.namespace());
        let mut text = std::fs::read_to_string(self.cluster.folder.join("tutorial.yaml")).unwrap();
        let defaults = format!(
            "ssh: {{ user: root, identity_file: {0}/login_key, options: {{ UserKnownHostsFile: {0}/known_hosts, \
             ProxyUseFdpass: 'yes', ProxyCommand: \"{exe} lab-proxy {namespace} %h %p\" }} }} #",
            lab.display()
        );
        text = text.replacen("ssh: { user: root }", &defaults, 1);
        for (host, ssh) in &self.hosts {
            let line =
                text.lines().find(|line| line.trim_start().starts_with(&format!("{host}: {{"))).unwrap();
            let longer = line.replacen(" }", &format!(", ssh: {{ {ssh} }} }}"), 1);
            text = text.replace(line, &longer);
        }
        self.cluster.write("outside.yaml", &text);
        self.cluster.ended(self.cluster.start(&[&[verb, "outside.yaml", "-vv"], more].concat()))
    }

    fn run_json(&self, verb: &str, more: &[&str]) -> Outcome {
        self.run(verb, &[&["--output", "json"], more].concat())
    }
}

pub fn each_host_says_why(cluster: &Cluster) {
    let folder = &cluster.folder;
    new_key(&folder.join("stranger"));
    let stranger = std::fs::read_to_string(folder.join("stranger.pub")).unwrap();
    std::fs::write(folder.join("none"), "").unwrap();
    std::fs::write(folder.join("changed"), format!("192.168.40.102 {stranger}")).unwrap();
    let known = |file: &str| format!("options: {{ UserKnownHostsFile: {} }}", folder.join(file).display());
    let outside = Outside::of(cluster)
        .with("lvs_real_server01", known("none"))
        .with("lvs_real_server02", known("changed"))
        .with("client", format!("identity_file: {}", folder.join("stranger").display()));
    drift(cluster);
    let refused = outside.run_json("deploy", &[]).exits(4);
    for (host, message, remedy) in [
        ("lvs_real_server01", "its host key is not known", "accept it"),
        ("lvs_real_server02", "its host key has changed", "ssh-keygen -R"),
        ("client", "it refused the login", "authorized_keys"),
    ] {
        unreachable(&refused, host, message, remedy);
    }
    only_the_director_was_changed(cluster, &refused);

    // The same for people: one paragraph a host.
    drift(cluster);
    let told = outside.run("deploy", &[]).exits(4);
    let text = format!("{}\n{}", told.stdout, told.stderr);
    for (host, message) in [
        ("lvs_real_server01", "its host key is not known"),
        ("lvs_real_server02", "its host key has changed"),
        ("client", "it refused the login"),
    ] {
        let begins = format!("\n{host}: can't be reached: {message}\n");
        assert_eq!(text.matches(&begins).count(), 1, "`{begins}`\n{text}");
    }
    assert_eq!(text.matches("\n  help: ").count(), 3, "each with its remedy\n{text}");
    assert!(text.contains("ip_forward"), "the director's change is told\n{text}");
    is_repaired(cluster);
    another_machine(cluster);
    sudo(cluster);
    Outside::of(cluster).run_json("plan", &[]).exits(0);
    a_proxy_fails_once(cluster);
    cluster.is_as_declared("tutorial.yaml");
}

/// As a jump host does at random while many connect.
fn a_proxy_fails_once(cluster: &Cluster) {
    let [proxy, failed] = ["proxy", "failed"].map(|file| cluster.folder.join(file).display().to_string());
    let script = format!(
        "[ -e {failed} ] || {{ touch {failed}; exit 1; }}\nexec {} lab-proxy {} \"$@\"\n",
        env!("CARGO_BIN_EXE_lvsprov"),
        cluster.namespace()
    );
    std::fs::write(&proxy, script).unwrap();
    let behind = format!("options: {{ ProxyCommand: \"sh {proxy} %h %p\" }}");
    Outside::of(cluster).with("client", behind).run_json("plan", &["--limit", "client"]).exits(0);
    assert!(Path::new(&failed).exists(), "it was asked through that proxy");
}

/// The way to one of the hosts leads to another.
fn another_machine(cluster: &Cluster) {
    let host = "lvs_real_server01";
    let outside = Outside::of(cluster).with(host, "options: { HostName: 192.168.40.102 }");
    let refused = outside.run_json("deploy", &["--limit", host]).exits(1);
    let failure = refused.events.failure(host);
    let message = failure["message"].as_str().unwrap();
    assert!(message.contains("none of its declared addresses (192.168.40.101)"), "{failure}");
    assert!(message.ends_with("192.168.40.102 is lvs_real_server02's"), "{failure}");
    assert_eq!(refused.events.changed(), 0, "{}", refused.stdout);
    tell(&format!("   {host}: {message}"));
    cluster.forget_connections();
}

fn sudo(cluster: &Cluster) {
    const PASSWORD: &str = "correct-horse";
    let host = "lvs_real_server01";
    let script = format!(
        "useradd --create-home --shell /bin/sh ops && echo ops:{PASSWORD} | chpasswd\n\
         echo 'ops ALL=(ALL) ALL' >/etc/sudoers.d/ops\n\
         install -d -m 700 -o ops /home/ops/.ssh && install -m 600 -o ops /root/.ssh/authorized_keys /home/ops/.ssh/"
    );
    cluster.on(host, &script);
    // It was read as root before.
    let plain = Outside::of(cluster).with(host, "user: ops").run_json("plan", &[]).exits(1);
    let failure = plain.events.failure(host);
    let message = failure["message"].as_str().unwrap();
    assert!(message.starts_with("logged in as ops (uid ") && message.ends_with("not as root"), "{failure}");
    assert!(failure["remedy"].as_str().unwrap().contains("become: true"), "{failure}");
    assert_eq!(plain.events.of("failed").count(), 1, "it is said alone\n{}", plain.stdout);
    tell(&format!("   {host}: {message}"));
    let outside = Outside::of(cluster).with(host, "user: ops, become: true");
    drift(cluster);
    let wanted = outside.run_json("deploy", &[]).exits(1);
    let failure = wanted.events.failure(host);
    assert!(failure["message"].as_str().unwrap().contains("sudo refused"), "{failure}");
    assert!(failure["remedy"].as_str().unwrap().contains("--become-password-file"), "{failure}");
    tell(&format!("   {host}: {}: {}", failure["message"], failure["remedy"]));
    is_repaired(cluster);

    let file = cluster.folder.join("password");
    std::fs::write(&file, "wrong\n").unwrap();
    let file = file.to_string_lossy().into_owned();
    let wrong = outside.run_json("plan", &["--become-password-file", &file]).exits(1);
    let refusal = wrong.events.failure(host);
    assert!(refusal["message"].as_str().unwrap().contains("sudo refused"), "{refusal}");
    assert!(refusal["remedy"].as_str().unwrap().contains("password was wrong"), "{refusal}");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let right = outside.run("plan", &["--become-password-file", &file]).exits(0);
    let said = format!("{}{}", right.stdout, right.stderr);
    assert!(!said.contains(PASSWORD), "a password never prints\n{said}");
    cluster.forget_connections();
    cluster.on(host, "userdel --force --remove ops 2>/dev/null; rm /etc/sudoers.d/ops");
}

pub fn a_host_is_down(cluster: &Cluster) {
    let host = "lvs_real_server02";
    cluster.on(host, "systemctl --no-block poweroff");
    until("its kernel ends", Duration::from_secs(120), || (!cluster.runs(host)).then_some(()));
    let outside = Outside::of(cluster);
    // The host could not be read, and its service fails: the latter is the worse.
    let broken = outside.run_json("verify", &["--requests", "2"]).exits(5);
    let refused = outside.run_json("deploy", &[]).exits(4);
    for run in [&broken, &refused] {
        let message = run.events.failure(host)["message"].as_str().unwrap();
        assert!(message.contains("no answer in time") || message.contains("no route to it"), "{message}");
        assert_eq!(run.events.summary()["hosts"][host]["unreachable"], true);
    }
    assert_eq!(refused.events.of("planned").count(), 3, "the others' state is told");
    assert_eq!(refused.events.of("stage_began").count(), 0);

    // While the controller believes to know its hardware address, it waits for it; then the proxy has words for it.
    let why = until("there is no route", Duration::from_secs(90), || {
        let plan = outside.run_json("plan", &["--limit", host]).exits(4);
        let failure = plan.events.failure(host).clone();
        failure["message"].as_str().unwrap().contains("no route to it").then_some(failure)
    });
    assert!(why["output"].as_str().unwrap().contains("No route to host"), "{why}");
    assert!(why["remedy"].as_str().unwrap().contains("address or a route"), "{why}");
    tell(&format!("   {host}: {}", why["message"].as_str().unwrap()));
    // A lab's machine that is off is a host that is down, too.
    let inside = cluster.lab("plan", "tutorial.yaml", &[]).exits(4);
    assert_eq!(inside.events.summary()["hosts"][host]["unreachable"], true);

    let again = cluster.lvsprov(&["lab", "up", "tutorial.yaml", "--output", "json"]).exits(0);
    let started: Vec<&Value> = again.events.of("machine_started").map(|event| &event["host"]).collect();
    assert_eq!(started, [host], "`lab up` starts what is down, and nothing else");
    // What waited for it is done now.
    cluster.lab("deploy", "tutorial.yaml", &[]).exits(0);
    cluster.lab("verify", "tutorial.yaml", &[]).exits(0);
    cluster.is_as_declared("tutorial.yaml");
}

/// Something that a deploy would change on the director.
fn drift(cluster: &Cluster) {
    cluster.on("lvs_director", "echo 0 >/proc/sys/net/ipv4/ip_forward");
}

/// The other hosts' faults hold nobody else up.
#[track_caller]
fn is_repaired(cluster: &Cluster) {
    cluster.on("lvs_director", "grep -q 1 /proc/sys/net/ipv4/ip_forward");
}

#[track_caller]
fn only_the_director_was_changed(cluster: &Cluster, run: &Outcome) {
    let planned: Vec<&Value> = run.events.of("planned").map(|event| &event["host"]).collect();
    assert_eq!(planned, ["lvs_director"]);
    assert_eq!(run.events.changed(), 1, "what depends on nobody else is done");
    is_repaired(cluster);
}

#[track_caller]
fn unreachable(outcome: &Outcome, host: &str, message: &str, remedy: &str) {
    let failure = outcome.events.failure(host);
    assert!(failure["message"].as_str().unwrap().contains(message), "{failure}");
    assert!(failure["remedy"].as_str().unwrap().contains(remedy), "{failure}");
    assert_eq!(failure["unreachable"], true, "{failure}");
    assert_eq!(outcome.events.summary()["hosts"][host]["unreachable"], true);
    tell(&format!("   {host}: {}", failure["message"].as_str().unwrap()));
}

fn new_key(path: &Path) {
    let _ = std::fs::remove_file(path);
    let mut keygen = Command::new("ssh-keygen");
    assert!(keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status().unwrap().success());
}
