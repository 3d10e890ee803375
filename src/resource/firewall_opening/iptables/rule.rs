//! A rule of iptables as `iptables-save` writes it, and whether it is about the packets of an opening.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::Opening;

/// The packets that an opening lets in: new connections that come in by an interface, where it is known.
#[derive(Clone, Copy, Debug)]
pub struct Packets<'a> {
    /// The opening.
    pub opening: &'a Opening,
    /// `eth0`
    pub interface: Option<&'a str>,
}

/// Whether a rule matches them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matches {
    /// All of them.
    All,
    /// Some, or it is not known here: what it says is not about all of them for certain.
    Some,
    /// None.
    None,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The line as it was read, without what ends it: `-A INPUT -j DROP`.
    pub line: String,
    /// Its words behind the chain's name.
    words: Vec<String>,
}

impl Rule {
    /// The chain and the rule of a line that begins with `-A`; `None` for another.
    pub fn read(line: &str) -> Option<(String, Rule)> {
        let mut words = words(line).into_iter();
        if words.next()? != "-A" {
            return None;
        }
        let chain = words.next()?;
        Some((chain, Rule { line: line.trim_end().to_owned(), words: words.collect() }))
    }

    /// Where it sends a packet, and whether that returns to here: `("ACCEPT", true)`; `-g` does not.
    pub fn target(&self) -> Option<(&str, bool)> {
        let at =
            self.words.iter().position(|word| matches!(word.as_str(), "-j" | "-g" | "--jump" | "--goto"))?;
        let returns = matches!(self.words[at].as_str(), "-j" | "--jump");
        Some((self.words.get(at + 1)?, returns))
    }

    /// Whether it does the same as the other, and has the same comment.
    pub fn is_like(&self, other: &Rule) -> bool {
        let plain = |rule: &Rule| {
            let mut words = rule.words.clone();
            while let Some(at) = words.iter().position(|word| word == "-m") {
                words.drain(at..words.len().min(at + 2));
            }
            for word in &mut words {
                if let Some(one) = word.strip_suffix("/32").or(word.strip_suffix("/128")) {
                    *word = one.to_owned();
                }
            }
            let mut pairs: Vec<Vec<String>> = words.chunks(2).map(<[String]>::to_vec).collect();
            pairs.sort();
            pairs
        };
        plain(self) == plain(other)
    }

    /// Whether it matches the packets.
    pub fn matches(&self, packets: Packets<'_>) -> Matches {
        let (mut all, mut not) = (Matches::All, false);
        let mut rest = self.words.iter().map(String::as_str);
        while let Some(word) = rest.next() {
            let one = match word {
                "!" => {
                    not = true;
                    continue;
                }
                "-j" | "-g" | "--jump" | "--goto" => break,
                "-m" | "--match" => match rest.next() {
                    // these have words of their own, or say nothing about the packet
                    Some(
                        "tcp" | "udp" | "sctp" | "multiport" | "conntrack" | "state" | "comment" | "addrtype",
                    ) => {
                        continue;
                    }
                    _ => Matches::Some,
                },
                "--comment" => {
                    rest.next();
                    continue;
                }
                "--syn" => Matches::All,
                _ => argument(word, rest.next().unwrap_or_default(), packets),
            };
            let one = match (std::mem::take(&mut not), one) {
                (true, Matches::All) => Matches::None,
                (true, Matches::None) => Matches::All,
                (_, one) => one,
            };
            match one {
                Matches::None => return Matches::None,
                Matches::Some => all = Matches::Some,
                Matches::All => {}
            }
        }
        all
    }
}

/// What one argument says of the packets.
fn argument(name: &str, value: &str, packets: Packets<'_>) -> Matches {
    let opening = packets.opening;
    let sure = |is: bool| if is { Matches::All } else { Matches::None };
    match name {
        "-d" | "--destination" => {
            net(value).map_or(Matches::Some, |net| sure(net.contains(&opening.to.ip())))
        }
        "-s" | "--source" => match (net(value), opening.from) {
            (Some(net), _) if net.prefix_len() == 0 => Matches::All,
            (Some(net), Some(from)) if net.contains(&from) => Matches::All,
            (Some(net), Some(from)) if !from.contains(&net) => Matches::None,
            _ => Matches::Some,
        },
        "-p" | "--protocol" => sure(matches!(value, "all" | "0") || value == opening.protocol.to_string()),
        "-i" | "--in-interface" => match packets.interface {
            _ if value == "lo" => Matches::None,
            Some(own) => match value.strip_suffix('+') {
                Some(begin) => sure(own.starts_with(begin)),
                None => sure(own == value),
            },
            None => Matches::Some,
        },
        "--dport" | "--dports" | "--destination-port" | "--destination-ports" => {
            let port = opening.to.port();
            let has = |range: &str| {
                let (first, last) = range.split_once(':').unwrap_or((range, range));
                let (first, last) = (number(first, 0)?, number(last, u16::MAX)?);
                Some(if port == 0 { first <= 1 && last == u16::MAX } else { (first..=last).contains(&port) })
            };
            let each: Vec<Option<bool>> = value.split(',').map(has).collect();
            match (each.contains(&Some(true)), each.contains(&None) || port == 0) {
                (true, _) => Matches::All,
                (false, true) => Matches::Some,
                (false, false) => Matches::None,
            }
        }
        "--ctstate" | "--state" => sure(value.split(',').any(|state| state == "NEW")),
        // The address is the host's own.
        "--dst-type" => sure(value.split(',').any(|kind| kind == "LOCAL")),
        _ => Matches::Some,
    }
}

/// A port; nothing stands for the end of all ports that it is at. A name is not known here.
fn number(text: &str, none: u16) -> Option<u16> {
    if text.is_empty() { Some(none) } else { text.parse().ok() }
}

fn net(text: &str) -> Option<IpNet> {
    if let Some((address, mask)) = text.split_once('/')
        && let (Ok(address), Ok(mask)) = (address.parse::<IpAddr>(), mask.parse::<IpAddr>())
    {
        return IpNet::with_netmask(address, mask).ok();
    }
    text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()
}

/// The words of a line, of which one in quotes may hold spaces. What counts packets stands in brackets before a rule.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    let line = line.trim();
    let line = line.strip_prefix('[').and_then(|line| line.split_once(']')).map_or(line, |(_, rest)| rest);
    for c in line.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                begun = true;
            }
            c if c.is_whitespace() && !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}
