record=/var/lib/lvsprov/records/000006
rm -f "$record/stays"
lost=
while ip -4 route del default 2>/dev/null; do :; done
ip -4 route append default via 192.168.40.1 dev vec0 || lost=yes
[ -z "$lost" ]
(
p=/etc/network/interfaces
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
lvsprov_patch='-    gateway 192.168.40.100
+    gateway 192.168.40.1
@
' awk '
function find(want, length_, i, j, hits) {
  hits = 0
  for (i = 0; i + length_ <= count; i++) {
    for (j = 1; j <= length_ && (line[i + j] "") == (want[j] ""); j++) { }
    if (j > length_) { hits++; place = i }
  }
  return hits
}
function swap(i, shift) {
  shift = ins - del
  if (shift > 0) for (i = count; i > place + del; i--) line[i + shift] = line[i]
  if (shift < 0) for (i = place + del + 1; i <= count; i++) line[i + shift] = line[i]
  for (i = 1; i <= ins; i++) line[place + i] = to[i]
  count += shift
}
{ line[NR] = $0 }
END {
  count = NR; del = 0; ins = 0; from[0] = ""; to[0] = ""
  words = split(ENVIRON["lvsprov_patch"], word, "\n")
  for (k = 1; k <= words; k++) {
    kind = substr(word[k], 1, 1); text = substr(word[k], 2)
    if (kind == " " || kind == "-") from[++del] = text
    if (kind == " " || kind == "+") to[++ins] = text
    if (kind != "@") continue
    if (ins > del && find(to, ins) == 1) done = 1
    else if (find(from, del) == 1) { swap(); done = 1 }
    else done = find(to, ins) == 1
    if (!done) exit 3
    del = 0; ins = 0
  }
  for (i = 1; i <= count; i++) print line[i]
}
' "$p" >"$t" || { echo /etc/network/interfaces" was changed since the plan was made: run again" >&2; exit 1; }
text=$(cat "$t")
if [ "$text" = "$(cat "$p")" ]; then exit 0; fi
if [ -f "$record"/files/etc/network/interfaces ] && [ "$text" = "$(cat "$record"/files/etc/network/interfaces)" ]; then
cat "$record"/files/etc/network/interfaces >|"$t"
touch -r "$record"/files/etc/network/interfaces "$t"
fi
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
