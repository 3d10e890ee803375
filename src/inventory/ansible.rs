//! What a user of Ansible gives for an inventory, and is used to write in one: told as that, with what to write instead.

use std::borrow::Cow;

use crate::document::{Complaints, Node, NodeEntry, Span, Value};

/// What an inventory is here. A lab can begin with it as it stands.
const WRITE: &str = "write the cluster by its parts, each host with its addresses: \
     `cluster: web`, `directors: { lb1: { vip: 192.168.175.100/24, dip: 192.168.40.100/24 } }`, \
     `real_servers: { web1: { rip: 192.168.40.101/24 } }`, `clients: { desk: { cip: 192.168.175.50/24 } }`, \
     `virtual_services: [{ name: web, address: \"192.168.175.100:80\" }]`; other groups go under `groups`";

/// A host's variables in Ansible, and what stands for each here.
const VARIABLES: &[(&[&str], &str)] = &[
    (&["ansible_host", "ansible_ssh_host"], "write `address: 192.168.40.101`"),
    (&["ansible_user", "ansible_ssh_user"], "write `ssh: { user: admin }`"),
    (&["ansible_port", "ansible_ssh_port"], "write `ssh: { port: 22 }`"),
    (
        &["ansible_ssh_private_key_file", "ansible_private_key_file"],
        "write `ssh: { identity_file: /home/me/.ssh/id_ed25519 }`",
    ),
    (&["ansible_become", "ansible_become_user", "ansible_become_method"], "write `ssh: { become: true }`"),
    (
        &["ansible_password", "ansible_ssh_pass", "ansible_become_password", "ansible_become_pass"],
        "leave it out: ssh uses keys, and sudo's password is asked for with `--ask-become-pass`",
    ),
    (
        &["ansible_ssh_common_args", "ansible_ssh_extra_args"],
        "write what it says: `ssh: { jump: gate.example.org }` or `ssh: { options: { Compression: yes } }`",
    ),
    (
        &["ansible_python_interpreter", "ansible_connection", "ansible_shell_type"],
        "leave it out: a host needs nothing but its own sh",
    ),
];

/// Complains of a text that is an inventory in INI, which is no YAML. Tells whether it is one.
pub(super) fn is_ini(complaints: &mut Complaints) -> bool {
    let source = complaints.source().clone();
    // JSON may have a list in the first column.
    if source.text().trim_start().starts_with('{') {
        return false;
    }
    let mut offset = 0;
    for line in source.text().split_inclusive('\n') {
        let text = line.trim_end();
        // YAML has no such line in the first column of a mapping.
        if is_section(text) || is_host(text) {
            let span = Span { offset, length: text.len() };
            complaints.add(
                span,
                "this is an inventory of Ansible's, in INI, and an inventory here is YAML",
                WRITE,
            );
            return true;
        }
        offset += line.len();
    }
    false
}

/// `[web]`, `[web:children]`
fn is_section(line: &str) -> bool {
    let name = line.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let of_name = |letter: char| letter.is_ascii_alphanumeric() || "_-.:".contains(letter);
    name.is_some_and(|(name, behind)| {
        let behind = behind.trim_start();
        !name.is_empty() && name.chars().all(of_name) && (behind.is_empty() || behind.starts_with(['#', ';']))
    })
}

/// `web1 ansible_host=192.168.40.101`
fn is_host(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let host = line.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && words.next().is_some_and(|name| !name.ends_with(':'));
    host && words.any(|word| word.starts_with("ansible_") && word.contains('='))
}

/// The root without what is no part of an inventory: keys that only hold anchors, and what is another tool's, which is
/// complained of. `None` when nothing of it is an inventory.
pub(super) fn own_part<'n>(root: &'n Node, complaints: &mut Complaints) -> Option<Cow<'n, Node>> {
    if matches!(root.value, Value::Null) {
        complaints.add(Span::default(), "the inventory is empty", WRITE);
        return None;
    }
    // Names alone, one below the other, are YAML too: a text of several lines.
    if let Value::Text(_) = root.value {
        complaints.add(root.span, "these are names, and no inventory", WRITE);
        return None;
    }
    if let Some(first) = root.items().and_then(|items| items.iter().find(|item| is_play(item))) {
        let remedy = "give the inventory, and beside it the playbook: `lvsprov run PLAYBOOK INVENTORY`, or \
                      `lvsprov deploy INVENTORY --playbook PLAYBOOK`";
        complaints.add(first.span, "this is a playbook, and no inventory", remedy);
        return None;
    }
    let Some(entries) = root.entries() else { return Some(Cow::Borrowed(root)) };
    if root.get("cluster").is_none()
        && let Some(group) = entries.iter().find(|entry| is_group(entry))
    {
        complaints.add(group.key.span, "this is an inventory of Ansible's", WRITE);
        return None;
    }
    let anchors = entries.iter().any(|entry| entry.key.value.starts_with("x-"));
    let told = variables(root, complaints);
    if !anchors && told.is_empty() {
        return Some(Cow::Borrowed(root));
    }
    let mut own = root.clone();
    if let Value::Mapping(entries) = &mut own.value {
        entries.retain(|entry| !entry.key.value.starts_with("x-"));
    }
    without(&mut own, &told);
    Some(Cow::Owned(own))
}

fn is_play(node: &Node) -> bool {
    node.get("hosts").is_some() || node.get("import_playbook").is_some()
}

