//! What the probes printed on the tutorial's hosts, filled in for the hosts of any inventory.
//!
//! A folder holds `GROUP/MODULE.txt`, and `GROUP/facts.txt`. The texts are those of `lvs_director`, `lvs_real_server01`
//! and `client`; another host's have its own name and addresses in their place. Of a director's, a line about
//! 192.168.40.101 comes once for each real server of its services, and one about 192.168.40.102 alone goes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

use lvsprov::inventory::{Host, Inventory, Role};

/// The texts of a folder, by group and module: `real_servers/file`.
pub struct Recorded(BTreeMap<String, String>);

impl Recorded {
    /// Reads all of a folder.
    pub fn read(folder: &Path) -> io::Result<Recorded> {
        let mut all = BTreeMap::new();
        for group in std::fs::read_dir(folder)? {
            let group = group?.path();
            if !group.is_dir() {
                continue;
            }
            for entry in std::fs::read_dir(&group)? {
                let path = entry?.path();
                if let (Some(group), Some(module)) = (group.file_name(), path.file_stem()) {
                    let name = format!("{}/{}", group.display(), module.display());
                    all.insert(name, std::fs::read_to_string(&path)?);
                }
            }
        }
        Ok(Recorded(all))
    }

    /// What a host of the group printed for the module.
    pub fn text(&self, group: &str, module: &str) -> Option<&str> {
        self.0.get(&format!("{group}/{module}")).map(String::as_str)
    }
}

/// A host's own names and addresses, for those of the tutorial's.
pub struct Fill {
    words: Vec<(&'static str, String)>,
    /// On a director, the real servers of its table.
    real_servers: Vec<String>,
}

impl Fill {
    /// For a host, which calls itself `name`.
    pub fn new(inventory: &Inventory, host: &Host, name: &str) -> Fill {
        let mut words = Vec::new();
        let mut real_servers = Vec::new();
        match &host.role {
            Role::Director { vips, dips, .. } => {
                let (vip, dip) = (vips[0], dips[0]);
                words.push(("lvs_director", name.to_owned()));
                words.push(("192.168.175.100/24", vip.to_string()));
                words.push(("192.168.40.100/24", dip.to_string()));
                words.push(("192.168.175.100", vip.ip().to_string()));
                words.push(("C0A8AF64", hexadecimal(&vip.ip().to_string())));
                words.push(("192.168.40.100", dip.ip().to_string()));
                words.push(("192.168.40.0/24", dip.subnet().to_string()));
                let services = inventory.services_of(host);
                real_servers = services
                    .flat_map(|declared| declared.service.real_servers.keys())
                    .map(|at| at.ip().to_string())
                    .collect();
            }
            Role::RealServer { rips } => {
                let rip = rips[0];
                let dip = inventory.dips_for(host).first().map(|dip| dip.ip().to_string());
                words.push(("lvs_real_server01", name.to_owned()));
                words.push(("192.168.40.101/24", rip.to_string()));
                words.push(("192.168.40.101", rip.ip().to_string()));
                words.push(("192.168.40.100", dip.unwrap_or_default()));
            }
            Role::Client { cips } => {
                let cip = cips[0];
                words.push(("192.168.175.50/24", cip.to_string()));
                words.push(("192.168.175.50", cip.ip().to_string()));
            }
        }
        Fill { words, real_servers }
    }

    /// A module's text with the host's own words.
    pub fn output(&self, module: &str, recorded: &str) -> String {
        match (module, recorded.split_once("\n=\n")) {
            ("file", Some((head, bodies))) if head != "=\n" => self.files(head, bodies),
            _ => self.text(recorded),
        }
    }

    /// The sizes that stat(1) tells are those of the filled contents.
    fn files(&self, head: &str, bodies: &str) -> String {
        let bodies = self.text(bodies);
        let mut lines = String::new();
        let mut described = head.lines().peekable();
        while let Some(line) = described.next() {
            let mut words: Vec<String> = line.splitn(7, ' ').map(str::to_owned).collect();
            if described.peek() == Some(&"whole") {
                let before = format!("{}:", words[6]);
                let own = bodies.split_inclusive('\n').filter_map(|line| line.strip_prefix(&before));
                words[3] = own.map(str::len).sum::<usize>().to_string();
            }
            let _ = writeln!(lines, "{}", words.join(" "));
        }
        format!("{lines}=\n{bodies}")
    }

    fn text(&self, recorded: &str) -> String {
        let mut text = String::with_capacity(recorded.len() + self.real_servers.len() * 64);
        for line in recorded.split_inclusive('\n') {
            let of = |written: &[&str]| written.iter().any(|address| line.contains(address));
            if self.real_servers.is_empty() || !of(&["192.168.40.10", "C0A8286"]) {
                self.line(line, &mut text);
            } else if of(&["192.168.40.101", "C0A82865"]) {
                for address in &self.real_servers {
                    let line = line.replace("192.168.40.101", address);
                    self.line(&line.replace("C0A82865", &hexadecimal(address)), &mut text);
                }
            } else if !of(&["192.168.40.102", "C0A82866"]) {
                self.line(line, &mut text);
            }
        }
        text
    }

    fn line(&self, line: &str, text: &mut String) {
        let mut line = line.to_owned();
        for (old, new) in &self.words {
            if line.contains(old) {
                line = line.replace(old, new);
            }
        }
        text.push_str(&line);
    }
}

/// An address as the kernel has it in its own listing.
fn hexadecimal(address: &str) -> String {
    address.parse().map_or_else(|_| address.to_owned(), |ip: Ipv4Addr| format!("{:08X}", u32::from(ip)))
}
