//! What comes back of an exchange.

use std::collections::{HashMap, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use super::exchange::READ_ALL;
use super::{Exchange, Output, colour};

/// The outputs, one for each section that ran.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// In the sections' order; `None` for one that was not run because one before it failed.
    pub sections: Vec<Option<Output>>,
}

/// How far an exchange is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The section began.
    Began(usize),
    /// The section says this, on one line, with `lvsprov_note`.
    Note(usize, String),
    /// The section ended with this exit code.
    Ended(usize, i32),
    /// All sections have ended, and the files that they named are being read.
    Reading,
}

/// Reads a reply from the bytes as they come, in pieces of any size.
pub(super) struct Reader {
    mark: Vec<u8>,
    number: u64,
    pending: Vec<u8>,
    /// Before it, `pending` holds no mark.
    searched: usize,
    open: Option<usize>,
    /// The files whose lines belong into an output: the section, the place in its bytes, and the name.
    files: Vec<(usize, usize, Vec<u8>)>,
    /// Which sections' colours go.
    inline: Vec<bool>,
    /// When the exchange was sent, in seconds since 1970.
    sent: f64,
    /// The shell's own process number, where it was told.
    shell: Option<u32>,
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
            files: Vec::new(),
            inline: (0..exchange.len()).map(|section| exchange.is_inline(section)).collect(),
            sent: now(),
            shell: None,
            reply,
            progress: VecDeque::new(),
        }
    }

    /// The shell's own process number, when it was among the bytes.
    pub(super) fn shell(&self) -> Option<u32> {
        self.shell
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
            let marked: Vec<u8> = self.pending.drain(at..=at + length).collect();
            let marked = &marked[self.mark.len()..length];
            let line = String::from_utf8_lossy(marked);
            let (kind, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match (kind, self.open) {
                ("n", Some(index)) => {
                    self.progress.push_back(Progress::Note(index, rest.to_owned()));
                    continue;
                }
                ("p", _) => {
                    self.shell = rest.parse().ok();
                    continue;
                }
                ("c", Some(_)) => {
                    let line = clock(rest, self.sent, now());
                    self.pending.splice(at..at, line.bytes());
                    self.searched = at + line.len();
                    continue;
                }
                ("f", Some(index)) => {
                    // The name's own bytes: it need not be UTF-8.
                    self.files.push((index, at, marked[kind.len() + 1..].to_owned()));
                    continue;
                }
                _ => {}
            }
            let before: Vec<u8> = self.pending.drain(..at).collect();
            self.searched = 0;
            let mut words = rest.split(' ');
            let mut number = || words.next().and_then(|word| word.parse::<i64>().ok());
            match (kind, number(), number()) {
                ("b", Some(index), _) => {
                    self.open = Some(index as usize);
                    if (index as usize) < self.reply.sections.len() {
                        self.progress.push_back(Progress::Began(index as usize));
                    } else {
                        self.progress.push_back(Progress::Reading);
                    }
                }
                ("e", Some(index), Some(code)) if self.open == Some(index as usize) => {
                    self.open = None;
                    let before = self.plain(index as usize, before);
                    match self.reply.sections.get_mut(index as usize) {
                        Some(slot) => {
                            *slot = Some(Output { bytes: before, code: code as i32, said: Vec::new() });
                            self.progress.push_back(Progress::Ended(index as usize, code as i32));
                        }
                        // After all sections come the files that they named.
                        None => self.place(&before),
                    }
                }
                ("t", Some(number), _) if number as u64 == self.number => {
                    return Some(std::mem::take(&mut self.reply));
                }
                _ => {}
            }
        }
    }

    /// What a section printed, without colours where it is only read.
    fn plain(&mut self, section: usize, bytes: Vec<u8>) -> Vec<u8> {
        if !self.inline.get(section).is_some_and(|inline| *inline) {
            return bytes;
        }
        let own = self.files.iter_mut().filter(|(of, ..)| *of == section);
        colour::without(bytes, own.map(|(_, at, _)| at))
    }

    /// Puts the files' lines into the outputs in which they were named. `lines` has those of one file after those of
    /// another, and nothing of one that is empty or can't be read. Where they did not come to their end, each file gets
    /// what was said last in their place: none may be taken for empty.
    fn place(&mut self, lines: &[u8]) {
        let whole = lines.strip_suffix(READ_ALL);
        let last = lines.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let cut = [b"the files were not read to their end: ", last, b"\n"].concat();
        let mut of_file: HashMap<&[u8], Vec<u8>> = HashMap::new();
        for (_, _, name) in &self.files {
            of_file.entry(name).or_default();
        }
        let longest = of_file.keys().map(|name| name.len()).max().unwrap_or_default();
        for line in whole.unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
            // A colon may be part of a name: of eth0 and eth0:1 the longer is meant.
            let ends = (0..line.len().min(longest + 1)).rev().filter(|end| line[*end] == b':');
            if let Some(name) = ends.map(|end| &line[..end]).find(|name| of_file.contains_key(name)) {
                of_file.entry(name).or_default().extend_from_slice(line);
            }
        }
        // From the last, so that the places of those before it stay true.
        for (section, at, name) in self.files.iter().rev() {
            if let Some(Some(output)) = self.reply.sections.get_mut(*section) {
                let own = whole.and(of_file.get(name.as_slice())).unwrap_or(&cut);
                output.bytes.splice(*at..*at, own.iter().copied());
            }
        }
    }

    /// What has happened since the last call.
    pub(super) fn progress(&mut self) -> impl Iterator<Item = Progress> + '_ {
        self.progress.drain(..)
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// The line that tells how far a host's clock is ahead of ours. It told whole seconds at some time between the two.
fn clock(told: &str, sent: f64, read: f64) -> String {
    match told.trim().parse::<f64>() {
        Ok(told) => format!("clock {:.0} {:.0}\n", (told - read).floor(), (told + 1.0 - sent).ceil()),
        Err(_) => format!("clock unknown {told}\n"),
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = needle.first()?;
    let mut from = 0;
    loop {
        let at = from + haystack[from..].iter().position(|byte| byte == first)?;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
    fn a_note_is_told_and_is_not_among_the_output() {
        let text =
            b"\x1em n too early\n\x1em b 0\nbefore \x1em n 2 of 3: \xc3\xa9\nafter\n\x1em e 0 0\n\x1em t 7\n";
        for size in 1..text.len() {
            let mut reader = Reader::new(&exchange(), "m", 7);
            let replies: Vec<Reply> = text.chunks(size).filter_map(|piece| reader.take(piece)).collect();
            let told: Vec<Progress> = reader.progress().collect();
            let note = Progress::Note(0, "2 of 3: \u{e9}".into());
            assert_eq!(told, [Progress::Began(0), note, Progress::Ended(0, 0)], "pieces of {size}");
            assert_eq!(replies[0].sections[0].as_ref().unwrap().bytes, b"before after\n");
        }
    }

    #[test]
    fn a_file_s_lines_stand_where_it_was_named() {
        let text = b"\x1em b 0\nbefore \x1em f /a\n\x1em f /empty\nbetween\n\x1em f /a:b\n\x1em e 0 0\n\x1em b 1\n\x1em f /a\nlast\n\x1em e 1 0\n\
                     \x1em b 4\n/a:one\n/a:two\n/a:b:three\n(standard input):end\n\x1em e 4 0\n\x1em t 7\n";
        for size in 1..text.len() {
            let mut reader = Reader::new(&exchange(), "m", 7);
            let replies: Vec<Reply> = text.chunks(size).filter_map(|piece| reader.take(piece)).collect();
            let bytes = |index: usize| replies[0].sections[index].as_ref().unwrap().bytes.as_slice();
            assert_eq!(bytes(0), b"before /a:one\n/a:two\nbetween\n/a:b:three\n", "pieces of {size}");
            assert_eq!(bytes(1), b"/a:one\n/a:two\nlast\n", "pieces of {size}");
            let told: Vec<Progress> = reader.progress().collect();
            let began = |index| Progress::Began(index);
            let ended = |index| Progress::Ended(index, 0);
            let all = [began(0), ended(0), began(1), ended(1), Progress::Reading];
            assert_eq!(told, all, "pieces of {size}");
        }
    }

    #[test]
    fn files_that_were_not_read_to_their_end_are_not_taken_for_empty() {
        for said in ["", "/a:one\n", "/a:o", "sh: 3: grep: not found\n"] {
            let text = format!(
                "\x1em b 0\n\x1em f /a\n\x1em f /b\n\x1em e 0 0\n\x1em b 4\n{said}\x1em e 4 0\n\x1em t 7\n"
            );
            let reply = Reader::new(&exchange(), "m", 7).take(text.as_bytes()).unwrap();
            let bytes = &reply.sections[0].as_ref().unwrap().bytes;
            let line = format!("the files were not read to their end: {}\n", said.trim_end());
            assert_eq!(String::from_utf8_lossy(bytes), line.repeat(2));
        }
    }

    #[test]
    fn a_clock_is_told_between_what_it_may_be_off_at_most() {
        assert_eq!(clock("1000", 1000.2, 1000.4), "clock -1 1\n");
        assert_eq!(clock("1000", 1000.0, 1009.5), "clock -10 1\n");
        assert_eq!(clock("4000", 1000.5, 1001.5), "clock 2998 3001\n");
        assert_eq!(clock("date: not found", 0.0, 0.0), "clock unknown date: not found\n");
        let text = b"\x1em p 4711\n\x1em b 0\nbefore\n\x1em c 0\nafter\n\x1em e 0 0\n\x1em t 7\n";
        for size in 1..text.len() {
            let mut reader = Reader::new(&exchange(), "m", 7);
            let reply = text.chunks(size).find_map(|piece| reader.take(piece)).unwrap();
            let bytes = String::from_utf8(reply.sections[0].clone().unwrap().bytes).unwrap();
            let line = bytes.lines().nth(1).unwrap();
            assert!(line.starts_with("clock -") && bytes.ends_with("\nafter\n"), "pieces of {size}: {bytes}");
            assert_eq!(reader.shell(), Some(4711));
        }
    }

    #[test]
    fn colours_do_not_stand_between_a_section_and_its_files() {
        let mut inline = Exchange::reading(Duration::from_secs(1));
        inline.push_inline("ip -o addr show; lvsprov_files /a");
        inline.push("curl http://192.0.2.1/");
        let text = b"\x1em b 0\n\x1b[36meth0\x1b[0m\n\x1em f /a\nlast\n\x1em e 0 0\n\x1em b 1\n\x1b[1mpage\x1em e 1 0\n\
            \x1em b 2\n/a:\x1b[1min the file\n(standard input):end\n\x1em e 2 0\n\x1em t 7\n";
        let reply = Reader::new(&inline, "m", 7).take(text).unwrap();
        let bytes = |index: usize| reply.sections[index].as_ref().unwrap().bytes.as_slice();
        assert_eq!(bytes(0), b"eth0\n/a:\x1b[1min the file\nlast\n");
        assert_eq!(bytes(1), b"\x1b[1mpage", "what is shown as it is keeps its own");
    }

    #[test]
    fn another_exchange_s_trailer_ends_nothing() {
        let mut reader = Reader::new(&exchange(), "m", 7);
        assert!(reader.take(b"\x1em t 6\n").is_none());
        assert!(reader.take(b"\x1em t 7\n").is_some());
    }
}
