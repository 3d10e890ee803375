//! What was at a path before it was first changed, and the way back to that. The content lies in the record's folder:
//! it never leaves the host.

use serde::{Deserialize, Serialize};

use super::{File, FileState, Node, Observed};
use crate::resource::record::pattern;
use crate::resource::service::{Effect, unit_name};
use crate::resource::shell::{Attributes, LEAVE, label, restore};
use crate::resource::{Aspect, Change, Context, Mode, Refusal, Risk, Script, quote};

/// What was at a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// What was there, symbolic links followed; `None` when nothing was.
    was: Option<Was>,
    /// Whether the path itself was a symbolic link.
    link: bool,
    /// The directories above it that were not there, the nearest first.
    missing: Vec<String>,
    /// The units that depend on the file, with what each needs when it changes.
    notifies: Vec<(String, Effect)>,
}

/// A node, as far as it has to be brought back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Was {
    /// As [`Node::kind`] has it.
    kind: String,
    mode: Mode,
    /// Numbers: a name may be gone, or be another's.
    owner: String,
    group: String,
}

/// POSIX sh that copies into the current directory what is at `dest`: the link as `link`, the file as `content`, whatever
/// else is no directory as `other`; and in `made` which directories above it are yet to be made.
pub(super) fn keep(dest: &str) -> String {
    format!(
        r#"p={dest}
if [ -L "$p" ]; then cp -P "$p" link; fi
if [ -f "$p" ]; then cp -p "$p" content
elif [ -e "$p" ] && ! [ -d "$p" ]; then cp -RPp "$p" other; fi
p=${{p%/*}}
while [ -n "$p" ] && ! [ -e "$p" ]; do printf '%s\n' "$p"; p=${{p%/*}}; done >made
"#,
        dest = quote(dest)
    )
}

/// POSIX sh that says whether the file holds what is kept of it.
pub(super) fn compare(dest: &str) -> String {
    format!(
        r#"for r in {record}; do
  if [ -f "$r/content" ] && [ -f {dest} ] && [ "$(sha256sum <"$r/content")" = "$(sha256sum <{dest})" ]; then
    printf 'as-before %s\n' {dest}
  fi
done
"#,
        record = pattern("file", dest),
        dest = quote(dest)
    )
}

impl Was {
    fn of(node: &Node) -> Was {
        Was {
            kind: node.kind().to_owned(),
            mode: node.mode.clone(),
            owner: node.owner.1.clone(),
            group: node.group.1.clone(),
        }
    }

    fn attributes(&self) -> Attributes<'_> {
        Attributes { mode: Some(self.mode.as_str()), owner: Some(&self.owner), group: Some(&self.group) }
    }

    /// Mode and owners, where they differ.
    fn differing(&self, node: &Node) -> Vec<Aspect> {
        let sides = [
            ("mode", self.mode.as_str(), node.mode.as_str()),
            ("owner", &self.owner, &node.owner.1),
            ("group", &self.group, &node.group.1),
        ];
        let differing = sides.into_iter().filter(|(_, was, is)| was != is);
        differing.map(|(what, was, is)| Aspect::value(what, Some(is.into()), Some(was.into()))).collect()
    }
}

impl Prior {
    pub(super) fn of(file: &File, observed: &Observed) -> Prior {
        Prior {
            was: observed.node.as_ref().map(Was::of),
            link: observed.link,
            missing: observed.missing.clone(),
            notifies: file.notifies.clone(),
        }
    }

    /// The change that brings it back.
    pub(super) fn reversal(
        &self,
        file: &File,
        observed: &Observed,
        context: Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        let dest = file.dest.as_str();
        let (aspects, mut script) = match (&self.was, &observed.node) {
            (None, _) if !self.link => self.removal(dest, observed),
            (was, node) => {
                let back = self.link && !observed.link;
                let (mut aspects, mut script) = (Vec::new(), Script::new());
                if back {
                    aspects.push(Aspect::value("type", None, Some("link".into())));
                    script += &link_again(dest);
                }
                // Of a link that was removed, only the link was touched.
                let touched = !self.link || file.state != FileState::Absent;
                if let Some(was) = was.as_ref().filter(|_| touched) {
                    let (more, text) = restoration(dest, was, node.as_ref(), observed.as_before)?;
                    aspects.extend(more);
                    script += text;
                }
                (aspects, script)
            }
        };
        if aspects.is_empty() {
            return Ok(None);
        }
        let mut risks = Vec::new();
        if context.facts.systemd {
            for (unit, effect) in &self.notifies {
                script += &again(unit, *effect);
                if *effect == Effect::Restart {
                    risks.push(Risk::Restart { service: unit.clone() });
                }
            }
        }
        Ok(Some(Change { risks, ..Change::new(aspects, script) }))
    }

    /// Nothing was there. Directories that were made go with it, as far as nobody else put anything into them.
    fn removal(&self, dest: &str, observed: &Observed) -> (Vec<Aspect>, Script) {
        let what = match &observed.node {
            _ if observed.link => "link",
            Some(node) => node.kind(),
            None => {
                let hollow = observed.hollow.as_ref().filter(|above| self.missing.contains(above));
                let aspects: Vec<_> = hollow
                    .map(|above| Aspect::value(above, Some("empty directory".into()), None))
                    .into_iter()
                    .collect();
                return (aspects, Script::from(ABOVE));
            }
        };
        let text = format!(
            r#"{LEAVE}p={dest}
if [ -d "$p" ] && ! [ -L "$p" ]; then
  rmdir "$p" 2>/dev/null || leave "$p stays: there is something in it"
else rm -f "$p"; fi
{ABOVE}"#,
            dest = quote(dest)
        );
        (vec![Aspect::value("type", Some(what.into()), None)], text.into())
    }
}

/// Removes the directories that were made, the nearest first, up to the first one that holds something.
const ABOVE: &str = r#"if [ -e "$record/made" ]; then
  while IFS= read -r p; do
    if [ -d "$p" ]; then rmdir "$p" 2>/dev/null || break; fi
  done <"$record/made"
fi
"#;

/// The node is brought back. `same` is a file that holds what it held.
fn restoration(
    dest: &str,
    was: &Was,
    node: Option<&Node>,
    same: bool,
) -> Result<(Vec<Aspect>, Script), Refusal> {
    let attributes = format!(
        "chown {}:{} {dest}\nchmod 0{} {dest}\n",
        was.owner,
        was.group,
        was.mode.as_str(),
        dest = quote(dest)
    );
    let mut aspects = match node {
        Some(node) if node.kind() != was.kind => {
            return Err(Refusal {
                reason: format!("{dest} was a {}, but is a {} now", was.kind, node.kind()),
                remedy: format!("look what it is for; move {dest} away, then run again"),
            });
        }
        Some(node) => was.differing(node),
        None => vec![Aspect::value("type", None, Some(was.kind.clone()))],
    };
    let quoted = quote(dest);
    let script = match (was.kind.as_str(), node) {
        ("file", node) if node.is_none() || !same => {
            if node.is_some() {
                let change = Aspect::value("content", Some("changed".into()), Some("as before".into()));
                aspects.insert(0, change);
            }
            let mut script = Script::from(KEPT);
            script += restore(dest, "\"$record/content\"", was.attributes());
            script
        }
        (_, Some(_)) => attributes.into(),
        ("directory", None) => format!("umask 022\nmkdir -p {quoted}\n{}{attributes}", label(&quoted)).into(),
        (_, None) => {
            let label = label(&quoted);
            format!("if ! [ -e {quoted} ]; then cp -RPp \"$record/other\" {quoted}; fi\n{label}{attributes}")
                .into()
        }
    };
    Ok((aspects, script))
}

const KEPT: &str = r#"[ -e "$record/content" ] || { echo "what it held before was not kept" >&2; exit 1; }
"#;

fn link_again(dest: &str) -> String {
    format!(
        r#"p={}
if ! [ -L "$p" ]; then
  if [ -d "$p" ]; then rmdir "$p"; fi
  t=${{p%/*}}/.lvsprov.${{p##*/}}.new
  rm -f "$t"
  cp -P "$record/link" "$t"
  mv -f "$t" "$p"
fi
"#,
        quote(dest)
    )
}

/// The unit runs with what was replaced, if it runs at all: its own record's reverse came before.
fn again(unit: &str, effect: Effect) -> String {
    let verb = match effect {
        Effect::Restart => "restart",
        Effect::Reload => "reload-or-restart",
    };
    format!(
        r#"u={}
if systemctl -q is-active "$u" && ! systemctl {verb} "$u"; then
  systemctl --no-pager --full --lines=30 status "$u" >&2 || :
  exit 1
fi
"#,
        quote(&unit_name(unit))
    )
}
