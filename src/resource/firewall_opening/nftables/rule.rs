//! A rule as `nft` writes it, and whether it is about the packets of an opening.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::iptables::{Matches, Packets};

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it says.
    pub text: String,
    /// Its number in the kernel, where `nft -a` told it.
    pub handle: Option<u64>,
}

/// What a rule does with what it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It comes in, as far as the chain goes.
    Accept,
    /// It is kept out.
    Drop,
    /// It goes on behind the chain.
    Return,
    /// Another chain decides first; `true` where it returns from there.
    Chain(String, bool),
    /// Something that is not understood here decides.
    Unknown,
    /// It goes on with the next rule.
    Next,
}

impl Rule {
    /// Whether it matches the packets, and what it does then.
    pub fn judge(&self, packets: Packets<'_>) -> (Matches, Verdict) {
        let tokens = tokens(&self.text);
        let mut rest = tokens.iter().map(String::as_str).peekable();
        let mut all = Matches::All;
        while let Some(word) = rest.next() {
            let one = match word {
                "accept" => return (all, Verdict::Accept),
                "drop" | "reject" => return (all, Verdict::Drop),
                "return" => return (all, Verdict::Return),
                "continue" => return (all, Verdict::Next),
                "jump" | "goto" => {
                    let chain = rest.next().unwrap_or_default().to_owned();
                    return (all, Verdict::Chain(chain, word == "jump"));
                }
                "queue" | "tproxy" | "synproxy" => return (all, Verdict::Unknown),
                "counter" => {
                    while matches!(rest.peek(), Some(&("packets" | "bytes" | "name"))) {
                        rest.nth(1);
                    }
                    continue;
                }
                "log" => {
                    while matches!(rest.peek(), Some(&("prefix" | "level" | "group" | "flags" | "snaplen"))) {
                        rest.nth(1);
                    }
                    continue;
                }
                "comment" => {
                    rest.next();
                    continue;
                }
                "iif" | "iifname" => value(&mut rest, |name| interface(name, packets)),
                "ip" | "ip6" | "tcp" | "udp" | "sctp" | "th" | "meta" | "ct" | "fib" => {
                    let field = rest.next().unwrap_or_default();
                    if (word, field) == ("ct", "state") && rest.peek() == Some(&"vmap") {
                        rest.next();
                        let map = rest.next().unwrap_or_default();
                        match state_of(map) {
                            Some(verdict) => return (all, verdict),
                            None => Matches::None,
                        }
                    } else if word == "fib" {
                        // `fib daddr type local`: the address is the host's own
                        if rest.next() == Some("type") && field == "daddr" {
                            value(
                                &mut rest,
                                |kind| if kind == "local" { Matches::All } else { Matches::None },
                            )
                        } else {
                            Matches::Some
                        }
                    } else {
                        value(&mut rest, |value| argument(word, field, value, packets))
                    }
                }
                _ => Matches::Some,
            };
            match one {
                Matches::None => return (Matches::None, Verdict::Next),
                Matches::Some => all = Matches::Some,
                Matches::All => {}
            }
        }
        (all, Verdict::Next)
    }
}

/// What a value that may be a set, or not to be, says.
fn value<'a>(
    rest: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    is: impl Fn(&str) -> Matches,
) -> Matches {
    let not = match rest.peek() {
        Some(&"!=") => rest.next().is_some(),
        Some(&"==") => rest.next().is_none(),
        Some(&"vmap") => {
            rest.nth(1);
            return Matches::Some;
        }
        _ => false,
    };
    let Some(text) = rest.next() else { return Matches::Some };
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let each: Vec<Matches> = inner
        .split(',')
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .map(|one| is(one.trim_matches('"')))
        .collect();
    let found = if each.contains(&Matches::All) {
        Matches::All
    } else if each.contains(&Matches::Some) || inner.starts_with(['@', '$']) {
        Matches::Some
    } else {
        Matches::None
    };
    match (not, found) {
        (true, Matches::All) => Matches::None,
        (true, Matches::None) => Matches::All,
        (_, found) => found,
    }
}

