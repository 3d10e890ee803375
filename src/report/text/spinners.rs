//! A moving line a host, at the bottom of the terminal.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use anstream::adapter::strip_str;
use indicatif::{ProgressBar, ProgressStyle};

use crate::report::streams::Streams;

/// How many hosts have a line at once. With more hosts a finished one makes room for another, and one line counts them:
/// a spinner is a thread, and a terminal is not that high.
const CROWD: usize = 16;
/// A host that is at something. The time is the step's.
const MOVING: &str = "{spinner} {prefix}  {wide_msg} {elapsed:>4}";
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
    /// In a crowd, which have finished.
    finished: HashSet<String>,
    total: Option<ProgressBar>,
}

impl Spinners {
    pub(super) fn new(streams: Rc<Streams>) -> Self {
        Spinners {
            streams,
            hosts: 0,
            longest: 0,
            bars: HashMap::new(),
            finished: HashSet::new(),
            total: None,
        }
    }

    /// So many hosts will tell something, of which the longest name has so many characters.
    pub(super) fn expect(&mut self, hosts: usize, longest: usize) {
        self.clear();
        (self.hosts, self.longest) = (hosts, longest);
    }

    /// The host is at something.
    pub(super) fn turn(&mut self, host: &str, text: &str) {
        self.finished.remove(host);
        if self.bars.len() >= CROWD && !self.bars.contains_key(host) {
            return;
        }
        let text = self.shown(text);
        let bar = self.bar(host);
        bar.set_style(style(MOVING));
        bar.set_message(text);
        bar.reset_elapsed();
        bar.enable_steady_tick(TURN);
    }

    /// The host has finished for now.
    pub(super) fn stop(&mut self, host: &str, tick: &str, text: &str) {
        if self.hosts > CROWD {
            self.remove(host);
            self.finished.insert(host.to_owned());
            return self.count();
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
        self.finished.clear();
    }

    fn bar(&mut self, host: &str) -> &ProgressBar {
        self.bars.entry(host.to_owned()).or_insert_with(|| {
            let prefix = format!("{host:longest$}", longest = self.longest);
            // Dressed before it is added, for that draws it.
            let bar = ProgressBar::new_spinner().with_style(style(MOVING)).with_prefix(prefix);
            self.streams.spinners.add(bar)
        })
    }

    fn count(&mut self) {
        let total = self.total.get_or_insert_with(|| {
            let bar = self.streams.spinners.insert(0, ProgressBar::new_spinner());
            bar.set_style(style("{spinner} {wide_msg} {elapsed:>4}"));
            bar.enable_steady_tick(TURN);
            bar
        });
        total.set_message(format!("{} of {} hosts done", self.finished.len(), self.hosts));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Options;

    #[test]
    fn a_crowd_has_a_few_lines_and_a_count() {
        let options = Options { terminal: true, ..Options::default() };
        let streams = Streams::captured(&options, Box::new(std::io::sink()), Box::new(std::io::sink()));
        let mut spinners = Spinners::new(Rc::new(streams));
        let name = |number: usize| format!("real{number:02}");
        spinners.expect(40, 6);
        (0..40).for_each(|number| spinners.turn(&name(number), "connecting"));
        assert_eq!(spinners.bars.len(), CROWD);
        (0..39).for_each(|number| spinners.stop(&name(number), "✔", "6 as declared"));
        assert_eq!(spinners.bars.len(), 0);
        let count = spinners.total.as_ref().map(ProgressBar::message);
        assert_eq!(count.as_deref(), Some("39 of 40 hosts done"));

        spinners.expect(4, 6);
        (0..4).for_each(|number| spinners.stop(&name(number), "✔", "6 as declared"));
        assert_eq!((spinners.bars.len(), spinners.total.is_none()), (4, true));
    }
}
