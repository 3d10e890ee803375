//! Files of /etc/sysconfig: assignments that sh reads, `IPADDR="192.168.40.101"`.

use std::ops::Range;

/// An assignment on a line of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The line's number.
    pub line: usize,
    /// The variable.
    pub key: String,
    /// What sh takes for its value; `None` where it computes it: `$GATEWAY`.
    pub value: Option<String>,
    /// Where the value stands in the line, with its quotes.
    place: Range<usize>,
}

/// All assignments of a text, in their order: of one variable's, the last counts.
pub fn assignments(text: &str) -> Vec<Assignment> {
    text.lines().enumerate().filter_map(|(number, line)| assignment(number, line)).collect()
}

fn assignment(number: usize, line: &str) -> Option<Assignment> {
    let (left, right) = line.split_once('=')?;
    let key = left.trim_start();
    let named = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !named || key.is_empty() || key.as_bytes()[0].is_ascii_digit() {
        return None;
    }
    let (value, length) = word(right);
    let start = left.len() + 1;
    Some(Assignment { line: number, key: key.to_owned(), value, place: start..start + length })
}

/// The word of sh that a text begins with, and its length with quotes. `None` where it is computed, goes on in the next
/// line, or is followed by more than a comment.
fn word(text: &str) -> (Option<String>, usize) {
    let (mut value, mut quote, mut plain) = (String::new(), None, true);
    let mut length = text.len();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (None, letter) if letter.is_whitespace() || letter == ';' => {
                length = at;
                break;
            }
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), letter) if letter == open => quote = None,
            (Some('\''), letter) => value.push(letter),
            (_, '$' | '`') => plain = false,
            (_, '\\') => match letters.next() {
                Some((_, escaped)) => value.push(escaped),
                None => plain = false,
            },
            (_, letter) => value.push(letter),
        }
    }
    let rest = text[length..].trim();
    let ends = quote.is_none() && (rest.is_empty() || rest.starts_with('#'));
    ((plain && ends).then_some(value), length)
}

/// What a variable is set to; nothing where it is empty.
pub fn value(text: &str, key: &str) -> Option<String> {
    let mut all = assignments(text).into_iter().rev();
    all.find(|assignment| assignment.key == key)?.value.filter(|value| !value.is_empty())
}

/// What a variable that stands for yes or no is set to.
pub fn boolean(text: &str, key: &str) -> Option<bool> {
    match value(text, key)?.to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" | "t" | "1" | "on" => Some(true),
        "no" | "n" | "false" | "f" | "0" | "off" => Some(false),
        _ => None,
    }
}

/// The first of these variables whose value sh computes.
pub fn computed(text: &str, is: impl Fn(&str) -> bool) -> Option<String> {
    let mut all = assignments(text).into_iter().filter(|one| one.value.is_none());
    all.find(|one| is(&one.key)).map(|one| one.key)
}

/// The text with a variable set to something else in its own line and quotes, or below the line `after`, or, with `None`,
/// set nowhere.
pub fn with(text: &str, key: &str, wanted: Option<&str>, after: Option<usize>) -> String {
    let mut lines: Vec<Option<String>> = text.lines().map(|line| Some(line.to_owned())).collect();
    let all: Vec<Assignment> = assignments(text).into_iter().filter(|one| one.key == key).collect();
    let mut wanted = wanted;
    for one in all.iter().rev() {
        let old = lines[one.line].take();
        // those above the last one mean nothing, but they would if it went
        if let (Some(new), Some(old)) = (wanted.take(), old) {
            let quote = old[one.place.clone()].chars().next().filter(|c| "'\"".contains(*c));
            lines[one.line] =
                Some(format!("{}{}{}", &old[..one.place.start], quoted(new, quote), &old[one.place.end..]));
        }
    }
    if let Some(new) = wanted {
        let mark = assignments(text).iter().find_map(|one| {
            one.value.as_ref().filter(|_| one.key != key)?;
            let quote = text.lines().nth(one.line)?.chars().nth(one.place.start)?;
            Some("'\"".contains(quote).then_some(quote))
        });
        let line = format!("{key}={}", quoted(new, mark.flatten()));
        match after.and_then(|after| lines.get_mut(after)?.as_mut()) {
            Some(above) => *above = format!("{above}\n{line}"),
            None => lines.push(Some(line)),
        }
    }
    joined(lines)
}

/// A value in these quotes, or in some where it needs them.
fn quoted(value: &str, quote: Option<char>) -> String {
    let quote = quote.or(value.contains([' ', '%', '#']).then_some('"'));
    quote.map_or_else(|| value.to_owned(), |quote| format!("{quote}{value}{quote}"))
}

/// The lines that are left, as a text.
pub fn joined(lines: Vec<Option<String>>) -> String {
    lines.into_iter().flatten().map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_words_of_sh() {
        let text = "A=1\n B=\"two words\" # c\nC='#3'\nD=\nE=$A\nF=\"x`y`\"\nexport G=7\nH=a\\ b\nI=x y\nA=2\nJ=\"open\n";
        let is = |key: &str| value(text, key);
        assert_eq!(is("A").as_deref(), Some("2"));
        assert_eq!(is("B").as_deref(), Some("two words"));
        assert_eq!(is("C").as_deref(), Some("#3"));
        assert_eq!(is("H").as_deref(), Some("a b"));
        for key in ["D", "E", "F", "G", "I", "J", "Z"] {
            assert_eq!(is(key), None, "{key}");
        }
        assert_eq!(computed(text, |key| "ABCDEH".contains(key)).as_deref(), Some("E"));
    }

    #[test]
    fn a_line_keeps_its_quotes_and_its_comment() {
        let text = "# mine\nGATEWAY='10.0.0.1'\nX=\"1\"\nGATEWAY=\"10.0.0.2\" # the LAN\n";
        let new = with(text, "GATEWAY", Some("10.0.0.9"), None);
        assert_eq!(new, "# mine\nX=\"1\"\nGATEWAY=\"10.0.0.9\" # the LAN\n");
        assert_eq!(with(text, "GATEWAY", None, None), "# mine\nX=\"1\"\n");
        assert_eq!(with("A=1\nB=2\n", "C", Some("3"), Some(0)), "A=1\nC=3\nB=2\n");
        assert_eq!(with("A='1'\n", "C", Some("3"), None), "A='1'\nC='3'\n");
        assert_eq!(with("", "C", Some("a b"), None), "C=\"a b\"\n");
    }
}
