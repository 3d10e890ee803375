//! A whole text of rules: what `ipvsadm -Sn` prints, or a rules file.

use std::fmt;
use std::str::FromStr;

use super::Table;
use super::rule::{Rule, has_name, rule};

/// A text of rules, read as far as it can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What the readable rules make.
    pub table: Table,
    /// The lines that are comments, in order.
    pub comments: Vec<String>,
    /// The lines that do not read. ipvsadm stops at the first of them, so that the table is never whole.
    pub rejected: Vec<Rejected>,
    /// The lines whose meaning is plain, and counted in `table`, but that ipvsadm would not read back.
    pub misspelt: Vec<Rejected>,
}

/// A line that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}: `{text}`")]
pub struct Rejected {
    /// Its number, from 1.
    pub line: usize,
    /// The line without the white space around it.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Rejected {
    /// Whether it has a name where a number should be: what it means is known only where it was saved.
    pub fn has_name(&self) -> bool {
        has_name(&self.text)
    }
}

impl Rules {
    /// Reads a text of rules.
    pub fn read(text: &str) -> Self {
        let mut rules = Rules::default();
        for (index, whole) in text.split_terminator('\n').enumerate() {
            let line = whole.trim_end_matches('\r');
            // Only a `#` in the first column makes a comment: the units filter those out, and ipvsadm knows none.
            if line.starts_with('#') {
                rules.comments.push(line.trim_end().to_owned());
                continue;
            }
            let carriage_return = line.len() < whole.len();
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let remark =
                |reason: &str| Rejected { line: index + 1, text: line.into(), reason: reason.into() };
            match rule(line).and_then(|(rule, misspelt)| rules.add(rule).map(|()| misspelt)) {
                Ok(None) if carriage_return => {
                    rules.misspelt.push(remark("it ends in a carriage return"));
                }
                Ok(None) => {}
                Ok(Some(reason)) => rules.misspelt.push(remark(reason)),
                Err(reason) => rules.rejected.push(remark(&reason)),
            }
        }
        rules
    }

    fn add(&mut self, rule: Rule) -> Result<(), String> {
        let services = &mut self.table.services;
        match rule {
            Rule::Service(service) if services.contains_key(&service.key) => {
                Err(format!("{} is there already", service.key))
            }
            Rule::Service(service) => {
                services.insert(service.key, service);
                Ok(())
            }
            Rule::Server(key, address, server) => {
                let service = services.get_mut(&key).ok_or_else(|| format!("there is no {key} above it"))?;
                match service.real_servers.insert(address, server) {
                    None => Ok(()),
                    Some(earlier) => {
                        service.real_servers.insert(address, earlier);
                        Err(format!("{address} is there already"))
                    }
                }
            }
        }
    }
}

/// The comments and the table; what does not read is left out.
impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.comments.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        self.table.fmt(f)
    }
}

impl FromStr for Table {
    type Err = Rejected;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rules = Rules::read(text);
        rules.rejected.into_iter().next().map_or(Ok(rules.table), Err)
    }
}