fn sure(is: bool) -> Matches {
    if is { Matches::All } else { Matches::None }
}

fn interface(name: &str, packets: Packets<'_>) -> Matches {
    match packets.interface {
        _ if name == "lo" => Matches::None,
        Some(own) => sure(name.strip_suffix('*').map_or(own == name, |begin| own.starts_with(begin))),
        None => Matches::Some,
    }
}

/// What one field of a header says.
fn argument(header: &str, field: &str, value: &str, packets: Packets<'_>) -> Matches {
    let opening = packets.opening;
    let protocol = opening.protocol.to_string();
    let other_version = (header == "ip") != opening.to.is_ipv4();
    match (header, field) {
        ("ip" | "ip6", _) if other_version => Matches::None,
        ("ip" | "ip6", "daddr") => {
            net(value).map_or(Matches::Some, |net| sure(net.contains(&opening.to.ip())))
        }
        ("ip" | "ip6", "saddr") => match (net(value), opening.from) {
            (Some(net), _) if net.prefix_len() == 0 => Matches::All,
            (Some(net), Some(from)) if net.contains(&from) => Matches::All,
            (Some(net), Some(from)) if !from.contains(&net) => Matches::None,
            _ => Matches::Some,
        },
        ("ip", "protocol") | ("ip6", "nexthdr") | ("meta", "l4proto") => sure(value == protocol),
        ("meta", "nfproto") => sure((value == "ipv4") == opening.to.is_ipv4()),
        ("meta", "iif" | "iifname") => interface(value, packets),
        ("tcp" | "udp" | "sctp", _) if header != protocol => Matches::None,
        ("tcp" | "udp" | "sctp" | "th", "dport") => {
            let port = opening.to.port();
            let (first, last) = value.split_once('-').unwrap_or((value, value));
            match (first.parse::<u16>(), last.parse::<u16>()) {
                (Ok(first), Ok(last)) if port == 0 => {
                    if first <= 1 && last == u16::MAX {
                        Matches::All
                    } else {
                        Matches::Some
                    }
                }
                (Ok(first), Ok(last)) => sure((first..=last).contains(&port)),
                _ => Matches::Some,
            }
        }
        ("ct", "state") => sure(value == "new"),
        _ => Matches::Some,
    }
}

/// What becomes of a new connection by `{ established : accept, invalid : drop }`.
fn state_of(map: &str) -> Option<Verdict> {
    let inner = map.trim_matches(['{', '}']);
    let of_new = inner.split(',').find_map(|entry| {
        let (state, verdict) = entry.split_once(':')?;
        (state.trim() == "new").then(|| verdict.trim())
    });
    let mut words = of_new?.split_whitespace();
    Some(match (words.next()?, words.next()) {
        ("accept", _) => Verdict::Accept,
        ("drop", _) => Verdict::Drop,
        ("return", _) => Verdict::Return,
        ("continue", _) => Verdict::Next,
        (how @ ("jump" | "goto"), Some(chain)) => Verdict::Chain(chain.to_owned(), how == "jump"),
        _ => Verdict::Unknown,
    })
}

fn net(text: &str) -> Option<IpNet> {
    text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()
}

/// The words, of which a set and a text in quotes are one each.
pub fn tokens(text: &str) -> Vec<String> {
    let (mut tokens, mut token, mut depth, mut quoted) = (Vec::new(), String::new(), 0_u32, false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c.is_whitespace() && !quoted && depth == 0 {
            // `established, related` is one value
            if !token.is_empty() && !token.ends_with(',') {
                tokens.push(std::mem::take(&mut token));
            }
        } else {
            token.push(c);
        }
    }
    if !token.is_empty() {
        tokens.push(token);
    }
    tokens
}
