//! The command line, as far as it goes without machines: what is refused before anything is connected to, and what a
//! host that can't be reached comes to.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

const TUTORIAL: &str = include_str!("../inventories/tutorial.yaml");
const DEPLOY: &str = include_str!("../playbooks/deploy.yaml");

/// A folder with an inventory and a playbook, and an `ssh` that leaves word of being called.
struct Place(tempfile::TempDir);

impl Place {
    fn new(inventory: &str, playbook: Option<&str>) -> Place {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("inventory.yaml"), inventory).unwrap();
        if let Some(playbook) = playbook {
            fs::create_dir(dir.path().join("playbooks")).unwrap();
            fs::write(dir.path().join("playbooks/deploy.yaml"), playbook).unwrap();
        }
        Place(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn lvsprov(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("lvsprov").unwrap();
        command.args(arguments).current_dir(self.path()).env("NO_COLOR", "1");
        command.env("LVSPROV_CONTROL_DIR", self.path().join("control")).env_remove("LVSPROV_INVENTORY");
        command
    }

    /// An ssh that only says that it was called.
    fn without_ssh(&self, command: &mut Command) {
        let bin = self.path().join("bin");
        fs::create_dir(&bin).unwrap();
        fs::write(bin.join("ssh"), format!("#!/bin/sh\ntouch {}/called\nexit 255\n", self.path().display()))
            .unwrap();
        fs::set_permissions(bin.join("ssh"), fs::Permissions::from_mode(0o755)).unwrap();
        command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json_lines(bytes: &[u8]) -> Vec<Value> {
    text(bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_nothing_is_connected_to() {
    let inventory = TUTORIAL
        .replace("cluster: web", "cluster: web\nclutser: web")
        .replace("scheduler: rr ", "scheduler: rrr")
        .replace("lvs_real_server01, weight: 1", "lvs_real_server01, weight: 70000")
        .replace("host: lvs_real_server02", "host: lvs_real_server20")
        .replace("rip: 192.168.40.102/24", "rip: 192.168.41.102/24")
        .replace("cip: 192.168.175.50/24", "cip: 192.168.40.50/24");
    let playbook = DEPLOY.replace("httpd.docroot", "httpd.docrot").replace("kernel_module:", "kernel_modul:");
    let place = Place::new(&inventory, Some(&playbook));
    for verb in ["plan", "deploy", "verify"] {
        let mut command = place.lvsprov(&[verb]);
        if verb == "plan" {
            place.without_ssh(&mut command);
        } else {
            command.env("PATH", format!("{}:/usr/bin:/bin", place.path().join("bin").display()));
        }
        let output = command.assert().code(2).get_output().clone();
        let told = text(&output.stderr);
        for wrong in [
            "clutser",
            "rrr",
            "70000",
            "lvs_real_server20",
            "192.168.41.102/24",
            "192.168.40.50/24",
            "httpd.docrot",
            "kernel_modul",
        ] {
            assert!(told.contains(wrong), "{verb} does not mention {wrong}:\n{told}");
        }
        for remedy in
            ["did you mean `cluster`", "did you mean `rr`", "did you mean `lvs_real_server02`", "65535"]
        {
            assert!(told.contains(remedy), "{verb} does not say {remedy}:\n{told}");
        }
        let line = DEPLOY.lines().position(|line| line.contains("httpd.docroot")).unwrap() + 1;
        let place = format!("playbooks/deploy.yaml:{line}:");
        assert!(told.contains("inventory.yaml:") && told.contains(&place), "{told}");
    }
    assert!(!place.path().join("called").exists(), "ssh was called");
}

#[test]
fn a_wrong_pattern_hides_no_other_mistake_of_the_playbook() {
    let playbook = "\
- hosts: nosuch
  tasks: [{ package: { name: curl } }]
- hosts: clients
  tasks: [{ file: { dst: /x } }]
";
    let told = |inventory: &str| {
        let place = Place::new(inventory, Some(playbook));
        text(&place.lvsprov(&["plan"]).assert().code(2).get_output().stderr)
    };
    let both = told(TUTORIAL);
    assert!(both.contains("nosuch") && both.contains("did you mean `dest`"), "{both}");
    let invalid = told(&TUTORIAL.replace("scheduler: rr ", "scheduler: rrr"));
    assert!(invalid.contains("rrr") && invalid.contains("did you mean `dest`"), "{invalid}");
}

#[test]
fn json_complaints_have_their_places() {
    let place = Place::new(&TUTORIAL.replace("scheduler: rr ", "scheduler: rrr"), None);
    let output = place.lvsprov(&["plan", "--output", "json"]).assert().code(2).get_output().clone();
    let lines = json_lines(&output.stdout);
    let complaint = lines.iter().find(|line| line["event"] == "complaint").unwrap();
    let line = TUTORIAL.lines().position(|line| line.contains("scheduler: rr")).unwrap() + 1;
    assert_eq!((&complaint["file"], &complaint["line"]), (&"inventory.yaml".into(), &line.into()));
    assert!(complaint["remedy"].as_str().unwrap().contains("did you mean `rr`"), "{complaint}");
}

#[test]
fn a_template_s_mistake_is_shown_in_the_template() {
    let place = Place::new(TUTORIAL, None);
    fs::create_dir(place.path().join("templates")).unwrap();
    fs::write(place.path().join("templates/index.html.j2"), "<p>\nI am {{ inventory_hostnam }}\n").unwrap();
    let output = place.lvsprov(&["plan"]).assert().code(2).get_output().clone();
    let told = text(&output.stderr);
    assert!(
        told.contains("index.html.j2:2:") && told.contains("did you mean `inventory_hostname`"),
        "{told}"
    );
}

#[test]
fn a_template_that_cant_be_read_is_told_where_it_is_used() {
    let playbook = "\
- hosts: clients
  tasks:
    - template: { src: motd.j2, dest: /etc/motd }
    - template: { src: .htaccess.j2, dest: /var/www/.htaccess }
    - template: { src: motd.j2, dest: /etc/issue }
";
    let place = Place::new(TUTORIAL, Some(playbook));
    let templates = place.path().join("templates");
    fs::create_dir(&templates).unwrap();
    fs::write(templates.join(".motd.j2.swp"), b"\xff").unwrap();
    fs::write(templates.join("logo.png"), b"\xff").unwrap();
    fs::write(templates.join("motd.j2"), "{{ nmae }}").unwrap();
    fs::write(templates.join(".htaccess.j2"), "Require host {{ name }}").unwrap();
    let told = || text(&place.lvsprov(&["plan"]).assert().code(2).get_output().stderr);
    let undefined = told();
    assert!(undefined.contains("`nmae` is undefined"), "{undefined}");
    assert!(undefined.contains("1 complaint;"), "once, and not of another file: {undefined}");
    fs::write(templates.join("motd.j2"), b"\xff").unwrap();
    let unreadable = told();
    for said in ["playbooks/deploy.yaml:3:", "can't read the template", "templates/motd.j2", "UTF-8"] {
        assert!(unreadable.contains(said), "{said}: {unreadable}");
    }
}

#[test]
fn bad_usage_is_exit_2_with_a_remedy() {
    let place = Place::new(TUTORIAL, None);
    let cases: [(&[&str], &str); 5] = [
        (&["plan", "nowhere.yaml"], "nowhere.yaml"),
        (&["plan", "--limit", "lvs_directr"], "did you mean `lvs_director`"),
        (&["plan", "--tags", "nosuch"], "no task has the tag `nosuch`"),
        (&["plan", "--lab"], "lvsprov lab up"),
        (&["depoly"], "deploy"),
    ];
    for (arguments, told) in cases {
        let mut command = place.lvsprov(arguments);
        command.env("XDG_STATE_HOME", place.path());
        let output = command.assert().code(2).get_output().clone();
        let stderr = text(&output.stderr);
        assert!(stderr.contains(told), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_told_where_that_shows() {
    let place = Place::new(TUTORIAL, None);
    let told = |inventory: &[u8]| {
        fs::write(place.path().join("inventory.yaml"), inventory).unwrap();
        text(&place.lvsprov(&["plan"]).assert().code(2).get_output().stderr)
    };
    let latin = told(b"cluster: web\n# f\xfcr alle\n");
    for said in ["inventory.yaml:2:4", "0xfc", "`iconv -f latin1 -t utf-8 inventory.yaml >new.yaml`"] {
        assert!(latin.contains(said), "{said}: {latin}");
    }
    let utf_16: Vec<u8> = "\u{feff}cluster: web\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = told(&utf_16);
    assert!(wide.contains("inventory.yaml:1:1") && wide.contains("iconv -f utf-16"), "{wide}");
    // A mark before the text is no other encoding.
    let marked = told(format!("\u{feff}{}", TUTORIAL.replace("scheduler: rr ", "scheduler: rrr")).as_bytes());
    assert!(marked.contains("1 complaint;") && marked.contains("did you mean `rr`"), "{marked}");
    let folder = place.lvsprov(&["plan", "."]).assert().code(2).get_output().clone();
    assert!(
        text(&folder.stderr).contains("name the file that is in this folder"),
        "{}",
        text(&folder.stderr)
    );
}

#[test]
fn a_dry_run_is_a_check() {
    let inventory = TUTORIAL.replace("scheduler: rr ", "scheduler: rrr");
    let place = Place::new(&inventory, Some(DEPLOY));
    for arguments in [
        &["deploy", "--dry-run"][..],
        &["destroy", "--dry-run"],
        &["run", "playbooks/deploy.yaml", "--dry-run"],
    ] {
        let output = place.lvsprov(arguments).assert().code(2).get_output().clone();
        // It has come as far as the inventory.
        assert!(
            text(&output.stderr).contains("did you mean `rr`"),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
    }
    // Nothing but `plan`'s own words, over hosts that are not there.
    let place = Place::new(&closed(), None);
    let output =
        place.lvsprov(&["deploy", "--dry-run", "--output", "json"]).assert().code(4).get_output().clone();
    assert_eq!(json_lines(&output.stdout).last().unwrap()["verb"], "plan");
}

#[test]
fn that_ssh_takes_long_to_read_its_configuration_is_told() {
    let place = Place::new(TUTORIAL, None);
    let mut plan = place.lvsprov(&["plan", "--connect-timeout", "5"]);
    place.without_ssh(&mut plan);
    fs::write(place.path().join("bin/ssh"), "#!/bin/sh\n[ \"$2\" != -G ] || exec sleep 2\nexit 255\n")
        .unwrap();
    let output = plan.assert().code(4).get_output().clone();
    let told = text(&output.stderr);
    assert!(told.starts_with("ssh: waiting for its configuration"), "{told}");
    assert_eq!(told.matches("waiting for its configuration").count(), 1, "{told}");
}

/// The tutorial's inventory with each host at port 1 of this machine, where nothing listens.
fn closed() -> String {
    TUTORIAL
        .replace("ssh: { user: root }", "ssh: { user: root, port: 1 }")
        .replace("dip: 192.168.40.100/24", "dip: 192.168.40.100/24, address: 127.0.0.1")
        .replace("rip: 192.168.40.101/24", "rip: 192.168.40.101/24, address: 127.0.0.2")
        .replace("rip: 192.168.40.102/24", "rip: 192.168.40.102/24, address: 127.0.0.3")
        .replace("cip: 192.168.175.50/24", "cip: 192.168.175.50/24, address: 127.0.0.4")
}

#[test]
fn hosts_that_refuse_the_connection_are_unreachable_and_each_is_told_with_a_remedy() {
    let place = Place::new(&closed(), None);
    let output = place.lvsprov(&["deploy", "--output", "json"]).assert().code(4).get_output().clone();
    let lines = json_lines(&output.stdout);
    let summary = lines.last().unwrap();
    assert_eq!((&summary["event"], &summary["exit"]), (&"summary".into(), &4.into()));
    assert_eq!(summary["hosts"]["client"]["unreachable"], true);
    assert!(lines.iter().all(|line| line["event"] != "stage_began"), "a stage began");
    let output = place.lvsprov(&["plan"]).assert().code(4).get_output().clone();
    let told = text(&output.stderr);
    for host in ["lvs_director", "lvs_real_server01", "lvs_real_server02", "client"] {
        assert!(told.contains(&format!("{host}: ")), "{told}");
    }
    assert!(told.contains("Connection refused") && told.contains("start sshd on it"), "{told}");

    // Nothing was read, and nothing is claimed.
    let not_read = ["lvs_director", "lvs_real_server01", "lvs_real_server02", "client"];
    assert_eq!(summary["not_read"], Value::from(not_read.to_vec()));
    for (verb, says) in [
        ("plan", "No plan; 4 hosts could not be read."),
        ("verify", "drift is not known: none of 4 hosts could be read"),
        ("deploy", "nothing changed; 4 hosts could not be reached"),
    ] {
        let output = place.lvsprov(&[verb]).assert().code(4).get_output().clone();
        let told = text(&output.stdout);
        assert!(told.contains(says), "{verb}: {told}");
        assert!(!told.contains("as declared") && !told.contains("no drift"), "{verb}: {told}");
    }
}

#[test]
fn a_debug_file_is_its_owner_s_and_has_each_connection() {
    let place = Place::new(&closed(), None);
    let output = place.lvsprov(&["plan", "--debug", "debug.log"]).assert().code(4).get_output().clone();
    let path = place.path().join("debug.log");
    let (written, mode) =
        (fs::read_to_string(&path).unwrap(), fs::metadata(&path).unwrap().permissions().mode());
    assert_eq!(mode & 0o777, 0o600);
    for host in ["lvs_director", "lvs_real_server01", "lvs_real_server02", "client"] {
        let of_host = |what: &str| {
            written.lines().any(|line| line.contains(what) && line.contains(&format!("host=\"{host}\"")))
        };
        assert!(of_host("opens a connection") && of_host("can't be reached"), "{host}: {written}");
    }
    assert!(written.contains("Connection refused") && written.contains("exit=4"), "{written}");
    // The same is told as without it.
    let without = place.lvsprov(&["plan"]).assert().code(4).get_output().clone();
    let told = |stdout: &[u8]| -> String {
        let text = text(stdout);
        let (before, after) = text.split_once("ended in ").unwrap();
        format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'))
    };
    assert_eq!(told(&output.stdout), told(&without.stdout));
    // Another run adds to it.
    place.lvsprov(&["verify", "--debug", "debug.log"]).assert().code(4);
    assert!(fs::read_to_string(&path).unwrap().starts_with(&written));
}

#[test]
fn a_debug_file_that_can_t_be_written_to_is_bad_usage_before_anything_is_touched() {
    let place = Place::new(TUTORIAL, None);
    fs::create_dir(place.path().join("folder")).unwrap();
    for file in ["nowhere/debug.log", "folder"] {
        let mut command = place.lvsprov(&["deploy", "--debug", file, "--output", "json"]);
        command.env("PATH", format!("{}:/usr/bin:/bin", place.path().join("bin").display()));
        if file == "folder" {
            place.without_ssh(&mut command);
        }
        let output = command.assert().code(2).get_output().clone();
        let lines = json_lines(&output.stdout);
        let message = lines[0]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("can't write to the debug file {file}: ")), "{message}");
        assert_eq!(lines.last().unwrap()["exit"], 2);
    }
    assert!(!place.path().join("called").exists(), "ssh was called");
    // On a full disk the run goes on, and says so.
    let place = Place::new(&closed(), None);
    let full = place.lvsprov(&["plan", "--debug", "/dev/full"]).assert().code(4).get_output().clone();
    assert!(
        text(&full.stderr).contains("the debug file /dev/full is not whole: No space left"),
        "{}",
        text(&full.stderr)
    );
}

#[test]
fn the_schema_is_json_and_knows_every_section() {
    let place = Place::new(TUTORIAL, None);
    let output = place.lvsprov(&["schema"]).assert().success().get_output().clone();
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    for key in [
        "cluster",
        "ssh",
        "directors",
        "real_servers",
        "clients",
        "virtual_services",
        "time",
        "groups",
        "vars",
    ] {
        assert!(schema["properties"].get(key).is_some(), "{key} is missing");
    }
}

#[test]
fn help_has_the_exit_codes_that_are_the_contract() {
    let place = Place::new(TUTORIAL, None);
    let output = place.lvsprov(&["--help"]).assert().success().get_output().clone();
    let told = text(&output.stdout);
    for code in ["0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "130 "] {
        assert!(told.lines().any(|line| line.trim_start().starts_with(code)), "{code} is missing:\n{told}");
    }
}

#[test]
fn a_reader_who_has_had_enough_is_no_failure() {
    let place = Place::new(TUTORIAL, None);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lvsprov"));
    let status = command.arg("schema").current_dir(place.path()).stdout(writer).status().unwrap();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_lab_without_root_is_refused_once() {
    let place = Place::new(TUTORIAL, None);
    for path in [place.path(), &place.path().join("inventory.yaml")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    // A copy where everybody may run it; as root, nobody does.
    let program = place.path().join("lvsprov");
    fs::copy(env!("CARGO_BIN_EXE_lvsprov"), &program).unwrap();
    let mut command = Command::new(if rustix::process::geteuid().is_root() { "setpriv" } else { "env" });
    if rustix::process::geteuid().is_root() {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    command.arg(&program).args(["lab", "up"]).current_dir(place.path()).env("HOME", "/nonexistent");
    let output = command.assert().code(1).get_output().clone();
    assert_eq!(text(&output.stderr).matches("the lab needs root").count(), 1, "{}", text(&output.stderr));
}

#[test]
fn what_this_version_does_not_deploy_is_refused_before_any_connection() {
    let pair = TUTORIAL.replace(
        "  lvs_director: { vip: 192.168.175.100/24, dip: 192.168.40.100/24 }\n",
        "  lb1: { vip: 192.168.175.100/24, dip: 192.168.40.100/24, own: [192.168.175.11/24, 192.168.40.11/24] }\n  \
         lb2: { vip: 192.168.175.100/24, dip: 192.168.40.100/24, own: [192.168.175.12/24, 192.168.40.12/24] }\n",
    );
    let keepalived = format!("engine: keepalived\n{TUTORIAL}");
    for (inventory, why) in [
        (pair, "lb1 and lb2 share the VIP 192.168.175.100: this version does not deploy pairs yet"),
        (keepalived, "`engine: keepalived` is not deployed by this version yet"),
    ] {
        for verb in ["plan", "deploy"] {
            let place = Place::new(&inventory, None);
            let mut command = place.lvsprov(&[verb]);
            place.without_ssh(&mut command);
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{verb}: {}", text(&output.stderr));
            assert!(text(&output.stderr).contains(why), "{}", text(&output.stderr));
            assert!(!place.path().join("called").exists());
        }
    }
}

#[test]
fn as_many_files_may_be_open_as_the_hard_limit_lets() {
    let place = Place::new(TUTORIAL, None);
    let script = "ulimit -Sn 300; ulimit -Hn 700; exec \"$0\" plan";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(assert_cmd::cargo::cargo_bin("lvsprov")).current_dir(place.path());
    command.env("LVSPROV_CONTROL_DIR", place.path().join("control")).env_remove("LVSPROV_INVENTORY");
    place.without_ssh(&mut command);
    // What ssh may have open, it has from us.
    let limit = place.path().join("limit");
    fs::write(
        place.path().join("bin/ssh"),
        format!("#!/bin/sh\nulimit -Sn >{}\nexit 255\n", limit.display()),
    )
    .unwrap();
    command.assert().code(4);
    assert_eq!(fs::read_to_string(limit).unwrap().trim(), "700");
}
