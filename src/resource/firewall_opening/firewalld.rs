//! firewalld: what runs is asked of it, which takes a start of Python; what the next boot brings is read from its files.
//!
//! An opening is a rich rule with the one address as destination, and no port of the zone: a port would open it at every
//! address of every interface of the zone, which is more than is declared, and could not keep `from` apart. People see the
//! rule with `firewall-cmd --list-all`, and can take it away there.

mod rule;
mod xml;
mod zone;

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use self::rule::{Rule, port_has};
use self::zone::{Verdict, Zone};
use super::Opening;
use super::hole::{Hole, When};
use super::owner::Owner;
use super::sections::Sections;
use crate::resource::firewall::FIREWALLD;
use crate::resource::{Facts, Firewall, Refusal, Script, quote};

/// firewalld as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Firewalld {
    running: Vec<Zone>,
    at_boot: Vec<Zone>,
    /// The zone of interfaces that are in none.
    default: String,
    services: BTreeMap<String, Service>,
    /// What `firewall-cmd` said instead of an answer.
    failed: Option<String>,
}

/// A service's own file.
#[derive(Clone, Debug, Default, PartialEq)]
struct Service {
    /// `80/tcp`
    ports: Vec<String>,
    /// Whole protocols.
    protocols: Vec<String>,
    /// The destinations that it is for; none is all.
    destinations: Vec<IpNet>,
    /// Services that are a part of it.
    includes: Vec<String>,
}

/// Of the services' files, of which there are hundreds, those are read that a zone names, and that these include.
const PROBE: &str = r#"echo =running
zones='FirewallD is not running'
if FIREWALLD; then
  zones=$(LC_ALL=C PATH=$PATH:/usr/sbin:/sbin firewall-cmd --list-all-zones) || {
    echo failed
    zones=$(LC_ALL=C PATH=$PATH:/usr/sbin:/sbin firewall-cmd --list-all-zones 2>&1)
  }
else echo failed; fi
printf '%s\n' "$zones"
echo =files
lvsprov_files /etc/firewalld/firewalld.conf /etc/firewalld/zones/*.xml /usr/lib/firewalld/zones/*.xml
names=$(
  printf '%s\n' "$zones" | sed -n 's/^  services://p; s/.* service name="\([^"]*\)".*/\1/p'
  sed -n 's/.*<service name="\([^"]*\)".*/\1/p' /dev/null /etc/firewalld/zones/*.xml /usr/lib/firewalld/zones/*.xml 2>/dev/null
)
services() {
  for name in $names; do
    case $seen in *" $name "*) continue;; esac
    seen="$seen$name "
    for file in "/etc/firewalld/services/$name.xml" "/usr/lib/firewalld/services/$name.xml"; do
      if [ -f "$file" ]; then files="$files $file"; fi
    done
  done
}
seen=' ' files=
services
names=$(sed -n 's/.*<include service="\([^"]*\)".*/\1/p' /dev/null $files)
services
lvsprov_files $files
"#;

const FOLDERS: [&str; 2] = ["/etc/firewalld/", "/usr/lib/firewalld/"];

impl Firewalld {
    /// POSIX sh that prints what there is.
    pub fn probe() -> String {
        // What is known of the host from the last time need not be so any more, and the bus may start what it is asked for.
        PROBE.replace("FIREWALLD", FIREWALLD)
    }

