//! nm-settings-keyfile(5), as far as addresses and default gateways go.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::resource::network::gateway::IpVersion;
use crate::resource::network::networkd::unit::{Section, sections};

/// What one section, `[ipv4]` or `[ipv6]`, says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// `manual`, `auto`, `disabled`; empty where it does not say.
    pub method: String,
    /// Its gateway, which may also stand behind an address.
    pub gateway: Option<IpAddr>,
    /// Whether it never brings a default route.
    pub never_default: bool,
    /// Its addresses, in their order.
    pub nets: Vec<IpNet>,
    /// A route of its own to everywhere, which is a default route beside the gateway's: `0.0.0.0/0,192.168.40.1`.
    pub default_route: Option<(String, IpAddr)>,
    /// Whether the routes that DHCP or router advertisements bring are ignored, the default route among them.
    pub ignores_auto: bool,
}

impl Said {
    /// The gateway that is written, where an asked one does not count. Without an address of its own a profile can have
    /// none by `gateway`, and has it by a route.
    pub fn brings(&self) -> Option<IpAddr> {
        let route = self.default_route.as_ref().filter(|_| self.method == "auto" && self.ignores_auto);
        self.gateway.or(route.map(|(_, via)| *via))
    }
}

/// The gateway of the first route to everywhere, as it is written in a keyfile or told by nmcli:
/// `{ ip = 0.0.0.0/0, nh = 192.168.40.1 }`.
pub fn everywhere(routes: &str) -> Option<IpAddr> {
    let word = |c: char| c.is_ascii_hexdigit() || ".:/".contains(c);
    let mut words =
        routes.split(|c| !word(c)).skip_while(|word| !["0.0.0.0/0", "::/0"].contains(word)).skip(1);
    words.find_map(|word| word.parse().ok())
}

/// The interface that a profile is for, where it names one.
pub fn interface(text: &str) -> Option<String> {
    let all = sections(text);
    let named = all.iter().filter(|section| section.name == "connection");
    named.filter_map(|section| section.value("interface-name")).map(str::to_owned).next()
}

/// Whether a key is that of a route: `route1`.
fn is_route(key: &str) -> bool {
    key.strip_prefix("route").is_some_and(|rest| rest.parse::<u16>().is_ok())
}

fn leads_everywhere(value: &str) -> bool {
    ["0.0.0.0/0", "::/0"].contains(&value.split(',').next().unwrap_or_default())
}

fn name(version: IpVersion) -> String {
    format!("ip{version}")
}

