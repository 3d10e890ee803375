//! A package transaction, which nothing of lvsprov's ends: not a cut connection, not an interrupt, not a deadline. It
//! runs on the host by itself; whoever began it follows it, and who comes later finds it.

use super::explain::EXPLAIN;
use crate::resource::record::TRANSACTION;
use crate::resource::shell::{LEAVE, SAY};
use crate::resource::{Aspect, quote};

/// A transaction that an earlier run began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// It goes on.
    Running {
        /// When it began, by the host's clock: `12:03:11`.
        since: String,
        /// What it does.
        what: String,
    },
    /// It has ended, and nobody has read how.
    Ended {
        /// Its exit code; `None` when it was killed, or the machine went down.
        code: Option<u8>,
        /// What it did.
        what: String,
        /// The last line that it printed.
        said: String,
    },
}

/// POSIX sh for whether the transaction that is there runs. A process is known by its number, the time of its start and
/// the boot.
const RUNS: &str = r#"t=/var/lib/lvsprov/transaction
transaction_runs() {
  if ! [ -e "$t/process" ] || [ -e "$t/code" ]; then return 1; fi
  read -r pid start boot since <"$t/process" || return 1
  read -r l </proc/sys/kernel/random/boot_id
  if [ "$l" != "$boot" ] || ! [ -r "/proc/$pid/stat" ]; then return 1; fi
  { read -r l <"/proc/$pid/stat"; } 2>/dev/null || return 1
  set -- ${l##*) }
  [ "${20}" = "$start" ]
}
"#;

impl Transaction {
    /// What it is waited for, if it goes on.
    pub(super) fn waiting(&self) -> Option<String> {
        match self {
            Transaction::Running { since, what } => {
                Some(format!("a package transaction that an earlier run began at {since}: {what}"))
            }
            Transaction::Ended { .. } => None,
        }
    }

    /// How it failed, if it did.
    pub(super) fn failure(&self) -> Option<Aspect> {
        let Transaction::Ended { code, what, said } = self else { return None };
        let how = match code {
            Some(0) => return None,
            Some(code) => format!("failed with {code}: {said}"),
            None => format!("was killed after: {said}"),
        };
        Some(Aspect::value(format!("the last transaction, which {what}"), Some(how), None))
    }

    /// From the probe's line without its `=`.
    pub(super) fn read(word: &str, rest: &str) -> Option<Transaction> {
        let (first, what) = rest.split_once(' ')?;
        let what = what.to_owned();
        match word {
            "runs" => Some(Transaction::Running { since: first.to_owned(), what }),
            "ended" => Some(Transaction::Ended { code: first.parse().ok(), what, said: String::new() }),
            _ => None,
        }
    }
}

/// POSIX sh that prints a line on the transaction if there is one, and what one that ended said last.
pub(super) fn probe() -> String {
    format!(
        r#"{RUNS}if [ -e "$t/process" ] && read -r what <"$t/what"; then
  if transaction_runs; then
    echo "=runs $since $what"
  else
    code=killed
    if [ -e "$t/code" ]; then read -r code <"$t/code"; fi
    echo "=ended $code $what"
    sed -n '/[^[:space:]]/h; ${{g; s/^/=said /p;}}' "$t/output"
  fi
fi
"#
    )
}

/// The sh of one transaction.
pub(super) struct Words<'a> {
    /// What it does, for whoever finds it: `installs apache2`.
    pub what: &'a str,
    /// POSIX sh with a function `list` that prints all packages that there are, sorted: `NAME:ARCH there`, or `configured`
    /// instead of `there` for one of which only the configuration is. Empty where nothing is to be noted.
    pub list: &'a str,
    /// What it runs, as root, under `set -eu`. Its `leave TEXT` is [`LEAVE`]'s.
    pub body: &'a str,
}

