//! What helps to begin: `init`, the completions of shells, and the manual's pages.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use assert_cmd::Command;

const TUTORIAL: &str = include_str!("../inventories/tutorial.yaml");

fn lvsprov(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("lvsprov").unwrap();
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").env_remove("LVSPROV_INVENTORY");
    command.env("LVSPROV_CONTROL_DIR", folder.join("control"));
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_init_writes_is_read_whole_and_never_overwritten() {
    let place = tempfile::tempdir().unwrap();
    let output = lvsprov(place.path(), &["init", "mine"]).assert().success().get_output().clone();
    for file in ["mine/inventory.yaml", "mine/playbooks/deploy.yaml", "mine/templates/index.html.j2"] {
        assert!(text(&output.stdout).contains(&format!("wrote {file}\n")), "{}", text(&output.stdout));
        assert!(!fs::read(place.path().join(file)).unwrap().is_empty());
    }
    // An ssh that reaches nothing: with a complaint, it would not have been called.
    let bin = place.path().join("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(bin.join("ssh"), "#!/bin/sh\necho 'ssh: connect: Connection refused' >&2\nexit 255\n").unwrap();
    fs::set_permissions(bin.join("ssh"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut plan = lvsprov(&place.path().join("mine"), &["plan"]);
    plan.env("PATH", format!("{}:/usr/bin:/bin", bin.display())).assert().code(4);
    let own = place.path().join("mine/inventory.yaml");
    fs::write(&own, "cluster: own\n").unwrap();
    fs::remove_file(place.path().join("mine/playbooks/deploy.yaml")).unwrap();
    let output = lvsprov(place.path(), &["init", "mine"]).assert().code(2).get_output().clone();
    let told = text(&output.stderr);
    assert!(
        told.contains("mine/inventory.yaml and mine/templates/index.html.j2 would be overwritten"),
        "{told}"
    );
    assert_eq!(fs::read_to_string(&own).unwrap(), "cluster: own\n");
    assert!(!place.path().join("mine/playbooks/deploy.yaml").exists(), "nothing is written then");
}

#[test]
fn init_where_nothing_can_be_written_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("templates"), "a file").unwrap();
    let output = lvsprov(place.path(), &["init", "."]).assert().code(2).get_output().clone();
    assert!(
        text(&output.stderr).contains("can't write ./templates/index.html.j2"),
        "{}",
        text(&output.stderr)
    );
    assert!(!place.path().join("inventory.yaml").exists());
}

/// What bash completes the last of the words to.
fn completed(folder: &Path, words: &[&str]) -> Vec<String> {
    let program = assert_cmd::cargo::cargo_bin("lvsprov");
    let script = r#"
source <("$0" completions bash)
COMP_WORDS=(lvsprov "$@") COMP_CWORD=$# COMP_TYPE=9
_clap_complete_lvsprov lvsprov "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;
    let mut command = Command::new("bash");
    command.args(["--norc", "-c", script]).arg(program).args(words).current_dir(folder);
    let output = command.env_remove("LVSPROV_INVENTORY").assert().success().get_output().clone();
    assert_eq!(text(&output.stderr), "");
    text(&output.stdout).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_completes_verbs_options_hosts_and_groups() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    fs::write(folder.join("inventory.yaml"), format!("{TUTORIAL}groups: {{ odd: [lvs_real_server01] }}\n"))
        .unwrap();
    fs::write(folder.join("other.yaml"), TUTORIAL.replace("lvs_", "b_")).unwrap();
    assert_eq!(completed(folder, &["reh"]), ["rehearse"]);
    assert_eq!(completed(folder, &["deploy", "--for"]), ["--forks"]);
    let real = ["lvs_real_server01", "lvs_real_server02"];
    assert_eq!(completed(folder, &["plan", "--limit", "lvs_r"]), real);
    assert_eq!(completed(folder, &["plan", "--limit", "od"]), ["odd"]);
    assert_eq!(completed(folder, &["plan", "--limit", "real"]), ["real_servers"]);
    assert_eq!(completed(folder, &["plan", "--limit", "all,!lvs_d"]), ["all,!lvs_director"]);
    assert_eq!(completed(folder, &["plan", "other.yaml", "--limit", "b_d"]), ["b_director"]);
    assert_eq!(completed(folder, &["lab", "ssh", "cl"]), ["client"]);
    assert_eq!(completed(folder, &["lab", "ssh", "-i", "other.yaml", "b_d"]), ["b_director"]);
    assert_eq!(completed(folder, &["lab", "off", "client", "lvs_real"]), real);
    // A mistake in the inventory, or none at all, is no matter here.
    fs::write(folder.join("inventory.yaml"), TUTORIAL.replace("scheduler: rr ", "scheduler: rrr")).unwrap();
    assert_eq!(completed(folder, &["plan", "--limit", "lvs_r"]), real);
    fs::remove_file(folder.join("inventory.yaml")).unwrap();
    assert_eq!(completed(folder, &["plan", "--limit", "lvs_r"]), Vec::<String>::new());
}

#[test]
fn every_shell_has_its_script() {
    let place = tempfile::tempdir().unwrap();
    for (shell, said) in [("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete --keep-order")] {
        let output = lvsprov(place.path(), &["completions", shell]).assert().success().get_output().clone();
        let script = text(&output.stdout);
        assert!(script.contains(said) && script.contains("LVSPROV_COMPLETE"), "{script}");
    }
    lvsprov(place.path(), &["completions", "tcsh"]).assert().code(2);
}

#[test]
fn every_verb_has_its_page() {
    let place = tempfile::tempdir().unwrap();
    let output = lvsprov(place.path(), &["man", "pages"]).assert().success().get_output().clone();
    assert!(text(&output.stdout).contains("`man pages/lvsprov.1`"), "{}", text(&output.stdout));
    let page = |name: &str| fs::read_to_string(place.path().join("pages").join(name)).unwrap();
    for verb in
        ["deploy", "plan", "verify", "run", "destroy", "rehearse", "lab-up", "lab-ssh", "doc", "init", "man"]
    {
        let name = format!("lvsprov-{verb}.1");
        assert!(page(&name).contains(".SH SYNOPSIS"), "{name}");
    }
    assert!(page("lvsprov-deploy.1").contains("\\-\\-limit") && page("lvsprov.1").contains("130"));
    assert!(!place.path().join("pages/lvsprov-lab-proxy.1").exists(), "it is nobody's to call");
    fs::write(place.path().join("file"), "").unwrap();
    let output = lvsprov(place.path(), &["man", "file"]).assert().code(2).get_output().clone();
    assert!(text(&output.stderr).contains("can't write the pages into file"), "{}", text(&output.stderr));
}
