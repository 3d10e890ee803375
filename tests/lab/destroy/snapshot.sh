# What there is on a host: a line each, `SECTION KEY<tab>VALUE`. Nothing is left out here but other file systems, and
# what /proc and /sys have beside the kernel's network parameters.
export LC_ALL=C
systemctl is-system-running --wait >/dev/null
# Of an IPv6 address that is still being looked for on the link (duplicate address detection), the local route is not
# there yet: it would come after the first snapshot, and be a difference.
tries=0
while [ -n "$(ip -6 -o address show tentative)" ]; do
  tries=$((tries + 1))
  if [ $tries = 100 ]; then
    echo "an IPv6 address is tentative after 10 s: $(ip -6 -o address show tentative)" >&2
    exit 1
  fi
  sleep 0.1
done

ss -Hlntu | awk '{ print "socket " $1 " " $5 }'
# Each loads what it lists with, once and for all: before the modules are told.
for family in 4 6; do
  ip -$family route show table all | sed "s/ expires [0-9]*sec//; s/^/route $family /"
  ip -$family rule | sed "s/^/rule $family /"
done
ip -o address | sed 's/^[0-9]*: /address /; s/ valid_lft.*//'
sed 's/^\([^ ]*\).*/module \1/' /proc/modules
sed 's/^/table /' /proc/net/ip_vs 2>/dev/null

find / -xdev -printf 'node %p\t%y %m %U:%G %l\n'
printf 'override %s\n' "$(cat /var/lib/dpkg/statoverride 2>/dev/null)"
find / -xdev -type f -exec b2sum {} + | sed 's/^\\\{0,1\}\([0-9a-f]*\)  \(.*\)$/content \2\t\1/'
find /run /tmp -printf 'runtime %p\t%y %m %U:%G\n' | sort -u
dpkg-query -W -f 'package ${Package}:${Architecture}\t${db:Status-Abbrev} ${Version}\n'
if command -v rpm >/dev/null; then rpm -qa | sed 's/^/rpm /'; fi
grep -rsH '' /proc/sys/net | sed 's/^\([^:]*\):/sysctl \1\t/'
systemctl list-unit-files --no-legend --no-pager --plain | sed 's/^\([^ ]*\) */unit-file \1\t/'
systemctl list-units --all --no-legend --no-pager --plain | awk '{ print "unit " $1 "\t" $2, $3, $4 }'
