//! The default routes, the files that bring them, and the traces that their owners leave.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::foreign::Device;
use crate::resource::{Facts, Unreadable};

/// All of it; the same for every declaration on a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Whether the host has `ip`.
    pub has_ip: bool,
    /// The running default routes, in the kernel's order.
    pub routes: Vec<Route>,
    /// The same as `ip` told them.
    pub told: Vec<String>,
    /// The default route by which the host answers the controller; `None` when it is a more specific one.
    pub to_controller: Option<Way>,
    /// /etc/network/interfaces and the files beside it, where there is an ifupdown to read them.
    pub interfaces: Vec<ConfFile>,
    /// The links that a running systemd-networkd knows of.
    pub links: Vec<Link>,
    /// All .network files and their drop-ins.
    pub networks: Vec<ConfFile>,
    /// What NetworkManager knows of each device.
    pub devices: Vec<Device>,
    /// netplan's files.
    pub netplan: Vec<String>,
    /// /etc/sysconfig/network-scripts/ifcfg-*
    pub ifcfg: Vec<ConfFile>,
}

/// A way by a default route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The gateway; `None` on a link that needs none.
    pub via: Option<Ipv4Addr>,
}

/// A default route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// What it does with packets when it does not send them on: `blackhole`, `unreachable`.
    pub fate: Option<String>,
    /// The gateway; `None` on a link that needs none.
    pub via: Option<Ipv4Addr>,
    /// The interface; empty where there is none.
    pub device: String,
    /// Its scope, when it is not `global`: `link` where there is no gateway.
    pub scope: Option<String>,
    /// Its metric, when it is not 0.
    pub metric: Option<String>,
    /// Whether it is one of several next hops of one route.
    pub multipath: bool,
    /// Who set it, when the kernel knows: `dhcp`, `static`.
    pub protocol: Option<String>,
}

/// A configuration file with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfFile {
    /// The path.
    pub path: String,
    /// The text, whose last line is complete.
    pub text: String,
}

/// An interface as systemd-networkd has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub interface: String,
    /// `configured`, `unmanaged`, ...
    pub state: String,
    /// The .network file that matched it.
    pub file: Option<String>,
}

impl Link {
    /// Whether networkd configures it.
    pub fn configured(&self) -> bool {
        self.state != "unmanaged" && self.file.is_some()
    }
}

impl Observed {
    /// POSIX sh that leaves these default routes and no others, in their order.
    pub(super) fn restore(&self) -> String {
        let mut script = "lost=\nwhile ip -4 route del default 2>/dev/null; do :; done\n".to_owned();
        for line in &self.told {
            // what `ip` tells of a route but does not take
            let word = |word: &&str| !matches!(*word, "\\" | "linkdown" | "dead" | "offload" | "rt_offload");
            let words: Vec<&str> = line.split_whitespace().filter(word).collect();
            script += &format!("ip -4 route append {} || lost=yes\n", super::super::shell::words(words));
        }
        script + "[ -z \"$lost\" ]\n"
    }
}

impl Route {
    /// The gateway as one reads it.
    pub(super) fn gateway(&self) -> String {
        let without = || self.fate.clone().unwrap_or_else(|| "no gateway".into());
        self.via.map_or_else(without, |via| via.to_string())
    }

    /// The route as `ip route del` finds it, and no other: what is left out there matches any, so that without its
    /// fate or scope a route that has no gateway would stand for one that has.
    pub(super) fn spec(&self) -> String {
        let mut spec = self.fate.as_ref().map_or_else(String::new, |fate| format!("{fate} "));
        spec += "default";
        if !self.multipath {
            if let Some(via) = self.via {
                spec += &format!(" via {via}");
            }
            if !self.device.is_empty() {
                spec += &format!(" dev {}", crate::resource::quote(&self.device));
            }
            if let Some(scope) = &self.scope {
                spec += &format!(" scope {scope}");
            }
        }
        if let Some(metric) = &self.metric {
            spec += &format!(" metric {metric}");
        }
        spec
    }
}

