//! firewalld's own files: flat XML, of which the tags and their attributes are all that counts.

/// A tag: `<port port="80" protocol="tcp"/>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// `port`; of one that ends, `/rule`.
    pub name: &'a str,
    /// Whether it has no other tags in it.
    pub is_empty: bool,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Tag<'a> {
    /// An attribute's value, as it is written.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// The text's tags in their order, without comments and declarations. What is no XML gives fewer tags, or none.
pub fn tags(text: &str) -> Vec<Tag<'_>> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(begin) = rest.find('<') {
        rest = &rest[begin + 1..];
        let end = if rest.starts_with("!--") { rest.find("-->") } else { end_of_tag(rest) };
        let Some(end) = end else { break };
        if !rest.starts_with(['!', '?']) {
            found.extend(tag(&rest[..end]));
        }
        rest = &rest[end + 1..];
    }
    found
}

/// Where the tag's `>` is, which is in no quotes.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    text.char_indices().find_map(|(at, c)| {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        None
    })
}

fn tag(text: &str) -> Option<Tag<'_>> {
    let inner = text.trim_end();
    let (inner, is_empty) = inner.strip_suffix('/').map_or((inner, false), |inner| (inner, true));
    let end = inner.find(char::is_whitespace).unwrap_or(inner.len());
    let (name, mut rest) = inner.split_at(end);
    let mut attributes = Vec::new();
    while let Some((key, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        attributes.push((key.trim(), value));
        rest = after;
    }
    Some(Tag { name, is_empty, attributes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_wherever_lines_break() {
        let text = "<?xml version=\"1.0\"?>\r\n<!-- <port port=\"1\"/> > -->\r\n<zone\r\n  target='%%REJECT%%'>\r\n\
                    <short>a > b</short><port protocol=\"tcp\"\n port = \"80\" /></zone>";
        let all = tags(text);
        let names: Vec<(&str, bool)> = all.iter().map(|tag| (tag.name, tag.is_empty)).collect();
        assert_eq!(
            names,
            [("zone", false), ("short", false), ("/short", false), ("port", true), ("/zone", false)]
        );
        assert_eq!(all[0].get("target"), Some("%%REJECT%%"));
        assert_eq!((all[3].get("protocol"), all[3].get("port")), (Some("tcp"), Some("80")));
        assert!(tags("no XML").is_empty() && tags("<cut off").is_empty());
    }
}
