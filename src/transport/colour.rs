//! Colours, which some tools print whoever reads them.

/// The bytes without the sequences that set colours (`ESC [ 1 ; 31 m`) and those that clear a line's rest (`ESC [ K`), as
/// grep prints them. Places in the bytes that are given move along.
pub(super) fn without<'p>(bytes: Vec<u8>, places: impl Iterator<Item = &'p mut usize>) -> Vec<u8> {
    if !bytes.contains(&b'\x1b') {
        return bytes;
    }
    let mut plain = Vec::with_capacity(bytes.len());
    // Where each byte that stays comes to stand.
    let mut moved = Vec::with_capacity(bytes.len() + 1);
    let mut at = 0;
    while at < bytes.len() {
        let length = sequence(&bytes[at..]);
        for byte in &bytes[at..at + length.max(1)] {
            moved.push(plain.len());
            if length == 0 {
                plain.push(*byte);
            }
        }
        at += length.max(1);
    }
    moved.push(plain.len());
    for place in places {
        *place = moved.get(*place).copied().unwrap_or(plain.len());
    }
    plain
}

/// How long the sequence is that the bytes begin with; 0 where they begin with none.
fn sequence(bytes: &[u8]) -> usize {
    let Some(rest) = bytes.strip_prefix(b"\x1b[") else { return 0 };
    let parameters = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b';' | b':')).count();
    match rest.get(parameters) {
        Some(b'm' | b'K') => 2 + parameters + 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_and_all_else_stays() {
        let printed =
            b"2: \x1b[36meth0    \x1b[0m inet \x1b[1;35m10.0.0.1\x1b[m/24\x1b[K\x1b[2J\x1b[".to_vec();
        let place =
            |text: &str| printed.windows(text.len()).position(|part| part == text.as_bytes()).unwrap();
        let mut places = [0, place("inet"), place("/24"), printed.len()];
        let plain = without(printed.clone(), places.iter_mut());
        assert_eq!(plain, b"2: eth0     inet 10.0.0.1/24\x1b[2J\x1b[");
        assert_eq!(&plain[places[1]..places[1] + 4], b"inet");
        assert_eq!(&plain[places[2]..places[2] + 3], b"/24");
        assert_eq!((places[0], places[3]), (0, plain.len()));
    }

    #[test]
    fn what_has_no_escape_is_left_as_it_is() {
        let mut place = 2;
        assert_eq!(without(b"plain".to_vec(), std::iter::once(&mut place)), b"plain");
        assert_eq!(place, 2);
    }
}
