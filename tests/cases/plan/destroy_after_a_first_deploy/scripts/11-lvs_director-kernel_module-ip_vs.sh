record=/var/lib/lvsprov/records/000004
rm -f "$record/stays"
say() {
  echo "$1"
  if command -v lvsprov_note >/dev/null 2>&1; then lvsprov_note "$1"; fi
}
leave() {
  echo "$1"
  if [ -d "${record:-}" ]; then echo "$1" >>"$record/stays"; fi
}
rm -f /etc/modules-load.d/lvsprov-ip_vs.conf
if [ -e "$record/made" ]; then rmdir /etc/modules-load.d 2>/dev/null || :; fi
m=ip_vs
unload() {
  if ! [ -d "/sys/module/$1" ]; then return 0; fi
  case $1 in ip_vs)
    for h in /sys/module/ip_vs/holders/ip_vs_*; do if [ -e "$h" ]; then unload "${h##*/}" || :; fi; done
  esac
  e=$(rmmod "$1" 2>&1)
}
if ! unload "$m"; then
  if [ "$(cat "/sys/module/$m/refcnt" 2>/dev/null)" = 0 ]; then say "the kernel module $m stays loaded: $e"
  else leave "the kernel module $m stays loaded: it is in use"; fi
fi
for m in ; do unload "$m" || :; done
