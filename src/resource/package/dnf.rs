//! Transactions of dnf, or yum where there is no dnf.

use super::Status;
use super::in_use::IN_USE;
use super::status::Back;
use crate::resource::quote;
use crate::resource::word::words;

/// What rpm prints of a package.
pub(super) const FORMAT: &str = r"'%{NAME} %{ARCH} installed ok %{VERSION}-%{RELEASE}\n'";

/// See [`super::transaction::Words::list`]. A key of a repository is no package.
pub(super) const LIST: &str = r#"list() {
  rpm -qa --qf '%{NAME}.%{ARCH} there\n' | sed '/^gpg-pubkey\./d' | sort -u
}
"#;

/// Weak dependencies are left out, as with apt, and what others brought stays.
const DNF: &str = r#"export LC_ALL=C
dnf_or_yum() {
  if command -v dnf >/dev/null 2>&1; then dnf -y --setopt=install_weak_deps=False "$@"
  else yum -y "$@"; fi
}
"#;

/// Both wait for another dnf or yum by themselves, until that has ended.
pub(super) fn body(wrong: &[(&str, &Status)], present: bool) -> String {
    let names = words(wrong.iter().map(|(name, _)| *name));
    format!("{DNF}dnf_or_yum {verb} {names}\n", verb = quote(if present { "install" } else { "remove" }))
}

/// rpm tells, with `--test`, what needs a package that is to go.
pub(super) fn back(back: &Back<'_>) -> String {
    format!(
        r#"{DNF}{IN_USE}remove=
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
if [ -n "$remove" ]; then dnf_or_yum --setopt=clean_requirements_on_remove=False remove $remove; fi
install="{install}"
if [ -n "$install" ]; then dnf_or_yum install $install; fi
"#,
        remove = back.purge.iter().chain(&back.remove).copied().collect::<Vec<_>>().join(" "),
        install = back.install.join(" "),
    )
}
