//! A playbook tried before anything is connected to.

use std::collections::{HashMap, HashSet};

use super::{Engine, Playbook, Variables};
use crate::document::Complaints;
use crate::inventory::{Host, Inventory};
use crate::resource::{Connection, Facts, Family, Firewall, Os};

/// Up to how many hosts each is tried. A template may go through all hosts for every host: of many thousands that would
/// take minutes.
const EACH: usize = 1000;

/// How many different mistakes are told of one place: a message may have each host's own name or address in it.
const MESSAGES_OF_A_PLACE: usize = 3;

/// What can stand in place of a group of Ansible's.
const GROUPS: &str = "write `all`, `directors`, `real_servers`, `clients` or the name of a host, or add the group to the \
                      inventory: `groups: { blue: [web1] }`";

impl Playbook<'_> {
    /// For each play and host, whether the play's pattern selects the host: `[play][host]`.
    ///
    /// # Errors
    /// Every pattern that names what the inventory has not.
    pub fn select(&self, inventory: &Inventory) -> Result<Vec<Vec<bool>>, Complaints> {
        let (selected, complaints) = self.select_in_part(inventory);
        complaints.finish(Some(selected))
    }

    /// The same beside the complaints: a play whose pattern is wrong selects no host, and the others may be tried.
    pub fn select_in_part(&self, inventory: &Inventory) -> (Vec<Vec<bool>>, Complaints) {
        let mut complaints = Complaints::about(self.source.clone());
        let mut selected = Vec::new();
        for play in &self.plays {
            let mut of_play = vec![false; inventory.hosts.len()];
            match play.hosts.select(inventory) {
                Ok(hosts) => hosts.into_iter().for_each(|index| of_play[index] = true),
                Err(errors) => {
                    for error in errors {
                        let remedy = match &error.suggestion {
                            Some(name) => format!("did you mean `{name}`?"),
                            None => GROUPS.into(),
                        };
                        complaints.add(play.hosts_span, error.to_string(), remedy);
                    }
                }
            }
            selected.push(of_play);
        }
        (selected, complaints)
    }

    /// Renders everything for every host with invented facts of the Debian and of the Red Hat family, so that an undefined
    /// variable, a template that is missing or a wrong argument is found before the first connection.
    ///
    /// One host does not stand for others, as any of its names, addresses and variables may decide a condition. Only of
    /// more than a thousand is one tried for those that have the same part, plays and variables.
    ///
    /// `whole` tells whether the inventory is valid. When it is not, hosts and addresses that could not be read are
    /// undefined for that reason alone, and are passed over.
    ///
    /// # Errors
    /// Everything that does not render, each once.
    pub fn trial(
        &self,
        engine: &Engine,
        inventory: &Inventory,
        variables: &Variables,
        selected: &[Vec<bool>],
        whole: bool,
    ) -> Result<(), Vec<Complaints>> {
        let mut kinds = HashSet::new();
        let mut about_playbook = Complaints::about(self.source.clone());
        let mut about_templates: Vec<Complaints> = Vec::new();
        // By the place: in a template, which several tasks may use, or in the playbook.
        let mut seen: HashMap<(Option<String>, usize), Vec<String>> = HashMap::new();
        for (index, host) in inventory.hosts.iter().enumerate() {
            let plays: Vec<bool> = selected.iter().map(|of_play| of_play[index]).collect();
            let kind = (host.group(), plays.clone(), variables.forwards_by_nat(host), &host.vars);
            if !kinds.insert(kind) && inventory.hosts.len() > EACH {
                continue;
            }
            for family in [Family::Debian, Family::RedHat] {
                let facts = invented(host, family);
                let scope = (engine, inventory, host, &facts);
                let Err(errors) = self.declare(scope, variables, &plays, &[]) else { continue };
                for error in errors {
                    let (span, error) = (error.span, error.error);
                    let of_the_inventory = error.undefined.as_deref().is_some_and(Variables::may_be_in_part);
                    if !whole && of_the_inventory {
                        continue;
                    }
                    let place = match error.place.as_deref() {
                        Some((template, place)) => (Some(template.name().to_owned()), place.offset),
                        None => (None, span.offset),
                    };
                    let told = seen.entry(place).or_default();
                    if told.len() == MESSAGES_OF_A_PLACE || told.contains(&error.message) {
                        continue;
                    }
                    told.push(error.message.clone());
                    match error.place.as_deref() {
                        Some((source, place)) => {
                            let mut complaints = Complaints::about(source.clone());
                            complaints.add(*place, error.message, error.remedy);
                            about_templates.push(complaints);
                        }
                        None => {
                            about_playbook
                                .add(span, error.message, error.remedy)
                                .label(format!("for {}", host.name));
                        }
                    }
                }
            }
        }
        if let Err(complaints) = about_playbook.finish(Some(())) {
            about_templates.insert(0, complaints);
        }
        if about_templates.is_empty() { Ok(()) } else { Err(about_templates) }
    }
}

