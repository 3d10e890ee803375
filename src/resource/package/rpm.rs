//! rpm's database, which dnf, yum and zypper have alike.

use super::in_use::IN_USE;
use super::status::Back;

/// Where rpm can't read its database it says so by its errors alone, and calls each package not installed. Its warnings
/// are none of that.
pub(super) const QUERY: &str = r#"query() {
  { lvsprov_said=$(rpm -q --qf '%{NAME} %{ARCH} installed ok %{VERSION}-%{RELEASE}\n' "$@" 2>&1 >&4); } 4>&1
  case $lvsprov_said in
  *error:*) printf '%s\n' "$lvsprov_said" | sed -n 's/^error: /=unreadable /p' ;;
  esac
  if [ -n "$lvsprov_said" ]; then printf '%s\n' "$lvsprov_said" >&2; fi
}
"#;

/// What to do about a database that can't be read.
pub(super) const MEND: &str = "keep a copy of rpm's folder (/var/lib/rpm), mend it with `rpm --rebuilddb`, see that \
                               `rpm -qa` lists what is installed, and run again";

/// See [`super::transaction::Words::list`]. A key of a repository is no package.
pub(super) const LIST: &str = r#"list() {
  rpm -qa --qf '%{NAME}.%{ARCH} there\n' | sed '/^gpg-pubkey\./d' | sort -u
}
"#;

/// The files whose locks rpm itself takes.
pub(super) const LOCKS: &str = "/var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock";

/// POSIX sh that leaves in `$remove` what may go: rpm tells, with `--test`, what needs a package that is to go.
pub(super) fn removable(back: &Back<'_>) -> String {
    format!(
        r#"{IN_USE}remove=
for p in {remove}; do
  why=$(in_use "$p")
  if [ -n "$why" ]; then leave "the package $p stays: $why"; else remove="$remove $p"; fi
done
remove=${{remove# }}
while [ -n "$remove" ] && ! rpm -e --test $remove >"$t/tried" 2>&1; do
  sed -n 's/^[[:space:]]*\(.*\) is needed by (installed) \(.*\)$/\2 \1/p' "$t/tried" >"$t/needed"
  stays=
  while read -r by needed; do
    for p in $(rpm -q --whatprovides --qf '%{{NAME}}.%{{ARCH}}\n' "${{needed%% *}}" 2>/dev/null); do
      case " $stays " in *" $p "*) continue;; esac
      case " $remove " in *" $p "*) stays="$stays $p"; leave "the package $p stays: $by needs it";; esac
    done
  done <"$t/needed"
  if [ -z "$stays" ]; then cat "$t/tried"; exit 1; fi
  rest=
  for p in $remove; do case "$stays " in *" $p "*) ;; *) rest="$rest $p";; esac; done
  remove=${{rest# }}
done
"#,
        remove = back.purge.iter().chain(&back.remove).copied().collect::<Vec<_>>().join(" "),
    )
}
