//! For people: progress as it goes, results as they come, and at the end why what failed has failed.

mod alike;
mod aspect;
mod block;
mod change;
mod complaint;
mod counted;
mod diff;
mod drift;
mod failure;
mod lab;
mod own_address;
mod plan;
mod progress;
mod services;
mod spinners;
mod style;
mod summary;
mod undeclared;
mod unfinished;
mod verdict;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::streams::Streams;
use super::{Event, Happened, Options, Summary};
use crate::document::Complaints;
use crate::lab::{GuestStatus, LabEvent};
use crate::plan::{HostPlan, Other};
use crate::run::{self, Failure};
use crate::verify;
use progress::Progress;

/// Tells it to people.
pub(super) struct Text {
    options: Options,
    streams: Rc<Streams>,
    progress: Progress,
    /// Why hosts failed, to be told at the end.
    failures: RefCell<Vec<(String, Rc<Failure>)>>,
    /// Something was written to stdout, so that what comes next needs an empty line before it.
    begun: Cell<bool>,
    /// The last of that was a verdict of one line, which another one may follow directly.
    listing: Cell<bool>,
}

impl Text {
    pub(super) fn new(options: Options, streams: Streams) -> Self {
        let streams = Rc::new(streams);
        let progress = Progress::new(&options, Rc::clone(&streams));
        Text {
            options,
            streams,
            progress,
            failures: RefCell::default(),
            begun: Cell::default(),
            listing: Cell::default(),
        }
    }

    pub(super) fn hosts<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        self.progress.hosts(names);
    }

    pub(super) fn event(&self, event: Event) {
        match event.what {
            Happened::Run(event) => self.run(event),
            Happened::Verify(event) => self.verify(event),
            Happened::Lab(event) => self.lab(&event),
        }
    }

    fn run(&self, event: run::Event) {
        self.progress.run(&event);
        if let run::Event::Failed { host, failure } = event {
            self.failures.borrow_mut().push((host, failure));
        }
    }

    fn verify(&self, event: verify::Event) {
        self.progress.verify(&event);
        match event {
            verify::Event::Asking { .. } => {}
            verify::Event::Judged(judged) => {
                self.verdict(&verdict::verdict(&judged, self.options.verbosity > 0));
            }
            verify::Event::NotTried { services } => self.result(&verdict::not_tried(&services)),
            verify::Event::Failed { client, failure } => {
                self.failures.borrow_mut().push((client, failure));
            }
        }
    }

    fn lab(&self, event: &LabEvent) {
        self.progress.lab(event);
    }

    pub(super) fn waiting(&self, who: &str, what: &str) {
        self.progress.waiting(who, what);
    }

    pub(super) fn machines(&self, machines: &[GuestStatus]) {
        self.progress.clear();
        self.result(&lab::table(machines));
    }

    pub(super) fn step(&self, name: &str) {
        self.progress.clear();
        self.result(&style::heading(&format!("== {name}")));
    }

    pub(super) fn plan(&self, stages: &[String], hosts: &[(&str, Option<&HostPlan>)]) {
        self.progress.clear();
        self.result(&plan::plan(stages, hosts, self.options.diff));
    }

    pub(super) fn drift(&self, hosts: &[(&str, Option<&HostPlan>)]) {
        self.progress.clear();
        self.result(&drift::drift(hosts, self.options.diff));
    }

    pub(super) fn undeclared(&self, others: &[(&str, &Other)]) {
        if !others.is_empty() {
            self.progress.clear();
            self.result(&undeclared::undeclared(others));
        }
    }

    pub(super) fn complaints(&self, complaints: &[Complaints]) {
        self.progress.clear();
        self.streams.err(&complaint::complaints(complaints, self.options.terminal));
    }

    pub(super) fn error(&self, message: &str, remedy: &str) {
        self.progress.clear();
        self.streams.err(&failure::error(message, remedy));
    }

    pub(super) fn summary(&self, summary: &Summary) {
        self.progress.clear();
        let failures = std::mem::take(&mut *self.failures.borrow_mut());
        for paragraph in failure::failures(&failures, self.options.verbosity > 0) {
            self.streams.err(&format!("\n{paragraph}"));
        }
        if let Some(text) = summary::summary(summary) {
            self.result(&text);
        }
    }

    /// Writes a verdict. Those of one line are a list.
    fn verdict(&self, text: &str) {
        let line = text.lines().count() == 1;
        if line && self.listing.get() {
            self.streams.out(text);
        } else {
            self.result(text);
        }
        self.listing.set(line);
    }

    /// Writes a result, set off from the one before.
    fn result(&self, text: &str) {
        self.listing.set(false);
        let gap = if self.begun.replace(true) { "\n" } else { "" };
        self.streams.out(&format!("{gap}{text}"));
    }
}
