//! What is at a path: one `stat` for all paths, the lines of all small contents, one `sha256sum` for the large.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::resource::{Mode, Unreadable};

/// Up to this size a content is read whole, so that a plan can show what changes in it; beyond, its hash is.
const WHOLE: usize = 256 * 1024;

/// What is at a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// What is there, symbolic links followed; `None` when nothing is.
    pub node: Option<Node>,
    /// Whether the path itself is a symbolic link.
    pub link: bool,
    /// Of a directory that does not exist: those above it that don't either, the nearest first.
    pub missing: Vec<String>,
    /// Of a directory that does not exist: the nearest above it that does, when nothing is in that.
    pub hollow: Option<String>,
    /// Of a file with a record: whether it holds what it held before.
    pub as_before: bool,
    /// Of a page: whether a record says that it was written from here.
    pub ours: bool,
    /// Of a page that is not ours: whether it is just as a package of the distribution brings it.
    pub shipped: bool,
    /// Of a page that is not ours: whether its folder holds anything beside web servers' first pages.
    pub in_company: bool,
    /// What is at the other path of a page that has one.
    pub elsewhere: Option<Box<Observed>>,
}

/// A file, a directory or something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its type, as in `st_mode`.
    format: u32,
    /// Its mode.
    pub mode: Mode,
    /// Its owner's name and number.
    pub owner: (String, String),
    /// Its group's name and number.
    pub group: (String, String),
    /// Its content, when it is a file of which the probe read it.
    content: Option<Content>,
}

/// A file's content, as far as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The whole text.
    Text(String),
    /// All bytes of what is not UTF-8, or holds a NUL.
    Binary(Vec<u8>),
    /// One too large to be read.
    Large {
        /// Its length.
        size: usize,
        /// Its SHA-256, in hexadecimal.
        sha256: String,
    },
}

impl Content {
    /// Whether it is `text`.
    pub fn is(&self, text: &str) -> bool {
        match self {
            Content::Text(own) => own == text,
            Content::Binary(bytes) => bytes == text.as_bytes(),
            Content::Large { size, sha256 } => {
                let hex = |digest: &[u8]| digest.iter().map(|b| format!("{b:02x}")).collect::<String>();
                *size == text.len() && *sha256 == hex(&Sha256::digest(text.as_bytes()))
            }
        }
    }

    /// In a few words.
    pub(super) fn describe(&self) -> String {
        match self {
            Content::Text(text) => format!("{} bytes", text.len()),
            Content::Binary(bytes) => format!("binary, {} bytes", bytes.len()),
            Content::Large { size, .. } => format!("{size} bytes"),
        }
    }
}

impl Node {
    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.format == 0o10
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.format == 0o04
    }

    /// Its content, when it was read.
    pub fn content(&self) -> Option<&Content> {
        self.content.as_ref()
    }

    /// What it is, in a word.
    pub(super) fn kind(&self) -> &'static str {
        match self.format {
            0o10 => "file",
            0o04 => "directory",
            0o06 | 0o02 => "device",
            0o01 => "pipe",
            0o14 => "socket",
            _ => "something else",
        }
    }
}