/// POSIX sh that waits for a transaction that runs, begins this one, and follows it to its end. The exit code and the
/// output are the transaction's.
///
/// Under systemd it becomes a unit of its own: a session's end ends what it started (`KillUserProcesses=`), its own
/// session or not. systemd gives it time when the machine goes down. What there is to say is read from its output.
/// The files with a code are there from the beginning: a disk that is full takes a name, and no content.
pub(super) fn run(words: &Words<'_>) -> String {
    let Words { what, list, body } = words;
    let what = quote(what);
    let (before, after) = if list.is_empty() { ("", "") } else { (BEFORE, AFTER) };
    format!(
        r#"{SAY}{RUNS}nap() {{ sleep 0.3 2>/dev/null || sleep 1; }}
if transaction_runs; then
  say "waits for a package transaction that an earlier run began: $(cat "$t/what")"
  while transaction_runs; do nap; done
fi
if [ -n "${{record:-}}" ]; then rm -f "$record/stays"; fi
what={what}
( umask 077; mkdir -p /var/lib/lvsprov; rm -rf "$t"; mkdir "$t" )
echo "$what" >"$t/what"
echo "${{record-}}" >"$t/record"
export -p >"$t/environment"
cat >"$t/script" <<'lvsprov_transaction'
cd {TRANSACTION} || exit 1
. ./environment
umask 022
trap : HUP INT TERM
read -r boot </proc/sys/kernel/random/boot_id
read -r stat </proc/$$/stat
set -- ${{stat##*) }}
echo 0 >code.0
echo 1 >code.1
echo "$$ ${{20}} $boot $(date +%T)" >process.new && mv process.new process
record=$(cat record)
t={TRANSACTION}
{LEAVE}{list}
( set -eu; cd /
{before}{body}
) </dev/null >output 2>&1
code=$?
{after}{{ echo $code >code.new && mv code.new code; }} 2>/dev/null || if [ $code = 0 ]; then mv code.0 code; else mv code.1 code; fi
exit 0
lvsprov_transaction
detach() {{
  if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null 2>&1 &&
    systemd-run --quiet --description="lvsprov: $what" -p KillMode=process -p TimeoutStopSec=900 \
      /bin/sh "$t/script" </dev/null >/dev/null 2>&1; then return; fi
  setsid sh "$t/script" </dev/null >/dev/null 2>&1 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&- &
}}
detach
n=0 waits=
while ! [ -e "$t/code" ]; do
  n=$((n + 1))
  if [ -e "$t/process" ]; then
    if ! transaction_runs; then break; fi
  elif [ $n -gt 100 ]; then echo "the package transaction did not begin" >&2; exit 1; fi
  if [ $((n % 4)) = 0 ] && [ -e "$t/output" ]; then
    w=$(sed -n '/^waits for \|^Waiting \|currently holding the yum lock/h; ${{g;p;}}' "$t/output")
    if [ -n "$w" ] && [ "$w" != "$waits" ]; then say "$w"; waits=$w; fi
  fi
  nap
done
if [ -e "${{record:-}}/stays" ]; then cat "$record/stays"; fi
if [ -e "$t/code" ]; then read -r code <"$t/code"; else code=killed; fi
if [ "$code" != 0 ]; then
  cat "$t/output" >&2
  {EXPLAIN}  explain "$t/output" >&2
fi
rm -rf "$t"
case $code in
0) ;;
killed) echo "the package transaction was killed" >&2; exit 1;;
*) exit "$code";;
esac
"#
    )
}

/// POSIX sh with `difference BEFORE`, which compares what `list` printed before with what it prints: lines of a verb by
/// which to take it back, and a name.
pub(super) const DIFFERENCE: &str = r#"difference() {
  list | awk -v f="$1" 'BEGIN { while ((getline l <f) > 0) { split(l, w, " "); was[w[1]] = w[2] } }
    { is[$1] = $2; if ($2 == "there" && was[$1] != "there") print (was[$1] == "" ? "purge" : "remove"), $1 }
    END { for (p in was) if (was[p] == "there" && is[p] != "there") print "install", p }'
}
"#;

/// A list that is there already is that of a transaction which ended before it could note what it did.
const BEFORE: &str = r#"if [ -n "$record" ] && ! [ -e "$record/before" ]; then
  list >"$record/before.new"
  mv "$record/before.new" "$record/before"
fi
"#;

const AFTER: &str = r#"if [ -n "$record" ] && [ -e "$record/before" ]; then
  cat "$record/packages" >"$record/packages.new" 2>/dev/null
  difference "$record/before" >>"$record/packages.new" && mv "$record/packages.new" "$record/packages" &&
    rm "$record/before"
fi
"#;
