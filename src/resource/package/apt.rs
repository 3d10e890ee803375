//! Transactions of apt and dpkg.

use super::Status;
use super::in_use::IN_USE;
use super::lock;
use super::manager::Manager;
use super::status::Back;
use super::wanted::{Turn, Work};
use crate::resource::quote;
use crate::resource::record::REFRESHED;

pub(super) const MANAGER: Manager = Manager {
    query: QUERY,
    list: LIST,
    offers: OFFERS,
    index: INDEX,
    body,
    back,
    mend: "`dpkg-query -W` on the host says what is wrong with it. Older ones are /var/lib/dpkg/status-old and \
           /var/backups/dpkg.status.*: put a whole one in the place of /var/lib/dpkg/status, and run again",
};

/// dpkg-query says 1 where one of the packages is not known.
const QUERY: &str = r#"query() {
  dpkg-query -W -f '${Package} ${Architecture} ${db:Status-Status} ${db:Status-Eflag} ${Version}\n' "$@" 2>/dev/null ||
    [ $? = 1 ] || echo =unreadable
}
"#;

const LIST: &str = r#"list() {
  dpkg-query -W -f '${Package}:${Architecture} ${db:Status-Status}\n' |
    awk '$2 != "not-installed" { print $1, ($2 == "config-files" ? "configured" : "there") }'
}
"#;

/// The candidate is what the administrator's pins make of the versions.
const OFFERS: &str = r#"offers() {
  LC_ALL=C apt-cache policy "$@" 2>/dev/null | awk '/^[^ ]/ { n = $1; sub(/:$/, "", n) }
    $1 == "Candidate:" && $2 != "(none)" { print "=candidate", n, $2 }
    /^     [^ ]/ { print "=offers", n, $1 }
    /^ \*\*\* / { print "=offers", n, $2 }'
}
"#;

/// The lists have their repositories' times; their folder has that of the last change.
const INDEX: &str = r#"set -- /var/lib/apt/periodic/update-success-stamp
for f in /var/lib/apt/lists/*_Packages*; do
  if [ -e "$f" ]; then set -- "$@" /var/lib/apt/lists; break; fi
done"#;

/// - apt's and dpkg's children stay in the script's process group (no pty).
/// - Recommended packages are left out: a server gets what is declared and what that needs to run.
/// - The administrator's configuration files stay; `confdef` takes the package's where they were not touched.
/// - Somebody else's lock is waited for, also where he takes it in between: apt does not wait for that of the lists.
const APT: &str = r#"export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1 LC_ALL=C
apt() {
  unlocked
  apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=2 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --no-install-recommends "$@"
}
patiently() {
  tries=150
  unlocked
  until "$@" >"$t/tried" 2>&1; do
    held=$(sed -n '/Could not get lock\|locked by another process/{s/^E: \|^dpkg: error: //;p;q;}' "$t/tried")
    if [ -z "$held" ] || [ $tries = 0 ]; then cat "$t/tried"; return 100; fi
    if [ $tries = 150 ]; then echo "Waiting for a lock: $held"; fi
    tries=$((tries - 1))
    sleep 2
    unlocked
  done
  cat "$t/tried"
}
"#;

/// The sh with which each transaction begins.
fn apt() -> String {
    let locks =
        "/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock";
    lock::unlocked(locks, "") + APT
}

/// What was left half installed is healed before the install if it was seen, and else when the install fails. Lists are
/// fetched where there are none, and when the install fails: it may be for want of newer ones.
fn body(work: &Work<'_>) -> String {
    let specs = work.wanted.iter().map(|one| match &one.version {
        Some(version) => quote(&format!("{}={version}", one.name)),
        None => quote(one.name),
    });
    let specs = specs.collect::<Vec<_>>().join(" ");
    let interrupted = work.wanted.iter().any(|one| matches!(one.status, Status::Interrupted { .. }));
    let reinstall =
        work.wanted.iter().any(|one| matches!(one.status, Status::Interrupted { reinstall: true, .. }));
    let present = work.of_turn(Turn::Remove).next().is_none();
    let downgrade = work.of_turn(Turn::Downgrade).next().is_some();
    let verb = match (present, reinstall) {
        (true, true) => "--reinstall install",
        (true, false) if downgrade => "--allow-downgrades install",
        (true, false) => "install",
        (false, _) => "remove",
    };
    let lists = match (present, work.refresh) {
        (true, true) => format!("patiently apt -o APT::Update::Error-Mode=any update\n: >{}\n", REFRESHED),
        (true, false) => {
            "have_lists() { for f in /var/lib/apt/lists/*_Packages*; do [ -e \"$f\" ] && return 0; done; return 1; }\n\
             have_lists || patiently apt update\n"
                .into()
        }
        (false, _) => String::new(),
    };
    let first = if interrupted { "heal\n" } else { "" };
    format!(
        r#"{apt}heal() {{
  patiently dpkg --force-confdef --force-confold --configure -a || :
  apt -f install || :
}}
{lists}{first}if ! apt {verb} {specs}; then
  echo "apt-get failed: healing what was interrupted, fetching the lists and trying again"
  heal
  patiently apt update || :
  apt {verb} {specs}
fi
"#,
        apt = apt()
    )
}

/// dpkg takes exactly the packages away that it is given, each whole before those that it needs (apt purges them in two
/// rounds, and `deluser` is gone when the scripts of the second want it). It refuses what others need, and with
/// `--no-act` tells what and why. The one that nothing of the rest needs is left to apt, if it would take nothing else
/// along: it brings its own list of what was installed on behalf of others up to date with every package that it changes.
fn back(back: &Back<'_>) -> String {
    format!(
        r#"{apt}{IN_USE}stay() {{
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
for p in {versions}; do
  apt --allow-downgrades install "$p" ||
    leave "the package ${{p%%=*}} stays as it is: ${{p#*=}}, which was there, can't be had any more"
done
"#,
        apt = apt(),
        versions = back.versions(),
        purge = back.purge.join(" "),
        remove = back.remove.join(" "),
        install = back.install.join(" "),
    )
}
