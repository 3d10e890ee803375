//! Plain rules of nftables: what runs is in the kernel, and what the next boot brings is in the file that its unit loads.
//!
//! A rule of ours stands just before what would drop the packets. At boot it is a line at the end of the file, which says
//! where in the chain it goes, so that nothing of an administrator's is rewritten.

mod rule;
mod ruleset;

use std::collections::BTreeMap;

use super::Opening;
use super::hole::{Hole, When};
use super::iptables::{Packets, interface};
use super::lines;
use super::owner::Owner;
use super::sections::Sections;
use crate::resource::named_line::line_of;
use crate::resource::shell::{Attributes, put};
use crate::resource::{Facts, Firewall, Refusal, Script, quote};

use self::rule::Rule;
use self::ruleset::{ChainName, Fate, Ruleset};

/// The rules as they were read.
#[derive(Clone, Debug, PartialEq)]
pub struct Nftables {
    running: Ruleset,
    /// The file that the unit loads at boot, when that starts.
    at_boot: Option<File>,
    /// What `nft` said instead of rules.
    failed: Option<String>,
}

/// That file.
#[derive(Clone, Debug, PartialEq)]
struct File {
    path: String,
    rules: Ruleset,
    /// Whether its lines end as on other systems.
    carriage: bool,
}

/// EL's unit loads the first file, Debian's the second. `nft` would load what is not in the kernel.
const PROBE: &str = r#"echo =running
rules=
if [ -d /sys/module/nf_tables ]; then
  rules=$(PATH=$PATH:/usr/sbin:/sbin nft -a list ruleset) || {
    echo failed
    rules=$(PATH=$PATH:/usr/sbin:/sbin nft -a list ruleset 2>&1)
  }
fi
printf '%s\n' "$rules"
echo =units
for wants in /etc/systemd/system/*.wants/nftables.service /etc/runlevels/*/nftables; do
  if [ -L "$wants" ]; then echo nftables; break; fi
done
echo =files
lvsprov_files /etc/sysconfig/nftables.conf /etc/nftables.conf
"#;

impl Nftables {
    /// POSIX sh that prints what there is.
    pub fn probe() -> String {
        PROBE.to_owned()
    }

    /// What there is, from what the probe printed; `None` where a part is missing.
    pub fn parse(sections: &Sections<'_>) -> Option<Nftables> {
        let listed = sections.lines("running")?;
        let failed = match listed {
            ["failed", said @ ..] => Some(said.join(" ").trim().to_owned()),
            _ => None,
        };
        let lines = sections.lines("files")?;
        let path = lines.iter().find_map(|line| Some(line.split_once(':')?.0));
        let path = path.filter(|_| sections.lines("units").is_some_and(|units| units.contains(&"nftables")));
        let at_boot = path.map(|path| {
            let lines: Vec<&str> = lines.iter().filter_map(|line| line_of(path, line)).collect();
            let rules = Ruleset::read(lines.iter().copied());
            File { path: path.to_owned(), rules, carriage: lines.iter().any(|line| line.ends_with('\r')) }
        });
        let running =
            if failed.is_some() { Ruleset::default() } else { Ruleset::read(listed.iter().copied()) };
        Some(Nftables { running, at_boot, failed })
    }
}

impl Owner for Nftables {
    fn places(&self, opening: &Opening, facts: &Facts) -> Result<Vec<(Hole, bool)>, Refusal> {
        if let Some(said) = &self.failed {
            return Err(Refusal {
                reason: format!("the rules of nftables can't be read: {said}"),
                remedy: "see `nft list ruleset` on the host".into(),
            });
        }
        let packets = Packets { opening, interface: interface(opening, facts) };
        let ipv4 = opening.to.is_ipv4();
        let mut places = Vec::new();
        for input in self.running.inputs(ipv4) {
            places.push(place(&self.running, input, When::Running, "", packets));
            let rule = match self.running.fate(input, packets) {
                Fate::Dropped { rule, .. } => rule.text,
                Fate::ByPolicy(_) => "policy drop".to_owned(),
                _ => continue,
            };
            let file = self.at_boot.as_ref().filter(|file| file.rules.inputs(ipv4).any(|own| own == input));
            if file.is_none() {
                return Err(Refusal {
                    reason: format!(
                        "nftables keeps {opening} out by `{rule}` in the chain {input}, and who brings that chain at boot \
                         is not known"
                    ),
                    remedy: format!(
                        "put `{}` before that rule, where your rules come from, and run again; or have the chain in the \
                         file that nftables.service loads",
                        statement(opening)
                    ),
                });
            }
        }
        if let Some(file) = &self.at_boot {
            if file.carriage {
                return Err(Refusal {
                    reason: format!(
                        "{} has lines that end with a carriage return, which nft refuses",
                        file.path
                    ),
                    remedy: "write its lines with a line feed alone, then run again".into(),
                });
            }
            let inputs = file.rules.inputs(ipv4);
            places.extend(inputs.map(|input| place(&file.rules, input, When::AtBoot, &file.path, packets)));
        }
        Ok(places)
    }

    fn holds(&self, hole: &Hole) -> bool {
        let (path, chain) = parted(&hole.place);
        let rules = match (hole.when, &self.at_boot) {
            (When::Running, _) => &self.running,
            (When::AtBoot, Some(file)) if file.path == path => &file.rules,
            _ => return false,
        };
        rules.with(&statement(&hole.opening)).any(|own| own.to_string() == chain)
    }

