//! Files and directories: content, mode, owner. `template` becomes a file when it is rendered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::args::text_or_integer_schema;
use super::service::{Effect, mark_stale};
use super::shell::{Attributes, label, replace};
use super::word::words;
use super::{Aspect, Change, Context, Facts, Kind, Mode, Refusal, Script, Unreadable, quote};

mod args;
mod aspects;
mod observed;
mod page;
mod reverse;

use args::{check_owner, content, is_at_hand, owner, true_or_false};
pub use observed::{Content, Node, Observed};
pub use reverse::Prior;

/// A file or a directory, or that there is none.
///
/// A file is replaced as a whole, so that it is never half written. What is left out of mode and owners is kept.
/// The module refuses where something of another type is in the way.
///
/// ```yaml
/// - file: { dest: /srv/www, state: directory, mode: "0755" }
/// - file: { dest: /etc/app.token, content: "{{ inventory_hostname }}\n", mode: "0600", secret: true }
/// - file: { dest: /etc/old.conf, state: absent }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The absolute path. A symbolic link is followed: the file that it points to changes, the link stays.
    pub dest: String,
    /// The whole content. Without it the content is left as it is, and a missing file is created empty.
    #[serde(default, deserialize_with = "content")]
    #[schemars(schema_with = "text_or_integer_schema")]
    pub content: Option<String>,
    /// What is to be there.
    #[serde(default)]
    pub state: FileState,
    /// The mode in octal, in quotes: `"0644"`. Without it a file keeps the mode it has; a new one gets `"0644"`, a
    /// new directory `"0755"`.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// The owner, by name or number. Without it a file keeps the one it has; a new one is root's.
    #[serde(default, deserialize_with = "owner")]
    #[schemars(schema_with = "text_or_integer_schema")]
    pub owner: Option<String>,
    /// The group, by name or number. Without it a file keeps the one it has; a new one is root's.
    #[serde(default, deserialize_with = "owner")]
    #[schemars(schema_with = "text_or_integer_schema")]
    pub group: Option<String>,
    /// Whether the content is never to be shown: a plan says that it differs, not how.
    #[serde(default, deserialize_with = "true_or_false")]
    pub secret: bool,
    /// The units that depend on this file, with what each needs when it changes. Who lowers the playbook knows.
    #[serde(skip)]
    pub notifies: Vec<(String, Effect)>,
    /// Of a page: where it goes instead as soon as there is somebody else's in its place on any host.
    #[serde(skip)]
    pub elsewhere: Option<String>,
    /// Whether this is a [`Kind::trace`]: the probe then compares the file with the one in its record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(skip)]
    pub recorded: bool,
}

/// What is to be at a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileState {
    /// A regular file.
    #[default]
    File,
    /// A directory; those above it are made as well.
    Directory,
    /// Nothing. A directory goes only when it is empty.
    Absent,
}

impl Kind for File {
    const MODULE: &'static str = "file";
    type Observed = Observed;
    type Prior = Prior;

    fn subject(&self) -> String {
        self.dest.clone()
    }

    fn path(&self) -> Option<&str> {
        Some(&self.dest)
    }

    fn check(&self) -> Result<(), String> {
        let dest = &self.dest;
        if !dest.starts_with('/') {
            return Err(format!("`dest` is `{dest}`: it must be an absolute path, beginning with /"));
        }
        if dest.ends_with(['/', ' ', '\t']) || dest.contains(['\n', '\0']) || dest.contains("/../") {
            return Err(format!(
                "`dest` is `{dest}`: write the path without `..`, and no / or blank at its end"
            ));
        }
        for name in [&self.owner, &self.group].into_iter().flatten() {
            check_owner(name)?;
        }
        match &self.content {
            _ if self.recorded => Err("unknown field `recorded`".into()),
            Some(_) if self.state != FileState::File => {
                Err("`content` belongs to `state: file` alone".into())
            }
            Some(content) if content.contains('\0') => {
                Err("`content` holds a NUL character: only texts are written".into())
            }
            _ => Ok(()),
        }
    }

