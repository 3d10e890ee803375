//! Which real server an answer came from.

use std::collections::BTreeMap;

use crate::plan::PlannedHost;
use crate::resource::{Facts, REAL_SERVER_PAGE, Resource};

/// The real servers' identifying pages.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// Host names by page, without the white space around it.
    by_text: BTreeMap<String, Vec<String>>,
    names: Vec<String>,
    /// Whether the real servers have them at a path of their own.
    apart: bool,
}

impl Pages {
    #[cfg(test)]
    pub(super) fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Pages {
        Pages { names: names.into_iter().map(str::to_owned).collect(), ..Pages::default() }
    }

    /// The pages that the playbook declares for the real servers: every `index.html`, and what goes beside it where that is
    /// somebody else's. `remembered` are the facts of hosts that take no part.
    pub fn declared(
        hosts: &[PlannedHost],
        real_servers: impl IntoIterator<Item = String>,
        remembered: impl Fn(&str) -> Option<Facts>,
    ) -> Pages {
        let mut pages = Pages { names: real_servers.into_iter().collect(), ..Pages::default() };
        let beside = format!("/{REAL_SERVER_PAGE}");
        for host in hosts.iter().filter(|host| pages.names.contains(&host.name)) {
            let Ok(survey) = &host.survey else { continue };
            for declaration in &survey.declared {
                if let Resource::File(file) = &declaration.resource
                    && (file.dest.ends_with("/index.html") || file.dest.ends_with(&beside))
                    && let Some(content) = &file.content
                {
                    pages.apart |= file.dest.ends_with(&beside);
                    let of_text = pages.by_text.entry(content.trim().to_owned()).or_default();
                    if of_text.last() != Some(&host.name) {
                        of_text.push(host.name.clone());
                    }
                }
            }
        }
        // Of a host that was not read, or whose page is no part of this run, what it has tells where it is known.
        let is_declared = |name: &String| pages.by_text.values().flatten().any(|of_text| of_text == name);
        if !pages.names.iter().all(is_declared) {
            pages.apart |= pages.names.iter().all(|name| {
                let read = hosts.iter().find(|host| host.name == *name);
                match read.and_then(|host| host.survey.as_ref().ok()) {
                    Some(survey) => survey.facts.has_own_page,
                    None => remembered(name).is_some_and(|facts| facts.has_own_page),
                }
            });
        }
        pages
    }

    /// The path at which they are asked for.
    pub fn path(&self) -> String {
        if self.apart { format!("/{REAL_SERVER_PAGE}") } else { "/".to_owned() }
    }

    /// The real server whose page this is: the one that it was declared for, else the only one whose name it holds.
    pub fn real_server(&self, body: &str) -> Option<&str> {
        if let Some([name]) = self.by_text.get(body.trim()).map(Vec::as_slice) {
            return Some(name);
        }
        let word = |name: &str| {
            let mut parts = body.split(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)));
            parts.any(|part| part.trim_matches('.') == name)
        };
        let mut named = self.names.iter().filter(|name| word(name));
        match (named.next(), named.next()) {
            (Some(name), None) => Some(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;
    use crate::inventory;
    use crate::plan::{Absence, Plan, Survey, Surveyed};
    use crate::playbook::Declaration;
    use crate::resource::File;

    #[test]
    fn a_page_tells_its_real_server_by_its_text_or_the_only_name_in_it() {
        let pages = Pages {
            by_text: [("I am the first".to_owned(), vec!["web1".to_owned()])].into(),
            names: vec!["web1".into(), "web10".into(), "web2".into()],
            apart: false,
        };
        assert_eq!(pages.real_server("I am the first\n"), Some("web1"));
        assert_eq!(pages.real_server("<h1>web10</h1>"), Some("web10"));
        assert_eq!(pages.real_server("web1 or web2?"), None);
        assert_eq!(pages.real_server("It works!"), None);
    }

    /// A real server of the tutorial: the files that are declared for it, and whether it has a page of its own; `None`
    /// where it is down.
    type Host = Option<(&'static [&'static str], bool)>;

    const INDEX: &str = "/var/www/html/index.html";
    const BESIDE: &str = "/var/www/html/lvsprov-real-server";
    const OURS: &[&str] = &[INDEX];
    const OTHER: &[&str] = &[BESIDE];
    const BOTH: &[&str] = &[INDEX, BESIDE];
    const NO_PART: &[&str] = &[];

    /// The path at which the two are asked, and whose page one is that says what the templates say for the second.
    fn asked(hosts: [Host; 2], remembered: bool) -> (String, Option<String>) {
        let text = include_str!("../../inventories/tutorial.yaml");
        let inventory = inventory::read(Source::new("tutorial.yaml", text)).unwrap();
        let names = ["lvs_real_server01", "lvs_real_server02"];
        let facts = |has_own_page| Facts { has_own_page, ..Facts::example() };
        let surveyed = names.iter().zip(hosts).enumerate().map(|(number, (name, host))| {
            let survey = |(files, has_own_page): (&[&str], bool)| {
                let declared = files.iter().map(|path| Declaration {
                    stage: 0,
                    task: None,
                    span: Default::default(),
                    resource: File::new(*path, format!("number {number}\n")).into(),
                });
                Survey {
                    facts: facts(has_own_page),
                    declared: declared.collect(),
                    observed: Vec::new(),
                    plan: Default::default(),
                }
            };
            let result = host.map(survey).ok_or(Absence::Unreachable);
            Surveyed { host: inventory.index_of(name).unwrap(), result }
        });
        let plan = Plan::new(&inventory, &[], surveyed.collect(), true);
        let names = names.into_iter().map(str::to_owned);
        let pages = Pages::declared(&plan.hosts, names, |_| Some(facts(remembered)));
        (pages.path(), pages.real_server("number 1").map(str::to_owned))
    }

    #[test]
    fn the_real_servers_are_asked_where_all_of_them_are_known() {
        let second = Some("lvs_real_server02".to_owned());
        assert_eq!(asked([Some((OURS, false)), Some((OURS, false))], false), ("/".into(), second.clone()));
        // Somebody else's page is on the first, so that both have another one.
        let both = [Some((OTHER, true)), Some((BOTH, true))];
        assert_eq!(asked(both, false), ("/lvsprov-real-server".into(), second));
        // The first is down, and the second has the other page from before.
        let down = [None, Some((OURS, true))];
        assert_eq!(asked(down, true).0, "/lvsprov-real-server");
        assert_eq!(asked(down, false).0, "/");
        // `pages: replace` has come since.
        assert_eq!(asked([Some((OURS, true)); 2], true).0, "/");
    }

    #[test]
    fn where_the_page_is_no_part_of_the_run_what_the_hosts_have_counts() {
        assert_eq!(asked([Some((NO_PART, true)); 2], false).0, "/lvsprov-real-server");
        assert_eq!(asked([Some((NO_PART, true)), Some((NO_PART, false))], true).0, "/");
        assert_eq!(asked([None, None], true).0, "/lvsprov-real-server");
    }
}
