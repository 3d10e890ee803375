//! A zone: what comes in by its interfaces, or from its sources.

use ipnet::IpNet;

use super::super::Opening;
use super::rule::{Action, Element, Rule, net};
use super::xml::tags;

/// A zone, as it runs or as it is at boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// `public`
    pub name: String,
    /// What becomes of what no rule is about: `default`, `ACCEPT`, `DROP`, `%%REJECT%%`.
    pub target: String,
    /// Its interfaces.
    pub interfaces: Vec<String>,
    /// The networks that are its own.
    pub sources: Vec<IpNet>,
    /// Its rules, ports, protocols and services.
    pub rules: Vec<Rule>,
}

/// What a zone does with an opening's packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They come in.
    Open,
    /// They don't.
    Closed,
    /// Somebody's rule says that they don't, and would come before a rule of ours.
    Denied(String),
}

impl Zone {
    /// All zones of what `firewall-cmd --list-all-zones` printed.
    pub fn listed(lines: &[&str]) -> Vec<Zone> {
        let mut zones: Vec<Zone> = Vec::new();
        for line in lines {
            if !line.starts_with([' ', '\t']) {
                if let Some(name) = line.split_whitespace().next() {
                    zones.push(Zone { name: name.to_owned(), ..Zone::default() });
                }
                continue;
            }
            let Some(zone) = zones.last_mut() else { continue };
            let line = line.trim();
            if line.starts_with("rule ") || line == "rule" {
                zone.rules.push(Rule::listed(line));
                continue;
            }
            let Some((key, value)) = line.split_once(':') else { continue };
            let words = || value.split_whitespace().map(str::to_owned);
            match key {
                "target" => zone.target = value.trim().to_owned(),
                "interfaces" => zone.interfaces = words().collect(),
                "sources" => zone.sources = words().filter_map(|word| net(&word)).collect(),
                "services" => {
                    zone.rules.extend(words().map(|name| Rule::plain(name.clone(), Element::Service(name))))
                }
                "ports" => {
                    zone.rules.extend(words().map(|port| Rule::plain(port.clone(), Element::Port(port))))
                }
                "protocols" => {
                    zone.rules.extend(words().map(|name| Rule::plain(name.clone(), Element::Protocol(name))));
                }
                _ => {}
            }
        }
        zones
    }

    /// The zone of a file.
    pub fn written(name: &str, text: &str) -> Zone {
        let mut zone = Zone { name: name.to_owned(), target: "default".into(), ..Zone::default() };
        let tags = tags(text);
        let mut next = 0;
        while let Some(tag) = tags.get(next) {
            let index = next;
            next += 1;
            let plain = |value: Option<&str>, element: fn(String) -> Element| {
                value.map(|value| Rule::plain(value, element(value.to_owned())))
            };
            match tag.name {
                "zone" => zone.target = tag.get("target").unwrap_or("default").to_owned(),
                "interface" => zone.interfaces.extend(tag.get("name").map(str::to_owned)),
                "source" => zone.sources.extend(tag.get("address").and_then(net)),
                "service" => zone.rules.extend(plain(tag.get("name"), Element::Service)),
                "protocol" => zone.rules.extend(plain(tag.get("value"), Element::Protocol)),
                "port" => {
                    let port = Element::port(tag.get("port"), tag.get("protocol"));
                    zone.rules.push(Rule::plain("port", port));
                }
                "rule" => {
                    let end = tags[index..].iter().position(|tag| tag.name == "/rule");
                    let end = end.filter(|_| !tag.is_empty).unwrap_or(0);
                    let inner = tags[index..=index + end].iter().filter(|tag| !tag.name.starts_with('/'));
                    zone.rules.push(Rule::written(&inner.cloned().collect::<Vec<_>>()));
                    // What is in the rule is no rule of the zone's.
                    next = index + end + 1;
                }
                _ => {}
            }
        }
        zone
    }

    /// What it does with the opening's packets. Of rules that are about all of them the first decides: by priority, and
    /// of the same priority those that deny. One that is about a part of them, like a source, is that part's own matter.
    /// `service` tells whether the service of that name has the opening's port.
    pub fn verdict(&self, opening: &Opening, service: &dyn Fn(&str) -> bool) -> Verdict {
        let about = |rule: &&Rule| rule.is_about(opening) && rule.element.has(opening, service);
        let mut deciding: Vec<(i32, Action, &Rule)> = self
            .rules
            .iter()
            .filter(about)
            .filter_map(|rule| Some((rule.priority, rule.action?, rule)))
            .collect();
        deciding.sort_by_key(|(priority, action, _)| (*priority, *action));
        match deciding.first() {
            Some((_, Action::Accept, _)) => Verdict::Open,
            // A rule of ours has priority 0.
            Some((priority, Action::Deny, rule)) if *priority <= 0 => Verdict::Denied(rule.text.clone()),
            Some(_) => Verdict::Closed,
            None if self.target == "ACCEPT" => Verdict::Open,
            None => Verdict::Closed,
        }
    }

    /// Whether it has exactly this rich rule.
    pub fn holds(&self, rule: &Rule) -> bool {
        self.rules.iter().any(|own| {
            (own.priority, own.action, &own.element, own.to, own.from, own.narrower)
                == (rule.priority, rule.action, &rule.element, rule.to, rule.from, rule.narrower)
        })
    }
}
