//! dhclient.leases(5): what a DHCP server has handed out, as ISC's dhclient keeps it. It sets its routes as an administrator
//! does, so that only this tells who brought them.

use std::net::IpAddr;

use super::conf_file::ConfFile;

/// Where Debian has the leases, and where EL has.
const FOLDERS: [&str; 2] = ["/var/lib/dhcp/", "/var/lib/dhclient/"];

/// The routers of an interface's last lease; `None` where there is no lease of it.
pub fn routers(files: &[ConfFile], interface: &str) -> Option<Vec<IpAddr>> {
    let leases = files.iter().filter(|file| FOLDERS.iter().any(|folder| file.path.starts_with(folder)));
    leases.filter_map(|file| last(&file.text, interface)).next_back()
}

fn last(text: &str, interface: &str) -> Option<Vec<IpAddr>> {
    let (mut last, mut own, mut routers) = (None, false, Vec::new());
    for line in text.lines() {
        let line = line.trim().trim_end_matches(';');
        if line.starts_with("lease") && line.ends_with('{') {
            (own, routers) = (false, Vec::new());
        } else if let Some(name) = line.strip_prefix("interface ") {
            own = name.trim().trim_matches('"') == interface;
        } else if let Some(list) = line.strip_prefix("option routers ") {
            routers = list.split(',').filter_map(|router| router.trim().parse().ok()).collect();
        } else if line == "}" && own {
            last = Some(std::mem::take(&mut routers));
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lease_of_the_interface_counts() {
        let lease = |interface: &str, routers: &str| {
            format!(
                "lease {{\n  interface \"{interface}\";\n  fixed-address 10.0.0.5;\n{routers}  expire 2 2026/12/01 10:00:00;\n}}\n"
            )
        };
        let text = lease("eth0", "  option routers 10.0.0.1;\n")
            + &lease("eth0", "  option routers 10.0.0.2, 10.0.0.3;\n")
            + &lease("eth1", "  option routers 10.1.0.1;\n");
        let file = |path: &str, text: &str| ConfFile { path: path.into(), text: text.into() };
        let files = [file("/etc/network/interfaces", ""), file("/var/lib/dhcp/dhclient.leases", &text)];
        let parsed = |routers: &[&str]| -> Option<Vec<IpAddr>> {
            Some(routers.iter().map(|router| router.parse().unwrap()).collect())
        };
        assert_eq!(super::routers(&files, "eth0"), parsed(&["10.0.0.2", "10.0.0.3"]));
        assert_eq!(super::routers(&files, "eth2"), None);
        let none = [file("/var/lib/dhclient/dhclient--eth0.lease", &lease("eth0", ""))];
        assert_eq!(super::routers(&none, "eth0"), Some(Vec::new()));
        assert_eq!(super::routers(&[file("/etc/x", &text)], "eth0"), None);
    }
}
