//! The default routes that run.

use std::net::IpAddr;

use super::gateway::IpVersion;
use crate::resource::word::words;
use crate::resource::{Facts, Risk, quote};

/// The running default routes of one IP version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes {
    /// Which.
    pub version: IpVersion,
    /// In the kernel's order; each next hop of a route is one.
    pub routes: Vec<Route>,
    /// The same as `ip` told them, a line each.
    pub told: Vec<String>,
    /// The default route by which the host answers the controller; `None` when it is a more specific one.
    pub to_controller: Option<Way>,
}

/// A way by a default route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The gateway; `None` on a link that needs none.
    pub via: Option<IpAddr>,
    /// The interface.
    pub device: String,
}

/// A default route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// What it does with packets when it does not send them on: `blackhole`, `unreachable`.
    pub fate: Option<String>,
    /// The gateway; `None` on a link that needs none.
    pub via: Option<IpAddr>,
    /// The interface; empty where there is none.
    pub device: String,
    /// Its scope, when it is not `global`: `link` where there is no gateway.
    pub scope: Option<String>,
    /// Its metric, when it is not the one that a route gets if none is named.
    pub metric: Option<String>,
    /// Whether it is one of several next hops of one route.
    pub multipath: bool,
    /// Who set it, when the kernel knows: `dhcp`, `ra`, `static`.
    pub protocol: Option<String>,
}

/// The metric of an IPv6 route that names none (`IP6_RT_PRIO_USER` in include/net/ip6_route.h).
const METRIC_V6: &str = "1024";

impl Routes {
    /// No routes.
    pub fn none(version: IpVersion) -> Routes {
        Routes { version, routes: Vec::new(), told: Vec::new(), to_controller: None }
    }

    /// POSIX sh that prints them, and the way to the controller where its address is of this version.
    pub fn probe(version: IpVersion, controller: Option<IpAddr>) -> String {
        let ip = format!("ip {} -o", version.flag());
        let all = format!("{ip} route show default\n");
        match controller.filter(|client| IpVersion::of(*client) == version) {
            // One process asks both. An older `ip` does not know fibmatch, busybox's ignores it and knows no batch: both
            // tell the way without its prefix.
            Some(client) => format!(
                "if r=$({ip} -batch - 2>/dev/null <<lvsprov_end\n\
                 route get fibmatch {client}\nroute show default\nlvsprov_end\n\
                 ); then printf 'way %s\\n' \"$r\"\nelse\n{all}printf 'way '\n\
                 {ip} route get fibmatch {client} 2>/dev/null || {ip} route get {client} 2>/dev/null || echo\nfi\necho =\n"
            ),
            None => all + "echo =\n",
        }
    }

    /// From the lines that [`Routes::probe`] printed. `None` where it can't have.
    pub fn parse(version: IpVersion, lines: &[&str]) -> Option<Routes> {
        let mut all = Routes::none(version);
        let (ways, defaults): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.starts_with("way "));
        for line in defaults {
            all.routes.extend(routes(version, line)?);
            all.told.push((*line).to_owned());
        }
        let way = ways.first().and_then(|line| line.strip_prefix("way "));
        all.to_controller = way.and_then(|way| default_way(way, &all.routes));
        Some(all)
    }

    /// POSIX sh that leaves these default routes and no others, in their order.
    pub fn restore(&self) -> String {
        let ip = format!("ip {}", self.version.flag());
        let mut script = format!("lost=\nwhile {ip} route del default 2>/dev/null; do :; done\n");
        for line in &self.told {
            script += &format!("{ip} route append {} || lost=yes\n", words(taken(line)));
        }
        script + "[ -z \"$lost\" ]\n"
    }

    /// POSIX sh that leaves one route, by `via` over `interface`, and no other. At no time is there none.
    /// `None` when it is so.
    pub fn set(&self, via: IpAddr, interface: &str) -> Option<String> {
        let ip = format!("ip {}", self.version.flag());
        // a route with several next hops and no metric goes before those with one, and only a replace takes it whole
        let replace = self.routes.iter().any(|route| route.multipath && route.metric.is_none());
        let ours = |route: &Route| {
            let shadowed = replace && route.metric.is_some();
            route.via == Some(via) && route.device == interface && !route.multipath && !shadowed
        };
        let found = self.routes.iter().position(ours);
        if found.is_some() && self.routes.len() == 1 {
            return None;
        }
        // a replace takes the first route of its own metric, and leaves the others
        let (mut kept, mut script) = (found, String::new());
        if found.is_none() {
            script += &format!("{ip} route replace default via {via} dev {}\n", quote(interface));
            kept = self.routes.iter().position(|route| route.metric.is_none());
        }
        for (i, route) in self.routes.iter().enumerate() {
            if Some(i) != kept && !(route.multipath && route.metric.is_none()) {
                script += &format!("{ip} route del {} 2>/dev/null || :\n", route.spec(self.version));
            }
        }
        Some(script)
    }
}

impl Routes {
    /// Whether they are the same, whatever the kernel says of each beside.
    pub fn are(&self, others: &Routes) -> bool {
        let words = |routes: &Routes| -> Vec<String> {
            routes.told.iter().map(|line| taken(line).join(" ")).collect()
        };
        words(self) == words(others)
    }

