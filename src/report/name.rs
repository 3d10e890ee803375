//! Host names, short enough to be read as a sequence, and few enough to be read in a sentence.

use super::count::count;

/// More hosts than these are only counted.
const NAMED: usize = 3;

/// `web1, web2`; `17 hosts` where there are too many for a sentence.
pub(super) fn few(names: &[&str]) -> String {
    if names.len() > NAMED { count(names.len(), "host") } else { names.join(", ") }
}

/// `4 hosts`, or `the 4 hosts that were read` where there were more.
pub(super) fn those_read(read: usize, all: usize) -> String {
    match (read, all) {
        (1, 2..) => "the 1 host that was read".into(),
        _ if read < all => format!("the {} that were read", count(read, "host")),
        _ => count(all, "host"),
    }
}

/// Each name without the beginning that all have in common, unless one would then be empty. A number is never cut:
/// `lvs_real_server01` and `lvs_real_server02` become `01` and `02`. A single name stays whole.
pub(super) fn shorten<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let Some(first) = names.first() else { return Vec::new() };
    let mut length = first.len();
    for name in names {
        let same = first.bytes().zip(name.bytes()).take_while(|(one, other)| one == other).count();
        length = length.min(same);
    }
    let digit_at = |name: &str, at: usize| name.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let cuts_number = |at: usize| at > 0 && digit_at(first, at - 1) && names.iter().any(|n| digit_at(n, at));
    while length > 0 && (!first.is_char_boundary(length) || cuts_number(length)) {
        length -= 1;
    }
    if names.iter().any(|name| name.len() == length) {
        length = 0;
    }
    names.iter().map(|name| name.get(length..).unwrap_or(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{few, shorten, those_read};

    #[test]
    fn a_sentence_names_few_hosts() {
        assert_eq!(few(&["a", "b", "c"]), "a, b, c");
        assert_eq!(few(&["a", "b", "c", "d"]), "4 hosts");
        assert_eq!([those_read(4, 4), those_read(1, 1)], ["4 hosts", "1 host"]);
        assert_eq!(those_read(4, 5), "the 4 hosts that were read");
        assert_eq!(those_read(1, 5), "the 1 host that was read");
    }

    #[test]
    fn the_common_beginning_goes() {
        assert_eq!(shorten(&["lvs_real_server01", "lvs_real_server02"]), ["01", "02"]);
        assert_eq!(shorten(&["web-a", "web-b", "web-cc"]), ["a", "b", "cc"]);
        assert_eq!(shorten(&["rs9", "rs10", "rs11"]), ["9", "10", "11"]);
    }

    #[test]
    fn no_number_is_cut() {
        assert_eq!(shorten(&["web101", "web102"]), ["101", "102"]);
        assert_eq!(shorten(&["web1", "web12"]), ["1", "12"]);
        assert_eq!(shorten(&["rs1a", "rs1b"]), ["a", "b"], "the number is the same one and goes as a whole");
        assert_eq!(shorten(&["10.0.0.1", "10.0.0.2"]), ["1", "2"]);
    }

    #[test]
    fn names_stay_whole_when_one_would_be_empty() {
        assert_eq!(shorten(&["web", "web2"]), ["web", "web2"]);
        assert_eq!(shorten(&["web1"]), ["web1"]);
        assert_eq!(shorten(&["alpha", "beta"]), ["alpha", "beta"]);
        assert_eq!(shorten(&[]), [""; 0]);
    }

    #[test]
    fn no_character_is_cut() {
        assert_eq!(shorten(&["xé", "xè"]), ["é", "è"]);
    }
}
