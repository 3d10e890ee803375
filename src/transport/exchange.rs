//! One round trip: sections of shell text that go out together, and their outputs that come back.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::Duration;

/// What is asked of a host in one round trip.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// POSIX sh, each run with no standard input.
    sections: Vec<Section>,
    /// How long the whole may take.
    pub deadline: Duration,
    /// Whether all processes of the exchange must end when the connection does: for sections that change something.
    guarded: bool,
}

#[derive(Clone, Debug)]
struct Section {
    script: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// In the shell itself.
    Inline,
    /// In a subshell.
    Apart,
    /// In a subshell, and not run once a section before it has failed.
    Chained,
}

/// The outputs, one for each section that ran.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// In the sections' order; `None` for one that was not run because one before it failed.
    pub sections: Vec<Option<Output>>,
}

/// What one section printed (both streams), and its exit code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Raw bytes.
    pub bytes: Vec<u8>,
    /// 0 when it succeeded.
    pub code: i32,
}

/// How far an exchange is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The section began.
    Began(usize),
    /// The section ended with this exit code.
    Ended(usize, i32),
}

impl Exchange {
    /// An exchange that only reads.
    pub fn reading(deadline: Duration) -> Self {
        Exchange { sections: Vec::new(), deadline, guarded: false }
    }

    /// An exchange that changes things: when the connection ends before it has, or its deadline has passed, the host
    /// itself ends everything that it started.
    pub fn changing(deadline: Duration) -> Self {
        Exchange { sections: Vec::new(), deadline, guarded: true }
    }

    /// Adds a section that runs, in a subshell of its own, whatever came of those before it. Gives its index.
    pub fn push(&mut self, script: impl Into<String>) -> usize {
        self.add(script.into(), Kind::Apart)
    }

    /// Adds a section that runs in the shell itself, which spares a slow machine a process: it must neither `exit`,
    /// `exec`, `cd` nor `set` an option. Gives its index.
    pub fn push_inline(&mut self, script: impl Into<String>) -> usize {
        self.add(script.into(), Kind::Inline)
    }

    /// Adds a section that runs, under `set -eu`, only when all chained ones before it succeeded. Gives its index.
    pub fn push_step(&mut self, script: impl Into<String>) -> usize {
        self.add(script.into(), Kind::Chained)
    }

    fn add(&mut self, script: String, kind: Kind) -> usize {
        self.sections.push(Section { script, kind });
        self.sections.len() - 1
    }

    /// How many sections there are.
    pub fn len(&self) -> usize {
        self.sections.len()
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// The shell text as it is sent, for a log. `mark` is the session's secret word, `number` the exchange's.
    pub(super) fn render(&self, mark: &str, number: u64) -> String {
        let mut text = String::new();
        // The whole is one compound command: the shell has read all of it before it runs any of it.
        text.push_str("{\n");
        if self.guarded {
            let deadline = self.deadline.as_secs();
            // Nothing is sent while an exchange runs, so that a read from the connection ends only with it. The
            // watchers end the whole process group: first politely, so that traps can remove temporary files.
            let _ = write!(
                text,
                "lvsprov_end() {{ trap '' TERM; kill -TERM 0; sleep 2; kill -KILL 0; }}\n\
                 ( read -r _ <&3; lvsprov_end ) </dev/null >/dev/null 2>&1 & lvsprov_link=$!\n\
                 ( trap 'kill $nap; exit' TERM; sleep {deadline} & nap=$!; wait $nap; lvsprov_end ) \
                 </dev/null >/dev/null 2>&1 & lvsprov_clock=$!\n"
            );
        }
        text.push_str("lvsprov_ok=0\n");
        for (index, section) in self.sections.iter().enumerate() {
            if section.kind == Kind::Chained {
                text.push_str("if [ $lvsprov_ok = 0 ]; then\n");
            }
            let _ = writeln!(text, "printf '\\036%s b {index}\\n' {mark}");
            // A shell that says "Terminated" to a connection that is gone must live on to run its traps.
            let options = if section.kind == Kind::Chained { "trap : PIPE; set -eu\n" } else { "" };
            let [open, close] = if section.kind == Kind::Inline { ["{", "}"] } else { ["(", ")"] };
            // A compound without a command is a syntax error, so that an empty section gets one.
            let _ = writeln!(text, "{open}\n:\n{options}{}\n{close} </dev/null 2>&1 3<&-", section.script);
            let _ = writeln!(text, "lvsprov_code=$?\nprintf '\\036%s e {index} %s\\n' {mark} $lvsprov_code");
            if section.kind == Kind::Chained {
                text.push_str("lvsprov_ok=$lvsprov_code\nfi\n");
            }
        }
        if self.guarded {
            text.push_str(
                "kill -KILL $lvsprov_link; kill -TERM $lvsprov_clock; wait $lvsprov_link $lvsprov_clock\n",
            );
        }
        // The trailer is the compound's last command, as a watcher would take any later one for the connection's end.
        let _ = writeln!(text, "printf '\\036%s t {number}\\n' {mark}\n}} 3<&0 </dev/null");
        text
    }
}

/// Reads a reply from the bytes as they come, in pieces of any size.
pub(super) struct Reader {
    mark: Vec<u8>,
    number: u64,
    pending: Vec<u8>,
    /// Before it, `pending` holds no mark.
    searched: usize,
    open: Option<usize>,
    reply: Reply,
    progress: VecDeque<Progress>,
}

impl Reader {
    pub(super) fn new(exchange: &Exchange, mark: &str, number: u64) -> Self {
        let mark = [b"\x1e", mark.as_bytes(), b" "].concat();
        let reply = Reply { sections: vec![None; exchange.len()] };
        Reader {
            mark,
            number,
            pending: Vec::new(),
            searched: 0,
            open: None,
            reply,
            progress: VecDeque::new(),
        }
    }

