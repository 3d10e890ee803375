//! Edits of a YAML text in the lines that they are about.
//!
//! `netplan set` would write the whole file anew, without its comments, and merges: it can add a default route, not
//! replace one. So the text is edited, and then read again: unless it says what it said but for what was edited, the
//! edit is not made.

use std::ops::Range;

use super::definition::{Found, Part};
use super::yaml::{Node, read};

/// What is to change in one text.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    changes: Vec<(Range<usize>, String)>,
    /// What it says no more, and what it says instead.
    gone: Vec<(String, String)>,
    come: Vec<(String, String)>,
    /// Something has no line of its own.
    lost: bool,
}

impl Lines {
    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.lost
    }

    /// Whether something goes and nothing takes its place.
    pub fn removes(&self) -> bool {
        !self.gone.is_empty() && self.come.is_empty()
    }

    /// An address gives way to another, in the quotes that it has.
    pub fn replace(&mut self, text: &str, part: &Part, found: &Found<'_>, new: &str) {
        let place = found.scalar.place.clone();
        let quote = text[place.clone()].chars().next().filter(|c| "'\"".contains(*c));
        // an IPv6 address that ends in a colon is a key where nothing is around it
        let quote = quote.or(new.ends_with(':').then_some('"')).map_or(String::new(), String::from);
        self.changes.push((place, format!("{quote}{new}{quote}")));
        let path = match found.item {
            Some(_) => format!("{}/routes/-/via", at(part)),
            None => format!("{}/{}", at(part), found.entry.0.text()),
        };
        self.gone.push((path.clone(), found.scalar.text().to_owned()));
        self.come.push((path, new.to_owned()));
    }

    /// All of these, which one part says, go; a key goes with the last item of its list.
    pub fn remove(&mut self, text: &str, part: &Part, all: &[Found<'_>]) {
        let mut seen: Vec<&str> = Vec::new();
        for Found { entry, .. } in all {
            let (key, list) = *entry;
            if seen.contains(&key.text()) {
                continue;
            }
            seen.push(key.text());
            let gone: Vec<usize> =
                all.iter().filter(|f| f.entry.0.text() == key.text()).filter_map(|f| f.item).collect();
            let path = format!("{}/{}", at(part), key.text());
            let item = |index: usize| {
                let leaves = list.items().get(index).map(Node::leaves).unwrap_or_default();
                leaves.into_iter().map(|(below, text)| (format!("{path}/-{below}"), text)).collect::<Vec<_>>()
            };
            if gone.is_empty() {
                self.gone.push((path.clone(), list.text().to_owned()));
            } else {
                gone.iter().for_each(|index| self.gone.extend(item(*index)));
            }
            let places = if gone.len() == list.items().len() {
                whole_lines(text, key.place.start..list.place.end, "").map(|place| vec![place])
            } else {
                gone.iter().map(|index| item_place(text, list, *index)).collect()
            };
            match places {
                Some(places) => self.changes.extend(places.into_iter().map(|place| (place, String::new()))),
                None => self.lost = true,
            }
        }
    }

    /// The text with the changes; `None` where it can't be told to say the same but for them.
    pub fn apply(mut self, text: &str) -> Option<String> {
        if self.lost {
            return None;
        }
        self.changes.sort_by_key(|(place, _)| place.start);
        let (mut new, mut from) = (String::new(), 0);
        for (place, replacement) in &self.changes {
            new += text.get(from..place.start)?;
            new += replacement;
            from = place.end;
        }
        new += text.get(from..)?;
        let leaves = |text: &str| Some(read(text).ok()??.leaves());
        let mut expected = leaves(text)?;
        for leaf in &self.gone {
            expected.remove(expected.iter().position(|other| other == leaf)?);
        }
        expected.append(&mut self.come);
        let mut says = leaves(&new)?;
        expected.sort();
        says.sort();
        (says == expected).then_some(new)
    }
}

fn at(part: &Part) -> String {
    format!("/network/{}/{}", part.section, part.id)
}

/// An item of a list with its dash, or with the comma that parts it from another.
fn item_place(text: &str, list: &Node, index: usize) -> Option<Range<usize>> {
    let items = list.items();
    let item = &items.get(index)?.place;
    if !text[list.place.clone()].starts_with('[') {
        return whole_lines(text, item.clone(), "-");
    }
    let place = match index.checked_sub(1).and_then(|before| items.get(before)) {
        Some(before) => before.place.end..item.end,
        None => item.start..items.get(index + 1)?.place.start,
    };
    (!text[place.clone()].contains('#')).then_some(place)
}

/// The lines of a place, where nothing else stands on them but blanks, a comment behind it, and `before`.
fn whole_lines(text: &str, place: Range<usize>, before: &str) -> Option<Range<usize>> {
    let start = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[place.end..].find('\n').map_or(text.len(), |at| place.end + at + 1);
    let rest = text[place.end..end].trim();
    let alone = text[start..place.start].trim() == before && (rest.is_empty() || rest.starts_with('#'));
    alone.then_some(start..end)
}
