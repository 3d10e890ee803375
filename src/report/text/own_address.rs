//! Texts of several hosts that are the same but for each host's own address.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddrV4};

use super::block::wrap;
use super::style::{NOTE, paint};

/// What stands for the address in a text that is about several hosts.
const ADDRESS: &str = "ADDRESS";

/// How far in the line stands that says which address is whose.
const INDENT: usize = 4;

/// A text cut at the addresses in it: what is between them, and they.
struct Cut<'a> {
    between: Vec<&'a str>,
    addresses: Vec<&'a str>,
}

impl<'a> Cut<'a> {
    fn of(text: &'a str) -> Cut<'a> {
        let mut cut = Cut { between: Vec::new(), addresses: Vec::new() };
        let part = |c: char| c.is_ascii_hexdigit() || c == '.' || c == ':';
        let (mut done, mut at) = (0, 0);
        while let Some(begin) = text[at..].find(part).map(|found| at + found) {
            let end = text[begin..].find(|c: char| !part(c)).map_or(text.len(), |length| begin + length);
            if let Some(length) = address(&text[begin..end]) {
                cut.between.push(&text[done..begin]);
                cut.addresses.push(&text[begin..begin + length]);
                done = begin + length;
            }
            at = end;
        }
        cut.between.push(&text[done..]);
        cut
    }
}

/// How many characters at the beginning of a word are an address, which a port or a colon may follow.
fn address(word: &str) -> Option<usize> {
    let word = word.trim_end_matches(['.', ':']);
    if word.parse::<IpAddr>().is_ok() {
        return Some(word.len());
    }
    word.parse::<SocketAddrV4>().ok()?;
    word.find(':')
}

/// The text with every address replaced by the same.
pub(super) fn without_addresses(text: &str) -> String {
    Cut::of(text).between.join(ADDRESS)
}

/// One text for all, and under it whose address is which; each text is of the host of that name. `None` where something
/// else differs, or another address beside the one that is each host's own.
pub(super) fn merged(texts: &[(&str, &str)], width: usize) -> Option<String> {
    let cuts: Vec<(&str, Cut<'_>)> = texts.iter().map(|(host, text)| (*host, Cut::of(text))).collect();
    let (_, first) = cuts.first()?;
    if cuts.iter().any(|(_, cut)| cut.between != first.between) {
        return None;
    }
    let differs =
        |place: &usize| cuts.iter().any(|(_, cut)| cut.addresses[*place] != first.addresses[*place]);
    let places: Vec<usize> = (0..first.addresses.len()).filter(differs).collect();
    let own = |cut: &Cut<'_>| places.first().map(|place| cut.addresses[*place].to_owned());
    let of_hosts: Vec<(&str, String)> =
        cuts.iter().map(|(host, cut)| Some((*host, own(cut)?))).collect::<Option<_>>()?;
    let others = cuts
        .iter()
        .zip(&of_hosts)
        .any(|((_, cut), (_, own))| places.iter().any(|place| cut.addresses[*place] != own.as_str()));
    let different: HashSet<&str> = of_hosts.iter().map(|(_, own)| own.as_str()).collect();
    if others || different.len() < cuts.len() {
        return None;
    }
    let mut text = first.between[0].to_owned();
    for (place, between) in first.between[1..].iter().enumerate() {
        text += if places.contains(&place) { ADDRESS } else { first.addresses[place] };
        text += between;
    }
    let whose: Vec<String> = of_hosts.iter().map(|(host, own)| format!("{host} {own}")).collect();
    let whose = wrap(&whose, ", ", INDENT + ADDRESS.len() + 2, INDENT + 2, width);
    Some(text + &format!("{}{} {whose}\n", " ".repeat(INDENT), paint(NOTE, &format!("{ADDRESS}:"))))
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;

    use super::*;

    fn told(texts: &[(&str, &str)]) -> Option<String> {
        merged(texts, 100).map(|text| strip_str(&text).to_string())
    }

    #[test]
    fn addresses_are_found_with_and_without_a_port() {
        let cut = |text| Cut::of(text).addresses.join(" ");
        assert_eq!(
            cut("running: 10.0.0.1:80/tcp: open, [2001:db8::1]:80, \x1b[31m10.0.0.2/24\x1b[0m."),
            "10.0.0.1 2001:db8::1 10.0.0.2"
        );
        assert_eq!(cut("face 1.2.3: eth0 12:30 ::1:"), "::1");
        assert_eq!(without_addresses("+ opening 10.0.0.1:80/tcp"), "+ opening ADDRESS:80/tcp");
    }

    #[test]
    fn what_differs_by_the_own_address_alone_is_one_text() {
        let text = |own: &str| format!("+ opening {own}:80/tcp\n    + from 10.0.0.9: {own}\n");
        let (one, two) = (text("10.0.0.1"), text("10.0.0.2"));
        let both = "+ opening ADDRESS:80/tcp\n    + from 10.0.0.9: ADDRESS\n    ADDRESS: web1 10.0.0.1, web2 10.0.0.2\n";
        assert_eq!(told(&[("web1", &one), ("web2", &two)]).as_deref(), Some(both));
        assert_eq!(told(&[("web1", &one), ("web2", &one)]), None, "that is the same");
        assert_eq!(told(&[("web1", &one), ("web2", &two.replace("10.0.0.9", "10.0.0.8"))]), None);
        assert_eq!(told(&[("web1", &one), ("web2", &two.replace("80", "81"))]), None);
    }
}
