//! What stopped a transaction, and what to do about it, from what the package manager printed.

/// POSIX sh with `explain FILE`, which prints a paragraph on what a package manager printed into the file; nothing where
/// that is not known. The words are those of apt, dpkg, dnf, yum, rpm, zypper and apk.
pub(super) const EXPLAIN: &str = r#"explain() {
  said() { grep -qE "$1" "$f"; }
  names() { sed -nE "$1" "$f" | sort -u | tr '\n' ' ' | sed 's/ $//; s/ /, /g'; }
  f=$1
  full=$(df -Pk / /usr /var /opt /boot /tmp 2>/dev/null | awk 'NR > 1 && $2 > 0 && $4 < 64 && !seen[$6]++ { print $6 }' | tr '\n' ' ')
  if said 'No space left on device|enough free space|needs .*[KMG]B( more space)? on the|more space needed on the|not enough space|Not enough free disk space|ENOSPC'; then
    echo
    echo "The disk is full${full:+ (no room is left on ${full% })}. Make room on it, for instance with the package manager's own \`clean\` and with \`journalctl --vacuum-size=100M\`, and run again: what was left half installed is healed first."
  elif said "dpkg: (unrecoverable fatal )?error.*(parsing file|/var/lib/dpkg/(status|available|info))|The package lists or status file could not be parsed|files list file for package .* is missing final newline|unable to (open|read) .*/var/lib/dpkg/status"; then
    echo
    echo "dpkg's list of what is installed is damaged. Older ones are /var/lib/dpkg/status-old and /var/backups/dpkg.status.*: put one that is whole in the place of /var/lib/dpkg/status, run \`dpkg --audit\`, and run again."
  elif said 'cannot open Packages (index|database)|rpmdb.*(failed|malformed|damaged|BDB)|rpmdb open failed|database disk image is malformed|Thread died in Berkeley DB|db5 error|cannot open Name index'; then
    echo
    echo "rpm's database is damaged or can't be read. Keep a copy of /var/lib/rpm, mend it with \`rpm --rebuilddb\`, see that \`rpm -qa\` lists what is installed, and run again."
  elif said "[Nn]o enabled repos|There are no enabled repositories|[Nn]o repositories defined|Cannot find a valid baseurl for repo" || {
    said '\(no such package\)' && [ -z "$(sed '/^[[:space:]]*\(#\|$\)/d' /etc/apk/repositories 2>/dev/null)" ]; }; then
    echo
    echo "This host has no package repository that can be used. Enable one (/etc/yum.repos.d, \`zypper addrepo\`, /etc/apk/repositories), for instance by a \`file\` task before this one, and run again."
  elif said 'Unable to locate package|has no installation candidate|No match for argument|No package .* available|[Nn]o provider of|not found in package names|\(no such package\)|Version .* for .* was not found'; then
    p=$(names "s/^(E: )?Unable to locate package ([^ ]+).*/\2/p; s/^(E: )?Package '?([^' ]+)'? has no installation candidate.*/\2/p; s/^(Error: )?(No match for argument|Unable to find a match): ([^ ]+).*/\3/p; s/^No package ([^ ]+) available.*/\1/p; s/^.*[Nn]o provider of '([^']+)' found.*/\1/p; s/^.*'([^']+)' not found in package names.*/\1/p; s/^ *([^ ]+) \(no such package\).*/\1/p; s/^(E: )?Version '([^']+)' for '([^']+)' was not found.*/\3=\2/p")
    echo
    echo "No repository of this host has ${p:-what is declared}. See how this distribution writes the name and which versions it has, and whether the repository that has it is enabled here (universe, EPEL, community); then run again."
  elif said 'Could not resolve|Temporary failure (in name resolution|resolving)|Failed to fetch|Failed to download metadata|Cannot download|Could not connect|temporary error \(try again later\)|network error'; then
    echo
    echo "A repository could not be reached from this host. See whether the host resolves its name and has a way to it (proxy, DNS, default route), and run again."
  fi
}
"#;
