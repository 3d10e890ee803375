//! Playbooks as a user of Ansible writes them: in `tests/cases/playbook` what is wrong with each, as it is told.
//! `UPDATE_CASES=1` writes what is told now; read the difference before committing.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use lvsprov::document::Source;
use lvsprov::inventory;
use lvsprov::playbook::{self, Engine, Playbook, Variables};

const TUTORIAL: &str = include_str!("../inventories/tutorial.yaml");

/// One line a complaint: those of the text, then those that show when it is rendered.
fn told(name: &str, text: &str) -> String {
    let engine = Engine::new();
    for name in playbook::BUILTIN_TEMPLATES {
        engine.add_file(name, playbook::builtin_template(name).unwrap());
    }
    let inventory = inventory::read(Source::new("tutorial.yaml", TUTORIAL)).unwrap();
    let (playbook, complaints) = Playbook::read_in_part(&Source::new(name, text), &engine);
    let mut told = String::new();
    let mut tell = |complaints: String| told.extend([complaints, "\n".to_owned()]);
    if let Err(complaints) = complaints.finish(playbook.as_ref()) {
        tell(complaints.to_string());
    }
    let Some(playbook) = playbook else { return told };
    let (selected, complaints) = playbook.select_in_part(&inventory);
    if let Err(complaints) = complaints.finish(Some(())) {
        tell(complaints.to_string());
    }
    let tried = playbook.trial(&engine, &inventory, &Variables::new(&inventory), &selected, true);
    tried.err().into_iter().flatten().for_each(|complaints| tell(complaints.to_string()));
    told
}

#[test]
fn every_case_is_told_as_recorded() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/playbook");
    let mut cases = 0;
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        cases += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        let told = told(name, &fs::read_to_string(&path).unwrap());
        assert!(!told.is_empty(), "{name}: nothing is said");
        let recorded = path.with_extension("txt");
        if std::env::var_os("UPDATE_CASES").is_some() {
            fs::write(&recorded, &told).unwrap();
        }
        assert_eq!(told, fs::read_to_string(&recorded).unwrap_or_default(), "{name}");
    }
    assert!(cases >= 6, "only {cases} cases were found");
}

#[test]
fn what_is_ansible_s_and_ours_alike_is_taken() {
    let text = "\
- x-packages: &packages { name: [curl, chrony] }
- name: As Ansible has it
  hosts: real_servers
  x-folder: &folder /srv/www
  tasks:
    - name: Tools
      ansible.builtin.package: *packages
    - ansible.builtin.file: { dest: *folder, state: directory, mode: '0755' }
      when: \"{{ facts.systemd }}\"
    - ansible.posix.sysctl: { name: net.ipv4.ip_forward, value: yes }
    - ansible.builtin.command: { cmd: a2enmod ssl, creates: /etc/apache2/mods-enabled/ssl.load }
      tags: web
";
    assert_eq!(told("play.yaml", text), "");
}
