//! Events are replayed into captured streams.

mod failure;
mod json;
mod plan;
mod progress;
mod services;
mod summary;
mod undeclared;
mod verdict;

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use super::{Format, Options, Report};
use crate::plan::{HostPlan, Item, Outcome};
use crate::resource::{Aspect, Change};

/// A stream whose text can be looked at.
#[derive(Clone, Default)]
struct Captured(Rc<RefCell<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was written to stdout and to stderr.
fn told(options: Options, tell: impl FnOnce(&Report)) -> (String, String) {
    let (out, err) = (Captured::default(), Captured::default());
    let report = Report::with_writers(options, out.clone(), err.clone());
    report.hosts(["lvs_director", "lvs_real_server01", "client"]);
    tell(&report);
    drop(report);
    let text = |stream: Captured| String::from_utf8(stream.0.take()).unwrap();
    (text(out), text(err))
}

fn text() -> Options {
    Options::default()
}

fn json() -> Options {
    Options { format: Format::Json, ..Options::default() }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn item(stage: usize, module: &'static str, subject: &str, outcome: Outcome) -> Item {
    Item { stage, task: None, module, subject: subject.to_owned(), named: None, outcome }
}

fn change(stage: usize, module: &'static str, subject: &str, aspects: Vec<Aspect>) -> Item {
    item(stage, module, subject, Outcome::Change(Change::new(aspects, "true")))
}

fn host_plan(items: Vec<Item>) -> HostPlan {
    HostPlan { items }
}