    /// POSIX sh that notes in the current directory, a record's, which files there are of zones.
    pub fn keep() -> &'static str {
        "for file in /etc/firewalld/zones/*; do if [ -e \"$file\" ]; then printf '%s\\n' \"${file##*/}\"; fi; done >zones\n"
    }

    /// What there is, from what the probe printed; `None` where a part is missing.
    pub fn parse(sections: &Sections<'_>) -> Option<Firewalld> {
        let listed = sections.lines("running")?;
        let failed = match listed {
            ["failed", said @ ..] => Some(said.join("\n").trim().to_owned()),
            _ => None,
        };
        let mut files: BTreeMap<&str, String> = BTreeMap::new();
        for line in sections.lines("files")? {
            // Neither firewalld's folders nor its names have a colon in them.
            let Some((path, line)) = line.split_once(':') else { continue };
            let text = files.entry(path).or_default();
            text.push_str(line);
            text.push('\n');
        }
        let conf = files.get("/etc/firewalld/firewalld.conf").map_or("", String::as_str);
        let default = conf.lines().find_map(|line| line.trim().strip_prefix("DefaultZone="));
        // A file in /etc hides its namesake of the package.
        let of = |kind: &str| -> BTreeMap<String, &str> {
            let all = FOLDERS.into_iter().rev().flat_map(|folder| {
                let prefix = format!("{folder}{kind}/");
                let named = files.iter().filter_map(move |(path, text)| {
                    let name = path.strip_prefix(prefix.as_str())?.strip_suffix(".xml")?;
                    Some((name.to_owned(), text.as_str()))
                });
                named.collect::<Vec<_>>()
            });
            all.collect()
        };
        Some(Firewalld {
            running: if failed.is_some() { Vec::new() } else { Zone::listed(listed) },
            at_boot: of("zones").iter().map(|(name, text)| Zone::written(name, text)).collect(),
            default: default.map_or("public", str::trim).to_owned(),
            services: of("services").into_iter().map(|(name, text)| (name, Service::written(text))).collect(),
            failed,
        })
    }

    /// Whether its unit is there, and it does not answer yet.
    pub fn is_starting(&self) -> bool {
        self.failed.as_ref().is_some_and(|said| said.contains("not running"))
    }

    /// Whether it answered.
    ///
    /// # Errors
    /// What it said instead.
    pub fn answers(&self) -> Result<(), Refusal> {
        let Some(said) = &self.failed else { return Ok(()) };
        let said = said.lines().last().unwrap_or_default();
        Err(Refusal {
            reason: format!("firewalld's unit is at work, but firewall-cmd does not get an answer: {said}"),
            remedy: "see `firewall-cmd --state` and `journalctl -u firewalld`; start firewalld, or stop it for good, then \
                     run again"
                .into(),
        })
    }

    /// The zones that an opening must be in: what runs, and what is at boot.
    fn zones(&self, opening: &Opening, facts: &Facts) -> [Option<&Zone>; 2] {
        let ip = opening.to.ip();
        let own = facts.addresses.iter().find(|(interface, net)| net.addr() == ip && interface != "lo");
        // One that is still to come goes where its subnet is.
        let interface = own.or_else(|| facts.on_link(ip)).map(|(interface, _)| interface.as_str());
        let of = |zones: &'_ [Zone]| -> Option<String> {
            // Sources go before interfaces.
            let by_source = |zone: &&Zone| {
                opening.from.is_some_and(|from| zone.sources.iter().any(|source| source.contains(&from)))
            };
            let by_interface =
                |zone: &&Zone| zone.interfaces.iter().any(|own| Some(own.as_str()) == interface);
            let zone = zones.iter().find(by_source).or_else(|| zones.iter().find(by_interface));
            zone.map(|zone| zone.name.clone())
        };
        let named = |zones, name: &str| Self::named(zones, name);
        let running = of(&self.running).unwrap_or_else(|| self.default.clone());
        // NetworkManager puts an interface into its zone at boot, and writes that nowhere in firewalld's files.
        let at_boot = of(&self.at_boot).unwrap_or_else(|| running.clone());
        [named(&self.running, &running), named(&self.at_boot, &at_boot)]
    }

    fn named<'a>(zones: &'a [Zone], name: &str) -> Option<&'a Zone> {
        zones.iter().find(|zone| zone.name == name)
    }

    /// Whether the service of that name has the opening's port.
    fn has(&self, name: &str, opening: &Opening, depth: u8) -> bool {
        let Some(service) = self.services.get(name) else { return false };
        let destinations = &service.destinations;
        let here = destinations.is_empty() || destinations.iter().any(|net| net.contains(&opening.to.ip()));
        let protocol = opening.protocol.to_string();
        let port =
            service.ports.iter().any(|port| port_has(port, opening)) || service.protocols.contains(&protocol);
        here && port || depth > 0 && service.includes.iter().any(|name| self.has(name, opening, depth - 1))
    }
}

impl Owner for Firewalld {
    fn places(&self, opening: &Opening, facts: &Facts) -> Result<Vec<(Hole, bool)>, Refusal> {
        self.answers()?;
        let mut places = Vec::new();
        for (zone, when) in self.zones(opening, facts).into_iter().zip([When::Running, When::AtBoot]) {
            let Some(zone) = zone else {
                return Err(Refusal {
                    reason: format!("which zone of firewalld's {opening} comes in by is not known ({when})"),
                    remedy: "put the interface into a zone that there is: `firewall-cmd --get-active-zones`, `firewall-cmd \
                             --permanent --zone=ZONE --change-interface=INTERFACE`"
                        .into(),
                });
            };
            let is_open = match zone.verdict(opening, &|name| self.has(name, opening, 1)) {
                Verdict::Open => true,
                Verdict::Closed => false,
                Verdict::Denied(rule) => {
                    let how = if when == When::AtBoot { "--permanent " } else { "" };
                    return Err(Refusal {
                        reason: format!(
                            "a rule in firewalld's zone {} keeps {opening} out ({when}): {rule}",
                            zone.name
                        ),
                        remedy: format!(
                            "that rule is somebody else's, and stays: take it away with `firewall-cmd {how}--zone={} \
                             --remove-rich-rule=...` where it is a mistake, else take the service off this host",
                            zone.name
                        ),
                    });
                }
            };
            let place = format!("zone {}", zone.name);
            places.push((Hole { owner: Firewall::Firewalld, when, place, opening: *opening }, is_open));
        }
        Ok(places)
    }

