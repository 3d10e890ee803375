//! What uses a package although no other package needs it.

/// POSIX sh with `in_use NAME`, which prints why the package has to stay; nothing where it may go.
///
/// A table that others have filled can't be seen or changed without ipvsadm, Debian's purge removes the rules file, and
/// with `AUTO="true"` its removal clears the table.
pub(super) const IN_USE: &str = r#"in_use() {
  case ${1%%[:.]*} in ipvsadm)
    if [ -n "$(sed -n 4p /proc/net/ip_vs 2>/dev/null)" ]; then echo "this host has virtual services of others"
    elif grep -qs '^[[:space:]]*-' /etc/ipvsadm.rules /etc/sysconfig/ipvsadm /var/lib/ipvsadm/rules-save; then
      echo "the rules file has virtual services of others"
    fi;;
  esac
}
"#;