    fn open(&self, holes: &[&Hole], facts: &Facts) -> Script {
        let mut script = Script::new();
        let mut in_files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for hole in holes {
            let (path, chain) = parted(&hole.place);
            let packets = Packets { opening: &hole.opening, interface: interface(&hole.opening, facts) };
            let rule = statement(&hole.opening);
            let fate = |rules: &Ruleset| {
                let all: Vec<Fate> =
                    rules.inputs(hole.opening.to.is_ipv4()).map(|input| rules.fate(input, packets)).collect();
                all.into_iter()
                    .find(|fate| matches!(fate, Fate::Dropped { chain: own, .. } if own.to_string() == chain))
            };
            match (hole.when, &self.at_boot) {
                (When::Running, _) => {
                    let how = match fate(&self.running) {
                        Some(Fate::Dropped { rule: Rule { handle: Some(handle), .. }, .. }) => {
                            format!("insert rule {chain} position {handle} {rule}")
                        }
                        _ => format!("add rule {chain} {rule}"),
                    };
                    script += &format!(
                        "if ! nft list chain {chain} | grep -qF -e {}; then nft {}; fi\n",
                        quote(&format!("\t{rule}")),
                        quote(&how)
                    );
                }
                (When::AtBoot, Some(file)) => {
                    in_files.entry(path).or_default().push(match fate(&file.rules) {
                        Some(Fate::Dropped { index, .. }) => {
                            format!("insert rule {chain} index {index} {rule}")
                        }
                        _ => format!("add rule {chain} {rule}"),
                    })
                }
                (When::AtBoot, None) => {}
            }
        }
        for (path, added) in in_files {
            let write = "{ sed -e '$a\\' \"$p\"; printf %s \"$lines\"; } >\"$t\"\n";
            script += lines::add(path, &added, write.into());
        }
        script
    }

    fn close(&self, holes: &[&Hole]) -> Script {
        let mut script = Script::new();
        let mut in_files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for hole in holes {
            let (path, chain) = parted(&hole.place);
            let rule = statement(&hole.opening);
            if hole.when == When::AtBoot {
                in_files.entry(path).or_default().push(format!(" rule {chain} {rule}"));
                continue;
            }
            script += &format!(
                "for handle in $(nft -a list chain {chain} 2>/dev/null | grep -F -e {} | sed -n 's/.* # handle \\([0-9]*\\)$/\\1/p')\n\
                 do nft delete rule {chain} handle \"$handle\"; done\n",
                quote(&format!("\t{rule}"))
            );
        }
        for (path, rules) in in_files {
            // Where in the chain it goes stands in its middle.
            let patterns: String = rules
                .iter()
                .map(|rule| {
                    let (head, chain) = (" rule ", rule.trim_start_matches(" rule "));
                    let (chain, rest) = split_chain(chain);
                    let literal =
                        |text: &str| text.replace('.', "\\.").replace('[', "\\[").replace(']', "\\]");
                    format!(
                        " -e {}",
                        quote(&format!(
                            "^[a-z]*{head}{}\\( index [0-9]*\\)\\{{0,1\\}} {}$",
                            literal(chain),
                            literal(rest)
                        ))
                    )
                })
                .collect();
            script += put(
                path,
                format!("grep -v{patterns} \"$p\" >\"$t\" || [ $? = 1 ]\n").into(),
                Attributes::default(),
            );
        }
        script
    }
}

/// `inet filter input` and what is behind it.
fn split_chain(text: &str) -> (&str, &str) {
    let end = text.match_indices(' ').nth(2).map_or(text.len(), |(at, _)| at);
    (&text[..end], text[end..].trim_start())
}

/// A hole in a chain, of what runs (`chain inet filter input`) or of a file.
fn place(rules: &Ruleset, input: &ChainName, when: When, path: &str, packets: Packets<'_>) -> (Hole, bool) {
    let opening = packets.opening;
    let (chain, is_open) = match rules.fate(input, packets) {
        Fate::Dropped { chain, .. } | Fate::ByPolicy(chain) => (chain, false),
        _ => {
            let of_table = |own: &&ChainName| (&own.family, &own.table) == (&input.family, &input.table);
            (rules.with(&statement(opening)).find(of_table).unwrap_or(input).clone(), true)
        }
    };
    let place = format!("{path} chain {chain}").trim_start().to_owned();
    (Hole { owner: Firewall::Nftables, when, place, opening: *opening }, is_open)
}

/// The file, which is empty for what runs, and the chain.
fn parted(place: &str) -> (&str, &str) {
    place.rsplit_once("chain ").map_or((place, ""), |(path, chain)| (path.trim_end(), chain))
}

/// The rule that lets it in, as `nft` lists it.
fn statement(opening: &Opening) -> String {
    let ip = if opening.to.is_ipv4() { "ip" } else { "ip6" };
    let from = opening.from.map_or(String::new(), |from| format!("{ip} saddr {from} "));
    let (to, protocol) = (opening.to.ip(), opening.protocol);
    let port = match opening.to.port() {
        0 => format!("meta l4proto {protocol}"),
        port => format!("{protocol} dport {port}"),
    };
    format!("{from}{ip} daddr {to} {port} accept comment \"lvsprov\"")
}

#[cfg(test)]
mod tests;
