//! What changes alike on several hosts, told once with their names.

use std::collections::HashMap;

use super::block::{WIDTH, wrap};
use super::own_address::{self, without_addresses};

/// In how many lines the same change may differ from host to host and still be told once.
const FEW: usize = 4;

/// How far in the changes of a host stand in a plan.
const INDENT: usize = 4;

/// Changes that are told together, and whose they are.
pub(super) struct Told {
    /// The hosts, by their places.
    pub(super) hosts: Vec<usize>,
    /// The changes, one below the other.
    pub(super) text: String,
}

/// Tells each change once. `changes` are the texts of each host's, by its place and in the order of the playbook; `names`
/// are the hosts' names. What several hosts have is in that order too.
pub(super) fn alike(names: &[&str], changes: &[(usize, Vec<String>)]) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    let mut index: HashMap<Vec<usize>, usize> = HashMap::new();
    let mut tell = |hosts: Vec<usize>, text: &str| match index.get(&hosts) {
        Some(place) => told[*place].text += text,
        None => {
            index.insert(hosts.clone(), told.len());
            told.push(Told { hosts, text: text.to_owned() });
        }
    };
    for family in families(changes) {
        match by_address(names, &family).or_else(|| by_line(names, &family)) {
            Some(text) => {
                let mut hosts: Vec<usize> = family.iter().flat_map(|one| &one.hosts).copied().collect();
                hosts.sort_unstable();
                tell(hosts, &text);
            }
            None => family.into_iter().for_each(|one| tell(one.hosts, one.text)),
        }
    }
    told
}

/// A change as it is shown, and the hosts that have it.
struct Shown<'a> {
    text: &'a str,
    hosts: Vec<usize>,
}

/// The changes of one thing that have the same shape: as many lines, and the first one the same but for addresses. They
/// are in a row: each knows its neighbours.
#[derive(Default)]
struct Family<'a> {
    shown: Vec<Shown<'a>>,
    by_text: HashMap<&'a str, usize>,
    before: usize,
    after: usize,
}

impl<'a> Family<'a> {
    fn add(&mut self, text: &'a str, host: usize) {
        let place = *self.by_text.entry(text).or_insert(self.shown.len());
        match self.shown.get_mut(place) {
            Some(shown) => shown.hosts.push(host),
            None => self.shown.push(Shown { text, hosts: vec![host] }),
        }
    }
}

/// The families, in an order that keeps each host's where that can be.
fn families(changes: &[(usize, Vec<String>)]) -> Vec<Vec<Shown<'_>>> {
    // The first is none: it is both ends of the row.
    let mut families: Vec<Family<'_>> = vec![Family::default()];
    let mut index: HashMap<(String, usize, usize), usize> = HashMap::new();
    for (host, texts) in changes {
        let mut times: HashMap<(String, usize), usize> = HashMap::new();
        let mut shape = |text: &String| {
            let shape = (without_addresses(text.lines().next().unwrap_or_default()), text.lines().count());
            // A host may have the same twice.
            let time = times.entry(shape.clone()).and_modify(|time| *time += 1).or_insert(0);
            (shape.0, shape.1, *time)
        };
        let shapes: Vec<_> = texts.iter().map(&mut shape).collect();
        // What is new comes before what this host has next of what is known already, else at the end.
        let mut after = 0;
        for (text, shape) in texts.iter().zip(shapes).rev() {
            let place = *index.entry(shape).or_insert_with(|| {
                let (place, before) = (families.len(), families[after].before);
                families.push(Family { before, after, ..Family::default() });
                families[before].after = place;
                families[after].before = place;
                place
            });
            families[place].add(text, *host);
            after = place;
        }
    }
    let mut order = Vec::new();
    let mut place = families[0].after;
    while place != 0 {
        order.push(std::mem::take(&mut families[place].shown));
        place = families[place].after;
    }
    order
}

