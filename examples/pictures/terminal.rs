//! A recorded rehearsal as a terminal shows it. Of the recording the lines that tell how it goes are drawn, and `…` stands
//! for what is between them: the plan's details and the progress.

use std::fmt::Write as _;

use super::svg::{escaped, picture};

/// A terminal is dark on every page.
const STYLE: &str = "\
.ground { fill: #0d1117; stroke: #3d444d; stroke-width: 1 }
text { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace;
  font-size: 13px; fill: #d1d7e0; white-space: pre }
.bold { font-weight: 700; fill: #ffffff }
.dim { fill: #9198a1 }
.red { fill: #ff7b72 }
.green { fill: #56d364 }
.yellow { fill: #e3b341 }
.cyan { fill: #76e3ea }
";

/// A cell of the terminal, in tenths of a pixel wide.
const CELL: usize = 79;
const LINE: usize = 19;
const MARGIN: usize = 16;
/// The narrowest terminal.
const COLUMNS: usize = 88;

/// A piece of a line with its classes.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    text: String,
    classes: String,
}

/// The recording as SVG.
pub fn draw(recording: &str) -> String {
    let lines = chosen(recording);
    let columns = lines.iter().map(|line| length(line)).max().unwrap_or(0).max(COLUMNS);
    let (width, height) = (2 * MARGIN + columns * CELL / 10, 2 * MARGIN + lines.len() * LINE);
    let mut body = format!(
        "<rect class=\"ground\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n",
        width - 1,
        height - 1
    );
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| length(line) > 0) {
        // Whatever font there is, columns stay columns.
        let (y, long) = (MARGIN + 14 + index * LINE, length(line) * CELL / 10);
        let _ = write!(body, "<text x=\"{MARGIN}\" y=\"{y}\" textLength=\"{long}\" xml:space=\"preserve\">");
        for piece in line {
            let text = escaped(&piece.text);
            body += &match piece.classes.as_str() {
                "" => text,
                classes => format!("<tspan class=\"{classes}\">{text}</tspan>"),
            };
        }
        body += "</text>\n";
    }
    let pixels = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    picture(pixels(width), pixels(height), "A rehearsal in a terminal", STYLE, &body)
}

fn length(line: &[Piece]) -> usize {
    line.iter().map(|piece| piece.text.chars().count()).sum()
}

fn text(line: &[Piece]) -> String {
    line.iter().map(|piece| piece.text.as_str()).collect()
}

/// The lines that are drawn.
fn chosen(recording: &str) -> Vec<Vec<Piece>> {
    let plain =
        |text: &str, classes: &str| vec![Piece { text: text.to_owned(), classes: classes.to_owned() }];
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    let (mut left_out, mut verdicts, mut within) = (false, 0, false);
    for line in recording.lines().map(pieces) {
        let said = text(&line);
        within &= said.starts_with("      ");
        if said.starts_with("PASS") || said.starts_with("FAIL") {
            verdicts += 1;
            // The first verdict is shown whole.
            within = verdicts == 1;
        } else if !within && !tells(&said) {
            left_out |= !said.trim().is_empty();
            continue;
        }
        let heading = said.starts_with("== ");
        if left_out {
            lines.push(plain("…", "dim"));
        }
        if heading {
            lines.push(Vec::new());
        }
        left_out = false;
        lines.push(if said.starts_with("# ") { plain(&said, "bold") } else { line });
    }
    lines
}

/// Whether a line tells how the rehearsal goes.
fn tells(line: &str) -> bool {
    let verbs = ["deploy: ", "verify: ", "rehearse: ", "no drift: ", "drift: ", "Plan: ", "== ", "# "];
    verbs.iter().any(|begin| line.starts_with(begin)) || line.contains(": ") && line.contains(" up after ")
}

/// A line in pieces of one style each: SGR's parameters of ECMA-48 become classes, other sequences go.
fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut classes: Vec<&str> = Vec::new();
    let mut rest = line.trim_end_matches('\r');
    while !rest.is_empty() {
        let (before, sequence) = rest.split_once("\u{1b}[").map_or((rest, None), |(b, s)| (b, Some(s)));
        if !before.is_empty() {
            pieces.push(Piece { text: before.to_owned(), classes: classes.join(" ") });
        }
        let Some(sequence) = sequence else { break };
        let Some(end) = sequence.find(|c: char| c.is_ascii_alphabetic()) else { break };
        if sequence[end..].starts_with('m') {
            sequence[..end].split(';').for_each(|parameter| apply(parameter, &mut classes));
        }
        rest = &sequence[end + 1..];
    }
    pieces
}

fn apply(parameter: &str, classes: &mut Vec<&str>) {
    match parameter {
        "" | "0" => classes.clear(),
        "1" => classes.push("bold"),
        "2" => classes.push("dim"),
        "31" => classes.push("red"),
        "32" => classes.push("green"),
        "33" => classes.push("yellow"),
        "36" => classes.push("cyan"),
        _ => {}
    }
}