    fn probe(batch: &[&Self], _facts: &Facts) -> String {
        let paths = words(batch.iter().flat_map(|file| file.paths()));
        let read = batch.iter().filter(|file| file.content.is_some());
        let read = words(read.flat_map(|file| file.paths()));
        let directories = batch.iter().filter(|file| file.state == FileState::Directory);
        let directories = words(directories.map(|file| file.dest.as_str()));
        let recorded = batch.iter().filter(|file| file.recorded);
        let recorded: String = recorded.map(|file| reverse::compare(&file.dest)).collect();
        let whose: String = batch.iter().filter_map(|file| file.whose()).collect();
        observed::probe(&paths, &read, &directories, &(recorded + &whose))
    }

    fn parse(batch: &[&Self], _facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        let paths = observed::parse(output)?;
        Ok(batch.iter().map(|file| file.found(&paths)).collect())
    }

    fn yields(&self, observed: &Observed) -> Option<String> {
        self.why_left(observed)
    }

    fn stand_in(&self, observed: &Observed) -> Option<(File, Observed)> {
        self.page_elsewhere(observed)
    }

    fn differ(&self, observed: &Observed, _: Context<'_>) -> Result<Option<Change>, Refusal> {
        if self.yields(observed).is_some() {
            return Ok(None);
        }
        let aspects = match (self.state, &observed.node) {
            (FileState::Absent, None) if !observed.link => return Ok(None),
            (FileState::Absent, node) => {
                let what = node.as_ref().map_or("dangling link", |n| n.kind());
                let what = if observed.link { "link" } else { what };
                vec![Aspect::value("type", Some(what.into()), None)]
            }
            (FileState::File, Some(node)) if !node.is_file() => return Err(self.in_the_way(node.kind())),
            (FileState::Directory, Some(node)) if !node.is_directory() => {
                return Err(self.in_the_way(node.kind()));
            }
            (_, None) if observed.link => return Err(self.in_the_way("link to nothing")),
            (FileState::Directory, None) => {
                let made = Aspect::value("type", None, Some("directory".into()));
                std::iter::once(made).chain(self.attributes(None)).collect()
            }
            (FileState::File, None) => {
                let content = self.content.clone().unwrap_or_default();
                std::iter::once(self.show(None, content)).chain(self.attributes(None)).collect()
            }
            (_, Some(node)) => {
                let content =
                    self.content.as_ref().filter(|new| !node.content().is_some_and(|old| old.is(new)));
                let content = content.map(|new| self.show(node.content(), new.clone()));
                content.into_iter().chain(self.attributes(Some(node))).collect::<Vec<_>>()
            }
        };
        if aspects.is_empty() {
            return Ok(None);
        }
        let rewrite = observed.node.is_none() || aspects.iter().any(|a| a.what == "content");
        // Who an owner is may have to be asked of a server.
        let brief = [&self.owner, &self.group].into_iter().flatten().all(|name| is_at_hand(name));
        Ok(Some(Change { brief, ..Change::new(aspects, self.script(rewrite)) }))
    }

    fn prior(&self, observed: &Observed) -> Option<Prior> {
        Some(Prior::of(self, observed))
    }

    fn trace(&self) -> Self {
        File { content: None, notifies: Vec::new(), elsewhere: None, recorded: true, ..self.clone() }
    }

    fn keep(&self) -> String {
        reverse::keep(&self.dest)
    }

    fn revert(
        &self,
        prior: &Prior,
        observed: &Observed,
        context: Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        prior.reversal(self, observed, context)
    }
}

impl File {
    /// A file with this content; its other attributes are undeclared.
    pub fn new(dest: impl Into<String>, content: impl Into<String>) -> File {
        File {
            dest: dest.into(),
            content: Some(content.into()),
            state: FileState::File,
            mode: None,
            owner: None,
            group: None,
            secret: false,
            notifies: Vec::new(),
            elsewhere: None,
            recorded: false,
        }
    }