/// A group of Ansible's: `all`, what a dynamic inventory says beside its groups, or a mapping with nothing but what a
/// group of it has.
fn is_group(entry: &NodeEntry) -> bool {
    let parts = entry.value.entries().unwrap_or_default();
    let has = |key: &str| parts.iter().any(|part| part.key.value == key);
    let of_group = |part: &NodeEntry| ["hosts", "children", "vars"].contains(&part.key.value.as_str());
    match entry.key.value.as_str() {
        "_meta" => true,
        "all" => parts.iter().all(of_group),
        _ => (has("hosts") || has("children")) && parts.iter().all(of_group),
    }
}

/// Complains of the variables by which Ansible knows how to connect. Gives their places.
fn variables(root: &Node, complaints: &mut Complaints) -> Vec<Span> {
    let sections =
        ["directors", "real_servers", "clients"].into_iter().filter_map(|section| root.get(section));
    let hosts = sections.filter_map(Node::entries).flatten().map(|host| &host.value);
    let mut told = Vec::new();
    for entry in hosts.filter_map(Node::entries).flatten() {
        let name = entry.key.value.as_str();
        if name.starts_with("ansible_")
            && let Some((_, instead)) = VARIABLES.iter().find(|(names, _)| names.contains(&name))
        {
            complaints.add(entry.key.span, format!("`{name}` is Ansible's word"), *instead);
            told.push(entry.key.span);
        }
    }
    told
}

/// Takes the entries out whose keys stand there.
fn without(node: &mut Node, keys: &[Span]) {
    if let Value::Mapping(entries) = &mut node.value {
        entries.retain(|entry| !keys.contains(&entry.key.span));
        entries.iter_mut().for_each(|entry| without(&mut entry.value, keys));
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::document::Source;

    fn told(text: &str) -> String {
        read(Source::new("i", text)).unwrap_err().to_string()
    }

    #[test]
    fn an_inventory_of_ansible_s_is_one_complaint() {
        for (text, place) in [
            ("[web]\nweb1\n", "i:1:1"),
            ("# ours\n\nlb1 ansible_host=192.168.40.100 ansible_user=root\n", "i:3:1"),
            ("lb1\n[web:children]  ; all\nblue\n", "i:2:1"),
            ("all:\n  hosts:\n    web1:\n  children:\n    web: { hosts: { web1: } }\n", "i:1:1"),
            ("all:\n", "i:1:1"),
            ("directors:\n  hosts:\n    lb1: { ansible_host: 10.0.0.1 }\n", "i:1:1"),
            ("{\"web\": {\"hosts\": [\"web1\"]}, \"_meta\": {\"hostvars\": {}}}", "i:1:2"),
        ] {
            let told = told(text);
            assert!(told.starts_with(&format!("{place}: this is an inventory of Ansible's")), "{told}");
            assert_eq!(told.lines().count(), 1, "{told}");
            assert!(told.contains("`cluster: web`"), "{told}");
        }
    }

    #[test]
    fn what_is_written_instead_is_an_inventory() {
        let written: Vec<&str> = WRITE.split('`').skip(1).step_by(2).collect();
        let written = written[..5].join("\n");
        assert!(read(Source::new("i", written.as_str())).is_ok(), "{}\n{}", written, told(&written));
    }

    #[test]
    fn an_inventory_of_ours_is_none_of_ansible_s() {
        let tutorial = include_str!("../../inventories/tutorial.yaml");
        assert!(read(Source::new("i", tutorial)).is_ok());
        // In a text, and with a host of that name.
        let text = "vars:\n  note: |\n    [web]\n    web1 ansible_host=10.0.0.1\n";
        assert!(read(Source::new("i", format!("{tutorial}{text}"))).is_ok());
    }

    #[test]
    fn a_playbook_in_its_place_and_an_empty_one_are_told_as_that() {
        assert!(
            told("- hosts: all\n  tasks: []\n")
                .contains("this is a playbook, and no inventory; give the inventory")
        );
        for empty in ["", "# nothing yet\n", "---\n", "~\n"] {
            assert!(
                told(empty).starts_with("i:1:1: the inventory is empty; write"),
                "{empty:?}: {}",
                told(empty)
            );
        }
    }

    #[test]
    fn names_alone_are_no_inventory() {
        for names in ["web1\n", "web1\nweb2\n", "web[1:3].example.org\n"] {
            let told = told(names);
            assert!(told.starts_with("i:1:1: these are names, and no inventory; write"), "{told}");
            assert!(told.contains("`cluster: web`"), "{told}");
        }
    }

    #[test]
    fn keys_that_only_hold_anchors_are_left_out() {
        let tutorial = include_str!("../../inventories/tutorial.yaml");
        let text = tutorial.replace("ssh: { user: root }", "x-login: &login { user: root }\nssh: *login");
        let inventory = read(Source::new("i", text)).unwrap();
        assert_eq!(inventory.hosts[0].ssh.user.as_deref(), Some("root"));
        let text = format!("{tutorial}xlogin: {{ user: root }}\n");
        assert!(told(&text).contains("`xlogin` is not a key that is known here"));
    }

    #[test]
    fn each_variable_of_ansible_s_is_told_with_what_stands_for_it() {
        let tutorial = include_str!("../../inventories/tutorial.yaml");
        let text = tutorial.replace(
            "rip: 192.168.40.101/24 }",
            "rip: 192.168.40.101/24, ansible_host: web1.example.org, ansible_user: admin }",
        );
        let told = told(&text);
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(told.contains("`ansible_host` is Ansible's word; write `address: 192.168.40.101`"), "{told}");
        assert!(told.contains("`ansible_user` is Ansible's word; write `ssh: { user: admin }`"), "{told}");
    }
}
