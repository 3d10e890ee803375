//! The text that values and complaints point into.

use std::fmt;
use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// A text with the name by which its reader knows it. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
}

/// A part of a source, in bytes. The default is the very beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Where it begins: bytes from the beginning of the text.
    pub offset: usize,
    /// How many bytes it covers.
    pub length: usize,
}

impl Source {
    /// `name` is the file's name as the user gave it.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Source { name: name.into(), text: text.into() }
    }

    /// The file's name as the user gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text under a span; empty when the span does not fall on the text's characters.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.offset..span.offset + span.length).unwrap_or_default()
    }

    /// Line and column of a byte offset, both from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The byte offset of a line and column, both from 1; the text's end when it has no such place.
    pub(super) fn offset(&self, line: usize, column: usize) -> usize {
        let line_start = match line.saturating_sub(2) {
            _ if line <= 1 => Some(0),
            newline => self.text.match_indices('\n').nth(newline).map(|(offset, _)| offset + 1),
        };
        let Some(line_start) = line_start else { return self.text.len() };
        let rest = &self.text[line_start..];
        line_start
            + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(offset, _)| offset)
    }

    /// The part of a span that is on its first line: a complaint shows one line, not a whole section.
    pub(super) fn first_line(&self, span: Span) -> Span {
        let line = self.slice(span).lines().next().unwrap_or_default();
        Span { length: line.trim_end().len(), ..span }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?}, {} bytes)", self.name, self.text.len())
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
}

impl Eq for Source {}

impl From<Span> for SourceSpan {
    fn from(span: Span) -> Self {
        (span.offset, span.length).into()
    }
}

/// Whoever asks for lines around a span gets its own lines alone, from their beginnings to their ends: beside them may
/// stand a secret.
impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (mut start, mut end) = (span.offset(), span.offset() + span.len());
        if context_lines_before > 0
            && let Some(before) = self.text.get(..start)
        {
            start = before.rfind('\n').map_or(0, |newline| newline + 1);
        }
        if context_lines_after > 0
            && let Some(behind) = self.text.get(end..)
        {
            // With its newline, which may be what is pointed at.
            end += behind.find('\n').map_or(behind.len(), |newline| newline + 1);
        }
        let contents = self.text.read_span(&(start, end - start).into(), 0, 0)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.to_string(),
            contents.data(),
            *contents.span(),
            contents.line(),
            contents.column(),
            contents.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_offsets_lead_back() {
        let source = Source::new("é.yaml", "é: ä\nb: x\n");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(4), (1, 4));
        assert_eq!(source.position(1), (1, 1), "in the middle of a character");
        assert_eq!(source.position(7), (2, 1));
        assert_eq!(source.position(999), (3, 1));
        for offset in [0, 2, 4, 7, 10] {
            let (line, column) = source.position(offset);
            assert_eq!(source.offset(line, column), offset);
        }
        assert_eq!(source.offset(9, 9), source.text().len());
    }

    #[test]
    fn a_slice_outside_the_text_is_empty() {
        let source = Source::new("x", "é");
        assert_eq!(source.slice(Span { offset: 1, length: 1 }), "");
        assert_eq!(source.slice(Span { offset: 0, length: 2 }), "é");
        assert_eq!(source.slice(Span { offset: 7, length: 2 }), "");
    }
}
