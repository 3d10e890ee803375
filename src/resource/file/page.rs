//! A page that gives way to one that somebody else wrote, and goes to another path instead.

use std::collections::BTreeMap;

use super::{File, Observed};
use crate::resource::quote;
use crate::resource::record::pattern;

/// The page that Apache itself brings, and some distributions in no package's file that could be compared.
const APACHES: &str = "<html><body><h1>It works!</h1></body></html>";

/// POSIX sh that tells whose page is at `PATH`, and what else is in its folder. A record says that it is ours; Debian's
/// package copies its page from a file that stays, and an rpm's has its digest in rpm's database. Only a page that is not
/// ours costs a process.
const WHOSE: &str = r#"p=PATH
d=${p%/*}
m=
for r in RECORD; do if [ -d "$r" ]; then m=1; printf 'ours %s\n' "$p"; fi; done
if [ -z "$m" ]; then
  if [ -f "$p" ]; then
    s=/usr/share/apache2/default-site/index.html
    if [ -f "$s" ]; then
      if cmp -s "$p" "$s"; then printf 'shipped %s\n' "$p"; fi
    elif command -v rpm >/dev/null 2>&1; then
      s=$(sha256sum <"$p")
      rpm -qf --dump "$p" 2>/dev/null | while read -r f x t h r; do
        if [ "$f" = "$p" ] && [ "$h" = "${s%% *}" ]; then printf 'shipped %s\n' "$p"; fi
      done
    fi
  fi
  for e in "$d"/* "$d"/.[!.]*; do
    case $e in "$p" | ELSEWHERE | */.lvsprov.*.new | */index.nginx-debian.html | */index.lighttpd.html) continue ;; esac
    if [ -e "$e" ] || [ -L "$e" ]; then printf 'in-company %s\n' "$p"; break; fi
  done
fi
"#;

impl File {
    /// The paths of which it has to be known what is there.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.dest.as_str()).chain(self.elsewhere.as_deref())
    }

    /// POSIX sh that tells whose page is there; `None` of a file that gives way to nothing.
    pub(super) fn whose(&self) -> Option<String> {
        let elsewhere = self.elsewhere.as_ref()?;
        let text = WHOSE.replace("RECORD", &pattern("file", &self.dest));
        Some(text.replace("PATH", &quote(&self.dest)).replace("ELSEWHERE", &quote(elsewhere)))
    }

    /// What there is of it among what is at all paths.
    pub(super) fn found(&self, paths: &BTreeMap<String, Observed>) -> Observed {
        let at = |path: &String| paths.get(path).cloned().unwrap_or_default();
        Observed { elsewhere: self.elsewhere.as_ref().map(at).map(Box::new), ..at(&self.dest) }
    }

    /// Why it gives way, in words: there is somebody else's page, or a site without one.
    pub(super) fn why_left(&self, observed: &Observed) -> Option<String> {
        let elsewhere = self.elsewhere.as_ref()?;
        let content = observed.node.as_ref().and_then(|node| node.content());
        let as_declared = self.content.as_ref().is_some_and(|own| content.is_some_and(|there| there.is(own)));
        if observed.ours || as_declared {
            return None;
        }
        let is_nothing = observed.node.is_none() && !observed.link;
        let is_apaches = content.is_some_and(|there| there.is(APACHES) || there.is(&format!("{APACHES}\n")));
        let (folder, _) = self.dest.rsplit_once('/')?;
        let what = if !(is_nothing || observed.shipped || is_apaches) {
            "somebody else's page is there".to_owned()
        } else if observed.in_company {
            format!("{folder} holds other files already")
        } else {
            return None;
        };
        Some(format!(
            "{what}: it is left as it is, and real servers are told apart by {elsewhere}; `pages: replace` in the inventory \
             writes it all the same"
        ))
    }

    /// The same page at its other path, and what is there.
    pub(super) fn page_elsewhere(&self, observed: &Observed) -> Option<(File, Observed)> {
        let dest = self.elsewhere.clone()?;
        let there = observed.elsewhere.as_deref().cloned().unwrap_or_default();
        Some((File { dest, elsewhere: None, notifies: Vec::new(), ..self.clone() }, there))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Context, Facts, Kind};

    const INDEX: &str = "/var/www/html/index.html";

    fn page() -> File {
        let elsewhere = Some("/var/www/html/lvsprov-real-server".to_owned());
        File { elsewhere, ..File::new(INDEX, "web1\n") }
    }

    /// What is done to the page itself where the probe says this of its folder, and this is in it.
    fn done(told: &str, text: Option<&str>) -> &'static str {
        let (mut stat, mut lines) = (String::new(), String::new());
        if let Some(text) = text {
            stat = format!("81a4 0 0 {} root root {INDEX}\nwhole\n", text.len());
            lines = text.split_inclusive('\n').map(|line| format!("{INDEX}:{line}")).collect();
        }
        let (file, facts) = (page(), Facts::example());
        let output = format!("{told}{stat}=\n{lines}=\n");
        let observed = File::parse(&[&file], &facts, output.as_bytes()).unwrap().remove(0);
        let context = Context { facts: &facts, changing: &Default::default() };
        match (file.yields(&observed), file.differ(&observed, context).unwrap()) {
            (Some(_), None) => "left",
            (None, Some(_)) => "written",
            (None, None) => "as declared",
            (Some(why), Some(_)) => panic!("{why}"),
        }
    }

    #[test]
    fn a_bare_host_gets_the_page_and_so_does_one_with_its_distribution_s_own() {
        assert_eq!(done("", None), "written");
        let shipped = format!("shipped {INDEX}\n");
        assert_eq!(done(&shipped, Some("<title>Apache2 Debian Default Page: It works</title>\n")), "written");
        assert_eq!(done("", Some("<html><body><h1>It works!</h1></body></html>\n")), "written");
    }

    #[test]
    fn ours_is_brought_up_to_date_and_what_is_as_declared_counts_as_ours() {
        let ours = format!("ours {INDEX}\n");
        assert_eq!(done(&ours, Some("old name\n")), "written");
        assert_eq!(done(&ours, None), "written");
        assert_eq!(done("", Some("web1\n")), "as declared");
        assert_eq!(done(&format!("in-company {INDEX}\n"), Some("web1\n")), "as declared");
    }

    #[test]
    fn somebody_else_s_stays() {
        assert_eq!(done("", Some("<h1>Shop</h1>\n")), "left");
        assert_eq!(done("", Some("<h1>It works! And here is our shop.</h1>\n")), "left");
        assert_eq!(done(&format!("link {INDEX}\n"), None), "left");
        // A site whose first page is an index.php: ours would go before it.
        let in_company = format!("in-company {INDEX}\n");
        assert_eq!(done(&in_company, None), "left");
        assert_eq!(done(&format!("shipped {INDEX}\n{in_company}"), Some("It works\n")), "left");
    }

    #[test]
    fn why_it_is_left_is_told_with_the_way_out() {
        let observed = Observed { link: true, ..Observed::default() };
        assert_eq!(
            page().yields(&observed).unwrap(),
            "somebody else's page is there: it is left as it is, and real servers are told apart by \
             /var/www/html/lvsprov-real-server; `pages: replace` in the inventory writes it all the same"
        );
        let observed = Observed { in_company: true, ..Observed::default() };
        assert!(page().yields(&observed).unwrap().starts_with("/var/www/html holds other files already: "));
    }
}
