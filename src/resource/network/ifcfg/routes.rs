//! route-eth0 and route6-eth0: lines of words as `ip route add` takes them, or ADDRESS0, NETMASK0 and GATEWAY0.

use std::net::IpAddr;

use super::{assignments, joined, sysconfig, value};

/// A default route of the main table by a gateway.
#[derive(Debug)]
pub struct Default {
    pub via: IpAddr,
    /// Its lines.
    lines: Vec<usize>,
    /// The variable of its gateway, where it is told by some.
    key: Option<String>,
}

/// All of them.
pub fn defaults(text: &str) -> Vec<Default> {
    let numbered = assignments(text).into_iter().filter(|one| one.key.starts_with("ADDRESS"));
    let by_variables = numbered.filter_map(|one| {
        let number = one.key.strip_prefix("ADDRESS")?;
        let keys = ["ADDRESS", "NETMASK", "GATEWAY", "METRIC"].map(|name| format!("{name}{number}"));
        let everywhere = one.value.as_deref() == Some("0.0.0.0")
            && value(text, &keys[1]).is_none_or(|mask| matches!(mask.as_str(), "0.0.0.0" | "0"));
        let via = value(text, &keys[2]).filter(|_| everywhere)?.parse().ok()?;
        let lines = assignments(text).into_iter().filter(|one| keys.contains(&one.key));
        Some(Default { via, lines: lines.map(|one| one.line).collect(), key: Some(keys[2].clone()) })
    });
    let by_words = text.lines().enumerate().filter_map(|(number, line)| {
        let words: Vec<&str> = line.split('#').next()?.split_whitespace().collect();
        let after = |key: &str| words.iter().position(|word| *word == key).and_then(|at| words.get(at + 1));
        let everywhere = matches!(*words.first()?, "default" | "0.0.0.0/0" | "0/0" | "::/0");
        let main = after("table").is_none_or(|table| matches!(*table, "main" | "254"));
        let via = after("via")?.parse().ok().filter(|_| everywhere && main)?;
        Some(Default { via, lines: vec![number], key: None })
    });
    by_variables.chain(by_words).collect()
}

/// The text in which the first of them goes by this gateway, and the others are gone.
pub fn with(text: &str, via: Option<IpAddr>) -> String {
    let mut wanted = via;
    let mut lines: Vec<Option<String>> = text.lines().map(|line| Some(line.to_owned())).collect();
    for default in defaults(text) {
        match wanted.take() {
            Some(via) => {
                for at in &default.lines {
                    let Some(line) = lines[*at].as_mut() else { continue };
                    *line = match &default.key {
                        Some(key) if line.trim_start().starts_with(&format!("{key}=")) => {
                            sysconfig::with(line, key, Some(&via.to_string()), None).trim_end().to_owned()
                        }
                        Some(_) => line.clone(),
                        None => by(line, via),
                    };
                }
            }
            None => default.lines.iter().for_each(|at| lines[*at] = None),
        }
    }
    joined(lines)
}

/// A line with another word behind `via`; its blanks stay.
fn by(line: &str, via: IpAddr) -> String {
    let mut out = String::new();
    let mut last = "";
    for word in line.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        if last == "via" && !bare.is_empty() {
            out += &word.replacen(bare, &via.to_string(), 1);
        } else {
            out += word;
        }
        if !bare.is_empty() {
            last = bare;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_edited() {
        let via: IpAddr = "10.0.0.9".parse().unwrap();
        let words = "# mine\n10.1.0.0/16 via 10.0.0.2\ndefault  via 10.0.0.1 dev eth0 # old\n0.0.0.0/0 via 10.0.0.3\n\
            default via 10.0.0.4 table 100\n";
        let expected = words.replace("via 10.0.0.1", "via 10.0.0.9").replace("0.0.0.0/0 via 10.0.0.3\n", "");
        assert_eq!(with(words, Some(via)), expected);
        let variables = "ADDRESS0=10.1.0.0\nNETMASK0=255.255.0.0\nGATEWAY0=10.0.0.2\nADDRESS1=\"0.0.0.0\"\nNETMASK1=0.0.0.0\n\
            GATEWAY1=\"10.0.0.1\"\n";
        assert_eq!(with(variables, Some(via)), variables.replace("10.0.0.1\"", "10.0.0.9\""));
        assert_eq!(with(variables, None), "ADDRESS0=10.1.0.0\nNETMASK0=255.255.0.0\nGATEWAY0=10.0.0.2\n");
    }
}