/// `ip` once or twice and `grep` once; where networkd or NetworkManager have been, they are asked.
pub(super) fn probe(facts: &Facts) -> String {
    let controller = match facts.connection.map(|c| c.client) {
        // an older `ip` does not know fibmatch, and busybox's ignores it: both tell the way without its prefix
        Some(IpAddr::V4(client)) => format!(
            "printf 'way '\n\
             ip -4 -o route get fibmatch {client} 2>/dev/null || ip -4 -o route get {client} 2>/dev/null || echo\n"
        ),
        _ => String::new(),
    };
    format!(
        r#"if command -v ip >/dev/null 2>&1; then echo ip
echo routes
ip -4 -o route show default
echo
{controller}fi
for f in /etc/netplan/*.yaml /run/netplan/*.yaml /lib/netplan/*.yaml; do
  if [ -e "$f" ]; then printf 'netplan %s\n' "$f"; fi
done
if [ -d /run/NetworkManager ] && command -v nmcli >/dev/null 2>&1; then
  nmcli -t -e no -f DEVICE,STATE,CONNECTION device 2>/dev/null | while IFS=: read -r d s c; do
    set -- "$s"
    [ -z "$c" ] || set -- "$s" $(nmcli -g ipv4.method,ipv4.gateway connection show "$c" 2>/dev/null </dev/null)
    printf 'nm %s %s\n' "$d" "$*"
  done
fi
set --
if command -v ifup >/dev/null 2>&1; then
  for f in /etc/network/interfaces /etc/network/interfaces.d/*; do
    if [ -f "$f" ]; then set -- "$@" "$f"; fi
  done
fi
for f in /etc/sysconfig/network-scripts/ifcfg-*; do
  if [ -f "$f" ]; then set -- "$@" "$f"; fi
done
links=
for f in /run/systemd/netif/links/*; do
  if [ -e "$f" ]; then links=yes; break; fi
done
if [ -n "$links" ] && systemctl -q is-active systemd-networkd; then
  for f in /sys/class/net/*/ifindex; do
    if read -r n <"$f"; then f=${{f%/ifindex}}; printf 'index %s %s\n' "$n" "${{f##*/}}"; fi
  done
  for f in /run/systemd/netif/links/*; do set -- "$@" "$f"; done
  for d in /etc /run /usr/local/lib /usr/lib; do
    for f in $d/systemd/network/*.network $d/systemd/network/*.network.d/*.conf; do
      if [ -f "$f" ]; then set -- "$@" "$f"; fi
    done
  done
fi
for f in "$@"; do printf 'file %s\n' "$f"; done
echo =
[ $# -eq 0 ] || grep -sH '' "$@"
"#
    )
}

/// All of it from what the probe printed.
pub(super) fn parse(text: &str) -> Result<Observed, Unreadable> {
    let unreadable = |line: &str| Unreadable::new("default_gateway", line);
    let (head, body) = text.split_once("=\n").ok_or_else(|| unreadable("it ends too early"))?;
    let mut observed = Observed::default();
    let mut indices = BTreeMap::new();
    let mut of_ip = false;
    let mut files: Vec<ConfFile> = Vec::new();
    for line in head.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "ip" => observed.has_ip = true,
            _ if of_ip && !line.is_empty() => {
                observed.routes.extend(routes(line).ok_or_else(|| unreadable(line))?);
                observed.told.push(line.to_owned());
            }
            "routes" => of_ip = true,
            "" => of_ip = false,
            "way" => observed.to_controller = default_way(value, &observed.routes),
            "netplan" => observed.netplan.push(value.to_owned()),
            "nm" => {
                // the state may be of several words: `connected (externally)`
                let (interface, rest) = value.split_once(' ').ok_or_else(|| unreadable(line))?;
                let words: Vec<&str> = rest.split(' ').collect();
                let at = words
                    .iter()
                    .position(|w| matches!(*w, "manual" | "auto" | "disabled" | "shared" | "link-local"));
                let word = |at: usize| words.get(at).map_or(String::new(), |w| (*w).to_owned());
                observed.devices.push(Device {
                    interface: interface.to_owned(),
                    state: words[..at.unwrap_or(words.len())].join(" "),
                    method: at.map_or(String::new(), word),
                    gateway: at.map_or(String::new(), |at| word(at + 1)),
                });
            }
            "index" => {
                let (index, interface) = value.split_once(' ').ok_or_else(|| unreadable(line))?;
                indices.insert(index, interface);
            }
            "file" => files.push(ConfFile { path: value.to_owned(), text: String::new() }),
            _ => return Err(unreadable(line)),
        }
    }
    for line in body.lines() {
        let said = files.iter_mut().find_map(|f| {
            let rest = line.strip_prefix(f.path.as_str())?.strip_prefix(':')?;
            Some((&mut f.text, rest))
        });
        let (text, rest) = said.ok_or_else(|| unreadable(line))?;
        *text += rest;
        text.push('\n');
    }
    for file in files {
        if let Some(index) = file.path.strip_prefix("/run/systemd/netif/links/") {
            let value = |key: &str| {
                let mut pairs = file.text.lines().filter_map(|line| line.split_once('='));
                pairs.find(|(k, _)| *k == key).map(|(_, v)| v.to_owned())
            };
            if let Some(interface) = indices.get(index) {
                let state = value("ADMIN_STATE").unwrap_or_default();
                observed.links.push(Link {
                    interface: (*interface).to_owned(),
                    state,
                    file: value("NETWORK_FILE"),
                });
            }
        } else if file.path.starts_with("/etc/network/") {
            observed.interfaces.push(file);
        } else if file.path.starts_with("/etc/sysconfig/") {
            observed.ifcfg.push(file);
        } else {
            observed.networks.push(file);
        }
    }
    Ok(observed)
}

/// `ip route get`'s answer, when a default route is behind it. Where the prefix is not told, it is if its gateway, or
/// its interface where it has none, is a default route's as well: better to warn once too often.
fn default_way(way: &str, routes: &[Route]) -> Option<Way> {
    let via = word_after(way, "via").map(str::parse).transpose().ok()?;
    let alike = |route: &Route| {
        route.via == via && (via.is_some() || word_after(way, "dev") == Some(route.device.as_str()))
    };
    let default = match way.split(' ').next()? {
        "default" => true,
        prefix => !prefix.contains('/') && routes.iter().any(alike),
    };
    default.then_some(Way { via })
}

/// A line of `ip -4 -o route show default`: one route, or one for each of its next hops.
fn routes(line: &str) -> Option<Vec<Route>> {
    let mut parts = line.split("nexthop ");
    let first = parts.next()?;
    let metric = word_after(first, "metric").map(str::to_owned);
    let protocol = word_after(first, "proto").map(str::to_owned);
    let scope = word_after(first, "scope").map(str::to_owned);
    let fate = first.split_whitespace().next().filter(|word| *word != "default").map(str::to_owned);
    let route = |part: &str, multipath| -> Option<Route> {
        let via = word_after(part, "via").map(str::parse).transpose().ok()?;
        let device = word_after(part, "dev").unwrap_or("").to_owned();
        let (fate, scope) = (fate.clone(), scope.clone());
        Some(Route {
            fate,
            via,
            device,
            scope,
            metric: metric.clone(),
            multipath,
            protocol: protocol.clone(),
        })
    };
    let hops: Vec<Route> = parts.map(|part| route(part, true)).collect::<Option<_>>()?;
    if hops.is_empty() { Some(vec![route(first, false)?]) } else { Some(hops) }
}

fn word_after<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let mut words = line.split_whitespace();
    words.find(|word| *word == key)?;
    words.next()
}