/// One text for all that is the same but for each host's own address.
fn by_address(names: &[&str], family: &[Shown<'_>]) -> Option<String> {
    let mut texts: Vec<(&str, &str)> = Vec::new();
    for shown in family {
        let [host] = shown.hosts[..] else { return None };
        texts.push((names[host], shown.text));
    }
    own_address::merged(&texts, WIDTH - INDENT)
}

/// One text for all: the lines that they have in common, and between those, for each host, its own. `None` where the first
/// line differs, or too many do for that to be read.
fn by_line(names: &[&str], family: &[Shown<'_>]) -> Option<String> {
    let texts: Vec<Vec<&str>> = family.iter().map(|shown| shown.text.lines().collect()).collect();
    let first = texts.first()?;
    let differs: Vec<bool> =
        (0..first.len()).map(|line| texts.iter().any(|text| text[line] != first[line])).collect();
    if differs.first() == Some(&true) || differs.iter().filter(|differs| **differs).count() > FEW {
        return None;
    }
    let mut merged = String::new();
    let mut line = 0;
    while line < first.len() {
        let begin = line;
        while line < first.len() && differs[line] == differs[begin] {
            line += 1;
        }
        if !differs[begin] {
            merged.extend(first[begin..line].iter().flat_map(|line| [*line, "\n"]));
            continue;
        }
        let mut own: Vec<(&[&str], Vec<usize>)> = Vec::new();
        let mut index: HashMap<&[&str], usize> = HashMap::new();
        for (text, shown) in texts.iter().zip(family) {
            let lines = &text[begin..line];
            let place = *index.entry(lines).or_insert(own.len());
            if place == own.len() {
                own.push((lines, Vec::new()));
            }
            own[place].1.extend(&shown.hosts);
        }
        merged.extend(own.iter().map(|(lines, hosts)| of_hosts(names, hosts, lines)));
    }
    Some(merged)
}

/// Lines that only these hosts have, behind their names.
fn of_hosts(names: &[&str], hosts: &[usize], lines: &[&str]) -> String {
    let first = lines.first().copied().unwrap_or_default();
    let indent = first.len() - first.trim_start_matches(' ').len();
    let names: Vec<&str> = hosts.iter().map(|host| names[*host]).collect();
    let margin = " ".repeat(indent);
    let names = wrap(&names, ", ", indent, indent + 2, WIDTH - INDENT);
    match lines {
        [line] => format!("{margin}{names}: {}\n", line.trim_start_matches(' ')),
        lines => {
            let lines = lines.iter().map(|line| format!("  {line}\n"));
            format!("{margin}{names}:\n{}", lines.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["web1", "web2", "web3"];

    fn told(changes: &[(usize, &[&str])]) -> Vec<(Vec<usize>, String)> {
        let changes: Vec<(usize, Vec<String>)> = changes
            .iter()
            .map(|(host, texts)| (*host, texts.iter().map(|text| format!("{text}\n")).collect()))
            .collect();
        alike(&NAMES, &changes).into_iter().map(|told| (told.hosts, told.text)).collect()
    }

    #[test]
    fn what_all_have_is_told_once_and_what_one_has_apart() {
        let all = ["+ a\n    x", "+ b\n    y"];
        let found = told(&[(0, &all), (1, &["+ a\n    x", "~ c", "+ b\n    y"]), (2, &all)]);
        let both = "+ a\n    x\n+ b\n    y\n".to_owned();
        assert_eq!(found, [(vec![0, 1, 2], both), (vec![1], "~ c\n".to_owned())]);
    }

    #[test]
    fn each_hosts_order_is_kept() {
        let changes = [(0, ["b", "d"].as_slice()), (1, &["a", "d"]), (2, &["b", "c", "d", "e"])];
        let changes =
            changes.map(|(host, texts)| (host, texts.iter().map(|text| (*text).to_owned()).collect()));
        let order: String = families(&changes).iter().map(|family| family[0].text).collect();
        assert_eq!(order, "bacde");
        let rows = [(0, vec!["x".to_owned()]), (1, vec!["y".to_owned()])];
        assert_eq!(families(&rows).iter().map(|family| family[0].text).collect::<String>(), "xy");
    }

    #[test]
    fn a_line_that_differs_stands_behind_its_host() {
        let page = |name: &str| format!("+ page\n    + content:\n      +{name}\n    + mode");
        let pages = ["web1", "web2", "web1"].map(page);
        let found = told(&[(0, &[&pages[0]]), (1, &[&pages[1]]), (2, &[&pages[2]])]);
        let text = "+ page\n    + content:\n      web1, web3: +web1\n      web2: +web2\n    + mode\n";
        assert_eq!(found, [(vec![0, 1, 2], text.to_owned())]);
    }

    #[test]
    fn lines_that_differ_together_stay_together() {
        let gateway = |n: u8| format!("~ gw\n    boot {n}\n    now {n}\n    end");
        let found = told(&[(0, &[&gateway(1)]), (1, &[&gateway(2)])]);
        let text =
            "~ gw\n    web1:\n      boot 1\n      now 1\n    web2:\n      boot 2\n      now 2\n    end\n";
        assert_eq!(found, [(vec![0, 1], text.to_owned())]);
    }

    #[test]
    fn what_names_its_host_s_address_is_told_once_with_all_of_them() {
        let opening = |n: u8| format!("+ opening 10.0.0.{n}:80\n    + running: 10.0.0.{n}:80");
        let found = told(&[(0, &[&opening(1)]), (1, &[&opening(2)]), (2, &["~ c"])]);
        let text =
            "+ opening ADDRESS:80\n    + running: ADDRESS:80\n    ADDRESS: web1 10.0.0.1, web2 10.0.0.2\n";
        let text = text.replace("ADDRESS: web1", "\u{1b}[36mADDRESS:\u{1b}[0m web1");
        assert_eq!(found, [(vec![0, 1], text), (vec![2], "~ c\n".to_owned())]);
    }

    #[test]
    fn what_differs_in_much_is_told_apart() {
        let text = |name: &str| format!("+ page{}", format!("\n    {name}").repeat(FEW + 1));
        let texts = ["web1", "web2", "web1"].map(text);
        let found = told(&[(0, &[&texts[0]]), (1, &[&texts[1]]), (2, &[&texts[2]])]);
        assert_eq!(found, [(vec![0, 2], format!("{}\n", texts[0])), (vec![1], format!("{}\n", texts[1]))]);
    }

    #[test]
    fn another_sign_is_another_change() {
        let found = told(&[(0, &["+ a\n    x"]), (1, &["~ a\n    x"])]);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn the_same_twice_on_a_host_is_told_twice() {
        let found = told(&[(0, &["? command a", "? command a"]), (1, &["? command a", "? command a"])]);
        assert_eq!(found, [(vec![0, 1], "? command a\n? command a\n".to_owned())]);
    }
}
