//! Stdout and stderr, which share a terminal with the spinners.

use std::cell::RefCell;
use std::io::{self, Write};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use indicatif::{MultiProgress, ProgressDrawTarget};

use super::Options;

/// Both streams. Texts come to it with ANSI colours, which it takes out where they are not wanted.
pub(super) struct Streams {
    out: RefCell<Stream>,
    err: RefCell<Stream>,
    /// The spinners, which step aside while a line is written.
    pub(super) spinners: MultiProgress,
    /// Whether the spinners' texts may be coloured.
    pub(super) colored_spinners: bool,
}

struct Stream {
    writer: Box<dyn Write>,
    color: bool,
}

impl Streams {
    /// This process's own.
    pub(super) fn standard(options: &Options) -> Self {
        let colored = |choice: ColorChoice| options.color && choice != ColorChoice::Never;
        let out = colored(AutoStream::choice(&io::stdout()));
        let err = colored(AutoStream::choice(&io::stderr()));
        let target =
            if options.terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Streams {
            out: RefCell::new(Stream { writer: Box::new(io::stdout()), color: out }),
            err: RefCell::new(Stream { writer: Box::new(io::stderr()), color: err }),
            spinners: MultiProgress::with_draw_target(target),
            colored_spinners: err,
        }
    }

    /// Somebody else's, with hidden spinners.
    pub(super) fn captured(options: &Options, out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        Streams {
            out: RefCell::new(Stream { writer: out, color: options.color }),
            err: RefCell::new(Stream { writer: err, color: options.color }),
            spinners: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            colored_spinners: options.color,
        }
    }

    /// Writes whole lines of results.
    pub(super) fn out(&self, text: &str) {
        self.spinners.suspend(|| self.out.borrow_mut().write(text));
    }

    /// Writes whole lines of progress and errors.
    pub(super) fn err(&self, text: &str) {
        self.spinners.suspend(|| self.err.borrow_mut().write(text));
    }
}

impl Stream {
    /// A stream that nobody reads any more (`lvsprov plan | head`) must not end a run in the middle: what can't be
    /// written is dropped.
    fn write(&mut self, text: &str) {
        let mut bytes = if self.color { text.to_owned() } else { strip_str(text).to_string() };
        if !bytes.is_empty() && !bytes.ends_with('\n') {
            bytes.push('\n');
        }
        let _ = self.writer.write_all(bytes.as_bytes());
        let _ = self.writer.flush();
    }
}
