//! What sections say on standard error, which is a stream of its own: the same marks part it as standard output.

/// How much is kept of what one section says: the end tells what went wrong.
const KEPT: usize = 8 * 1024;

/// Reads the shell's standard error as it comes, in pieces of any size.
pub(super) struct Said {
    mark: Vec<u8>,
    number: u64,
    pending: Vec<u8>,
    open: Option<usize>,
    sections: Vec<Vec<u8>>,
    /// What stands outside of all sections.
    outside: Vec<u8>,
    whole: bool,
}

impl Said {
    pub(super) fn new(sections: usize, mark: &str, number: u64) -> Self {
        let mark = [b"\x1e", mark.as_bytes(), b" "].concat();
        let sections = vec![Vec::new(); sections];
        Said { mark, number, pending: Vec::new(), open: None, sections, outside: Vec::new(), whole: false }
    }

    /// Takes the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        while let Some(at) = self.pending.windows(self.mark.len()).position(|bytes| bytes == self.mark) {
            let Some(length) = self.pending[at..].iter().position(|byte| *byte == b'\n') else { return };
            let marked: Vec<u8> = self.pending.drain(at..=at + length).collect();
            let before: Vec<u8> = self.pending.drain(..at).collect();
            self.put(&before);
            let line = String::from_utf8_lossy(&marked[self.mark.len()..length]).into_owned();
            match line.split_once(' ').map(|(kind, number)| (kind, number.parse::<u64>())) {
                Some(("b", Ok(index))) => self.open = Some(index as usize),
                Some(("t", Ok(number))) if number == self.number => {
                    self.open = None;
                    self.whole = true;
                }
                _ => {}
            }
        }
        // Whoever says much must not fill the memory; a mark's beginning may be among the last bytes.
        if self.pending.len() > 2 * KEPT {
            let before: Vec<u8> = self.pending.drain(..self.pending.len() - KEPT).collect();
            self.put(&before);
        }
    }

    /// Whether all has come that the exchange's sections said.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// What each section said, and what was said outside of them.
    pub(super) fn end(mut self) -> (Vec<Vec<u8>>, Vec<u8>) {
        let rest = std::mem::take(&mut self.pending);
        self.put(&rest);
        (self.sections, self.outside)
    }

    /// What was said last, where the exchange did not come to its end: by the section that was at work, and outside of all.
    pub(super) fn last(self) -> Vec<u8> {
        let open = self.open;
        let (mut sections, outside) = self.end();
        let own = open.and_then(|index| sections.get_mut(index)).map(std::mem::take).unwrap_or_default();
        [own, outside].concat()
    }

    fn put(&mut self, bytes: &[u8]) {
        let own = self.open.and_then(|index| self.sections.get_mut(index));
        keep(own.unwrap_or(&mut self.outside), bytes, KEPT);
    }
}

/// Adds to what is kept, of which the last bytes stay.
pub(super) fn keep(kept: &mut Vec<u8>, more: &[u8], most: usize) {
    kept.extend_from_slice(more);
    if kept.len() > most {
        kept.drain(..kept.len() - most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"banner\n\x1em b 0\n\x1em b 2\nip: warning\n\x1em b 3\nhalf a line\x1em t 7\nlate\n";

    #[test]
    fn each_section_has_its_own_words_in_pieces_of_any_size() {
        for size in 1..TEXT.len() {
            let mut said = Said::new(4, "m", 7);
            TEXT.chunks(size).for_each(|piece| said.take(piece));
            assert!(said.is_whole(), "pieces of {size}");
            let (sections, outside) = said.end();
            assert_eq!(sections, [&b""[..], b"", b"ip: warning\n", b"half a line"], "pieces of {size}");
            assert_eq!(outside, b"banner\nlate\n", "pieces of {size}");
        }
    }

    #[test]
    fn another_exchange_s_trailer_ends_nothing() {
        let mut said = Said::new(1, "m", 7);
        said.take(b"\x1em t 6\n");
        assert!(!said.is_whole());
    }

    #[test]
    fn the_last_words_are_those_of_whoever_was_at_work() {
        let mut said = Said::new(4, "m", 7);
        said.take(b"\x1em b 0\nold\n\x1em b 1\nConnection reset\n\x1em");
        assert_eq!(said.last(), b"Connection reset\n\x1em");
    }

    #[test]
    fn the_end_of_much_is_kept() {
        let mut said = Said::new(1, "m", 7);
        said.take(b"\x1em b 0\n");
        (0..100).for_each(|_| said.take(&[b'x'; 1024]));
        said.take(b"the end\n\x1em t 7\n");
        let (sections, _) = said.end();
        assert!(sections[0].len() <= KEPT && sections[0].ends_with(b"xthe end\n"));
    }
}
