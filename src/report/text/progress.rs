//! What is going on: a spinner a host on a terminal, a line an event elsewhere.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::block::printable;
use super::lab;
use super::spinners::Spinners;
use super::style::{BAD, FAINT, GOOD, NOTE, heading, paint};
use crate::lab::LabEvent;
use crate::report::Options;
use crate::report::count::count;
use crate::report::streams::Streams;
use crate::{run, verify};

/// Shows what is going on, on stderr.
pub(super) struct Progress {
    streams: Rc<Streams>,
    /// The length of the longest host name.
    longest: Cell<usize>,
    verbose: bool,
    /// `None` where lines are written instead.
    spinners: Option<RefCell<Spinners>>,
}

/// How far a host has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    On,
    Well,
    Badly,
}

impl Progress {
    pub(super) fn new(options: &Options, streams: Rc<Streams>) -> Self {
        let spinners = options.terminal.then(|| RefCell::new(Spinners::new(Rc::clone(&streams))));
        Progress { streams, longest: Cell::new(0), verbose: options.verbosity > 0, spinners }
    }

    /// These hosts take part in what comes next.
    pub(super) fn hosts<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        let lengths: Vec<usize> = names.into_iter().map(|name| name.chars().count()).collect();
        self.longest.set(lengths.iter().copied().max().unwrap_or(0));
        if let Some(spinners) = &self.spinners {
            spinners.borrow_mut().expect(lengths.len(), self.longest.get());
        }
    }

    pub(super) fn run(&self, event: &run::Event) {
        use run::Event;
        match event {
            Event::Connecting { host } => self.detail(host, "connecting"),
            Event::Connected { host } => self.detail(host, "connected, reading"),
            Event::Planned { host, ok, changes: 0 } => {
                self.tell(host, Way::Well, &format!("{ok} as declared"));
            }
            Event::Planned { host, ok, changes } => {
                let text = format!("{}, {ok} as declared", count(*changes, "difference"));
                self.tell(host, Way::Well, &text);
            }
            Event::StageBegan { name, hosts } => {
                self.line(&format!(
                    "{} {}",
                    heading(&printable(name)),
                    paint(FAINT, &format!("({})", count(hosts.len(), "host")))
                ));
            }
            Event::StepBegan { host, label, number, of } => {
                self.tell(host, Way::On, &format!("{number}/{of} {}", printable(label)));
            }
            Event::StepDone { host, label } if self.verbose => {
                self.lasting(host, &format!("{} {}", paint(GOOD, "changed"), printable(label)));
            }
            Event::StepDone { .. } => {}
            Event::StageDone { host, changed } => {
                self.tell(host, Way::Well, &format!("{} made", count(*changed, "change")));
            }
            Event::Waiting { host, what } | Event::Slow { host, what } => {
                self.tell(host, Way::On, &format!("waiting for {}", printable(what)));
            }
            Event::Noted { host, text } => self.tell(host, Way::On, &printable(text)),
            Event::Told { host, text } => self.lasting(host, &printable(text)),
            Event::Guarded { host, label, seconds } => {
                let what = printable(label);
                self.tell(
                    host,
                    Way::On,
                    &format!("{what}, to be confirmed by a new connection within {seconds} s"),
                );
            }
            // What was left is told at the end, all together.
            Event::Left { host, what, .. } if self.verbose => {
                self.lasting(host, &format!("{} {}", paint(NOTE, "left"), printable(what)));
            }
            Event::Left { .. } => {}
            Event::Failed { host, failure } => self.failed(host, &failure.to_string()),
        }
    }

    pub(super) fn verify(&self, event: &verify::Event) {
        use verify::Event;
        match event {
            Event::Asking { client, requests } => {
                self.tell(client, Way::On, &format!("making {}", count(*requests, "request")));
            }
            Event::Judged(judged) => {
                if let Some(spinners) = &self.spinners {
                    spinners.borrow_mut().remove(&judged.client);
                }
            }
            Event::NotTried { .. } => self.clear(),
            Event::Failed { client, failure } => self.failed(client, &failure.to_string()),
        }
    }

    pub(super) fn lab(&self, event: &LabEvent) {
        let said = lab::say(event);
        let host = said.host.as_deref().unwrap_or("lab");
        match (&self.spinners, said.done) {
            // How long a machine took to come up stays to be read.
            (Some(spinners), true) => {
                spinners.borrow_mut().remove(host);
                self.lasting(host, &said.text);
            }
            _ => self.tell(host, Way::On, &said.text),
        }
    }

    /// What no host is waited for.
    pub(super) fn waiting(&self, who: &str, what: &str) {
        self.tell(who, Way::On, &format!("waiting for {what}"));
    }

    /// Takes the spinners away, before results are written.
    pub(super) fn clear(&self) {
        if let Some(spinners) = &self.spinners {
            spinners.borrow_mut().clear();
        }
    }

    /// Its reason follows at the end, at length.
    fn failed(&self, host: &str, message: &str) {
        let message = printable(message);
        let first = message.lines().next().unwrap_or_default();
        self.tell(host, Way::Badly, &format!("{}: {first}", paint(BAD, "failed")));
    }

    /// What a log need not hold.
    fn detail(&self, host: &str, text: &str) {
        if self.spinners.is_some() || self.verbose {
            self.tell(host, Way::On, text);
        }
    }

    fn tell(&self, host: &str, way: Way, text: &str) {
        let Some(spinners) = &self.spinners else { return self.lasting(host, text) };
        let mut spinners = spinners.borrow_mut();
        match way {
            Way::On => spinners.turn(host, text),
            Way::Well => spinners.stop(host, &paint(GOOD, "✔"), text),
            Way::Badly => spinners.stop(host, &paint(BAD, "✘"), text),
        }
    }

    /// A line that stays.
    fn lasting(&self, host: &str, text: &str) {
        let space = self.longest.get().saturating_sub(host.chars().count());
        self.line(&format!("{}: {}{text}", paint(NOTE, host), " ".repeat(space)));
    }

    fn line(&self, text: &str) {
        self.streams.err(text);
    }
}
