//! What is wrong with the documents, each with its place.

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::block::WIDTH;
use super::style::{BAD, paint};
use crate::document::Complaints;
use crate::report::count::count;

/// Every complaint with the line that it is about, and their number. `unicode`: with lines drawn, for terminals.
pub(super) fn complaints(all: &[Complaints], unicode: bool) -> String {
    // Colours are always given: the stream takes them out where they are not wanted.
    let theme = if unicode {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme { characters: miette::ThemeCharacters::ascii(), styles: miette::ThemeStyles::ansi() }
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_links(false);
    let mut text = String::new();
    let mut number = 0;
    for complaint in all.iter().flatten() {
        number += 1;
        if handler.render_report(&mut text, complaint).is_err() {
            text += &format!("{complaint}\n");
        }
        text.push('\n');
    }
    let complaints = count(number, "complaint");
    text + &paint(BAD, &format!("{complaints}; nothing was connected to")) + "\n"
}
