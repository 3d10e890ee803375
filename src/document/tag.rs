//! YAML's tags. What a tag such as `!vault` means, only the tool that brought it knows: read without it, its value would
//! be another one than was meant.

use serde_saphyr::granit_parser::{Event, Parser, Tag};

use super::{Complaints, Span};

/// Complains of every tag but those that YAML itself has for plain values (`!!str`).
pub(super) fn check(complaints: &mut Complaints) {
    let source = complaints.source().clone();
    let text = source.text();
    // Every tag is written with this sign, which few documents have.
    if !text.contains('!') {
        return;
    }
    // Values come in the order in which they are written: before this, all is looked at.
    let mut from = 0;
    for event in Parser::new_from_str(text) {
        // An error of syntax is told by who reads the values.
        let Ok((event, at)) = event else { return };
        let (Event::Scalar(_, _, _, Some(tag))
        | Event::SequenceStart(_, _, Some(tag))
        | Event::MappingStart(_, _, Some(tag))) = event
        else {
            continue;
        };
        let written = tag.original();
        let begin = at.start.byte_offset().unwrap_or(from).max(from);
        let offset = place(text, from, begin, &written);
        let length =
            text.get(offset..).filter(|rest| rest.starts_with(&written)).map_or(0, |_| written.len());
        if !is_known(&tag) {
            complaints.add(Span { offset, length }, what(&written), remedy(&written));
        }
        from = offset + length;
    }
}

/// Where a value's tag stands that is read no earlier than `from`: where the value begins, or before that.
fn place(text: &str, from: usize, begin: usize, tag: &str) -> usize {
    let (before, behind) = (text.get(from..begin).unwrap_or_default(), text.get(begin..).unwrap_or_default());
    if behind.starts_with(tag) {
        return begin;
    }
    let found = before.rfind(tag).map(|at| from + at);
    found.or_else(|| Some(begin + behind.find(tag)?)).unwrap_or(begin).min(text.len())
}

/// Whether the tag only says what the value is anyway.
fn is_known(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() || tag.original() == "!"
}

fn what(tag: &str) -> String {
    match tag {
        "!vault" => "`!vault` is Ansible's encryption, which is not read here".to_owned(),
        _ => format!("the tag `{tag}` is not known"),
    }
}

fn remedy(tag: &str) -> String {
    match tag {
        "!vault" => "write the value in plain text, as `ansible-vault decrypt` or `ansible-vault view` gives it, in a \
                     file that only you can read; mark the `file` or `command` that uses it `secret: true`"
            .to_owned(),
        "!unsafe" => "leave `!unsafe` out; where the text itself has `{{` in it, write {% raw %} before it and \
                      {% endraw %} after it"
            .to_owned(),
        _ => format!("leave `{tag}` out; if it is a part of the text, put all of the text into quotes"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Source, parse};
    use super::*;

    /// The complaints about a text, each with its line and column.
    fn told(text: &str) -> Vec<(usize, usize, String)> {
        let mut complaints = Complaints::about(Source::new("x.yaml", text));
        parse(&mut complaints);
        let place = |complaint: &super::super::Complaint| {
            let (line, column) = complaint.position();
            (line, column, complaint.message.clone())
        };
        complaints.iter().map(place).collect()
    }

    #[test]
    fn a_tag_of_another_tools_is_refused_where_it_stands() {
        let text = "a: 1\nsecret: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\nb: !unsafe 'x {{'\n";
        let vault = "`!vault` is Ansible's encryption, which is not read here".to_owned();
        assert_eq!(told(text), [(2, 9, vault), (5, 4, "the tag `!unsafe` is not known".into())]);
    }

    #[test]
    fn tags_are_refused_on_values_of_every_kind_and_on_keys() {
        let unknown = |line, column, tag: &str| (line, column, format!("the tag `{tag}` is not known"));
        assert_eq!(
            told("- !x a\n- [!x b, !y {c: d}]\n"),
            [unknown(1, 3, "!x"), unknown(2, 4, "!x"), unknown(2, 10, "!y")]
        );
        assert_eq!(
            told("a: !list\n  - b\nc: !map\n  d: e\n"),
            [unknown(1, 4, "!list"), unknown(3, 4, "!map")]
        );
        assert_eq!(told("!key a: b\nc: !!binary aGk=\n"), [unknown(1, 1, "!key"), unknown(2, 4, "!!binary")]);
        assert_eq!(told("# !x\na: !x b\n"), [unknown(2, 4, "!x")]);
        assert_eq!(told("a: !<tag:example.com,2000:x> b\n"), [unknown(1, 4, "!<tag:example.com,2000:x>")]);
        // Beside an anchor, which may stand before it or after it.
        assert_eq!(told("a: &n !x b\nc: !x &m d\n"), [unknown(1, 7, "!x"), unknown(2, 4, "!x")]);
    }

    #[test]
    fn what_yaml_says_itself_is_taken_and_a_sign_is_no_tag() {
        for text in [
            "a: !!str 1\nb: !!int '2'\n",
            "a: !!map {b: c}\n",
            "a: \"!vault\"\n",
            "a: b !c\n",
            "# !x\na: 1\n",
        ] {
            assert_eq!(told(text), [], "{text}");
        }
    }

    #[test]
    fn the_remedy_tells_what_to_write() {
        let mut complaints = Complaints::about(Source::new("x.yaml", "a: !vault b\nc: !d e\n"));
        parse(&mut complaints);
        let told = complaints.to_string();
        assert!(told.contains("ansible-vault decrypt") && told.contains("secret: true"), "{told}");
        assert!(
            told.contains("leave `!d` out; if it is a part of the text, put all of the text into quotes"),
            "{told}"
        );
    }
}
