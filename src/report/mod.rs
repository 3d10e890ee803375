//! What the operator sees: every event, plan and verdict comes here, and only this room writes to stdout and stderr.
//!
//! Results go to stdout and progress to stderr, so that either can be piped. With [`Format::Json`] each thing that is
//! told is one JSON line on stdout, and stderr stays quiet.

mod count;
mod event;
mod evidence;
mod json;
pub mod manual;
mod name;
mod streams;
mod summary;
#[cfg(test)]
mod tests;
mod text;
mod undeclared;

use std::io::Write;

pub use event::{Event, Happened};
pub use summary::{HostSummary, LeftOver, Summary};

use crate::document::Complaints;
use crate::lab;
use crate::plan::{HostPlan, Other};
use json::Json;
use streams::Streams;
use text::Text;

/// How things are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// JSON lines: one object a line, each with `event` and `version`, the last being the summary.
    Json,
}

/// What the operator asked to see, and where.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How things are told.
    pub format: Format,
    /// How often `-v` was given: 1 also tells each connection and finished step, and shows a failed step's script.
    pub verbosity: u8,
    /// `--diff`: text changes are shown whole, however long.
    pub diff: bool,
    /// Stderr is a terminal: a spinner a host instead of a line an event.
    pub terminal: bool,
    /// Colours may be used. A stream that is no terminal goes without all the same, and `NO_COLOR` is honoured.
    pub color: bool,
}

/// Tells what happens. It owns stdout and stderr; all its methods take `&self`, for the events come from many futures
/// of one thread.
pub struct Report {
    face: Face,
    clock: Clock,
}

/// The time since 1970-01-01 00:00:00 UTC.
pub type Clock = fn() -> std::time::Duration;

enum Face {
    Text(Text),
    Json(Json),
}

impl Report {
    /// Tells it on stdout and stderr.
    pub fn new(options: Options, clock: Clock) -> Self {
        let streams = Streams::standard(&options);
        Report::with_streams(options, streams, clock)
    }

    /// Tells it to these instead of stdout and stderr, with colours if they are wanted and without moving spinners, at a
    /// time that stands still.
    pub fn with_writers(options: Options, out: impl Write + 'static, err: impl Write + 'static) -> Self {
        let streams = Streams::captured(&options, Box::new(out), Box::new(err));
        Report::with_streams(options, streams, || std::time::Duration::ZERO)
    }

    fn with_streams(options: Options, streams: Streams, clock: Clock) -> Self {
        let face = match options.format {
            Format::Text => Face::Text(Text::new(options, streams)),
            Format::Json => Face::Json(Json::new(streams, clock)),
        };
        Report { face, clock }
    }

    /// These hosts take part in what comes next: progress is aligned by their names, and told apart from a crowd's.
    pub fn hosts<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        if let Face::Text(text) = &self.face {
            text.hosts(names);
        }
    }

    /// Something has happened. Why a host failed is told at length by [`Report::summary`].
    pub fn tell(&self, what: impl Into<Happened>) {
        let event = Event { at: (self.clock)(), what: what.into() };
        match &self.face {
            Face::Text(text) => text.event(event),
            Face::Json(json) => json.event(&event),
        }
    }

    /// Something that concerns no host takes over a second. Who reads times needs no word of patience.
    pub fn waiting(&self, who: &str, what: &str) {
        if let Face::Text(text) = &self.face {
            text.waiting(who, what);
        }
    }

    /// How a lab's machines are.
    pub fn machines(&self, machines: &[lab::GuestStatus]) {
        match &self.face {
            Face::Text(text) => text.machines(machines),
            Face::Json(json) => json.machines(machines),
        }
    }

    /// A part of a longer way begins: "deploy again". What is told next belongs to it.
    pub fn step(&self, name: &str) {
        match &self.face {
            Face::Text(text) => text.step(name),
            Face::Json(json) => json.step(name),
        }
    }

    /// What would change: `stages` are the plays' names; a host that could not be read has no plan.
    pub fn plan(&self, stages: &[String], hosts: &[(&str, Option<&HostPlan>)]) {
        match &self.face {
            Face::Text(text) => text.plan(stages, hosts),
            Face::Json(json) => json.plan(stages, hosts),
        }
    }

    /// Where the hosts differ from what is declared: the same plans in the words of who compares and changes nothing. A
    /// host that could not be read has no plan.
    pub fn drift(&self, hosts: &[(&str, Option<&HostPlan>)]) {
        match &self.face {
            Face::Text(text) => text.drift(hosts),
            Face::Json(json) => json.drift(hosts),
        }
    }

    /// What is on hosts beside what is declared, and stays.
    pub fn undeclared(&self, others: &[(&str, &Other)]) {
        match &self.face {
            Face::Text(text) => text.undeclared(others),
            Face::Json(json) => json.undeclared(others),
        }
    }

    /// What is wrong with the inventory, playbook or templates, each with its place; nothing was connected to.
    pub fn complaints(&self, complaints: &[Complaints]) {
        match &self.face {
            Face::Text(text) => text.complaints(complaints),
            Face::Json(json) => json.complaints(complaints),
        }
    }

    /// What is wrong with the command line or the settings.
    pub fn usage(&self, message: &str, remedy: &str) {
        self.error(message, remedy);
    }

    /// What went wrong, when it concerns no single host. An empty remedy is left out.
    pub fn error(&self, message: &str, remedy: &str) {
        match &self.face {
            Face::Text(text) => text.error(message, remedy),
            Face::Json(json) => json.error(message, remedy),
        }
    }

    /// Whether the last that was told is a summary.
    pub fn summed_up(&self) -> bool {
        match &self.face {
            Face::Text(_) => false,
            Face::Json(json) => json.summed_up(),
        }
    }

    /// How it ended, after the failures of all hosts at length.
    pub fn summary(&self, summary: &Summary) {
        match &self.face {
            Face::Text(text) => text.summary(summary),
            Face::Json(json) => json.summary(summary),
        }
    }
}
