//! A package manager's lock that somebody else holds: it is waited for, its holder is named, and nothing is ended.

/// POSIX sh with `unlocked`, which returns once nobody else holds a lock. Who holds one is printed when that changes. After
/// five minutes of a transaction's waiting it ends the script with a line on it.
///
/// `files` are files that are locked; a lock is told by the kernel's list, and that it is this file's by what the holder
/// has open. `pids` are files in which the holder writes its number. Both are words of sh, where `*` is expanded.
pub(super) fn unlocked(files: &str, pids: &str) -> String {
    UNLOCKED.replace("@FILES@", files).replace("@PIDS@", pids)
}

const UNLOCKED: &str = r#"lock_seconds=300
holder() { # PID FILE
  n=
  { read -r n <"/proc/$1/comm"; } 2>/dev/null || return 1
  case $n in python*|perl|ruby|sh|bash)
    c=$(tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | sed -n '2,${/^[^-]/{p;q;};}')
    n=${c:-$n} n=${n##*/};;
  esac
  echo "$n (pid $1), which holds $2"
}
held() {
  for f in @FILES@; do
    [ -e "$f" ] || continue
    i=$(stat -c %i "$f") || continue
    for p in $(awk -v i="$i" '$4 == "WRITE" && $6 ~ ":" i "$" { print $5 }' /proc/locks); do
      for d in "/proc/$p/fd/"*; do
        if [ "$d" -ef "$f" ]; then holder "$p" "$f" && return 0; fi
      done
    done
  done
  for f in @PIDS@; do
    p=
    if [ -r "$f" ]; then read -r p <"$f" || :; fi
    case $p in ''|*[!0-9]*) continue;; esac
    if [ -d "/proc/$p" ]; then holder "$p" "$f" && return 0; fi
  done
  return 1
}
told=
unlocked() {
  while h=$(held); do
    if [ "$h" != "$told" ]; then echo "waits for $h"; told=$h; fi
    if [ "$lock_seconds" -le 0 ]; then
      echo "gave up waiting for $h. Nothing of it was ended: see what it does, and run again when it has ended."
      exit 75
    fi
    lock_seconds=$((lock_seconds - 1))
    sleep 1
  done
}
"#;
