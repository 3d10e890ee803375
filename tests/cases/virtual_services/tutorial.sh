PATH=$PATH:/usr/sbin:/sbin
command -v ipvsadm >/dev/null || { echo 'ipvsadm is not installed: add `package: { name: ipvsadm }` before' >&2; exit 1; }
[ -e /proc/net/ip_vs ] || modprobe ip_vs
command -v curl >/dev/null || {
    echo 'curl is not installed: without it the director can not try new real servers; add `package: { name: curl }` for directors' >&2
    exit 1
}
tries=20
answers() {
    while :; do
        connected=$(curl -s -o /dev/null -w '%{time_connect} %{size_request}' --noproxy '*' --connect-timeout 2 -m 3 "http://$1/") || :
        case $connected in *[1-9]*) return 0 ;; esac
        tries=$((tries - 1))
        if [ "$tries" -le 0 ]; then
            echo "real server $1 does not answer the director: nothing accepts a connection there; is its service running, and does its firewall let the director in?" >&2
            return 1
        fi
        sleep 1
    done
}
answers 192.168.40.101:80
answers 192.168.40.102:80
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
edit -A -t 192.168.175.100:80 -s rr
edit -a -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 1
edit -a -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 1
replace() {
    target=$1
    if [ -L "$target" ]; then target=$(readlink -f "$target"); fi
    temporary=${target%/*}/.lvsprov.${target##*/}.new
    trap 'rm -f "$temporary"' EXIT
    trap 'exit 143' HUP INT TERM
    rm -f "$temporary"
    if [ -e "$target" ]; then cp -p "$target" "$temporary"; else (umask 022; : >"$temporary"); fi
    printf '%s\n' "$2" >"$temporary"
    sync "$temporary" 2>/dev/null || sync
    mv -f "$temporary" "$target"
}
replace /etc/ipvsadm.rules '-A -t 192.168.175.100:80 -s rr
-a -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 1
-a -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 1'
defaults=/etc/default/ipvsadm
if [ -e "$defaults" ] && grep -q '^[[:space:]]*AUTO=' "$defaults"; then
    new=$(sed 's/^[[:space:]]*AUTO=.*/AUTO="true"/' "$defaults")
else
    new=$(if [ -e "$defaults" ]; then cat "$defaults"; fi)
    new=$new${new:+
}'AUTO="true"'
fi
replace "$defaults" "$new"
ipvsadm_unit() {
    native=
    for unit in /etc/systemd/system/ipvsadm.service /usr/lib/systemd/system/ipvsadm.service /lib/systemd/system/ipvsadm.service; do
        if [ -c "$unit" ]; then echo masked; return 0; fi
        if [ -e "$unit" ]; then native=yes; fi
    done
    if [ -n "$native" ]; then set -- /etc/systemd/system/*.wants/ipvsadm.service
    elif [ -e /etc/init.d/ipvsadm ]; then set -- /etc/rc[2-4].d/S??ipvsadm
    else echo absent; return 0
    fi
    for link do
        if [ -L "$link" ]; then echo enabled; return 0; fi
    done
    echo disabled
}
if [ "$(ipvsadm_unit)" != enabled ]; then
    if [ -d /run/systemd/system ]; then systemctl enable ipvsadm
    else update-rc.d ipvsadm defaults && update-rc.d ipvsadm enable
    fi
fi