impl TryFrom<String> for Table {
    type Error = Rejected;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Table> for String {
    fn from(table: Table) -> String {
        table.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ipvs::arbitrary;

    /// What ipvsadm 1.31 printed over a 6.1 kernel.
    const SAVED: &str = include_str!("../../tests/cases/virtual_services/saved.txt");

    #[test]
    fn what_ipvsadm_saved_is_printed_again_as_it_was() {
        let table: Table = SAVED.parse().unwrap();
        // 1.31 says what a tunnel is even where it can only be one thing.
        let expected = SAVED.replace(" --tun-type ipip", "");
        let mut expected: Vec<_> = expected.lines().collect();
        let printed = table.to_string();
        let mut printed: Vec<_> = printed.lines().collect();
        expected.sort_unstable();
        printed.sort_unstable();
        assert_eq!(printed, expected);
    }

    #[test]
    fn comments_and_blank_lines_are_no_rules() {
        let rules = Rules::read("# emtpy rules file for ipvsadm\n\n   \n#-A -t 1.2.3.4:80\n");
        assert_eq!(rules.table, Table::default());
        assert_eq!(rules.comments, ["# emtpy rules file for ipvsadm", "#-A -t 1.2.3.4:80"]);
        assert!(rules.rejected.is_empty() && rules.misspelt.is_empty());
    }

    #[test]
    fn the_tutorials_own_save_without_n_is_named_by_line() {
        let text = "-A -t localhost:http -s rr\n-a -t localhost:http -r localhost:http -m -w 1\n";
        assert_eq!(
            text.parse::<Table>().unwrap_err().to_string(),
            "line 1: `localhost:http` is not numeric: `-A -t localhost:http -s rr`"
        );
        assert_eq!(Rules::read(text).rejected.len(), 2);
        assert!(Rules::read(text).rejected.iter().all(Rejected::has_name));
    }

    #[test]
    fn what_is_rejected_for_something_else_has_no_name() {
        let rules =
            Rules::read("-A -t 1.2.3.4:80 -s rrr\n # indented\n-A -f web\n-a -t [::1]:80 -r 10.0.0.1 -m\n");
        assert_eq!(rules.rejected.len(), 4);
        assert!(!rules.rejected.iter().any(Rejected::has_name));
    }

    #[test]
    fn a_line_that_does_not_fit_the_ones_above_is_rejected() {
        let rules = Rules::read(
            "-a -t 1.2.3.4:80 -r 10.0.0.1:80 -m\n-A -t 1.2.3.4:80 -s rr\n-A -t 1.2.3.4:80 -s wrr\n\
             -a -t 1.2.3.4:80 -r 10.0.0.1:80 -m\n-a -t 1.2.3.4:80 -r 10.0.0.1:80 -m -w 9\n # indented\n",
        );
        assert_eq!(
            rules.table.to_string(),
            "-A -t 1.2.3.4:80 -s rr\n-a -t 1.2.3.4:80 -r 10.0.0.1:80 -m -w 1\n"
        );
        let reasons: Vec<_> = rules.rejected.iter().map(|line| (line.line, line.reason.as_str())).collect();
        assert_eq!(
            reasons,
            [
                (1, "there is no tcp 1.2.3.4:80 above it"),
                (3, "tcp 1.2.3.4:80 is there already"),
                (5, "10.0.0.1:80 is there already"),
                (6, "`#` is no option"),
            ]
        );
    }

    #[test]
    fn a_carriage_return_at_a_lines_end_is_remarked_on() {
        let rules = Rules::read("# by hand\r\n-A -t 1.2.3.4:80 -s rr\r\n\r\n");
        assert_eq!(rules.table.to_string(), "-A -t 1.2.3.4:80 -s rr\n");
        assert_eq!(rules.comments, ["# by hand"]);
        let misspelt: Vec<_> = rules.misspelt.iter().map(|line| (line.line, line.reason.as_str())).collect();
        assert_eq!(misspelt, [(2, "it ends in a carriage return")]);
    }

    #[test]
    fn what_1_26_saved_without_dashes_is_understood_and_remarked_on() {
        let rules = Rules::read("-A -u 1.2.3.4:5060 -s rr -p 60 pe sip ops\n");
        assert_eq!(rules.table.to_string(), "-A -u 1.2.3.4:5060 -s rr -p 60 --pe sip -o\n");
        assert_eq!(rules.misspelt[0].line, 1);
        assert!(rules.rejected.is_empty());
    }

    proptest! {
        #[test]
        fn every_table_reads_as_it_is_printed(table in arbitrary::table()) {
            let rules = Rules::read(&table.to_string());
            prop_assert_eq!(rules, Rules { table, ..Rules::default() });
        }

        #[test]
        fn no_text_breaks_the_reader(text in "([-# ]|(-[AaEtufsprmgiwxyMbo6] ?)|[0-9.:\\[\\]]|[a-z]|\n|\\PC){0,80}") {
            Rules::read(&text);
        }
    }
}
