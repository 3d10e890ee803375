//! Plain rules of iptables: what runs is in the kernel, and what the next boot brings is in a file, where one of the two
//! usual services reads it.
//!
//! A rule of ours stands just before what would drop the packets, so that everything that an administrator has put before
//! that, like a list of who may not come in, counts as it did.

mod rule;
mod ruleset;

use std::collections::BTreeMap;

use super::Opening;
use super::hole::{Hole, When};
use super::lines;
use super::owner::Owner;
use super::sections::Sections;
use crate::resource::named_line::line_of;
use crate::resource::shell::{Attributes, put};
use crate::resource::{Facts, Firewall, Refusal, Script, quote};

pub use self::rule::{Matches, Packets};
pub use self::ruleset::{Fate, Ruleset};

/// The rules as they were read.
#[derive(Clone, Debug, PartialEq)]
pub struct Iptables {
    ipv4: Family,
    ipv6: Family,
}

/// Those of one version of IP.
#[derive(Clone, Debug, Default, PartialEq)]
struct Family {
    running: Ruleset,
    /// The file that is read at boot, and what is in it; `None` where it is not known who brings the rules.
    at_boot: Option<(&'static str, Text)>,
}

/// A file.
#[derive(Clone, Debug, PartialEq)]
enum Text {
    /// It reads.
    Rules(Ruleset),
    /// Its lines end as on other systems, which `iptables-restore` takes for a part of the words.
    Carriage,
    /// It can't be read, or is none.
    Unreadable,
}

/// By unit, what it reads at boot: of Debian's iptables-persistent, and of EL's iptables-services.
const FILES: [(&str, &str, bool); 4] = [
    ("netfilter-persistent", "/etc/iptables/rules.v4", false),
    ("netfilter-persistent", "/etc/iptables/rules.v6", true),
    ("iptables", "/etc/sysconfig/iptables", false),
    ("ip6tables", "/etc/sysconfig/ip6tables", true),
];

/// POSIX sh that prints the filter tables, `=ip` and `=ip6`. To ask for a table that is not there would make the kernel load
/// it. Where two programs are installed, the older one is for the kernel's own table.
pub const TABLES: &str = r#"PATH=$PATH:/usr/sbin:/sbin
for version in ip ip6; do
  echo "=$version"
  program= names=/proc/net/${version}_tables_names
  if [ -r $names ]; then
    while read -r table; do if [ "$table" = filter ]; then program=${version}tables-legacy-save; fi; done <$names
  fi
  if [ -z "$program" ] && ! [ -d /sys/module/nf_tables ]; then continue; fi
  if [ -z "$program" ] || ! command -v $program >/dev/null; then program=${version}tables-save; fi
  $program -t filter 2>/dev/null
done
"#;

const UNITS: &str = r#"echo =units
for unit in netfilter-persistent iptables ip6tables; do
  for wants in /etc/systemd/system/*.wants/$unit.service /etc/rc[2-5].d/S*$unit; do
    if [ -L "$wants" ]; then echo "$unit"; break; fi
  done
done
"#;

impl Iptables {
    /// POSIX sh that prints what there is.
    pub fn probe() -> String {
        let files: Vec<&str> = FILES.iter().map(|(_, file, _)| *file).collect();
        let files = files.join(" ");
        format!(
            "{TABLES}{UNITS}for file in {files}; do if [ -e $file ]; then echo $file; fi; done\necho =files\nlvsprov_files {files}\n"
        )
    }

    /// What there is, from what the probe printed; `None` where a part is missing.
    pub fn parse(sections: &Sections<'_>) -> Option<Iptables> {
        let (units, files) = (sections.lines("units")?, sections.lines("files")?);
        let family = |section: &str, ipv6: bool| {
            let running = Ruleset::read(sections.lines(section).unwrap_or_default().iter().copied());
            let is_read = |(unit, path, six): &&(&str, &str, bool)| {
                *six == ipv6 && units.contains(unit) && units.contains(path)
            };
            let enabled = FILES.iter().find(is_read);
            let at_boot = enabled.map(|(_, path, _)| {
                let lines: Vec<&str> = files.iter().filter_map(|line| line_of(path, line)).collect();
                let ruleset = Ruleset::read(lines.iter().copied());
                let text = match lines.iter().any(|line| line.ends_with('\r')) {
                    true => Text::Carriage,
                    false if lines.is_empty() => Text::Unreadable,
                    false => Text::Rules(ruleset),
                };
                (*path, text)
            });
            Family { running, at_boot }
        };
        Some(Iptables { ipv4: family("ip", false), ipv6: family("ip6", true) })
    }

    fn family(&self, opening: &Opening) -> &Family {
        if opening.to.is_ipv4() { &self.ipv4 } else { &self.ipv6 }
    }
}

/// The interface by which packets for the address come in, as far as addresses tell it.
pub fn interface<'a>(opening: &Opening, facts: &'a Facts) -> Option<&'a str> {
    let ip = opening.to.ip();
    let own = facts.addresses.iter().find(|(interface, net)| net.addr() == ip && interface != "lo");
    own.or_else(|| facts.on_link(ip)).map(|(interface, _)| interface.as_str())
}

/// The rule behind `-A CHAIN`.
pub fn specification(opening: &Opening, comment: bool) -> String {
    let from = opening.from.map_or(String::new(), |from| format!("-s {from} "));
    let (to, protocol) = (opening.to.ip(), opening.protocol);
    let length = if opening.to.is_ipv4() { 32 } else { 128 };
    let port = match opening.to.port() {
        0 => String::new(),
        port => format!("-m {protocol} --dport {port} "),
    };
    let comment = if comment { "-m comment --comment lvsprov " } else { "" };
    format!("{from}-d {to}/{length} -p {protocol} {port}{comment}-j ACCEPT")
}

impl Owner for Iptables {
    fn places(&self, opening: &Opening, facts: &Facts) -> Result<Vec<(Hole, bool)>, Refusal> {
        let family = self.family(opening);
        let packets = Packets { opening, interface: interface(opening, facts) };
        let mut places = vec![place(&family.running, When::Running, "", packets)];
        let dropped = match family.running.fate("INPUT", packets) {
            Fate::Dropped { line, .. } => Some(line),
            Fate::ByPolicy(chain) => Some(format!("-P {chain} DROP")),
            _ => None,
        };
        let program = if opening.to.is_ipv4() { "iptables" } else { "ip6tables" };
        match &family.at_boot {
            Some((path, Text::Rules(rules))) if rules.is_there || dropped.is_none() => {
                places.push(place(rules, When::AtBoot, path, packets))
            }
            Some((path, text @ (Text::Carriage | Text::Unreadable))) => {
                let why = match text {
                    Text::Carriage => {
                        "has lines that end with a carriage return, which iptables-restore refuses"
                    }
                    _ => "can't be read, or is empty",
                };
                return Err(Refusal {
                    reason: format!("what the next boot lets in is not known: {path} {why}"),
                    remedy: format!(
                        "mend the file, or write it anew with `{program}-save >{path}`, then run again"
                    ),
                });
            }
            Some(_) | None => {
                if let Some(rule) = dropped {
                    return Err(Refusal {
                        reason: format!(
                            "{program} keeps {opening} out by `{rule}`, and who brings its rules at boot is not known"
                        ),
                        remedy: format!(
                            "put `-A INPUT {}` before that rule, where your rules come from, and run again; or have them \
                             kept by iptables-persistent (Debian) or iptables-services (EL)",
                            specification(opening, false)
                        ),
                    });
                }
            }
        }
        Ok(places)
    }

    fn holds(&self, hole: &Hole) -> bool {
        let family = self.family(&hole.opening);
        let (path, chain) = parted(&hole.place);
        let line = format!("-A {chain} {}", specification(&hole.opening, true));
        match (hole.when, &family.at_boot) {
            (When::Running, _) => family.running.has(&line),
            (When::AtBoot, Some((own, Text::Rules(rules)))) => *own == path && rules.has(&line),
            _ => false,
        }
    }

    fn open(&self, holes: &[&Hole], facts: &Facts) -> Script {
        let mut script = Script::new();
        let mut in_files: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
        for hole in holes {
            let (path, chain) = parted(&hole.place);
            let (opening, family) = (&hole.opening, self.family(&hole.opening));
            let packets = Packets { opening, interface: interface(opening, facts) };
            let specification = specification(opening, true);
            if hole.when == When::AtBoot {
                let before = match &family.at_boot {
                    Some((_, Text::Rules(rules))) => match rules.fate("INPUT", packets) {
                        Fate::Dropped { line, .. } => line,
                        _ => "COMMIT".into(),
                    },
                    _ => continue,
                };
                in_files.entry((path, before)).or_default().push(format!("-A {chain} {specification}"));
                continue;
            }
            let program = program(&hole.opening);
            let how = match family.running.fate("INPUT", packets) {
                Fate::Dropped { number, .. } => format!("-I {chain} {number}"),
                _ => format!("-A {chain}"),
            };
            script += &format!(
                "{program}\n\"$program\" -w -C {chain} {specification} 2>/dev/null || \"$program\" -w {how} {specification}\n"
            );
        }
        for ((path, before), added) in in_files {
            let write = format!("lines=$lines before={} awk '{INSERT}' \"$p\" >\"$t\"\n", quote(&before));
            script += lines::add(path, &added, write);
        }
        script
    }

    fn close(&self, holes: &[&Hole]) -> Script {
        let mut script = Script::new();
        let mut in_files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for hole in holes {
            let (path, chain) = parted(&hole.place);
            let specification = specification(&hole.opening, true);
            if hole.when == When::AtBoot {
                in_files.entry(path).or_default().push(quote(&format!("-A {chain} {specification}")));
                continue;
            }
            let program = program(&hole.opening);
            script += &format!(
                "{program}\nif \"$program\" -w -C {chain} {specification} 2>/dev/null; then \"$program\" -w -D {chain} \
                 {specification}; fi\n"
            );
        }
        for (path, lines) in in_files {
            let write = format!("grep -vxF -e {} \"$p\" >\"$t\" || [ $? = 1 ]\n", lines.join(" -e "));
            script += put(path, write.into(), Attributes::default());
        }
        script
    }
}

/// Puts the lines before the first line of the filter table that is this one.
const INSERT: &str = r#"/^\*/ { table = $0 }
table == "*filter" && !done && $0 == ENVIRON["before"] { printf "%s", ENVIRON["lines"]; done = 1 }
{ print }
END { if (!done) { print "the rule that keeps it out is not there any more: run again" >"/dev/stderr"; exit 1 } }"#;

/// POSIX sh that leaves in `$program` what changes the rules that the probe has read.
fn program(opening: &Opening) -> String {
    let version = if opening.to.is_ipv4() { "ip" } else { "ip6" };
    format!(
        "program={version}tables\n\
         if command -v $program-legacy >/dev/null && grep -qx filter /proc/net/{version}_tables_names 2>/dev/null\n\
         then program=$program-legacy; fi"
    )
}

/// A hole in a chain, of what runs (`chain INPUT`) or of a file (`/etc/iptables/rules.v4 chain INPUT`). What is not
/// understood is left alone, as what is open is.
fn place(rules: &Ruleset, when: When, path: &str, packets: Packets<'_>) -> (Hole, bool) {
    let opening = packets.opening;
    let (chain, is_open) = match rules.fate("INPUT", packets) {
        Fate::Dropped { chain, .. } | Fate::ByPolicy(chain) => (chain, false),
        _ => {
            let ours = |chain: &&str| rules.has(&format!("-A {chain} {}", specification(opening, true)));
            (rules.chains().find(ours).unwrap_or("INPUT").to_owned(), true)
        }
    };
    let place = format!("{path} chain {chain}").trim_start().to_owned();
    (Hole { owner: Firewall::Iptables, when, place, opening: *opening }, is_open)
}

/// The file, which is empty for what runs, and the chain.
fn parted(place: &str) -> (&str, &str) {
    place.rsplit_once("chain ").map_or((place, "INPUT"), |(path, chain)| (path.trim_end(), chain))
}

#[cfg(test)]
mod tests;
