//! What of a zone lets in or keeps out: rich rules, and ports and services, which are simpler ones.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::Opening;
use super::xml::Tag;

/// What becomes of what a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It is dropped or rejected. Of rules with the same priority these come first.
    Deny,
    /// It comes in.
    Accept,
}

/// Which ports of which protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// All of them.
    Everything,
    /// A port, or a range, of a protocol: `80/tcp`, `8000-8100/tcp`.
    Port(String),
    /// A whole protocol.
    Protocol(String),
    /// A service by its name.
    Service(String),
    /// Something else, which concerns no opening.
    Other,
}

/// A rule that may decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The text, as people know it.
    pub text: String,
    /// Its turn: -32768 to 32767; ports and services have 0, as a rule has that says none.
    pub priority: i32,
    /// What it does; `None` where it only logs or marks.
    pub action: Option<Action>,
    /// What it is about.
    pub element: Element,
    /// The packets' destination; `None` is any.
    pub to: Option<IpNet>,
    /// Where they come from; `None` is anywhere.
    pub from: Option<IpNet>,
    /// Whether it has a part that is not looked at here, so that it is about fewer packets than the rest says.
    pub narrower: bool,
}

impl Rule {
    /// A port, protocol or service of a zone.
    pub fn plain(text: impl Into<String>, element: Element) -> Rule {
        let (text, action) = (text.into(), Some(Action::Accept));
        Rule { text, priority: 0, action, element, to: None, from: None, narrower: false }
    }

    /// A rich rule, from its words: each a name with its attributes.
    pub fn rich<'a>(text: String, words: impl Iterator<Item = (&'a str, Vec<(&'a str, &'a str)>)>) -> Rule {
        let mut rule = Rule { action: None, ..Rule::plain(text, Element::Everything) };
        for (name, attributes) in words {
            let get =
                |name: &str| attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            let address = || get("address").and_then(net);
            let not =
                matches!(get("NOT").or(get("invert")), Some(word) if !word.eq_ignore_ascii_case("false"));
            match name {
                "rule" => {
                    rule.priority = get("priority").and_then(|number| number.parse().ok()).unwrap_or(0);
                    // Without addresses the family is all that parts one from the other.
                    let any = match get("family") {
                        Some("ipv4") => net("0.0.0.0/0"),
                        Some("ipv6") => net("::/0"),
                        _ => None,
                    };
                    rule.to = any;
                }
                "source" if not || address().is_none() => rule.narrower = true,
                "source" => rule.from = address(),
                "destination" if not || address().is_none() => rule.narrower = true,
                "destination" => rule.to = address(),
                "port" => rule.element = Element::port(get("port"), get("protocol")),
                "protocol" => {
                    rule.element = get("value").map_or(Element::Other, |name| Element::Protocol(name.into()))
                }
                "service" => {
                    rule.element = get("name").map_or(Element::Other, |name| Element::Service(name.into()))
                }
                "accept" => rule.action = Some(Action::Accept),
                "reject" | "drop" => rule.action = Some(Action::Deny),
                "limit" => rule.narrower = true,
                "log" | "audit" | "nflog" | "mark" => {}
                _ => rule.element = Element::Other,
            }
        }
        rule
    }

    /// A rich rule as `firewall-cmd` lists it: `rule family="ipv4" port port="80" protocol="tcp" accept`.
    pub fn listed(line: &str) -> Rule {
        let mut words: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
        for word in words_of(line) {
            match (word.split_once('='), words.last_mut()) {
                (Some((key, value)), Some((_, attributes))) => {
                    attributes.push((key, value.trim_matches(['"', '\''])));
                }
                (None, Some((_, attributes))) if word == "NOT" => attributes.push(("NOT", "True")),
                _ => words.push((word, Vec::new())),
            }
        }
        Rule::rich(line.trim().to_owned(), words.into_iter())
    }

    /// A rich rule of a zone's file.
    pub fn written(tags: &[Tag<'_>]) -> Rule {
        const ATTRIBUTES: [&str; 9] =
            ["family", "priority", "address", "invert", "port", "protocol", "value", "name", "prefix"];
        let text: Vec<String> = tags
            .iter()
            .map(|tag| {
                let of = ATTRIBUTES.iter().filter_map(|name| Some(format!(" {name}=\"{}\"", tag.get(name)?)));
                std::iter::once(tag.name.to_owned()).chain(of).collect::<String>()
            })
            .collect();
        let words = tags.iter().map(|tag| {
            let of = ATTRIBUTES.iter().filter_map(|name| Some((*name, tag.get(name)?)));
            (tag.name, of.collect::<Vec<_>>())
        });
        Rule::rich(text.join(" "), words)
    }

    /// Whether every packet of the opening is the rule's, as far as the addresses go.
    pub fn is_about(&self, opening: &Opening) -> bool {
        let to = self.to.is_none_or(|net| net.contains(&opening.to.ip()));
        let from = match (self.from, opening.from) {
            (None, _) => true,
            (Some(net), Some(from)) => net.contains(&from),
            (Some(net), None) => net.prefix_len() == 0 && net.addr().is_ipv4() == opening.to.is_ipv4(),
        };
        to && from && !self.narrower
    }
}

impl Element {
    /// `80` and `tcp`; either may be missing in a file that nobody could load.
    pub fn port(port: Option<&str>, protocol: Option<&str>) -> Element {
        match (port, protocol) {
            (Some(port), Some(protocol)) => Element::Port(format!("{port}/{protocol}")),
            _ => Element::Other,
        }
    }

    /// Whether it has the opening's port and protocol. `service` tells what is in a service by its name.
    pub fn has(&self, opening: &Opening, service: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Element::Everything => true,
            Element::Port(text) => port_has(text, opening),
            Element::Protocol(name) => *name == opening.protocol.to_string(),
            Element::Service(name) => service(name),
            Element::Other => false,
        }
    }
}

/// Whether `80/tcp` or `8000-8100/tcp` has the opening's.
pub fn port_has(text: &str, opening: &Opening) -> bool {
    let Some((ports, protocol)) = text.split_once('/') else { return false };
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (Ok(first), Ok(last)) = (first.trim().parse::<u16>(), last.trim().parse::<u16>()) else {
        return false;
    };
    let port = opening.to.port();
    // Port 0 is every port, which a range has only as a whole.
    let has = if port == 0 { first <= 1 && last == u16::MAX } else { (first..=last).contains(&port) };
    has && protocol == opening.protocol.to_string()
}

/// A network, or one address.
pub fn net(text: &str) -> Option<IpNet> {
    text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()
}

/// The words of a line, of which a quoted part may hold spaces.
fn words_of(line: &str) -> Vec<&str> {
    let (mut words, mut begin, mut quoted) = (Vec::new(), None, false);
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                words.extend(begin.take().map(|begin: usize| &line[begin..at]));
                continue;
            }
            _ => {}
        }
        begin = begin.or(Some(at));
    }
    words.extend(begin.map(|begin| &line[begin..]));
    words
}
