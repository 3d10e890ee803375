//! What every verb has at hand.

use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use super::args::{OutputArgs, OutputFormat};
use super::exit::Exit;
use crate::lab::Lab;
use crate::report::{Format, Options, Report, Summary};
use crate::transport;

/// The report, and what must be taken down however the verb ends.
pub(super) struct Context {
    pub(super) report: Report,
    /// Whether a summary, which is the last thing told, has been told.
    summed_up: Cell<bool>,
    json: bool,
    put_up: RefCell<Option<(Lab, PathBuf)>>,
}

impl Context {
    pub(super) fn new(output: Option<&OutputArgs>) -> Context {
        let terminal = std::io::stderr().is_terminal();
        let options = Options {
            format: match output.map(|output| output.output) {
                Some(OutputFormat::Json) => Format::Json,
                _ => Format::Text,
            },
            verbosity: output.map_or(0, |output| output.verbose),
            diff: output.is_some_and(|output| output.diff),
            terminal,
            color: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        };
        let json = options.format == Format::Json;
        Context {
            report: Report::new(options),
            summed_up: Cell::new(false),
            json,
            put_up: RefCell::default(),
        }
    }

    /// Tells how a run ended.
    pub(super) fn summary(&self, summary: &Summary) {
        self.summed_up.set(true);
        self.report.summary(summary);
    }

    /// Tells how the verb ended, when it has not told that itself: a program that reads our JSON counts on a last
    /// line, and a person wants to see that an interruption has arrived.
    pub(super) fn last_line(&self, verb: &'static str, exit: Exit, elapsed: Duration) {
        if exit == Exit::Interrupted || (self.json && !self.summed_up.get()) {
            self.report.summary(&Summary { verb, exit: exit.code(), hosts: Vec::new(), elapsed });
        }
    }

    /// Has the lab, and the connections whose sockets are in the folder, taken down when the verb ends.
    pub(super) fn take_down_at_end(&self, lab: &Lab, control_dir: PathBuf) {
        *self.put_up.borrow_mut() = Some((lab.clone(), control_dir));
    }

    /// The verb has come to its good end, and what it put up stays.
    pub(super) fn keep(&self) {
        self.put_up.borrow_mut().take();
    }

    /// Takes down what [`Context::take_down_at_end`] named. An error is shown: there is nobody left to handle it.
    pub(super) async fn clean_up(&self) {
        let Some((lab, control_dir)) = self.put_up.borrow_mut().take() else { return };
        transport::end_masters(&control_dir).await;
        let _ = std::fs::remove_dir_all(&control_dir);
        if let Err(error) = lab.down(&mut |event| self.report.lab(event)).await {
            self.report.error(&error.to_string(), "");
        }
    }
}
