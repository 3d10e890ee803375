//! How many of a play's hosts are begun with at a time.

use std::str::FromStr;

/// A play's `serial`. Without an entry, all hosts are one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batches(pub Vec<BatchSize>);

/// One entry of `serial`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchSize {
    /// So many hosts, at least one.
    Hosts(usize),
    /// So many percent of the play's hosts, 1 to 100.
    Percent(usize),
}

impl Batches {
    /// The sizes of the batches of so many hosts, each at least 1, `hosts` together. The last entry repeats.
    pub fn batches(&self, hosts: usize) -> Vec<usize> {
        let mut left = hosts;
        let mut sizes = Vec::new();
        while left > 0 {
            let size = match self.0.get(sizes.len()).or(self.0.last()) {
                Some(BatchSize::Hosts(count)) => *count,
                // Rounded up, so that 50% is two batches of an odd number as well.
                Some(BatchSize::Percent(percent)) => hosts.saturating_mul(*percent).div_ceil(100),
                None => left,
            };
            let size = size.clamp(1, left);
            sizes.push(size);
            left -= size;
        }
        sizes
    }
}

/// `3` or `50%`. The error is what is wrong and what to write instead.
impl FromStr for BatchSize {
    type Err = (String, &'static str);

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "write a number of hosts from 1, or a percentage of them like \"50%\"";
        let text = text.trim();
        let (number, percent) = match text.strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (text, false),
        };
        match (number.parse::<i64>(), percent) {
            (Err(_), _) => Err((format!("`{text}` is no number of hosts"), SHAPE)),
            (Ok(..=0), _) => Err((format!("a batch of `{text}` hosts would never come to an end"), SHAPE)),
            (Ok(101..), true) => Err((format!("`{text}` is more than all hosts"), "write at most \"100%\"")),
            (Ok(number), _) => {
                let number = usize::try_from(number).unwrap_or(usize::MAX);
                Ok(if percent { BatchSize::Percent(number) } else { BatchSize::Hosts(number) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sizes(entries: &[&str], hosts: usize) -> Vec<usize> {
        Batches(entries.iter().map(|entry| entry.parse().unwrap()).collect()).batches(hosts)
    }

    #[test]
    fn the_last_entry_repeats_and_all_hosts_are_covered() {
        assert_eq!(sizes(&[], 5), [5], "all at once");
        assert_eq!(sizes(&["2"], 5), [2, 2, 1]);
        assert_eq!(sizes(&["1", "3"], 8), [1, 3, 3, 1]);
        assert_eq!(sizes(&["1", "5", "10"], 4), [1, 3]);
        assert_eq!(sizes(&["9"], 0), [0; 0]);
    }

    #[test]
    fn a_percentage_is_of_all_hosts_and_at_least_one_of_them() {
        assert_eq!(sizes(&["50%"], 5), [3, 2]);
        assert_eq!(sizes(&["10%"], 3), [1, 1, 1]);
        assert_eq!(sizes(&["1", "30%", "100%"], 10), [1, 3, 6]);
    }

    proptest! {
        #[test]
        fn no_batch_is_empty_and_none_is_left_out(
            entries in proptest::collection::vec(
                prop_oneof![
                    (1..200usize).prop_map(BatchSize::Hosts),
                    (1..=100usize).prop_map(BatchSize::Percent),
                ],
                0..4,
            ),
            hosts in 0..500usize,
        ) {
            let sizes = Batches(entries).batches(hosts);
            prop_assert_eq!(sizes.iter().sum::<usize>(), hosts);
            prop_assert!(sizes.iter().all(|size| *size > 0));
        }
    }
}
