//! A playbook tried before anything is connected to.

use std::collections::BTreeSet;

use super::{Engine, Playbook, Variables};
use crate::document::Complaints;
use crate::inventory::{Host, Inventory};
use crate::resource::{Connection, Facts, Family, Os};

impl Playbook<'_> {
    /// For each play and host, whether the play's pattern selects the host: `[play][host]`.
    ///
    /// # Errors
    /// Every pattern that names what the inventory has not.
    pub fn select(&self, inventory: &Inventory) -> Result<Vec<Vec<bool>>, Complaints> {
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
                            None => "name hosts or groups of the inventory".into(),
                        };
                        complaints.add(play.hosts_span, error.to_string(), remedy);
                    }
                }
            }
            selected.push(of_play);
        }
        complaints.finish(Some(selected))
    }

    /// Renders everything with invented facts of each known family of distributions, so that an undefined variable, a
    /// template that is missing or a wrong argument is found before the first connection. Hosts that have the same
    /// part and the same names of variables are tried once.
    ///
    /// `whole` tells whether the inventory is valid. When it is not, addresses that could not be read are undefined for
    /// that reason alone, and are passed over.
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
        let mut seen_hosts = BTreeSet::new();
        let mut about_playbook = Complaints::about(self.source.clone());
        let mut about_templates: Vec<Complaints> = Vec::new();
        let mut seen_errors = BTreeSet::new();
        for (index, host) in inventory.hosts.iter().enumerate() {
            let plays: Vec<bool> = selected.iter().map(|of_play| of_play[index]).collect();
            let names: Vec<&str> = host.vars.keys().map(String::as_str).collect();
            if !seen_hosts.insert((host.group(), plays.clone(), names)) {
                continue;
            }
            for family in [Family::Debian, Family::RedHat] {
                let facts = invented(host, family);
                let scope = (engine, inventory, host, &facts);
                let Err(errors) = self.declare(scope, variables, &plays, &[]) else { continue };
                for error in errors {
                    let (span, error) = (error.span, error.error);
                    let of_the_inventory = error.undefined.as_deref().is_some_and(Variables::is_address);
                    if !whole && of_the_inventory {
                        continue;
                    }
                    if !seen_errors.insert((span.offset, error.message.clone())) {
                        continue;
                    }
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
        Family::Debian | Family::Other => ("debian", "12"),
    };
    let networks = host.networks();
    Facts {
        os: Os { id: id.into(), version: version.into(), family },
        hostname: host.name.clone(),
        kernel: "6.1.0".into(),
        boot_id: "00000000-0000-0000-0000-000000000000".into(),
        uid: 0,
        systemd: true,
        addresses: networks.iter().enumerate().map(|(i, net)| (format!("eth{i}"), *net)).collect(),
        connection: networks.first().map(|net| Connection { client: net.network(), server: net.addr() }),
    }
}
