//! What changes in a director's tables, service by service; what is alike is told once.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use anstyle::Style;

use super::aspect::{common, sign, values};
use super::block::{WIDTH, indent, wrap};
use super::style::{CHANGED, paint};
use crate::ipvs::{Entry, ServiceKey, named};
use crate::resource::Aspect;

/// How far in the lines stand in a plan.
const INDENT: usize = 8;

/// What a real server's values take beside its name: `: nat, weight 1`.
const VALUES: usize = 16;

/// An entry of a table, and what differs of it.
type Row<'a> = (&'a Entry, &'a Aspect);

/// The lines of those aspects that are about entries of a table.
pub(super) fn services(aspects: &[Aspect]) -> String {
    let [running, at_boot] = [false, true].map(|at_boot| rows(aspects, at_boot));
    let of_running: HashSet<_> = running.iter().map(difference).collect();
    let of_boot: HashSet<_> = at_boot.iter().map(difference).collect();
    let (both, running): (Vec<Row<'_>>, Vec<Row<'_>>) =
        running.into_iter().partition(|row| of_boot.contains(&difference(row)));
    let at_boot: Vec<Row<'_>> =
        at_boot.into_iter().filter(|row| !of_running.contains(&difference(row))).collect();
    if both.is_empty() {
        return lines(&running, "") + &lines(&at_boot, "at boot: ");
    }
    let signs: Vec<_> = Changing::all(&both).iter().map(Changing::sign).collect();
    let (sign, style) = common(&signs);
    let the_same = format!("{} at boot: the same\n", paint(style, sign));
    lines(&both, "") + &the_same + &lines(&running, "running: ") + &lines(&at_boot, "at boot: ")
}

/// How the services are marked, each in each table: what comes, goes or changes is the service, not what is in it.
pub(super) fn signs(aspects: &[Aspect]) -> Vec<(&'static str, Style)> {
    let of = |at_boot: bool| Changing::all(&rows(aspects, at_boot)).iter().map(Changing::sign).collect();
    let both: [Vec<_>; 2] = [of(false), of(true)];
    both.concat()
}

fn rows(aspects: &[Aspect], at_boot: bool) -> Vec<Row<'_>> {
    let entries = aspects.iter().filter_map(|aspect| Some((aspect.entry.as_ref()?, aspect)));
    entries
        .filter(|(entry, _)| entry.at_boot == at_boot)
        .map(|(entry, aspect)| (&entry.entry, aspect))
        .collect()
}

/// What differs, whichever table it is in.
fn difference<'a>(row: &Row<'a>) -> (&'a Entry, &'a Option<String>, &'a Option<String>) {
    let (entry, aspect) = *row;
    (entry, &aspect.old, &aspect.new)
}

/// The rows of one table or of both: those services together of which all is alike.
fn lines(rows: &[Row<'_>], prefix: &str) -> String {
    let mut groups: Vec<Vec<Changing<'_>>> = Vec::new();
    let mut index: HashMap<(String, String), usize> = HashMap::new();
    for changing in Changing::all(rows) {
        let whole = changing.whole.map(values).unwrap_or_default();
        let place = *index.entry((whole, changing.parts(true))).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(changing);
    }
    groups.iter().map(|group| told(group, prefix)).collect()
}

/// Services of which all is alike.
fn told(group: &[Changing<'_>], prefix: &str) -> String {
    let Some(first) = group.first() else { return String::new() };
    let (sign, style) = first.sign();
    let names: Vec<String> = group.iter().map(|changing| named(changing.name, changing.key)).collect();
    let names = wrap(&names, ", ", 2 + prefix.len(), 4, WIDTH - INDENT);
    let whole = first.whole.map(|aspect| format!(": {}", values(aspect))).unwrap_or_default();
    format!("{} {prefix}{names}{whole}\n", paint(style, sign))
        + &indent(&first.parts(group.len() > 1), "    ")
}

/// What changes of one service.
struct Changing<'a> {
    key: ServiceKey,
    name: Option<&'a str>,
    /// That it comes or goes.
    whole: Option<&'a Aspect>,
    /// Its settings, and its real servers.
    parts: Vec<Row<'a>>,
}

impl<'a> Changing<'a> {
    /// By service: a table's rows come service by service.
    fn all(rows: &[Row<'a>]) -> Vec<Changing<'a>> {
        let mut all: Vec<Changing<'a>> = Vec::new();
        for &(entry, aspect) in rows {
            if all.last().is_none_or(|last| last.key != entry.service) {
                let (key, name) = (entry.service, entry.service_name.as_deref());
                all.push(Changing { key, name, whole: None, parts: Vec::new() });
            }
            let Some(last) = all.last_mut() else { continue };
            match (entry.real_server, entry.setting) {
                (None, None) => last.whole = Some(aspect),
                _ => last.parts.push((entry, aspect)),
            }
        }
        all
    }

    /// A service that loses a real server changes, and stays.
    fn sign(&self) -> (&'static str, Style) {
        self.whole.map_or(("~", CHANGED), sign)
    }

    /// Its settings and real servers, a line for those that are alike. Where several services are told `together`, a port
    /// that is the service's own is not shown.
    fn parts(&self, together: bool) -> String {
        let mut alike: Vec<(Row<'a>, bool, Vec<String>)> = Vec::new();
        let mut index = HashMap::new();
        for &(entry, aspect) in &self.parts {
            let own =
                together && entry.real_server.is_some_and(|address| self.port() == Some(address.port()));
            let key = (entry.real_server.is_some(), own, entry.setting, &aspect.old, &aspect.new);
            let place = *index.entry(key).or_insert(alike.len());
            if place == alike.len() {
                alike.push(((entry, aspect), own, Vec::new()));
            }
            alike[place].2.extend(entry.real_server.map(|address| server(entry, address, own)));
        }
        alike.into_iter().map(|(row, own, servers)| part(row, own, &servers)).collect()
    }

    fn port(&self) -> Option<u16> {
        match self.key {
            ServiceKey::Address(_, address) => Some(address.port()),
            ServiceKey::FirewallMark(..) => None,
        }
    }
}

/// A real server, without its port where that is the `own` one of whichever service it is behind.
fn server(entry: &Entry, address: SocketAddr, own: bool) -> String {
    let host = entry.host.as_deref();
    if own { named(host, address.ip()) } else { named(host, address) }
}

/// A setting of the service, or real servers of which the same differs.
fn part((entry, aspect): Row<'_>, own: bool, servers: &[String]) -> String {
    let (sign, style) = sign(aspect);
    let mut what = entry.setting.unwrap_or_default().to_owned();
    what += match (entry.setting, servers.len()) {
        (_, 0) => "",
        (Some(_), _) => " of ",
        (None, 1) => "real server ",
        (None, _) => "real servers ",
    };
    what += &wrap(servers, ", ", 2 + what.len(), 4, WIDTH - INDENT - 4 - VALUES);
    let port = if own && entry.setting.is_none() { ", on the service's port" } else { "" };
    format!("{} {what}{port}: {}\n", paint(style, sign), values(aspect))
}
