//! What several changes do alike in POSIX sh.

use super::Script;
use super::word::quote;

/// What a file that is written gets beside its content. What is `None` stays as the file has it when the script
/// runs, or is root's and `0644` when there is none yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attributes<'a> {
    /// `0644`
    pub mode: Option<&'a str>,
    /// A name or a number.
    pub owner: Option<&'a str>,
    /// A name or a number.
    pub group: Option<&'a str>,
}

/// POSIX sh that defines `say TEXT`: tells the operator what a change that succeeds has left, or waits for.
pub(super) const SAY: &str = r#"say() {
  echo "$1"
  if command -v lvsprov_note >/dev/null 2>&1; then lvsprov_note "$1"; fi
}
"#;

/// What a note begins with that is to be read after the change as well.
pub const LASTING: &str = "!! ";

/// POSIX sh that defines `tell TEXT`: like `say`, which must be defined, for what is to be read after the change as well.
pub(super) fn tell() -> String {
    format!("tell() {{\n  say \"{LASTING}$1\"\n}}\n")
}

/// POSIX sh that defines `leave TEXT`, for a reverse that succeeds though something stays as it is, because others use it
/// by now: why is kept with the record, whose folder is in `$record`, and the record stays for the next time.
pub(super) const LEAVE: &str = r#"leave() {
  echo "$1"
  if [ -d "${record:-}" ]; then echo "$1" >>"$record/stays"; fi
}
"#;

/// POSIX sh that replaces `dest` by rename, through a symbolic link if it is one. The temporary file has a fixed
/// name in the same directory, which no `*` and no `*.conf` matches, so that what a killed run left is overwritten
/// by the next; its content is on the disk before it takes the name, so that not even a crash shows a part of it.
/// Under SELinux a file keeps its label, and a new one gets the policy's.
/// What is no regular file stays: a link to /dev/null, as administrators mask a configuration with, leads to the device.
pub(super) fn replace(dest: &str, content: &str, attributes: Attributes<'_>) -> Script {
    let mut write = Script::from("printf %s ");
    write.push_content(content);
    write += " >\"$t\"\n";
    put(dest, write, attributes)
}

/// Like [`replace`], with the content and the time of change of `kept`, a file on the host, as a word of sh.
pub(super) fn restore(dest: &str, kept: &str, attributes: Attributes<'_>) -> Script {
    let write = format!("cat {kept} >\"$t\"\ntouch -r {kept} \"$t\"\n");
    put(dest, write.into(), attributes)
}

/// Like [`replace`]. `write` writes `$t`, which is new and root's alone.
pub(super) fn put(dest: &str, write: Script, attributes: Attributes<'_>) -> Script {
    let Attributes { mode, owner, group } = attributes;
    let keep = if mode.is_some() && owner.is_some() && group.is_some() {
        ""
    } else {
        r#"if [ -e "$p" ]; then set -- $(stat -c '%a %u %g' "$p"); else set -- 0644 0 0; fi
"#
    };
    let or = |value: Option<&str>, kept: &str| value.map_or_else(|| kept.to_owned(), quote);
    let mut script = Script::from(format!(
        r#"(
p={dest}
if [ -L "$p" ]; then p=$(readlink -f "$p"); fi
if [ -e "$p" ] && ! [ -f "$p" ]; then echo "$p is no regular file, and stays: see what it is for, and move it away" >&2; exit 1; fi
d=${{p%/*}}
[ -d "$d/" ] || {{ echo "there is no directory ${{d:-/}} for $p: declare it before with \`file: {{ dest: $d, state: directory }}\`" >&2; exit 1; }}
t=$d/.lvsprov.${{p##*/}}.new
trap 'rm -f "$t"' EXIT
trap 'exit 143' HUP INT TERM
if [ -e "$t" ] || [ -L "$t" ]; then rm -f "$t"; fi
umask 077
set -C
"#,
        dest = quote(dest),
    ));
    script += write;
    script += &format!(
        r#"{keep}who={owner}:{group}
case $who in
0:0 | root:root) [ -O / ] && [ -O "$t" ] && [ -G / ] && [ -G "$t" ] ;;
*) false ;;
esac || chown "$who" "$t"
chmod {mode} "$t"
new=
if {SELINUX}; then
  if [ -e "$p" ]; then chcon --reference="$p" "$t" || :; else new=1; fi
fi
sync "$t" 2>/dev/null || sync
mv -f "$t" "$p"
trap - EXIT
if [ -n "$new" ]; then restorecon "$p" || :; fi
)
"#,
        owner = or(owner, "$2"),
        group = or(group, "$3"),
        mode = or(mode, "$1"),
    );
    script
}

/// POSIX sh's condition that SELinux is on and has a policy: the kernel shows the policy's classes, and every policy has
/// one of files. A kernel that was given none has the rest of that folder all the same.
pub(super) const SELINUX: &str = "[ -d /sys/fs/selinux/class/file ]";

/// POSIX sh that gives what is new at `path`, a word of sh, the label that SELinux's policy has for it.
pub(super) fn label(path: &str) -> String {
    format!("if {SELINUX}; then restorecon {path} || :; fi\n")
}
