record=
for record in /var/lib/lvsprov/records/*-9a10a4510255c969; do break; done
[ -d "$record" ] || record=
PATH=$PATH:/usr/sbin:/sbin
if [ -d "${record:-}" ]; then
    { cat "$record/touched" 2>/dev/null || :; printf %s 'live -t 192.168.175.100:80
at boot -t 192.168.175.100:80
rules
'; } | sort -u >"$record/touched.new"
    sync "$record/touched.new" 2>/dev/null || sync
    mv -f "$record/touched.new" "$record/touched"
fi
command -v ipvsadm >/dev/null || { echo 'ipvsadm is not installed: add `package: { name: ipvsadm }` before' >&2; exit 1; }
[ -e /proc/net/ip_vs ] || modprobe ip_vs
edit() {
    said=$(ipvsadm "$@" 2>&1) && return 0
    call="ipvsadm $*"
    verb=$1
    shift
    case $verb:$said in
        -A:*'already exists'*) ipvsadm -E "$@"; return ;;
        -a:*'already exists'*) ipvsadm -e "$@"; return ;;
        -[dD]:*'No such'* | -d:*'not defined'*) return 0 ;;
    esac
    echo "$call: $said" >&2
    return 1
}
edit -e -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 3
(
p=/etc/ipvsadm.rules
if [ -L "$p" ]; then p=$(readlink -f "$p"); fi
if [ -e "$p" ] && ! [ -f "$p" ]; then echo "$p is no regular file, and stays: see what it is for, and move it away" >&2; exit 1; fi
d=${p%/*}
[ -d "$d/" ] || { echo "there is no directory ${d:-/} for $p: declare it before with \`file: { dest: $d, state: directory }\`" >&2; exit 1; }
t=$d/.lvsprov.${p##*/}.new
trap 'rm -f "$t"' EXIT
trap 'exit 143' HUP INT TERM
if [ -e "$t" ] || [ -L "$t" ]; then rm -f "$t"; fi
umask 077
set -C
printf %s '-A -t 192.168.175.100:80 -s rr
-a -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 3
-a -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 1
-a -t 192.168.175.100:80 -r 192.168.40.103:80 -m -w 1
' >"$t"
if [ -e "$p" ]; then set -- $(stat -c '%a %u %g' "$p"); else set -- 0644 0 0; fi
who=$2:$3
case $who in
0:0 | root:root) [ -O / ] && [ -O "$t" ] && [ -G / ] && [ -G "$t" ] ;;
*) false ;;
esac || chown "$who" "$t"
chmod $1 "$t"
new=
if [ -d /sys/fs/selinux/class/file ]; then
  if [ -e "$p" ]; then chcon --reference="$p" "$t" || :; else new=1; fi
fi
sync "$t" 2>/dev/null || sync
mv -f "$t" "$p"
trap - EXIT
if [ -n "$new" ]; then restorecon "$p" || :; fi
)