/// Prints a line a path that exists, each followed by one that tells how its content is given, then, after `=`, the
/// lines of the small files, each after its file's name, and `=` again.
///
/// `paths` are all of them, `read` those whose content matters, and `directories` those of which it matters what is above
/// them, as words of sh. `recorded` is sh that compares files with their records, and tells whose pages are.
///
/// What stat reads from its standard input was written just before, so that it tells the time as well. A stat that does
/// not know `-`, busybox's, says nothing of it. An older bash keeps such a text in /tmp: where that is full, nothing is read
/// at all, and no file may be taken for missing.
pub(super) fn probe(paths: &str, read: &str, directories: &str, recorded: &str) -> String {
    format!(
        r#"for p in {paths}; do if [ -L "$p" ]; then printf 'link %s\n' "$p"; fi; done
for p in {directories}; do
  if [ -L "$p" ] || [ -e "$p" ]; then continue; fi
  printf 'above %s\n' "$p"
  d=${{p%/*}}
  while [ -n "$d" ] && ! [ -e "$d" ]; do printf 'missing %s\n' "$d"; d=${{d%/*}}; done
  set -- "$d"/* "$d"/.[!.]* "$d"/..?*
  for p; do if [ -e "$p" ] || [ -L "$p" ]; then continue 2; fi; done
  printf 'hollow %s\n' "$d"
done
{recorded}wanted() {{ for r in {read}; do [ "$r" = "$1" ] && return 0; done; return 1; }}
set --
for p in {paths}; do if [ -e "$p" ]; then set -- "$@" "$p"; fi; done
s=
if [ "$#" != 0 ]; then
s=$(stat -L -c '%Y %f %u %g %s %U %G %n' "$@" - 2>/dev/null <<lvsprov_end
now
lvsprov_end
)
[ -n "$s" ] || echo failed
fi
set --
while read -r t f u g s U G n; do
  [ -n "$f" ] || continue
  if [ "$n" = - ]; then lvsprov_now=$t; continue; fi
  printf '%s\n' "$f $u $g $s $U $G $n"
  case $f in 8*) if wanted "$n"; then
    if [ "$s" -le {WHOLE} ]; then set -- "$@" "$n"; echo whole; else printf 'hash '; sha256sum <"$n"; fi
  fi;; esac
done <<lvsprov_end || echo failed
$s
lvsprov_end
echo =
lvsprov_files "$@"
echo =
"#
    )
}

/// What is at each path that exists.
pub(super) fn parse(output: &[u8]) -> Result<BTreeMap<String, Observed>, Unreadable> {
    let unreadable = |line: &str| Unreadable::new("file", line);
    let mut paths: BTreeMap<String, Observed> = BTreeMap::new();
    let mut whole: Vec<(String, usize)> = Vec::new();
    let (mut rest, mut last, mut above) = (output, None, String::new());
    loop {
        let Some(end) = rest.iter().position(|&b| b == b'\n') else {
            return Err(unreadable("it ends too early"));
        };
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        if line == "=" {
            break;
        } else if line == "failed" {
            return Err(unreadable(&line).by("stat"));
        } else if let Some(path) = line.strip_prefix("link ") {
            paths.entry(path.to_owned()).or_default().link = true;
        } else if let Some(path) = line.strip_prefix("as-before ") {
            paths.entry(path.to_owned()).or_default().as_before = true;
        } else if let Some(path) = line.strip_prefix("ours ") {
            paths.entry(path.to_owned()).or_default().ours = true;
        } else if let Some(path) = line.strip_prefix("shipped ") {
            paths.entry(path.to_owned()).or_default().shipped = true;
        } else if let Some(path) = line.strip_prefix("in-company ") {
            paths.entry(path.to_owned()).or_default().in_company = true;
        } else if let Some(path) = line.strip_prefix("above ") {
            above = path.to_owned();
        } else if let Some(path) = line.strip_prefix("missing ") {
            paths.entry(above.clone()).or_default().missing.push(path.to_owned());
        } else if let Some(path) = line.strip_prefix("hollow ") {
            paths.entry(above.clone()).or_default().hollow = Some(path.to_owned());
        } else if line == "whole" {
            whole.extend(last.take());
        } else if let Some(hash) = line.strip_prefix("hash ") {
            let (path, size) = last.take().ok_or_else(|| unreadable(&line))?;
            let sha256 = hash.split(' ').next().unwrap_or("").to_owned();
            fill(&mut paths, &path, Content::Large { size, sha256 });
        } else {
            let (path, size, node) = node(&line).ok_or_else(|| unreadable(&line))?;
            paths.entry(path.clone()).or_default().node = Some(node);
            last = Some((path, size));
        }
    }
    for (path, size) in whole {
        let bytes = content(&path, size, &mut rest)?;
        let content = match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Content::Text(text),
            Ok(text) => Content::Binary(text.into_bytes()),
            Err(error) => Content::Binary(error.into_bytes()),
        };
        fill(&mut paths, &path, content);
    }
    if rest == b"=\n" { Ok(paths) } else { Err(changed("a file")) }
}

/// Takes the lines of the file at `path` from the first of `printed`. The size tells whether the last of them has an end.
fn content(path: &str, size: usize, printed: &mut &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::with_capacity(size + 1);
    while bytes.len() < size {
        let length = printed.iter().position(|byte| *byte == b'\n').map_or(printed.len(), |end| end + 1);
        let (line, rest) = printed.split_at(length);
        let own = line.strip_prefix(path.as_bytes()).and_then(|line| line.strip_prefix(b":"));
        match own {
            Some(own) => bytes.extend_from_slice(own),
            // It is shorter now: here the next one begins, or the end.
            None if line.is_empty() || line == b"=\n" || line.starts_with(b"/") => return Err(changed(path)),
            None => return Err(Unreadable::new("file", String::from_utf8_lossy(line).trim_end())),
        }
        *printed = rest;
    }
    if bytes.len() == size + 1 {
        bytes.pop();
    }
    if bytes.len() == size { Ok(bytes) } else { Err(changed(path)) }
}

fn fill(paths: &mut BTreeMap<String, Observed>, path: &str, content: Content) {
    if let Some(node) = paths.get_mut(path).and_then(|o| o.node.as_mut()) {
        node.content = Some(content);
    }
}

fn changed(path: &str) -> Unreadable {
    Unreadable::new("file", format!("{path} changed while it was read: run again"))
}

/// What `stat -c '%f %u %g %s %U %G %n'` prints of a file.
fn node(line: &str) -> Option<(String, usize, Node)> {
    let mut fields = line.splitn(7, ' ');
    let raw = u32::from_str_radix(fields.next()?, 16).ok()?;
    let (uid, gid) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    let size = fields.next()?.parse().ok()?;
    let (user, group) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    let node =
        Node { format: raw >> 12, mode: raw.into(), owner: (user, uid), group: (group, gid), content: None };
    Some((fields.next()?.to_owned(), size, node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_changed_is_said_to_have() {
        let told = |printed: &str| {
            let page_is = "81a4 0 0 4 root root /var/www/html/index.html\nwhole\n=\n";
            parse(format!("{page_is}{printed}=\n").as_bytes()).unwrap_err().to_string()
        };
        for printed in ["", "/var/www/html/index.html:longer\n", "/var/www/html/index.html:a\n"] {
            assert!(told(printed).contains("index.html changed while it was read"), "{printed}");
        }
        let error = told("the files were not read to their end: sh: grep: not found\n");
        assert!(error.contains("grep: not found") && !error.contains("changed"), "{error}");
    }
}
