//! The directories of small configuration files that systemd reads at boot: which file hides which, and in what order
//! they count (sysctl.d(5), modules-load.d(5)).

use super::named_line::file_of;
use super::{Unreadable, quote};

/// By precedence: a file hides those of the same name in the directories after its own.
const ROOTS: [&str; 5] = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"];

/// A file that counts at boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropIn {
    /// Its path.
    pub path: String,
    /// Its lines that are neither empty nor comments.
    pub lines: Vec<String>,
}

/// POSIX sh that prints all files of all directories `name`, like `sysctl.d`, and the `extra` files.
pub(super) fn probe(name: &str, extra: &[&str]) -> String {
    let globs = ROOTS.map(|root| format!("{root}/{name}/*.conf")).join(" ");
    format!(
        r#"set --
for f in {globs} {extra}; do
  case $f in /lib/*) if [ -L /lib ]; then continue; fi;; esac
  if [ -e "$f" ]; then set -- "$@" "$f"; printf 'file %s\n' "$f"; fi
done
lvsprov_files "$@"
"#,
        extra = extra.join(" ")
    )
}

/// The files that count, in the order in which they do, and the `extra` files.
pub(super) fn parse(text: &str, extra: &[&str]) -> Result<(Vec<DropIn>, Vec<DropIn>), Unreadable> {
    let mut files: Vec<DropIn> = Vec::new();
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("file ") {
            files.push(DropIn { path: path.to_owned(), lines: Vec::new() });
            continue;
        }
        let said = file_of(files.iter().map(|file| file.path.as_str()), line);
        let (index, rest) = said.ok_or_else(|| Unreadable::new("configuration at boot", line))?;
        let rest = rest.trim();
        if !rest.is_empty() && !rest.starts_with(['#', ';']) {
            files[index].lines.push(rest.to_owned());
        }
    }
    let (others, mut counting): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|f| extra.contains(&f.path.as_str()));
    // they came by precedence, and a stable sort keeps that among files of the same name
    counting.sort_by(|a, b| base(&a.path).cmp(base(&b.path)));
    counting.dedup_by(|later, first| base(&later.path) == base(&first.path));
    Ok((counting, others))
}

/// POSIX sh that notes in the current directory, a record's, whether the directory is yet to be made.
pub(super) fn keep_directory(directory: &str) -> String {
    format!("if ! [ -d {directory} ]; then : >made; fi\n")
}

/// POSIX sh that removes a file of ours, and its directory if that was made for it and holds nothing else.
pub(super) fn remove(path: &str) -> String {
    let (directory, _) = path.rsplit_once('/').unwrap_or((".", ""));
    format!(
        "rm -f {path}\nif [ -e \"$record/made\" ]; then rmdir {directory} 2>/dev/null || :; fi\n",
        path = quote(path),
        directory = quote(directory)
    )
}

/// A path's last component.
pub(super) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_etc_hides_its_namesake_and_names_decide_the_order() {
        let text = "file /etc/sysctl.d/50-b.conf\nfile /usr/lib/sysctl.d/10-a.conf\nfile /usr/lib/sysctl.d/50-b.conf\n\
                    /etc/sysctl.d/50-b.conf:x = 1\n/usr/lib/sysctl.d/10-a.conf:x = 2\n/usr/lib/sysctl.d/50-b.conf:x = 3\n";
        let (files, _) = parse(text, &[]).unwrap();
        let seen: Vec<_> = files.iter().map(|f| (f.path.as_str(), f.lines.join(";"))).collect();
        let (first, last) = ("/usr/lib/sysctl.d/10-a.conf", "/etc/sysctl.d/50-b.conf");
        assert_eq!(seen, [(first, "x = 2".to_owned()), (last, "x = 1".to_owned())]);
    }
}