    /// What it means for the controller when this becomes the only default route, or, with `None`, when there is no
    /// gateway any more. Where the host does not know of the ssh connection by which it is reached, it is taken to
    /// come by a default route.
    pub fn risk(&self, gateway: Option<(IpAddr, &str)>, facts: &Facts) -> Option<Risk> {
        let (controller, old) = match facts.connection {
            Some(connection) => {
                let way = self.to_controller.as_ref()?;
                if gateway.is_some_and(|(via, device)| way.via == Some(via) && way.device == device) {
                    return None;
                }
                (Some(connection.client), way.via)
            }
            None if facts.over_ssh => (None, self.routes.first().and_then(|route| route.via)),
            None => return None,
        };
        Some(match gateway {
            Some((new, _)) => Risk::RouteChange { controller, old, new },
            None => Risk::CutOff { controller, what: "its default gateway goes".into() },
        })
    }
}

impl Route {
    /// The gateway as one reads it, with its interface.
    pub fn gateway(&self) -> String {
        let without = || self.fate.clone().unwrap_or_else(|| "no gateway".into());
        let gateway = self.via.map_or_else(without, |via| via.to_string());
        // an IPv6 route that sends nothing on is told with the loopback interface
        if self.device.is_empty() || self.fate.is_some() {
            gateway
        } else {
            format!("{gateway} ({})", self.device)
        }
    }

    /// The route as `ip route del` finds it, and no other: what is left out there matches any, so that without its
    /// fate or scope a route that has no gateway would stand for one that has.
    fn spec(&self, version: IpVersion) -> String {
        let mut spec = self.fate.as_ref().map_or_else(String::new, |fate| format!("{fate} "));
        spec += "default";
        if !self.multipath {
            if let Some(via) = self.via {
                let other = if IpVersion::of(via) == version { "" } else { "inet6 " };
                spec += &format!(" via {other}{via}");
            }
            if !self.device.is_empty() {
                spec += &format!(" dev {}", quote(&self.device));
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

/// The words of a route as `ip` tells it that `ip` also takes.
fn taken(line: &str) -> Vec<&str> {
    let mut taken = Vec::new();
    let mut words = line.split(|c: char| c.is_whitespace() || c == '\\').filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        match word {
            "linkdown" | "dead" | "offload" | "rt_offload" | "trap" | "rt_trap" => {}
            // the kernel's own word on the route, or told in a form that is not taken
            "expires" | "error" => _ = words.next(),
            _ => taken.push(word),
        }
    }
    taken
}

/// `ip route get`'s answer, when a default route is behind it. Where the prefix is not told, it is if its gateway, or
/// its interface where it has none, is a default route's as well: better to warn once too often.
fn default_way(way: &str, routes: &[Route]) -> Option<Way> {
    let via = gateway(way)?;
    let device = word_after(way, "dev").unwrap_or("").to_owned();
    let alike =
        |route: &Route| route.via == via && (via.is_some() || !device.is_empty() && device == route.device);
    let default = match way.split(' ').next()? {
        "default" => true,
        prefix => !prefix.contains('/') && routes.iter().any(alike),
    };
    default.then_some(Way { via, device })
}

/// A line of `ip -o route show default`: one route, or one for each of its next hops.
fn routes(version: IpVersion, line: &str) -> Option<Vec<Route>> {
    let mut parts = line.split("nexthop ");
    let first = parts.next()?;
    let usual = |metric: &&str| version == IpVersion::V6 && *metric == METRIC_V6;
    let metric = word_after(first, "metric").filter(|metric| !usual(metric)).map(str::to_owned);
    let protocol = word_after(first, "proto").map(str::to_owned);
    let scope = word_after(first, "scope").map(str::to_owned);
    let fate = first.split_whitespace().next().filter(|word| *word != "default").map(str::to_owned);
    let route = |part: &str, multipath| -> Option<Route> {
        Some(Route {
            fate: fate.clone(),
            via: gateway(part)?,
            device: word_after(part, "dev").unwrap_or("").to_owned(),
            scope: scope.clone(),
            metric: metric.clone(),
            multipath,
            protocol: protocol.clone(),
        })
    };
    let hops: Vec<Route> = parts.map(|part| route(part, true)).collect::<Option<_>>()?;
    if hops.is_empty() { Some(vec![route(first, false)?]) } else { Some(hops) }
}

/// `Some(None)` where the route has none. That of an IPv4 route may be `inet6 fe80::1`.
fn gateway(part: &str) -> Option<Option<IpAddr>> {
    let word = word_after(part, "via").map(|word| match word {
        "inet6" => word_after(part, "inet6").unwrap_or(""),
        _ => word,
    });
    word.map(str::parse).transpose().ok()
}

/// The word after another in what `ip` prints, where a backslash stands for the end of a line.
pub fn word_after<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let mut words = line.split(|c: char| c.is_whitespace() || c == '\\').filter(|word| !word.is_empty());
    words.find(|word| *word == key)?;
    words.next()
}