    fn holds(&self, hole: &Hole) -> bool {
        let zones = if hole.when == When::Running { &self.running } else { &self.at_boot };
        let zone = hole.place.strip_prefix("zone ").and_then(|name| Self::named(zones, name));
        zone.is_some_and(|zone| zone.holds(&Rule::listed(&rich_rule(&hole.opening))))
    }

    fn open(&self, holes: &[&Hole], _: &Facts) -> Script {
        calls(holes, "--add-rich-rule")
    }

    fn close(&self, holes: &[&Hole]) -> Script {
        calls(holes, "--remove-rich-rule")
    }

    /// The first permanent change of a zone copies the package's file, which from then on hides what an update brings; and
    /// each leaves the file from before it.
    fn tidy(&self, holes: &[&Hole]) -> Script {
        let at_boot = holes.iter().filter(|hole| hole.when == When::AtBoot);
        let zones: BTreeSet<&str> = at_boot.filter_map(|hole| hole.place.strip_prefix("zone ")).collect();
        let one = |zone: &str| TIDY.replace("ZONE", &quote(zone));
        Script::from(zones.into_iter().map(one).collect::<String>())
    }
}

const TIDY: &str = r#"zone=ZONE
if [ -f "${record:-}/zones" ]; then
  if ! grep -qxF "$zone.xml" "$record/zones" && cmp -s "/etc/firewalld/zones/$zone.xml" "/usr/lib/firewalld/zones/$zone.xml"
  then firewall-cmd --permanent --load-zone-defaults="$zone"; fi
  if ! grep -qxF "$zone.xml.old" "$record/zones"; then rm -f "/etc/firewalld/zones/$zone.xml.old"; fi
fi
"#;

impl Service {
    fn written(text: &str) -> Service {
        let mut service = Service::default();
        for tag in xml::tags(text) {
            match tag.name {
                "port" => service.ports.extend(
                    tag.get("port")
                        .zip(tag.get("protocol"))
                        .map(|(port, protocol)| format!("{port}/{protocol}")),
                ),
                "protocol" => service.protocols.extend(tag.get("value").map(str::to_owned)),
                "include" => service.includes.extend(tag.get("service").map(str::to_owned)),
                "destination" => service
                    .destinations
                    .extend(["ipv4", "ipv6"].into_iter().filter_map(|family| rule::net(tag.get(family)?))),
                _ => {}
            }
        }
        service
    }
}

/// One call for each zone, of what runs and of what is at boot apart: a reload would throw away what runs and is in no file.
/// A rule that is there already, or that is gone, is no error.
fn calls(holes: &[&Hole], option: &str) -> Script {
    let mut grouped: BTreeMap<(When, &str), Vec<String>> = BTreeMap::new();
    for hole in holes {
        let zone = hole.place.strip_prefix("zone ").unwrap_or(&hole.place);
        let rule = quote(&format!("{option}={}", rich_rule(&hole.opening)));
        grouped.entry((hole.when, zone)).or_default().push(rule);
    }
    let mut script = Script::new();
    for ((when, zone), rules) in grouped {
        let permanent = if when == When::AtBoot { "--permanent " } else { "" };
        let zone = quote(&format!("--zone={zone}"));
        script += &format!("firewall-cmd {permanent}{zone} {}\n", rules.join(" "));
    }
    script
}

/// The rule that lets it in, as firewalld itself lists it.
fn rich_rule(opening: &Opening) -> String {
    let family = if opening.to.is_ipv4() { "ipv4" } else { "ipv6" };
    let source = opening.from.map_or(String::new(), |from| format!("source address=\"{from}\" "));
    let (to, port, protocol) = (opening.to.ip(), opening.to.port(), opening.protocol);
    let element = match port {
        0 => format!("protocol value=\"{protocol}\""),
        port => format!("port port=\"{port}\" protocol=\"{protocol}\""),
    };
    format!("rule family=\"{family}\" {source}destination address=\"{to}\" {element} accept")
}