/// `address1=192.168.40.101/24,192.168.40.1`: the gateway is an older way to write it.
fn address(section: &Section) -> impl Iterator<Item = (usize, IpNet, Option<IpAddr>)> {
    let numbered = |key: &str| {
        let number = key.strip_prefix("addresses").or_else(|| key.strip_prefix("address"));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    section.assignments.iter().filter(move |(_, key, _)| numbered(key)).filter_map(|(line, _, value)| {
        let (net, gateway) = value.split_once(',').unwrap_or((value, ""));
        Some((*line, net.trim().parse().ok()?, gateway.trim().parse().ok()))
    })
}

/// What a keyfile says of an IP version.
pub fn said(text: &str, version: IpVersion) -> Said {
    // what says nothing of its method asks
    let mut said = Said { method: "auto".into(), ..Said::default() };
    for section in sections(text).iter().filter(|section| section.name == name(version)) {
        let value = |key| section.value(key).unwrap_or_default();
        let yes = |key| matches!(value(key), "true" | "yes" | "1");
        said.method = section.value("method").unwrap_or("auto").to_owned();
        said.never_default = yes("never-default");
        said.ignores_auto = yes("ignore-auto-routes");
        for (_, net, gateway) in address(section) {
            said.nets.push(net);
            said.gateway = said.gateway.or(gateway);
        }
        said.gateway = value("gateway").parse().ok().or(said.gateway);
        let mut routes =
            section.assignments.iter().filter(|(_, key, value)| is_route(key) && leads_everywhere(value));
        said.default_route = routes.find_map(|(.., value)| Some((value.clone(), everywhere(value)?)));
    }
    said
}

/// The text with this gateway, or without any; all else as it is.
pub fn with_gateway(text: &str, version: IpVersion, via: Option<IpAddr>) -> String {
    let said = said(text, version);
    let all = sections(text);
    let own = all.iter().find(|section| section.name == name(version));
    // without an address there can be no `gateway`
    let by_route = said.method == "auto" && said.nets.is_empty();
    let everywhere = if version == IpVersion::V4 { "0.0.0.0/0" } else { "::/0" };
    let Some(section) = own else {
        return via.map_or_else(
            || text.to_owned(),
            |via| {
                let name = name(version);
                format!("{text}\n[{name}]\nignore-auto-routes=true\nmethod=auto\nroute1={everywhere},{via}\n")
            },
        );
    };
    let mut lines: Vec<Option<String>> = text.lines().map(|line| Some(line.to_owned())).collect();
    for (line, net, _) in address(section) {
        if let Some(text) = lines[line].as_mut().filter(|text| text.contains(',')) {
            let key = text.split('=').next().unwrap_or_default().to_owned();
            *text = format!("{key}={net}");
        }
    }
    let mut added = Vec::new();
    let mut wanted = via.filter(|_| !by_route).map(|via| format!("gateway={via}"));
    let mut route = via.filter(|_| by_route);
    let mut ignore = via.is_some() && said.method == "auto";
    for (line, key, value) in &section.assignments {
        match key.as_str() {
            "gateway" => lines[*line] = wanted.take(),
            "never-default" if via.is_some() => lines[*line] = None,
            "ignore-auto-routes" if ignore => {
                ignore = false;
                lines[*line] = Some("ignore-auto-routes=true".into());
            }
            key if is_route(key) && leads_everywhere(value) => {
                lines[*line] = route.take().map(|via| format!("{key}={everywhere},{via}"));
            }
            _ => {}
        }
    }
    added.extend(wanted);
    added.extend(ignore.then(|| "ignore-auto-routes=true".to_owned()));
    added.extend(route.map(|via| {
        let numbers = section.assignments.iter().filter(|(_, key, _)| is_route(key));
        let last = numbers.filter_map(|(_, key, _)| key.strip_prefix("route")?.parse::<u16>().ok()).max();
        format!("route{}={everywhere},{via}", last.map_or(1, |last| last.saturating_add(1)))
    }));
    // Below the addresses, where NetworkManager writes it.
    let below = address(section).map(|(line, ..)| line).last().unwrap_or(section.first);
    if let Some(text) = lines[below].as_mut() {
        added.iter().for_each(|line| *text += &format!("\n{line}"));
    }
    joined(lines)
}

/// The text with one more address; a section that brings none so far brings this one.
pub fn with_address(text: &str, net: IpNet) -> String {
    let version = IpVersion::of(net.addr());
    let mut lines: Vec<Option<String>> = text.lines().map(|line| Some(line.to_owned())).collect();
    let all = sections(text);
    let number = number_of(net.addr());
    let Some(section) = all.iter().find(|section| section.name == name(version)) else {
        return format!("{text}\n[{}]\naddress{number}={net}\nmethod=manual\n", name(version));
    };
    let below = address(section).map(|(line, ..)| line).last().unwrap_or(section.first);
    for (line, key, value) in &section.assignments {
        if key == "method" && matches!(value.as_str(), "disabled" | "link-local" | "ignore") {
            lines[*line] = Some("method=manual".into());
        }
    }
    if let Some(text) = lines[below].as_mut() {
        *text = format!("{text}\naddress{number}={net}");
    }
    joined(lines)
}

/// A number for an address that no other one is likely to get: of two that come in one run, neither is to take the other's
/// key. NetworkManager takes any up to 2147483647, in their order, and numbers them anew when it writes the file.
fn number_of(address: IpAddr) -> u32 {
    let bytes = match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    // FNV-1a
    let hash =
        bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    1_000 + hash % 1_000_000
}

/// The text without an address.
pub fn without_address(text: &str, gone: IpAddr) -> String {
    let mut lines: Vec<Option<String>> = text.lines().map(|line| Some(line.to_owned())).collect();
    for section in sections(text).iter().filter(|section| section.name == name(IpVersion::of(gone))) {
        let mut left = 0;
        for (line, net, _) in address(section) {
            if net.addr() == gone {
                lines[line] = None;
            } else {
                left += 1;
            }
        }
        for (line, key, value) in section.assignments.iter().filter(|_| left == 0) {
            if key == "method" && value == "manual" {
                let method = if name(IpVersion::of(gone)) == "ipv6" { "link-local" } else { "disabled" };
                lines[*line] = Some(format!("method={method}"));
            }
        }
    }
    joined(lines)
}

fn joined(lines: Vec<Option<String>>) -> String {
    lines.into_iter().flatten().map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::network::patch::Patch;

    const TEXT: &str = "[connection]\nid=vec0\ninterface-name=vec0\n\n[ipv4]\naddress1=192.168.40.101/24\n\
        gateway=192.168.40.1\nmethod=manual\n\n[ipv6]\nmethod=link-local\n";

    fn via(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_gateways_line_changes() {
        let new = with_gateway(TEXT, IpVersion::V4, Some(via("192.168.40.100")));
        assert_eq!(new, TEXT.replace("=192.168.40.1\n", "=192.168.40.100\n"));
        let none = with_gateway(TEXT, IpVersion::V4, None);
        assert_eq!(none, TEXT.replace("gateway=192.168.40.1\n", ""));
        assert_eq!(with_gateway(&none, IpVersion::V4, Some(via("192.168.40.1"))), TEXT);
        assert_eq!(said(TEXT, IpVersion::V4).gateway, Some(via("192.168.40.1")));
    }

    #[test]
    fn a_gateway_behind_an_address_counts_and_gives_way() {
        let old = TEXT.replace("101/24\ngateway=192.168.40.1", "101/24,192.168.40.1");
        assert_eq!(said(&old, IpVersion::V4), said(TEXT, IpVersion::V4));
        let new = with_gateway(&old, IpVersion::V4, Some(via("192.168.40.100")));
        assert_eq!(new, TEXT.replace("=192.168.40.1\n", "=192.168.40.100\n"));
    }

    #[test]
    fn a_route_to_everywhere_is_seen() {
        let route = |line: &str| {
            let text = TEXT.replace("method=manual", &format!("{line}\nmethod=manual"));
            said(&text, IpVersion::V4).default_route
        };
        assert_eq!(route("route1=10.0.0.0/8,192.168.40.2"), None);
        assert_eq!(route("route1_options=0.0.0.0/0"), None);
        let text = "0.0.0.0/0,192.168.40.1,50";
        assert_eq!(route(&format!("route2={text}")), Some((text.to_owned(), via("192.168.40.1"))));
        assert_eq!(
            everywhere("{ ip = 10.0.0.0/8, nh = 10.0.0.2 }; { ip = 0.0.0.0/0, nh = 10.0.0.1 }"),
            Some(via("10.0.0.1"))
        );
        assert_eq!(everywhere("::/0 fd00::1 50"), Some(via("fd00::1")));
    }

    #[test]
    fn where_it_is_asked_for_the_answer_is_ignored_and_a_route_leads() {
        let dhcp = "[connection]\nid=a\n\n[ipv4]\nmethod=auto\nroute1=10.0.0.0/8,192.168.40.7\n\n[ipv6]\nmethod=link-local\n";
        let with = with_gateway(dhcp, IpVersion::V4, Some(via("192.168.40.100")));
        let expected =
            dhcp.replace("[ipv4]\n", "[ipv4]\nignore-auto-routes=true\nroute2=0.0.0.0/0,192.168.40.100\n");
        assert_eq!(with, expected);
        assert_eq!(said(&with, IpVersion::V4).brings(), Some(via("192.168.40.100")));
        let moved = with_gateway(&with, IpVersion::V4, Some(via("192.168.40.1")));
        assert_eq!(moved, expected.replace("40.100", "40.1"));
        let never = dhcp.replace("method=auto", "never-default=true\nmethod=auto");
        assert_eq!(with_gateway(&never, IpVersion::V4, Some(via("192.168.40.100"))), expected);
        let bare = with_gateway("[connection]\nid=a\n", IpVersion::V6, Some(via("fe80::1")));
        assert_eq!(
            bare,
            "[connection]\nid=a\n\n[ipv6]\nignore-auto-routes=true\nmethod=auto\nroute1=::/0,fe80::1\n"
        );
    }

    #[test]
    fn an_address_comes_and_goes() {
        for net in ["192.168.40.110/24", "2001:db8::1/64"] {
            let net: IpNet = net.parse().unwrap();
            let version = IpVersion::of(net.addr());
            let more = with_address(TEXT, net);
            assert!(said(&more, version).nets.contains(&net), "{more}");
            assert_eq!(said(&more, version).method, "manual");
            assert_eq!(without_address(&more, net.addr()), TEXT);
        }
        let first =
            without_address(&with_address(TEXT, "10.0.0.1/8".parse().unwrap()), via("192.168.40.101"));
        assert_eq!(said(&first, IpVersion::V4).nets, ["10.0.0.1/8".parse().unwrap()]);
    }

    #[test]
    fn two_addresses_that_come_at_once_do_not_take_each_others_key() {
        let nets: [IpNet; 2] = ["192.168.40.110/24".parse().unwrap(), "192.168.40.111/24".parse().unwrap()];
        let [first, second] = nets.map(|net| Patch::between(TEXT, &with_address(TEXT, net)));
        let both = second.apply(&first.apply(TEXT).unwrap()).unwrap();
        let keys: Vec<&str> =
            both.lines().filter_map(|line| line.split_once("=192.168.40.11")).map(|(key, _)| key).collect();
        assert!(keys.len() == 2 && keys[0] != keys[1], "{both}");
    }
}
