//! What is wrong with a document, as values.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::{Source, Span};

/// One thing that is wrong, where it is, and what to write instead. As a [`Diagnostic`] it shows itself with file,
/// line, column and the line itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The text that it is about.
    pub source: Source,
    /// The place, on one line.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What was found at the place, when the message does not say it.
    pub label: Option<String>,
    /// What to write instead.
    pub remedy: String,
    /// Other places that have to do with it, each with what is there.
    pub also: Vec<(Span, String)>,
}

/// Every complaint about one source, in the order of their places once [`Complaints::finish`] has seen them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaints {
    source: Source,
    list: Vec<Complaint>,
}

impl Complaint {
    /// Adds what was found at the place.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    /// Adds another place that has to do with it.
    pub fn also(&mut self, span: Span, what: impl Into<String>) -> &mut Self {
        self.also.push((self.source.first_line(span), what.into()));
        self
    }

    /// Line and column of the place, both from 1.
    pub fn position(&self) -> (usize, usize) {
        self.source.position(self.span.offset)
    }
}

impl Complaints {
    /// None yet.
    pub fn about(source: Source) -> Self {
        Complaints { source, list: Vec::new() }
    }

    /// The text that they are about.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Records one; what it returns takes a label and other places.
    pub fn add(
        &mut self,
        span: Span,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> &mut Complaint {
        let complaint = Complaint {
            source: self.source.clone(),
            span: self.source.first_line(span),
            message: message.into(),
            label: None,
            remedy: remedy.into(),
            also: Vec::new(),
        };
        let index = self.list.len();
        self.list.push(complaint);
        &mut self.list[index]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Complaint> {
        self.list.iter()
    }

    /// The value, when nothing was complained of.
    ///
    /// # Errors
    /// All complaints, in the order of their places; also when there are none and no value either.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<T, Complaints> {
        match value {
            Some(value) if self.list.is_empty() => Ok(value),
            _ => {
                // Two checks may come upon one mistake; the stable sort keeps the order in which they were made.
                self.list.sort_by_key(|complaint| complaint.span.offset);
                self.list.dedup();
                Err(self)
            }
        }
    }
}

impl IntoIterator for Complaints {
    type Item = Complaint;
    type IntoIter = std::vec::IntoIter<Complaint>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Complaints {
    type Item = &'a Complaint;
    type IntoIter = std::slice::Iter<'a, Complaint>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Complaint {}

/// How many lines away another place is still shown in the same picture.
const NEAR: usize = 3;

impl Complaint {
    fn line(&self, span: Span) -> usize {
        self.source.position(span.offset).0
    }

    /// Whether another place is shown beside this one; else its line is said in words, lest the picture show all the
    /// lines between the two, or begin with the other one.
    fn is_near(&self, span: Span) -> bool {
        self.line(span).abs_diff(self.line(self.span)) <= NEAR
    }
}

impl Diagnostic for Complaint {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let mut help = self.remedy.clone();
        for (span, what) in self.also.iter().filter(|(span, _)| !self.is_near(*span)) {
            help.push_str(&format!("\nline {}: {what}", self.line(*span)));
        }
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        // The primary label gives the line and column that the report is headed with.
        let own = LabeledSpan::new_primary_with_span(self.label.clone(), self.span);
        let near = self.also.iter().filter(|(span, _)| self.is_near(*span));
        let near = near.map(|(span, what)| LabeledSpan::new_with_span(Some(what.clone()), *span));
        Some(Box::new(std::iter::once(own).chain(near)))
    }
}

/// One line a complaint: `FILE:LINE:COLUMN: what is wrong; what to write instead`.
impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, complaint) in self.list.iter().enumerate() {
            let (line, column) = complaint.position();
            let (name, message, remedy) = (self.source.name(), &complaint.message, &complaint.remedy);
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{name}:{line}:{column}: {message}; {remedy}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Complaints {}
