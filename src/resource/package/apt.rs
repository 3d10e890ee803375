//! Transactions of apt and dpkg.

use super::Status;
use super::in_use::IN_USE;
use super::status::Back;
use crate::resource::word::words;

/// What dpkg-query prints of a package.
pub(super) const FORMAT: &str =
    r"'${Package} ${Architecture} ${db:Status-Status} ${db:Status-Eflag} ${Version}\n'";

/// See [`super::transaction::Words::list`].
pub(super) const LIST: &str = r#"list() {
  dpkg-query -W -f '${Package}:${Architecture} ${db:Status-Status}\n' |
    awk '$2 != "not-installed" { print $1, ($2 == "config-files" ? "configured" : "there") }'
}
"#;

/// - apt's and dpkg's children stay in the script's process group (no pty).
/// - Recommended packages are left out: a server gets what is declared and what that needs to run.
/// - The administrator's configuration files stay; `confdef` takes the package's where they were not touched.
/// - Somebody else's lock is waited for. That of the lists apt does not wait for by itself.
const APT: &str = r#"export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1 LC_ALL=C
apt() {
  apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=2 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --no-install-recommends "$@"
}
patiently() {
  tries=150
  until "$@" >"$t/tried" 2>&1; do
    held=$(sed -n '/Could not get lock\|locked by another process/{s/^E: \|^dpkg: error: //;p;q;}' "$t/tried")
    if [ -z "$held" ] || [ $tries = 0 ]; then cat "$t/tried"; return 100; fi
    if [ $tries = 150 ]; then echo "Waiting for a lock: $held"; fi
    tries=$((tries - 1))
    sleep 2
  done
  cat "$t/tried"
}
"#;

/// What was left half installed is healed before the install if it was seen, and else when the install fails. Lists are
/// fetched where there are none, and when the install fails: it may be for want of newer ones.
pub(super) fn body(wrong: &[(&str, &Status)], present: bool) -> String {
    let names = words(wrong.iter().map(|(name, _)| *name));
    let interrupted = wrong.iter().any(|(_, status)| matches!(status, Status::Interrupted { .. }));
    let reinstall =
        wrong.iter().any(|(_, status)| matches!(status, Status::Interrupted { reinstall: true, .. }));
    let (verb, lists) = match (present, reinstall) {
        (true, true) => ("--reinstall install", true),
        (true, false) => ("install", true),
        (false, _) => ("remove", false),
    };
    let lists = if lists {
        "have_lists() { for f in /var/lib/apt/lists/*_Packages*; do [ -e \"$f\" ] && return 0; done; return 1; }\n\
         have_lists || patiently apt update\n"
    } else {
        ""
    };
    let first = if interrupted { "heal\n" } else { "" };
    format!(
        r#"{APT}heal() {{
  patiently dpkg --force-confdef --force-confold --configure -a || :
  apt -f install || :
}}
{lists}{first}if ! apt {verb} {names}; then
  echo "apt-get failed: healing what was interrupted, fetching the lists and trying again"
  heal
  patiently apt update || :
  apt {verb} {names}
fi
"#
    )
}

/// dpkg takes exactly the packages away that it is given, each whole before those that it needs (apt purges them in two
/// rounds, and `deluser` is gone when the scripts of the second want it). It refuses what others need, and with
/// `--no-act` tells what and why. The one that nothing of the rest needs is left to apt, if it would take nothing else
/// along: it brings its own list of what was installed on behalf of others up to date with every package that it changes.
pub(super) fn back(back: &Back<'_>) -> String {
    format!(
        r#"{APT}{IN_USE}stay() {{
  awk '/^dpkg: dependency problems prevent/ {{ p = $NF; sub(/:$/, "", p); why[p] = "" }}
    / depends on / && why[p] == "" {{ why[p] = $1 " needs it" }}
    /^dpkg: error processing package / {{ q = $5; getline; sub(/^ +/, ""); print q, (why[q] == "" ? $0 : why[q]) }}' "$t/tried"
}}
without() {{ # LIST: what of it does not stay
  for p in $1; do
    case " $stays " in *" $p "*|*" ${{p%:*}} "*) ;; *) echo "$p";; esac
  done
}}
purge="{purge}" remove="{remove}" install="{install}" stays=
for p in $purge $remove; do
  why=$(in_use "$p")
  if [ -n "$why" ]; then
    leave "the package $p stays: $why"
    stays="$stays $p"
  fi
done
if [ -n "$stays" ]; then purge=$(without "$purge") remove=$(without "$remove"); fi
while [ -n "$purge$remove" ] && ! dpkg --no-act --remove $purge $remove >"$t/tried" 2>&1; do
  stay >"$t/stay"
  while read -r p why; do leave "the package $p stays: $why"; done <"$t/stay"
  stays=$(cut -d' ' -f1 "$t/stay" | tr '\n' ' ')
  less="$(without "$purge") $(without "$remove")"
  if [ -z "$stays" ] || [ "$(echo $less)" = "$(echo $purge $remove)" ]; then cat "$t/tried"; exit 1; fi
  purge=$(without "$purge") remove=$(without "$remove")
done
if [ -n "$remove" ]; then patiently dpkg --remove $purge $remove; fi
last=
if [ -n "$purge" ]; then
  dpkg --no-act --purge $purge >"$t/tried" 2>&1 || :
  last=$(sed -n 's/^Would remove or purge \([^ ]*\).*/\1/p' "$t/tried" | tail -n 1)
  stays=$last
  first=$(without "$purge")
  if [ -n "$first" ]; then patiently dpkg --purge $first; fi
fi
others() {{ # what apt would do beside
  apt -s purge $last | awk -v last="$last" '/^(Inst|Remv|Purg) / {{ split(last, p, ":"); split($2, q, ":"); if (q[1] != p[1]) print $2 }}'
}}
if [ -n "$last" ]; then
  if [ -z "$(others)" ]; then apt purge $last; else patiently dpkg --purge $last; fi
fi
if [ -n "$install" ]; then apt install $install; fi
"#,
        purge = back.purge.join(" "),
        remove = back.remove.join(" "),
        install = back.install.join(" "),
    )
}
