//! ufw: its own rules are in its files, and in chains of the kernel's. `ufw allow` changes both.
//!
//! A rule of ours comes last of the user's, so that one of an administrator that denies the same counts: it is not fought.

use super::Opening;
use super::hole::{Hole, When};
use super::iptables::{Fate, Packets, Ruleset, TABLES, interface, specification};
use super::owner::Owner;
use super::sections::Sections;
use crate::ipvs::Protocol;
use crate::resource::named_line::line_of;
use crate::resource::{Facts, Firewall, Refusal, Script};

/// ufw as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Ufw {
    ipv4: Family,
    ipv6: Family,
    /// Whether what no rule is about comes in.
    accepts: bool,
}

/// The rules of one version of IP.
#[derive(Clone, Debug, Default, PartialEq)]
struct Family {
    running: Ruleset,
    at_boot: Ruleset,
    /// Whether the user's rules could be read.
    reads: bool,
}

const FILES: &str = r#"echo =files
lvsprov_files /etc/default/ufw /etc/ufw/before.rules /etc/ufw/user.rules /etc/ufw/before6.rules /etc/ufw/user6.rules
"#;

/// What holds the user's rules, in the kernel and in the files.
const CHAINS: [&str; 2] = ["ufw-user-input", "ufw6-user-input"];

impl Ufw {
    /// POSIX sh that prints what there is.
    pub fn probe() -> String {
        format!("{TABLES}{FILES}")
    }

    /// What there is, from what the probe printed; `None` where a part is missing.
    pub fn parse(sections: &Sections<'_>) -> Option<Ufw> {
        let files = sections.lines("files")?;
        let of = |path: &str| -> Vec<&str> { files.iter().filter_map(|line| line_of(path, line)).collect() };
        let policy = of("/etc/default/ufw").into_iter().rev().find_map(|line| {
            let value = line.trim().strip_prefix("DEFAULT_INPUT_POLICY=")?;
            Some(value.trim_matches(['"', '\'']).to_owned())
        });
        let family = |section: &str, six: &str| {
            let user = of(&format!("/etc/ufw/user{six}.rules"));
            let lines = of(&format!("/etc/ufw/before{six}.rules")).into_iter().chain(user.iter().copied());
            Some(Family {
                running: Ruleset::read(sections.lines(section)?.iter().copied()),
                at_boot: Ruleset::read(lines),
                reads: user.iter().any(|line| line.trim() == "*filter"),
            })
        };
        Some(Ufw {
            ipv4: family("ip", "")?,
            ipv6: family("ip6", "6")?,
            accepts: policy.as_deref() == Some("ACCEPT"),
        })
    }

    fn family(&self, opening: &Opening) -> (&Family, &'static str, &'static str) {
        match opening.to.is_ipv4() {
            true => (&self.ipv4, CHAINS[0], "/etc/ufw/user.rules"),
            false => (&self.ipv6, CHAINS[1], "/etc/ufw/user6.rules"),
        }
    }
}

impl Owner for Ufw {
    fn places(&self, opening: &Opening, facts: &Facts) -> Result<Vec<(Hole, bool)>, Refusal> {
        if opening.protocol == Protocol::Sctp {
            return Err(Refusal {
                reason: format!("ufw has no rules for sctp, which {opening} is"),
                remedy: "put an accept rule for it into /etc/ufw/before.rules and before6.rules, and leave it out of `to`".into(),
            });
        }
        let (family, chain, path) = self.family(opening);
        if !family.reads {
            return Err(Refusal {
                reason: format!(
                    "what ufw lets in at boot is not known: {path} has no rules that could be read"
                ),
                remedy: "see `ufw status`; `ufw --force reset` makes its files anew, without any rule".into(),
            });
        }
        let packets = Packets { opening, interface: interface(opening, facts) };
        let before = chain.replace("user", "before");
        let running = family.running.fate("INPUT", packets);
        let first = family.at_boot.fate(&before, packets);
        // ufw itself puts the user's rules behind those.
        let decided = if first == Fate::Returned { family.at_boot.fate(chain, packets) } else { first };
        let at_boot = match decided {
            Fate::Returned if self.accepts => Fate::Accepted,
            fate => fate,
        };
        let judged = [(When::Running, running, chain.to_owned()), (When::AtBoot, at_boot, path.to_owned())];
        let one = |(when, fate, place): (When, Fate, String)| {
            let hole = Hole { owner: Firewall::Ufw, when, place, opening: *opening };
            match fate {
                // The rules that come before ours.
                Fate::Dropped { chain: at, line, .. } if at.contains("-user-") || at.contains("-before-") => Err(Refusal {
                    reason: format!("a rule of ufw keeps {opening} out ({when}): `{line}`"),
                    remedy: "that rule is somebody else's, and stays: see `ufw status numbered`, and take it away with \
                             `ufw delete` where it is a mistake, else take the service off this host"
                        .into(),
                }),
                Fate::Dropped { .. } | Fate::ByPolicy(_) | Fate::Returned => Ok((hole, false)),
                Fate::Accepted | Fate::Unknown => Ok((hole, true)),
            }
        };
        judged.into_iter().map(one).collect()
    }

    fn holds(&self, hole: &Hole) -> bool {
        let (family, chain, _) = self.family(&hole.opening);
        let rules = if hole.when == When::Running { &family.running } else { &family.at_boot };
        rules.has(&format!("-A {chain} {}", specification(&hole.opening, false)))
    }

    fn open(&self, holes: &[&Hole], _: &Facts) -> Script {
        let mut script = Script::new();
        for hole in holes {
            let (opening, chain) = (&hole.opening, self.family(&hole.opening).1);
            let (program, rule) = (program(opening), specification(opening, false));
            let also_at_boot = |other: &Hole| other.when == When::AtBoot && other.opening == *opening;
            script += &match hole.when {
                When::Running if holes.iter().any(|other| also_at_boot(other)) => continue,
                // What ufw has in its files already, it takes for done.
                When::Running => {
                    format!("{program} -w -C {chain} {rule} 2>/dev/null || {program} -w -A {chain} {rule}\n")
                }
                When::AtBoot => format!("ufw allow {} comment lvsprov\n", allowed(opening)),
            };
        }
        script
    }

    fn close(&self, holes: &[&Hole]) -> Script {
        let mut script = Script::new();
        for hole in holes {
            let (opening, chain) = (&hole.opening, self.family(&hole.opening).1);
            let (program, rule) = (program(opening), specification(opening, false));
            script += &match hole.when {
                When::Running => format!(
                    "while {program} -w -C {chain} {rule} 2>/dev/null; do {program} -w -D {chain} {rule}; done\n"
                ),
                When::AtBoot => format!("ufw delete allow {}\n", allowed(opening)),
            };
        }
        script
    }
}

fn program(opening: &Opening) -> &'static str {
    if opening.to.is_ipv4() { "iptables" } else { "ip6tables" }
}

/// `proto tcp from any to 192.168.175.100 port 80`
fn allowed(opening: &Opening) -> String {
    let from = opening.from.map_or("any".to_owned(), |from| from.to_string());
    let port = match opening.to.port() {
        0 => String::new(),
        port => format!(" port {port}"),
    };
    format!("proto {} from {from} to {}{port}", opening.protocol, opening.to.ip())
}

#[cfg(test)]
mod tests;
