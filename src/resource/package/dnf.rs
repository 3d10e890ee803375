//! Transactions of dnf, or yum where there is no dnf.

use super::manager::Manager;
use super::status::Back;
use super::wanted::{Turn, Wanted, Work};
use super::{lock, rpm};
use crate::resource::quote;
use crate::resource::record::REFRESHED;

pub(super) const MANAGER: Manager =
    Manager { query: rpm::QUERY, list: rpm::LIST, offers: OFFERS, index: INDEX, body, back, mend: rpm::MEND };

/// From the cache alone. yum tells architecture and epoch with name and version.
const OFFERS: &str = r#"offers() {
  if command -v dnf >/dev/null 2>&1; then
    dnf -q -C repoquery --available --qf '=offers %{name} %{version}-%{release}\n' "$@" 2>/dev/null | sed '/./!d'
  else
    yum -q -C list available --showduplicates "$@" 2>/dev/null |
      awk 'NF == 3 { sub(/[.][^.]*$/, "", $1); sub(/^[0-9]*:/, "", $2); print "=offers", $1, $2 }'
  fi
}
"#;

const INDEX: &str = "set -- /var/cache/dnf/*/repodata/repomd.xml /var/cache/libdnf5/*/repodata/repomd.xml \
    /var/cache/yum/*/*/*/repomd.xml";

/// Weak dependencies are left out, as with apt, and what others brought stays.
const DNF: &str = r#"export LC_ALL=C
dnf_or_yum() {
  unlocked
  if command -v dnf >/dev/null 2>&1; then dnf -y --setopt=install_weak_deps=False "$@"
  else yum -y "$@"; fi
}
refresh() {
  if command -v dnf >/dev/null 2>&1; then dnf_or_yum --refresh makecache
  else dnf_or_yum clean expire-cache; dnf_or_yum makecache; fi
}
"#;

/// Both wait for another dnf or yum by themselves, too, until that has ended.
fn dnf() -> String {
    let pids = "/var/cache/dnf/*_lock.pid /var/lib/dnf/*_lock.pid /var/run/yum.pid";
    lock::unlocked(rpm::LOCKS, pids) + DNF
}

/// `upgrade` knows no package that is not there, and `install` leaves the version of one that is, unless one is named.
fn body(work: &Work<'_>) -> String {
    let mut script = dnf();
    if work.refresh {
        script += &format!("refresh\n: >{}\n", REFRESHED);
    }
    for (turn, verb) in [(Turn::Remove, "remove"), (Turn::Downgrade, "downgrade")] {
        script += &call(verb, work.of_turn(turn));
    }
    let named = |one: &&Wanted<'_>| one.turn == Turn::Install || one.version.is_some();
    let (install, upgrade): (Vec<_>, Vec<_>) =
        work.of_turn(Turn::Install).chain(work.of_turn(Turn::Upgrade)).partition(named);
    script + &call("install", install.into_iter()) + &call("upgrade", upgrade.into_iter())
}

fn call<'a>(verb: &str, wanted: impl Iterator<Item = &'a Wanted<'a>>) -> String {
    let spec = |one: &Wanted<'_>| match &one.version {
        Some(version) => quote(&format!("{}-{version}", one.name)),
        None => quote(one.name),
    };
    let specs: Vec<String> = wanted.map(spec).collect();
    if specs.is_empty() { String::new() } else { format!("dnf_or_yum {verb} {}\n", specs.join(" ")) }
}

fn back(back: &Back<'_>) -> String {
    format!(
        r#"{dnf}{removable}if [ -n "$remove" ]; then dnf_or_yum --setopt=clean_requirements_on_remove=False remove $remove; fi
install="{install}"
if [ -n "$install" ]; then dnf_or_yum install $install; fi
for p in {versions}; do
  dnf_or_yum downgrade "${{p%%=*}}-${{p#*=}}" || dnf_or_yum install "${{p%%=*}}-${{p#*=}}" ||
    leave "the package ${{p%%=*}} stays as it is: ${{p#*=}}, which was there, can't be had any more"
done
"#,
        dnf = dnf(),
        removable = rpm::removable(back),
        install = back.install.join(" "),
        versions = back.versions(),
    )
}
