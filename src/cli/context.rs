//! What every verb has at hand.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use super::args::{OutputArgs, OutputFormat};
use super::exit::Exit;
use super::settings;
use super::so_far::SoFar;
use crate::inventory::Inventory;
use crate::lab::{Before, Lab, LabError, telling};
use crate::report::{Format, Options, Report, Summary};
use crate::{run, transport};

/// The report, and what must be taken down however the verb ends.
pub(super) struct Context {
    pub(super) report: Report,
    /// What a verb at work knows of its hosts.
    pub(super) so_far: SoFar,
    json: bool,
    put_up: RefCell<Option<PutUp>>,
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
            report: Report::new(options, now),
            so_far: SoFar::default(),
            json,
            put_up: RefCell::default(),
        }
    }

    /// These hosts take part in what comes next, and are changed or not.
    pub(super) fn begin<'a>(&self, names: impl Iterator<Item = &'a str> + Clone, changes: bool) {
        self.report.hosts(names.clone());
        self.so_far.begin(names, changes);
    }

    /// Something has happened in a run.
    pub(super) fn tell(&self, event: run::Event) {
        self.so_far.note(&event);
        self.report.tell(event);
    }

    /// How the hosts' part of a verb ended.
    pub(super) fn summary(&self, summary: &Summary) {
        self.report.summary(summary);
        self.so_far.end();
    }

    /// Tells how the verb ended, when it has not told that itself: a program that reads our JSON counts on a last
    /// line, and a person wants to see that an interruption has arrived, and how far it had come.
    pub(super) fn last_line(&self, verb: &'static str, exit: Exit, start: Instant) {
        if exit == Exit::Interrupted || (self.json && !self.report.summed_up()) {
            self.report.summary(&self.so_far.summary(verb, exit, start));
        }
    }

    /// Makes the inventory's cluster run in its lab. Until [`Context::keep`], what that puts up is taken back when the verb
    /// ends.
    pub(super) async fn put_up(&self, lab: &Lab, inventory: &Inventory) -> Result<(), LabError> {
        let mut events = |event| self.report.tell(event);
        let raising = lab.begin(inventory, &mut events).await?;
        *self.put_up.borrow_mut() = Some(PutUp { lab: lab.clone(), before: raising.before().clone() });
        raising.finish(&mut events).await
    }

    /// The verb has come to its good end, and what it put up stays.
    pub(super) fn keep(&self) {
        self.put_up.borrow_mut().take();
    }

    /// Ends the connections to a lab's machines, which are about to go.
    pub(super) async fn end_connections(&self, lab: &Lab) {
        let folder = settings::lab_control_dir(lab);
        let ending = transport::end_masters(&folder);
        telling("the connections to its machines to end", &mut |event| self.report.tell(event), ending).await;
    }

    /// Takes back what [`Context::put_up`] put up, and tells whether nothing of it is left. An error is shown: there is
    /// nobody left to handle it.
    pub(super) async fn clean_up(&self) -> bool {
        // It is forgotten only when it is gone: an interruption may come in the middle of this, which then begins anew.
        let Some(PutUp { lab, before }) = self.put_up.borrow().clone() else { return true };
        if before.running.is_empty() {
            self.end_connections(&lab).await;
        }
        // What was done to machines that go with it need not be told.
        self.so_far.end();
        let taken_back = lab.take_back(&before, &mut |event| self.report.tell(event)).await;
        self.keep();
        if let Err(error) = &taken_back {
            self.report.error(&error.to_string(), "");
        }
        taken_back.is_ok()
    }
}

fn now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

/// What a verb put up for itself: all of the lab but what there was before.
#[derive(Clone)]
struct PutUp {
    lab: Lab,
    before: Before,
}
