//! Which real server an answer came from.

use std::collections::BTreeMap;

use crate::plan::PlannedHost;
use crate::resource::Resource;

/// The real servers' identifying pages.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// Host names by page, without the white space around it.
    by_text: BTreeMap<String, Vec<String>>,
    names: Vec<String>,
}

impl Pages {
    #[cfg(test)]
    pub(super) fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Pages {
        Pages { names: names.into_iter().map(str::to_owned).collect(), ..Pages::default() }
    }

    /// The pages that the playbook declares for the real servers: every `index.html`.
    pub fn declared(hosts: &[PlannedHost], real_servers: impl IntoIterator<Item = String>) -> Pages {
        let mut pages = Pages { names: real_servers.into_iter().collect(), ..Pages::default() };
        for host in hosts.iter().filter(|host| pages.names.contains(&host.name)) {
            let Ok(survey) = &host.survey else { continue };
            for declaration in &survey.declared {
                if let Resource::File(file) = &declaration.resource
                    && file.dest.ends_with("/index.html")
                    && let Some(content) = &file.content
                {
                    pages.by_text.entry(content.trim().to_owned()).or_default().push(host.name.clone());
                }
            }
        }
        pages
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
    use super::Pages;

    #[test]
    fn a_page_tells_its_real_server_by_its_text_or_the_only_name_in_it() {
        let pages = Pages {
            by_text: [("I am the first".to_owned(), vec!["web1".to_owned()])].into(),
            names: vec!["web1".into(), "web10".into(), "web2".into()],
        };
        assert_eq!(pages.real_server("I am the first\n"), Some("web1"));
        assert_eq!(pages.real_server("<h1>web10</h1>"), Some("web10"));
        assert_eq!(pages.real_server("web1 or web2?"), None);
        assert_eq!(pages.real_server("It works!"), None);
    }
}
