//! Transactions of zypper.

use super::manager::Manager;
use super::status::Back;
use super::wanted::{Turn, Work};
use super::{lock, rpm};
use crate::resource::quote;
use crate::resource::record::REFRESHED;

pub(super) const MANAGER: Manager = Manager {
    query: rpm::QUERY,
    list: rpm::LIST,
    offers: OFFERS,
    index: "set -- /var/cache/zypp/solv/*/cookie /var/cache/zypp/raw/*/cookie",
    body,
    back,
    mend: rpm::MEND,
};

/// A table of status, name, type, version, architecture and repository. What is installed and in no repository is in
/// `(System Packages)`.
const OFFERS: &str = r#"offers() {
  LC_ALL=C zypper --non-interactive --no-refresh -q search -s --match-exact -t package "$@" 2>/dev/null |
    awk -F'|' 'NF >= 6 { gsub(/ /, ""); if ($3 == "package" && $6 !~ /^[(]/) print "=offers", $2, $4 }'
}
"#;

/// - The codes from 100 on tell of what succeeded: updates, a restart or a reboot that is needed.
/// - 106 is a repository that was out of reach and left out, which is no matter if the package came.
/// - 7 is somebody else's lock. Its file keeps the number of who held it last, so that it is looked at only then.
/// - `newest NAME BEGINNING` finds a version when the index is there: zypper knows no `*` in versions.
const ZYPPER: &str = r#"export LC_ALL=C ZYPP_LOCK_TIMEOUT=0
zypp() {
  code=0
  while :; do
    zypper --non-interactive "$@" && return 0 || code=$?
    case $code in
    100|101|102|103) return 0;;
    106) if [ "$1" = refresh ]; then return 106; fi; return 0;;
    7) if held >/dev/null; then unlocked
      elif [ "$lock_seconds" -gt 0 ]; then lock_seconds=$((lock_seconds - 1)); sleep 1
      else return 7; fi;;
    *) return "$code";;
    esac
  done
}
newest() {
  offers "$1" | while read -r l l v; do
    case $v in "$2"*) echo "$1=$v";; esac
  done | sort -V | tail -n 1
}
"#;

fn zypper() -> String {
    lock::unlocked(rpm::LOCKS, "/run/zypp.pid /var/run/zypp.pid") + OFFERS + ZYPPER
}

fn body(work: &Work<'_>) -> String {
    let mut script = zypper();
    if work.refresh {
        script += &format!("zypp refresh\n: >{}\n", REFRESHED);
    }
    let spec = |name: &str, version: Option<&str>| match version {
        Some(version) => match version.strip_suffix('*') {
            Some(prefix) => format!("\"$(v=$(newest {name} {prefix}); echo \"${{v:-{name}={version}}}\")\""),
            None => quote(&format!("{name}={version}")),
        },
        None => quote(name),
    };
    let specs = |remove: bool| {
        let those = work.wanted.iter().filter(|one| (one.turn == Turn::Remove) == remove);
        those.map(|one| spec(one.name, one.version.as_deref())).collect::<Vec<_>>().join(" ")
    };
    let (come, go) = (specs(false), specs(true));
    if !come.is_empty() {
        let older = if work.of_turn(Turn::Downgrade).next().is_some() { " --oldpackage" } else { "" };
        script += &format!("zypp install --no-recommends{older} {come}\n");
    }
    if !go.is_empty() {
        script += &format!("zypp remove {go}\n");
    }
    script
}

fn back(back: &Back<'_>) -> String {
    format!(
        r#"{zypper}{removable}if [ -n "$remove" ]; then zypp remove --no-clean-deps $remove; fi
install="{install}"
if [ -n "$install" ]; then zypp install --no-recommends $install; fi
for p in {versions}; do
  zypp install --no-recommends --oldpackage "$p" ||
    leave "the package ${{p%%=*}} stays as it is: ${{p#*=}}, which was there, can't be had any more"
done
"#,
        zypper = zypper(),
        removable = rpm::removable(back),
        install = back.install.join(" "),
        versions = back.versions(),
    )
}
