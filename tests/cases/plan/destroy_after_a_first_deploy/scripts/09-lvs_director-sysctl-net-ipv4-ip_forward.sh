record=/var/lib/lvsprov/records/000006
rm -f "$record/stays"
rm -f /etc/sysctl.d/99-zz-lvsprov-net.ipv4.ip_forward.conf
if [ -e "$record/made" ]; then rmdir /etc/sysctl.d 2>/dev/null || :; fi
printf '%s\n' 0 >/proc/sys/net/ipv4/ip_forward
if [ -s "$record/beside" ]; then
  while IFS=: read -r f v; do
    case $f in */all/forwarding) continue;; esac
    if [ -e "$f" ] && [ "$(cat "$f")" != "$v" ]; then printf '%s\n' "$v" >"$f"; fi
  done <"$record/beside"
fi