fn invented(host: &Host, family: Family) -> Facts {
    let (id, version) = match family {
        Family::RedHat => ("rocky", "9"),
        _ => ("debian", "12"),
    };
    let networks = host.standing();
    Facts {
        os: Os { id: id.into(), version: version.into(), family },
        hostname: host.name.clone(),
        kernel: "6.1.0".into(),
        boot_id: "00000000-0000-0000-0000-000000000000".into(),
        uid: 0,
        systemd: true,
        selinux: true,
        addresses: networks.iter().enumerate().map(|(i, net)| (format!("eth{i}"), *net)).collect(),
        forwards_ipv4: false,
        forwards_ipv6: false,
        over_ssh: true,
        connection: networks.first().map(|net| Connection { client: net.network(), server: net.addr() }),
        firewall: (family == Family::RedHat).then_some(Firewall::Firewalld),
        stateful_firewall: family == Family::RedHat,
        has_own_page: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;
    use crate::inventory;

    fn complaints(inventory: &str, playbook: &str) -> String {
        let engine = Engine::new();
        let (inventory, wrong) = inventory::read_in_part(Source::new("inventory.yaml", inventory));
        let (inventory, whole) = (inventory.unwrap(), wrong.is_empty());
        let (playbook, read) = Playbook::read_in_part(&Source::new("play.yaml", playbook), &engine);
        let read = read.finish(Some(())).err();
        let playbook = playbook.unwrap();
        let selected = playbook.select(&inventory).unwrap();
        let tried = playbook.trial(&engine, &inventory, &Variables::new(&inventory), &selected, whole);
        let all = read.into_iter().chain(tried.err().into_iter().flatten());
        all.map(|complaints| complaints.to_string()).collect()
    }

    #[test]
    fn a_mistake_that_shows_on_one_host_only_is_found() {
        let tutorial = include_str!("../../inventories/tutorial.yaml");
        let inventory = tutorial
            .replace("192.168.40.101/24 }", "192.168.40.101/24, vars: { mode: '0644' } }")
            .replace("192.168.40.102/24 }", "192.168.40.102/24, vars: { mode: '0999' } }");
        let playbook = "\
- hosts: real_servers
  tasks:
    - file: { dest: /x, mode: '{{ mode }}' }
    - file: { dest: /y, oner: me }
      when: inventory_hostname == 'lvs_real_server02'
";
        let told = complaints(&inventory, playbook);
        assert!(told.contains("play.yaml:3:") && told.contains("`0999` is no file mode"), "{told}");
        assert!(told.contains("play.yaml:4:") && told.contains("did you mean `owner`?"), "{told}");
    }

    #[test]
    fn of_very_many_hosts_one_of_each_kind_is_tried() {
        let mut inventory =
            "cluster: web\ndirectors: { d: { vip: 10.0.0.1/24, dip: 10.1.0.1/16 } }\nreal_servers:\n"
                .to_owned();
        for number in 0..EACH {
            let mode = if number == 700 { "999" } else { "644" };
            let (high, low) = (1 + number / 250, 1 + number % 250);
            inventory +=
                &format!("  r{number}: {{ rip: 10.1.{high}.{low}/16, vars: {{ mode: '{mode}' }} }}\n");
        }
        let playbook = "\
- hosts: real_servers
  tasks:
    - file: { dest: /x, mode: '{{ mode }}' }
    - file: { dest: '{{ oner }}' }
      when: name == 'r1'
";
        let told = complaints(&inventory, playbook);
        assert!(told.contains("`999` is no file mode") && !told.contains("oner"), "{told}");
    }

    #[test]
    fn all_mistakes_of_a_task_are_told_and_none_twice() {
        let playbook = "\
- hosts: real_servers
  vars: { word: restarted }
  tasks:
    - service: { nmae: a, state: '{{ word }}', enabled: 7, restart_on: ['{{ pth }}'], reload_on: '{{ role }}' }
      when: [role == 'real_server', facts.systemd]
    - service: { name: a }
      when: [forward_by_nat, rol == 'director']
";
        let told = complaints(include_str!("../../inventories/tutorial.yaml"), playbook);
        for (place, said) in [
            ("4:18", "`nmae` is no argument of `service`; did you mean `name`?"),
            ("4:34", "`state` of `service` cannot be `restarted`; name the files"),
            ("4:57", "`enabled` of `service` must be true or false; write `enabled: true`"),
            ("4:73", "`pth` is undefined"),
            ("4:98", "`reload_on` of `service` must be a list of texts; put it into brackets"),
            ("7:14", "`forward_by_nat` is undefined"),
        ] {
            let line = format!("play.yaml:{place}: {said}");
            assert_eq!(told.matches(&line).count(), 1, "{line}\n{told}");
        }
        assert_eq!(told.matches("`rol` is undefined").count(), 1, "{told}");
    }

    #[test]
    fn what_an_invalid_inventory_lacks_is_no_mistake_of_the_playbook() {
        let playbook = "\
- hosts: clients
  tasks:
    - file: { dest: '/{{ real_servers[1].name }}', content: '{{ cip }}' }
    - file: { dest: '/{{ real_server[1].name }}' }
";
        let tutorial = include_str!("../../inventories/tutorial.yaml");
        let lacking = tutorial.replace("  lvs_real_server02: { rip", "  lvs_real_server02: { rpi");
        let told = complaints(&lacking, playbook);
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(
            told.contains("`real_server` is undefined") && told.contains("did you mean `real_servers`?"),
            "{told}"
        );
    }

    #[test]
    fn what_is_wrong_on_every_host_is_told_a_few_times() {
        let mut inventory =
            "cluster: web\ndirectors: { d: { vip: 10.0.0.1/24, dip: 10.1.0.1/24 } }\nreal_servers:\n"
                .to_owned();
        for number in 10..20 {
            inventory += &format!("  r{number}: {{ rip: 10.1.0.{number}/24 }}\n");
        }
        let playbook = "- hosts: real_servers\n  tasks:\n    - file: { dest: '{{ name }}' }\n";
        let told = complaints(&inventory, playbook);
        assert_eq!(told.lines().count(), MESSAGES_OF_A_PLACE, "{told}");
    }
}
