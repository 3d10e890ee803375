//! One line of ipvsadm's options, as popt takes it apart: `-t ADDRESS`, `-tADDRESS`, `--tcp-service=ADDRESS`, `-At ADDRESS`.

/// How an option takes a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    AValue,
    /// A value unless the next word starts with a dash.
    AValueOrNothing,
}

/// Every option that may be in a rule, by its long name; the short one when it has one.
const OPTIONS: [(&str, Option<char>, Takes); 25] = {
    use Takes::*;
    [
        ("add-service", Some('A'), Nothing),
        ("add-server", Some('a'), Nothing),
        ("tcp-service", Some('t'), AValue),
        ("udp-service", Some('u'), AValue),
        ("sctp-service", None, AValue),
        ("fwmark-service", Some('f'), AValue),
        ("ipv6", Some('6'), Nothing),
        ("scheduler", Some('s'), AValue),
        ("persistent", Some('p'), AValueOrNothing),
        ("netmask", Some('M'), AValue),
        ("pe", None, AValue),
        ("ops", Some('o'), Nothing),
        ("sched-flags", Some('b'), AValueOrNothing),
        ("real-server", Some('r'), AValue),
        ("gatewaying", Some('g'), Nothing),
        ("ipip", Some('i'), Nothing),
        ("masquerading", Some('m'), Nothing),
        ("weight", Some('w'), AValue),
        ("u-threshold", Some('x'), AValue),
        ("l-threshold", Some('y'), AValue),
        ("tun-type", None, AValue),
        ("tun-port", None, AValue),
        ("tun-csum", None, Nothing),
        ("tun-nocsum", None, Nothing),
        ("tun-remcsum", None, Nothing),
    ]
};

/// An option by its long name, with its value.
pub(super) type Given<'a> = (&'static str, Option<&'a str>);

/// A line taken apart.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    /// The options in order.
    pub(super) options: Vec<Given<'a>>,
    /// Why ipvsadm itself could not read the line back, though its meaning is plain: 1.26 saved `pe sip` and `ops`
    /// without their dashes, and 1.31 saves an empty `-b` for a flag that has no name.
    pub(super) misspelt: Option<&'static str>,
}

/// Takes a line apart; it may begin with `ipvsadm`.
///
/// # Errors
/// The word that is no option, or has or lacks a value.
pub(super) fn take_apart(line: &str) -> Result<Line<'_>, String> {
    let mut words = line.split_whitespace().peekable();
    words.next_if(|word| *word == "ipvsadm");
    let mut taken = Line::default();
    while let Some(word) = words.next() {
        let mut next = |takes: Takes| match takes {
            Takes::Nothing => None,
            Takes::AValue => words.next(),
            Takes::AValueOrNothing => words.next_if(|word| !word.starts_with('-') && !is_dashless(word)),
        };
        if is_dashless(word) {
            taken.misspelt = Some("an option without its dashes");
            let (name, takes) = if word == "pe" { ("pe", Takes::AValue) } else { ("ops", Takes::Nothing) };
            taken.options.push((name, next(takes)));
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let (name, takes) = OPTIONS
                .iter()
                .find(|(known, _, _)| *known == name)
                .map(|(known, _, takes)| (*known, *takes))
                .ok_or_else(|| format!("`{word}` is no option of a rule"))?;
            let value = if value.is_some() { value } else { next(takes) };
            taken.options.push((name, value));
        } else if let Some(short) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
            let mut rest = short;
            while let Some(letter) = rest.chars().next() {
                rest = &rest[letter.len_utf8()..];
                let (name, takes) = OPTIONS
                    .iter()
                    .find(|(_, known, _)| *known == Some(letter))
                    .map(|(name, _, takes)| (*name, *takes))
                    .ok_or_else(|| format!("`-{letter}` is no option of a rule"))?;
                if takes == Takes::Nothing {
                    taken.options.push((name, None));
                } else if rest.is_empty() {
                    taken.options.push((name, next(takes)));
                } else {
                    taken.options.push((name, Some(rest.strip_prefix('=').unwrap_or(rest))));
                    rest = "";
                }
            }
        } else {
            return Err(format!("`{word}` is no option"));
        }
    }
    for (given, value) in &taken.options {
        let takes =
            OPTIONS.iter().find(|(name, _, _)| name == given).map_or(Takes::Nothing, |(_, _, takes)| *takes);
        match (takes, value) {
            (Takes::AValue, None) => return Err(format!("`--{given}` lacks its value")),
            (Takes::Nothing, Some(value)) => {
                return Err(format!("`--{given}` takes no value, not `{value}`"));
            }
            (Takes::AValueOrNothing, None) if *given == "sched-flags" => {
                taken.misspelt = Some("`-b` without a flag");
            }
            _ => {}
        }
    }
    Ok(taken)
}

/// Whether the word is an option that ipvsadm 1.26 saved without its dashes.
fn is_dashless(word: &str) -> bool {
    word == "pe" || word == "ops"
}

#[cfg(test)]
mod tests {
    use super::take_apart;

    #[test]
    fn options_may_be_joined_to_their_values_as_popt_allows() {
        let plain = take_apart("-A -t 1.1.1.1:11 -s rr -p 20").unwrap().options;
        for same in [
            "ipvsadm -A -t1.1.1.1:11 -srr -p=20",
            "-At 1.1.1.1:11 --scheduler=rr --persistent=20",
            "--add-service --tcp-service 1.1.1.1:11 --scheduler rr --persistent 20\r",
        ] {
            assert_eq!(take_apart(same).unwrap().options, plain, "{same}");
        }
    }

    #[test]
    fn an_optional_value_is_not_taken_from_the_next_option() {
        let options = take_apart("-A -p -s rr").unwrap().options;
        assert_eq!(options, [("add-service", None), ("persistent", None), ("scheduler", Some("rr"))]);
        assert_eq!(take_apart("-A -p ops").unwrap().options[1..], [("persistent", None), ("ops", None)]);
    }

    #[test]
    fn what_is_no_option_of_a_rule_is_named() {
        for (line, complaint) in [
            ("-C", "`-C` is no option of a rule"),
            ("--set 1 2 3", "`--set` is no option of a rule"),
            ("-A -t", "`--tcp-service` lacks its value"),
            ("-A --ops=1", "`--ops` takes no value, not `1`"),
            ("-A # why", "`#` is no option"),
            ("- x", "`-` is no option"),
        ] {
            assert_eq!(take_apart(line).unwrap_err(), complaint, "{line}");
        }
    }
}
