//! A moving line a host, at the bottom of the terminal.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use anstream::adapter::strip_str;
use indicatif::{ProgressBar, ProgressStyle};

use crate::report::streams::Streams;

/// With more hosts than these, a finished host's line makes room for the others, and one line counts them.
const CROWD: usize = 16;
/// How often they turn.
const TURN: Duration = Duration::from_millis(100);

/// The spinners of the hosts with something to tell.
pub(super) struct Spinners {
    streams: Rc<Streams>,
    /// How many hosts there are.
    hosts: usize,
    /// The length of the longest host name.
    longest: usize,
    bars: HashMap<String, ProgressBar>,
    /// In a crowd, how many have finished.
    finished: usize,
    total: Option<ProgressBar>,
}

impl Spinners {
    pub(super) fn new(streams: Rc<Streams>, hosts: usize, longest: usize) -> Self {
        Spinners { streams, hosts, longest, bars: HashMap::new(), finished: 0, total: None }
    }

    /// The host is at something.
    pub(super) fn turn(&mut self, host: &str, text: &str) {
        let text = self.shown(text);
        let bar = self.bar(host);
        bar.set_style(style("{spinner} {prefix}  {wide_msg} {elapsed:>4}"));
        bar.set_message(text);
        // The time shown is the step's.
        bar.reset_elapsed();
        bar.enable_steady_tick(TURN);
    }

    /// The host has finished for now.
    pub(super) fn stop(&mut self, host: &str, tick: &str, text: &str) {
        if self.hosts > CROWD {
            self.remove(host);
            self.count();
            return;
        }
        let (tick, text) = (self.shown(tick), self.shown(text));
        let bar = self.bar(host);
        bar.disable_steady_tick();
        bar.set_style(style("{msg}"));
        let prefix = bar.prefix();
        bar.set_message(format!("{tick} {prefix}  {text}"));
        bar.tick();
    }

    /// The host has nothing more to tell.
    pub(super) fn remove(&mut self, host: &str) {
        if let Some(bar) = self.bars.remove(host) {
            bar.finish_and_clear();
            self.streams.spinners.remove(&bar);
        }
    }

    /// All go.
    pub(super) fn clear(&mut self) {
        for bar in self.bars.drain().map(|(_, bar)| bar).chain(self.total.take()) {
            bar.finish_and_clear();
            self.streams.spinners.remove(&bar);
        }
        self.finished = 0;
    }

    fn bar(&mut self, host: &str) -> &ProgressBar {
        self.bars.entry(host.to_owned()).or_insert_with(|| {
            let bar = self.streams.spinners.add(ProgressBar::new_spinner());
            bar.set_prefix(format!("{host:longest$}", longest = self.longest));
            bar
        })
    }

    fn count(&mut self) {
        self.finished += 1;
        let total = self.total.get_or_insert_with(|| {
            let bar = self.streams.spinners.insert(0, ProgressBar::new_spinner());
            bar.set_style(style("{spinner} {wide_msg} {elapsed:>4}"));
            bar.enable_steady_tick(TURN);
            bar
        });
        total.set_message(format!("{} hosts done", self.finished));
    }

    fn shown(&self, text: &str) -> String {
        if self.streams.colored_spinners { text.to_owned() } else { strip_str(text).to_string() }
    }
}

/// Whoever drops the report without a summary still leaves a clean terminal.
impl Drop for Spinners {
    fn drop(&mut self) {
        self.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
