record=/var/lib/lvsprov/records/000002
rm -f "$record/stays"
leave() {
  echo "$1"
  if [ -d "${record:-}" ]; then echo "$1" >>"$record/stays"; fi
}
p=/etc/chrony/chrony.conf
if [ -d "$p" ] && ! [ -L "$p" ]; then
  rmdir "$p" 2>/dev/null || leave "$p stays: there is something in it"
else rm -f "$p"; fi
if [ -e "$record/made" ]; then
  while IFS= read -r p; do
    if [ -d "$p" ]; then rmdir "$p" 2>/dev/null || break; fi
  done <"$record/made"
fi
u=chrony.service
if systemctl -q is-active "$u" && ! systemctl restart "$u"; then
  systemctl --no-pager --full --lines=30 status "$u" >&2 || :
  exit 1
fi
