//! Transactions of apk.

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
    index: "set -- /var/cache/apk/APKINDEX.* /etc/apk/cache/APKINDEX.*",
    body,
    back,
    mend: "`apk info` and `apk fix` on the host say what is wrong with /lib/apk/db/installed",
};

/// The database is a text, with a paragraph a package: `P:` is its name, `V:` its version, `A:` its architecture.
const QUERY: &str = r#"query() {
  db=/lib/apk/db/installed
  [ -e $db ] || db=/usr/lib/apk/db/installed
  if [ -r $db ]; then
    awk -v names=" $* " '/^P:/ { n = substr($0, 3) } /^V:/ { v = substr($0, 3) } /^A:/ { a = substr($0, 3) }
      /^$/ { if (index(names, " " n " ")) print n, (a == "" ? "noarch" : a), "installed ok", v; n = a = v = "" }
      END { if (n != "" && index(names, " " n " ")) print n, (a == "" ? "noarch" : a), "installed ok", v }' $db
  else echo =unreadable; fi
}
"#;

const LIST: &str = r#"list() {
  db=/lib/apk/db/installed
  [ -e $db ] || db=/usr/lib/apk/db/installed
  sed -n 's/^P:\(.*\)/\1 there/p' $db | sort -u
}
"#;

/// A paragraph a package, a line a version, and below it where that is.
const OFFERS: &str = r#"offers() {
  apk policy "$@" 2>/dev/null | awk '/ policy:$/ { n = $1 } /^  [^ ].*:$/ { v = $1; sub(/:$/, "", v) }
    /^    / && v != "" && $1 !~ /apk.db.installed$/ { print "=offers", n, v; v = "" }'
}
"#;

/// `asked NAME BEGINNING` finds a version when the index is there: apk compares whole numbers, not beginnings.
const APK: &str = r#"export LC_ALL=C
apk_add() { unlocked; apk --wait 60 add "$@"; }
apk_del() {
  unlocked
  apk --wait 60 del "$@" >"$t/tried" 2>&1 || { cat "$t/tried"; return 1; }
  cat "$t/tried"
}
asked() {
  offers "$1" | while read -r l l v; do
    case $v in "$2"*) echo "$1=$v";; esac
  done | sort -V | tail -n 1
}
"#;

fn apk() -> String {
    lock::unlocked("/lib/apk/db/lock /usr/lib/apk/db/lock /run/apk/db.lock", "") + QUERY + OFFERS + APK
}

/// What was brought for a declared package goes with it: apk keeps what its list of wanted packages needs, and no more.
fn body(work: &Work<'_>) -> String {
    let mut script = apk();
    if work.refresh {
        script += &format!("unlocked\napk --wait 60 update\n: >{}\n", REFRESHED);
    }
    let spec = |name: &str, version: Option<&str>| match version {
        // a build that is not named is any
        Some(version) if version.ends_with('*') || !version.contains("-r") => {
            let prefix = version.strip_suffix('*').map_or_else(|| format!("{version}-r"), str::to_owned);
            format!("\"$(v=$(asked {name} {prefix}); echo \"${{v:-{name}={version}}}\")\"")
        }
        Some(version) => quote(&format!("{name}={version}")),
        None => quote(name),
    };
    let specs = |turns: &[Turn]| {
        let those = work.wanted.iter().filter(|one| turns.contains(&one.turn));
        those.map(|one| spec(one.name, one.version.as_deref())).collect::<Vec<_>>().join(" ")
    };
    for (verb, turns) in
        [("apk_add", &[Turn::Install, Turn::Downgrade][..]), ("apk_add --upgrade", &[Turn::Upgrade])]
    {
        let specs = specs(turns);
        if !specs.is_empty() {
            script += &format!("{verb} {specs}\n");
        }
    }
    let gone = specs(&[Turn::Remove]);
    if !gone.is_empty() {
        script += &format!(
            "apk_del {gone}\n\
             stays=$(query {gone})\n\
             if [ -n \"$stays\" ]; then echo \"${{stays%% *}} stays, as other packages need it: remove those first\"; exit 1; fi\n"
        );
    }
    script
}

fn back(back: &Back<'_>) -> String {
    format!(
        r#"{apk}{IN_USE}remove=
for p in {remove}; do
  why=$(in_use "$p")
  if [ -n "$why" ]; then leave "the package $p stays: $why"; else remove="$remove $p"; fi
done
if [ -n "$remove" ]; then
  apk_del --purge $remove
  for p in $remove; do
    if [ -n "$(query "$p")" ]; then
      by=$(sed -n "s/^  $p: //p" "$t/tried")
      leave "the package $p stays: ${{by:-another package}} needs it"
    fi
  done
fi
install="{install}"
if [ -n "$install" ]; then apk_add $install; fi
for p in {versions}; do
  apk_add "$p" || leave "the package ${{p%%=*}} stays as it is: ${{p#*=}}, which was there, can't be had any more"
done
"#,
        apk = apk(),
        remove = back.purge.iter().chain(&back.remove).copied().collect::<Vec<_>>().join(" "),
        install = back.install.join(" "),
        versions = back.versions(),
    )
}