    /// Takes the next bytes. Gives the reply when its trailer was among them.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<Reply> {
        self.pending.extend_from_slice(bytes);
        loop {
            let Some(at) = find(&self.pending[self.searched..], &self.mark) else {
                // The pending bytes' end may be a mark's beginning.
                self.searched = self.pending.len().saturating_sub(self.mark.len()).max(self.searched);
                return None;
            };
            let at = at + self.searched;
            self.searched = at;
            // While the mark's line has not come to its end, it is looked at again with the next bytes.
            let length = self.pending[at..].iter().position(|byte| *byte == b'\n')?;
            let line = String::from_utf8_lossy(&self.pending[at + self.mark.len()..at + length]).into_owned();
            let before: Vec<u8> = self.pending.drain(..at + length + 1).take(at).collect();
            self.searched = 0;
            let mut words = line.split(' ');
            let kind = words.next();
            let mut number = || words.next().and_then(|word| word.parse::<i64>().ok());
            match (kind, number(), number()) {
                (Some("b"), Some(index), _) => {
                    self.open = Some(index as usize);
                    self.progress.push_back(Progress::Began(index as usize));
                }
                (Some("e"), Some(index), Some(code)) if self.open == Some(index as usize) => {
                    self.open = None;
                    if let Some(slot) = self.reply.sections.get_mut(index as usize) {
                        *slot = Some(Output { bytes: before, code: code as i32 });
                    }
                    self.progress.push_back(Progress::Ended(index as usize, code as i32));
                }
                (Some("t"), Some(number), _) if number as u64 == self.number => {
                    return Some(std::mem::take(&mut self.reply));
                }
                _ => {}
            }
        }
    }

    /// What has happened since the last call.
    pub(super) fn progress(&mut self) -> impl Iterator<Item = Progress> + '_ {
        self.progress.drain(..)
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange() -> Exchange {
        let mut exchange = Exchange::reading(Duration::from_secs(1));
        exchange.push("printf 'a\\036b'");
        exchange.push_step("exit 3");
        exchange.push_step("echo never");
        exchange.push("echo after");
        exchange
    }

    #[test]
    fn a_reply_reads_the_same_in_pieces_of_any_size() {
        let text = b"\x1em b 0\na\x1eb\x1em e 0 0\n\x1em b 1\n\x1em e 1 3\n\x1em b 3\nafter\n\x1em e 3 0\n\x1em t 7\n";
        for size in 1..text.len() {
            let mut reader = Reader::new(&exchange(), "m", 7);
            let replies: Vec<Reply> = text.chunks(size).filter_map(|piece| reader.take(piece)).collect();
            assert_eq!(replies.len(), 1, "pieces of {size}");
            let bytes =
                |index: usize| replies[0].sections[index].as_ref().map(|o| (o.bytes.as_slice(), o.code));
            assert_eq!(bytes(0), Some((&b"a\x1eb"[..], 0)));
            assert_eq!(bytes(1), Some((&b""[..], 3)));
            assert_eq!(bytes(2), None);
            assert_eq!(bytes(3), Some((&b"after\n"[..], 0)));
        }
    }

    #[test]
    fn another_exchange_s_trailer_ends_nothing() {
        let mut reader = Reader::new(&exchange(), "m", 7);
        assert!(reader.take(b"\x1em t 6\n").is_none());
        assert!(reader.take(b"\x1em t 7\n").is_some());
    }
}
