record=/var/lib/lvsprov/records/000002
rm -f "$record/stays"
leave() {
  echo "$1"
  if [ -d "${record:-}" ]; then echo "$1" >>"$record/stays"; fi
}
p=/var/www/html/index.html
if [ -d "$p" ] && ! [ -L "$p" ]; then
  rmdir "$p" 2>/dev/null || leave "$p stays: there is something in it"
else rm -f "$p"; fi
if [ -e "$record/made" ]; then
  while IFS= read -r p; do
    if [ -d "$p" ]; then rmdir "$p" 2>/dev/null || break; fi
  done <"$record/made"
fi
