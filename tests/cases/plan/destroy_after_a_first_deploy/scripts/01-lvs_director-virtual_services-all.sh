record=/var/lib/lvsprov/records/000007
rm -f "$record/stays"
PATH=$PATH:/usr/sbin:/sbin
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
say() {
  echo "$1"
  if command -v lvsprov_note >/dev/null 2>&1; then lvsprov_note "$1"; fi
}
edit -e -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 0
tell() {
  say "!! $1"
}
unended() {
    { printf '%s\n\n' "$1"; ipvsadm -Ln; } | awk -v each="${2:-}" '
        !listing && NF == 0 { listing = 1; next }
        !listing { leaving[$0] = 1; next }
        $1 == "->" {
            if ((service " " $2) in leaving || (service " all") in leaving) {
                all += open = $5 + (service ~ /^UDP/ ? $6 : 0)
                if (each && open) print service, $2, open
            }
            next
        }
        { service = $1 " " $2 ($1 == "FWM" && $3 == "IPv6" ? " IPv6" : "") }
        END { print each ? "all told" : all + 0 }'
}
clock() { read -r now rest </proc/uptime; now=${now%.*}${now#*.}; }
connections() {
    case $1 in
        1) some="1 connection" was=was ;;
        *) some="${1:-some} connections" was=were ;;
    esac
}
drain() {
    told=$(($1 + 10))
    while :; do
        open=$(unended "$leaving") || open=
        clock
        left=$(((begun + 100 * $1 - now + 99) / 100))
        if [ "$open" = 0 ] || [ "$left" -le 0 ]; then return 0; fi
        if [ "$left" -le 10 ] || [ $((told - left)) -ge 10 ]; then
            told=$left
            connections "$open"
            say "waiting for $some to end, $left s left"
        fi
        sleep 1
    done
}
cut_off() {
    case $open in 0 | '') return 0 ;; esac
    connections "$open"
    if [ "$1" = 0 ]; then
        tell "$some $was cut at once"
    else
        tell "$some $was still there after $1 s and $was cut"
    fi
}
clock
begun=$now
leaving='TCP 192.168.175.100:80 all'
drain 10
edit -D -t 192.168.175.100:80
cut_off 10
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
if [ -e "${record:-}"/etc-ipvsadm.rules ]; then cat "${record:-}"/etc-ipvsadm.rules; else printf %s ''; fi >"$t"
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
(
p=/etc/default/ipvsadm
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
printf %s '# ipvsadm

# if you want to start ipvsadm on boot set this to true

# daemon method (none|master|backup)
DAEMON="none"

# use interface (eth0,eth1...)
IFACE="eth0"

# syncid to use
# (0 means no filtering of syncids happen, that is the default)
# SYNCID="0"
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
boot_restore() {
if [ -f /etc/systemd/system/ipvsadm.service ] || [ -e /usr/lib/systemd/system/ipvsadm.service ] || [ -e /lib/systemd/system/ipvsadm.service ]; then
    if [ -c /etc/systemd/system/ipvsadm.service ]; then echo masked; return 0; fi
    for link in /etc/systemd/system/*.wants/ipvsadm.service; do
        if [ -L "$link" ]; then echo enabled; return 0; fi
    done
    echo disabled
elif [ -e /etc/init.d/ipvsadm ]; then
    if [ -c /etc/systemd/system/ipvsadm.service ]; then echo masked; return 0; fi
    for link in /etc/rc[2-4].d/S??ipvsadm; do
        if [ -L "$link" ]; then echo enabled; return 0; fi
    done
    echo disabled
else
    echo absent
fi
}
if [ "$(boot_restore)" != disabled ]; then
if [ -f /etc/systemd/system/ipvsadm.service ] || [ -e /usr/lib/systemd/system/ipvsadm.service ] || [ -e /lib/systemd/system/ipvsadm.service ]; then
    systemctl disable ipvsadm
elif [ -e /etc/init.d/ipvsadm ]; then
    if [ -d /run/systemd/system ]; then systemctl disable ipvsadm
    else update-rc.d ipvsadm disable
    fi
else
    :
fi
fi