    fn in_the_way(&self, what: &str) -> Refusal {
        let wanted = if self.state == FileState::File { "file" } else { "directory" };
        Refusal {
            reason: format!("{} is to be a {wanted}, but is a {what}", self.dest),
            remedy: format!("look what it is for; move it away, or declare another path than {}", self.dest),
        }
    }

    /// The units are marked first: should this be interrupted, the next run still knows that they must restart.
    fn script(&self, rewrite: bool) -> Script {
        let dest = quote(&self.dest);
        let (mode, owner, group) =
            (self.mode.as_ref().map(Mode::as_str), self.owner.as_deref(), self.group.as_deref());
        let marks: String = self.notifies.iter().map(|(unit, effect)| mark_stale(unit, *effect)).collect();
        let body = match self.state {
            FileState::File if rewrite => {
                replace(&self.dest, self.content.as_deref().unwrap_or(""), Attributes { mode, owner, group })
            }
            FileState::Absent => Script::from(format!(
                "if [ -d {dest} ] && ! [ -L {dest} ]; then rmdir {dest} || {{\n\
                 echo \"only an empty directory is removed: empty it, or remove it by a \\`command\\`\" >&2; exit 1; }}\n\
                 else rm -f {dest}\nfi\n"
            )),
            FileState::File | FileState::Directory => {
                let make = if self.state == FileState::Directory && rewrite {
                    format!("umask 022\nmkdir -p {dest}\n{}", label(&dest))
                } else {
                    String::new()
                };
                // chown clears the set-user-id bits: the mode comes last
                let owners = match (owner, group) {
                    (None, None) => String::new(),
                    (owner, group) => {
                        let who = format!(
                            "{}{}",
                            owner.unwrap_or(""),
                            group.map_or(String::new(), |g| format!(":{g}"))
                        );
                        format!("chown {} {dest}\n", quote(&who))
                    }
                };
                // GNU's chmod takes a directory's set-group-ID bit away only where there are five digits
                let mode = mode.map_or(String::new(), |mode| format!("chmod 0{mode} {dest}\n"));
                Script::from(format!("{make}{owners}{mode}"))
            }
        };
        let mut script = Script::from(marks);
        script += body;
        script
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn differ(file: &File, output: &[u8]) -> Result<Option<Change>, Refusal> {
        let facts = Facts::example();
        let observed = File::parse(&[file], &facts, output).unwrap().remove(0);
        file.differ(&observed, Context { facts: &facts, changing: &BTreeSet::new() })
    }

    fn page() -> File {
        File::new("/var/www/html/index.html", "new\n")
    }

    const OLD: &[u8] =
        b"81a4 0 0 4 root root /var/www/html/index.html\nwhole\n=\n/var/www/html/index.html:old\n=\n";

    #[test]
    fn a_change_is_brief_where_no_server_knows_the_owner() {
        let by = |owner: Option<&str>| File { owner: owner.map(str::to_owned), ..page() };
        let is_brief = |file: File| differ(&file, OLD).unwrap().unwrap().brief;
        assert!(is_brief(by(None)) && is_brief(by(Some("root"))) && is_brief(by(Some("33"))));
        assert!(!is_brief(by(Some("www-data"))));
    }

    #[test]
    fn the_content_is_shown_as_a_diff() {
        let change = differ(&page(), OLD).unwrap().unwrap();
        assert_eq!(change.aspects, [Aspect::text("content", Some("old\n".into()), Some("new\n".into()))]);
        assert_eq!(differ(&File::new("/var/www/html/index.html", "old\n"), OLD), Ok(None));
    }

    #[test]
    fn only_declared_attributes_are_compared_by_name_or_number() {
        let mut file = File { content: None, owner: Some("0".into()), group: Some("root".into()), ..page() };
        assert_eq!(differ(&file, OLD), Ok(None));
        file.mode = Some(Mode::new("644").unwrap());
        assert_eq!(differ(&file, OLD), Ok(None));
        file.owner = Some("www-data".into());
        let change = differ(&file, OLD).unwrap().unwrap();
        assert_eq!(change.aspects, [Aspect::value("owner", Some("root".into()), Some("www-data".into()))]);
        assert_eq!(
            change.script.reveal(),
            "chown www-data:root /var/www/html/index.html\nchmod 00644 /var/www/html/index.html\n"
        );
    }

    #[test]
    fn numbers_are_taken_as_they_are_written_and_no_value_is_told() {
        let read = |args| serde_json::from_value::<File>(args).map_err(|error| error.to_string());
        let args = serde_json::json!({ "dest": "/x", "content": 123456, "owner": 1000, "group": 0 });
        let file = read(args).unwrap();
        let said = [file.content, file.owner, file.group].map(Option::unwrap);
        assert_eq!(said, ["123456", "1000", "0"]);
        for value in
            [serde_json::json!(98.5), serde_json::json!(["s98.5"]), serde_json::json!({ "s98.5": 1 })]
        {
            let error = read(serde_json::json!({ "dest": "/x", "content": value })).unwrap_err();
            assert!(error.contains("`content` must be a text") && !error.contains("98.5"), "{error}");
        }
        let error = read(serde_json::json!({ "dest": "/x", "secret": "s98.5" })).unwrap_err();
        assert!(error.contains("`secret` is true or false") && !error.contains("98.5"), "{error}");
        let error = read(serde_json::json!({ "dest": "/x", "owner": true })).unwrap_err();
        assert!(error.contains("a name or a number"), "{error}");
    }

    #[test]
    fn an_owner_is_one_name_or_number() {
        let check = |name: &str| File { owner: Some(name.into()), ..page() }.check();
        for name in ["root", "www-data", "_apt", "host$", "domain users", "a@b", "A\\b", "0", "4294967294"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in ["", "-1", "--help", "root:root", "00", "0x1f/", "4294967295", "99999999999", "a\n"] {
            assert!(check(name).is_err_and(|error| error.contains("is no user or group")), "{name}");
        }
    }

    #[test]
    fn a_secret_does_not_appear() {
        let file = File { secret: true, ..page() };
        let change = differ(&file, OLD).unwrap().unwrap();
        let hidden = || Some("(secret)".to_owned());
        assert_eq!(change.aspects, [Aspect::value("content", hidden(), hidden())]);
    }

    #[test]
    fn what_is_no_text_is_told_by_its_size() {
        let page_is = b"81a4 0 0 4 root root /var/www/html/index.html\nwhole\n=\n/var/www/html/index.html:";
        let change = differ(&page(), &[page_is.as_slice(), b"\xff\xfe\0a\n=\n"].concat()).unwrap().unwrap();
        assert_eq!(change.aspects[0].old.as_deref(), Some("binary, 4 bytes"));
    }

    #[test]
    fn another_kind_of_thing_is_not_replaced() {
        let refusal = differ(&page(), b"41ed 0 0 4 root root /var/www/html/index.html\n=\n=\n").unwrap_err();
        assert_eq!(refusal.reason, "/var/www/html/index.html is to be a file, but is a directory");
        assert!(differ(&page(), b"link /var/www/html/index.html\n=\n=\n").is_err());
    }

    #[test]
    fn the_units_are_marked_before_the_file_changes() {
        let file = File { notifies: vec![("apache2".into(), Effect::Restart)], ..page() };
        let script = differ(&file, b"=\n=\n").unwrap().unwrap().script.reveal();
        let (mark, replaced) = (script.find("stale/apache2.service.restart"), script.find("mv -f"));
        assert!(mark.unwrap() < replaced.unwrap());
    }
}
