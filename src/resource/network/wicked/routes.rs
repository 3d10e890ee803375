//! routes(5): `destination gateway netmask interface type options`, with `-` for what is not said.

use std::net::IpAddr;

use crate::resource::network::gateway::IpVersion;

/// A default route of the main table.
#[derive(Debug)]
pub struct Default {
    pub line: usize,
    pub via: Option<IpAddr>,
    /// The interface that it names.
    pub interface: Option<String>,
}

impl Default {
    /// One that names no interface.
    pub fn new(via: IpAddr) -> Default {
        Default { line: 0, via: Some(via), interface: None }
    }
}

/// All of them of a version. One to `default` without a gateway is of IPv4.
pub fn defaults(text: &str, version: IpVersion) -> Vec<Default> {
    let of = |(line, text): (usize, &str)| {
        let words: Vec<&str> = text.split('#').next()?.split_whitespace().collect();
        let word = |at: usize| words.get(at).copied().filter(|word| *word != "-");
        let via: Option<IpAddr> = match word(1) {
            Some(word) => Some(word.split('/').next()?.parse().ok()?),
            None => None,
        };
        let its = match (word(0)?, word(2)) {
            ("default", _) => via.map_or(IpVersion::V4, IpVersion::of),
            ("0.0.0.0/0" | "0/0", _) | ("0.0.0.0", Some("0.0.0.0" | "0")) => IpVersion::V4,
            ("::/0", _) => IpVersion::V6,
            _ => return None,
        };
        let after = |key: &str| words.iter().position(|word| *word == key).and_then(|at| words.get(at + 1));
        let main = after("table").is_none_or(|table| matches!(*table, "main" | "254"));
        let fate = word(4).or(after("type").copied());
        let nowhere = matches!(fate, Some("blackhole" | "unreachable" | "prohibit" | "throw"));
        let interface = word(3).map(str::to_owned);
        (its == version && main && !nowhere).then_some(Default { line, via, interface })
    };
    text.lines().enumerate().filter_map(of).collect()
}

/// A line with another gateway; its blanks stay.
pub fn by(line: &str, via: IpAddr) -> String {
    let mut number = 0;
    let mut out = String::new();
    for word in line.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        if bare.is_empty() {
            out += word;
            continue;
        }
        out += &if number == 1 { word.replacen(bare, &via.to_string(), 1) } else { word.to_owned() };
        number += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_routes_are_told_from_others() {
        let text = "# mine\ndefault 192.168.40.1 - -\n10.0.0.0/8 10.0.0.1 - eth1\n0.0.0.0 10.0.0.1 0.0.0.0 eth1\n\
            default fe80::1 - eth0\ndefault 10.0.0.2 - - unicast table 100\ndefault - - eth2\n::/0 fd00::1\n\
            default - - lo blackhole\n";
        let lines = |version| -> Vec<(usize, Option<String>)> {
            defaults(text, version).into_iter().map(|default| (default.line, default.interface)).collect()
        };
        assert_eq!(lines(IpVersion::V4), [(1, None), (3, Some("eth1".into())), (6, Some("eth2".into()))]);
        assert_eq!(lines(IpVersion::V6), [(4, Some("eth0".into())), (7, None)]);
        assert_eq!(
            by("default\t10.0.0.1  - # old", "10.0.0.9".parse().unwrap()),
            "default\t10.0.0.9  - # old"
        );
    }
}
