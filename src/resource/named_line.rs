//! A line with its file's name before it, as `lvsprov_files` puts it into a probe's output.

/// What stands in a line of the file at `path`; `None` when it is none of it.
pub(super) fn line_of<'a>(path: &str, line: &'a str) -> Option<&'a str> {
    line.strip_prefix(path)?.strip_prefix(':')
}

/// Which of the files a line is of, and what stands in it. A colon may be part of a name: of `eth0` and `eth0:1` the
/// longer is meant.
pub(super) fn file_of<'f, 'a>(
    paths: impl Iterator<Item = &'f str>,
    line: &'a str,
) -> Option<(usize, &'a str)> {
    let named = paths.enumerate().filter_map(|(index, path)| Some((index, line_of(path, line)?)));
    named.min_by_key(|(_, rest)| rest.len())
}

/// A probe for a shell that runs nothing else, which reads each file where it is named, and whose time is ours.
pub fn by_itself(probe: &str) -> String {
    const FILES: &str = r#"lvsprov_files() {
for file; do shift; if [ -f "$file" ]; then set -- "$@" "$file"; fi; done
grep -asH '' -- "$@" /dev/null || :
}
lvsprov_time() { echo "clock 0 1"; }
"#;
    format!("{FILES}{probe}")
}
