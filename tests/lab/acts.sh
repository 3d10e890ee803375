#!/bin/bash
# Plays in the lab what an operator can do to a cluster, and prints what the program says of it. It asserts nothing: people
# read it, beside what another version printed of the same acts. As root: acts.sh LVSPROV [ACT...]
#
# ACT is the name of a function below that begins with `a` and a number; by default all of them are played.
# TAG=WORD    a lab of its own, so that two versions can play side by side
# TREE=FOLDER the checkout whose inventory and templates are used; the one of this file by default
# MOST=LINES  how many lines are shown of what each command says: its last ones
set -u
bin=$(realpath "$1"); shift
cd "${TREE:-$(dirname "$0")/../..}" || exit
acts=${*:-a1 a2 a3 a4 a5 a6 a7 a8 a8el a10 a11}
d=$(mktemp -d)
name=acts${TAG:-}
export XDG_STATE_HOME=${XDG_STATE_HOME:-$d/state}
t=$d/tutorial.yaml
vip=192.168.175.100
dir=lvs_director one=lvs_real_server01 two=lvs_real_server02
all="$dir $one $two client"
sed "s/^cluster: web/cluster: $name/" inventories/tutorial.yaml >"$t"

act() { printf '\n=== %s\n' "$*"; }
last_lines() {
  cut -c1-260 | awk -v most="${MOST:-16}" '
    { line[NR] = $0 }
    END { if (NR > most) { print "  [" NR - most " lines more]"; from = NR - most } for (n = from + 1; n <= NR; n++) print line[n] }'
}
# said WORDS...: runs it, shows the end of what it says, and its exit code. An old version may take hours: it is interrupted.
said() {
  echo "\$ lvsprov $*" | sed "s#$d/##g"
  timeout --foreground --signal INT 300 ${inside:-} "$bin" "$@" </dev/null >"$d/said" 2>&1; code=$?
  last_lines <"$d/said"; echo "(exit $code)"
}
lv() { inside='' said "$@"; }
# The same from where the machines are, without --lab.
direct() { inside="ip netns exec lvsprov-$name" said "$@"; }
quiet() {
  "$bin" "$@" </dev/null >"$d/quiet" 2>&1 || {
    code=$?; echo "[preparing: lvsprov $* ended with $code]" | sed "s#$d/##g"; tail -n 3 "$d/quiet"
  }
}
put() { host=$1; shift; "$bin" lab ssh -i "$t" "$host" -- "$@"; }
on() { put "$@" </dev/null; }
table() { on $dir 'ipvsadm -Ln | tail -n +4'; }
# inv NAME SED: the tutorial's inventory, changed
inv() { sed "$2" "$t" >"$d/$1.yaml"; echo "$d/$1.yaml"; }
# with NAME <SERVICES: the tutorial's inventory with further services
with() {
  awk -v file=/dev/stdin '/^time:/ { while ((getline line <file) > 0) print line; print "" } { print }' "$t" >"$d/$1.yaml"
  echo "$d/$1.yaml"
}
play() { cat >"$d/$1.yaml"; }
# link HOST up|down: plugs the machine's cards in, or pulls them
link() {
  json=$XDG_STATE_HOME/lvsprov/lab/$name/machines/$1/blueprint.json
  python3 - "$json" "$2" "lvsprov-$name" <<'P'
import json, subprocess, sys
def cards(node):
    if isinstance(node, dict):
        if "tap" in node and "bridge" in node: yield node
        for value in node.values(): yield from cards(value)
    elif isinstance(node, list):
        for value in node: yield from cards(value)
for card in cards(json.load(open(sys.argv[1]))):
    to = ["nomaster"] if sys.argv[2] == "down" else ["master", card["bridge"]]
    subprocess.run(["ip", "netns", "exec", sys.argv[3], "ip", "link", "set", card["tap"], *to], check=True)
P
}
downloads() {
  on client 'cd /tmp; rm -f dl.*; for i in 1 2 3 4 5 6; do
    setsid sh -c "curl -s --limit-rate 20k -o /dev/null http://'$vip'/big; echo \$? >/tmp/dl.$i" </dev/null >/dev/null 2>&1 &
  done; sleep 1'
}
ended() {
  on client 'echo "downloads that ended early: $(cat /tmp/dl.* 2>/dev/null | grep -c .) of 6"
    for p in /proc/[0-9]*; do read -r c <$p/comm 2>/dev/null && [ "$c" = curl ] && kill ${p#/proc/}; done
    sleep 1; rm -f /tmp/dl.*' 2>/dev/null
}
big() { for h in $one $two; do on $h 'dd if=/dev/zero of=/var/www/html/big bs=1M count=20 2>/dev/null'; done; }
nobig() { for h in $one $two; do on $h 'rm -f /var/www/html/big'; done; }
# stub HOST COMMAND SH: another command of that name stands before the host's own
stub() { on "$1" "mkdir -p /usr/local/sbin; printf '%s\n' '#!/bin/sh' '$3' >/usr/local/sbin/$2; chmod +x /usr/local/sbin/$2"; }
unstub() { on "$1" "rm -f /usr/local/sbin/$2"; }
# left HOST: how many processes called `sleep` are there
left() { echo "left on the host: $(on "$1" 'grep -lx sleep /proc/[0-9]*/comm 2>/dev/null | wc -l')"; }
play prune <<'Y'
- name: Only what is declared
  hosts: directors
  tasks:
    - virtual_services: { persist: true, prune: true }
Y
reset() { quiet deploy --lab --no-verify "$t"; quiet run --lab "$d/prune.yaml" "$t"; }
trap '"$bin" lab down "$t" >/dev/null 2>&1; rm -rf "$d"' EXIT
quiet lab up "$t"
quiet deploy --lab "$t"

smaller=$(inv smaller "/host: $two, weight/d")

a1() {
  act "A.1 the rules file can't be written: weight 1:1 to 1:2 with /etc read-only"
  wrr=$(inv wrr 's/scheduler: rr /scheduler: wrr/'); quiet deploy --lab --no-verify "$wrr"
  heavy=$(inv heavy "s/scheduler: rr /scheduler: wrr/; s/host: $two, weight: 1/host: $two, weight: 2/")
  on $dir 'mount --bind /etc /etc && mount -o remount,ro,bind /etc'
  lv deploy --lab --no-verify "$heavy"; table
  on $dir 'umount /etc'; reset
  act "A.1 the rules file is a directory"
  quiet deploy --lab --no-verify "$wrr"
  on $dir 'mv /etc/ipvsadm.rules /etc/ipvsadm.was; mkdir /etc/ipvsadm.rules'
  lv deploy --lab --no-verify "$heavy"; table
  on $dir 'rmdir /etc/ipvsadm.rules; mv /etc/ipvsadm.was /etc/ipvsadm.rules'; reset
  act "A.1 the director goes off in the middle of a drain"
  big; downloads
  { sleep 4; "$bin" lab off -i "$t" $dir >/dev/null 2>&1; } & lv deploy --lab --no-verify "$smaller"; wait
  quiet lab up "$t"; ended; reset
  act "A.1 the director's link is cut in the middle of a drain"
  downloads
  { sleep 4; link $dir down; } & lv deploy --lab --no-verify "$smaller"; wait
  link $dir up; sleep 15; ended; reset; nobig
  a1_interrupt
}
# How many real servers the kernel has.
set_() { on $dir 'grep -c -e "-> [0-9A-F]" /proc/net/ip_vs'; }
a1_interrupt() {
  act "A.1 Ctrl-C while 500 services of two real servers are set"
  many=$(for n in $(seq 500); do
    echo "  - { name: s$n, address: \"$vip:$((10000 + n))\", scheduler: rr, forwarding: nat, real_servers: [{ host: $one, port: 80 }, { host: $two, port: 80 }] }"
  done | with many)
  # All of them are set in a moment: a slow ipvsadm makes it long enough to be interrupted.
  stub $dir ipvsadm '[ "$1" = -R ] || exec /usr/sbin/ipvsadm "$@"
    while IFS= read -r line; do printf "%s\\n" "$line" | /usr/sbin/ipvsadm -R; sleep 0.01; done'
  # Without job control a shell has what is in its background ignore Ctrl-C.
  set -m
  "$bin" deploy --lab --no-verify "$many" </dev/null >"$d/said" 2>&1 & run=$!
  set +m
  while kill -0 $run 2>/dev/null && [ "$(set_)" -lt 100 ]; do sleep 0.5; done
  kill -INT $run; wait $run; code=$?
  grep -v 'left alone' "$d/said" | last_lines; echo "(exit $code)"
  unstub $dir ipvsadm; sleep 2
  echo "real servers in the kernel: $(set_), in the rules file: $(on $dir 'grep -c -e "^-a" /etc/ipvsadm.rules')"
  reset
}
a2() {
  act "A.2 the director is off"
  quiet lab off -i "$t" $dir; lv verify --lab "$t"; lv plan --lab "$t"; quiet lab up "$t"
  act "A.2 every host's link is cut"
  for h in $all; do link $h down; done
  lv verify --lab --connect-timeout 4 "$t"
  for h in $all; do link $h up; done; sleep 3; quiet deploy --lab "$t"
}
# Both real servers answer with TLS at 443, with +PONG at 6379 and with their name at 6380.
answering() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=shop -keyout "$d/key" -out "$d/certificate" 2>/dev/null
  for h in $one $two; do
    put $h 'mkdir -p /etc/ssl/private; cat >/etc/ssl/private/ssl-cert-snakeoil.key' <"$d/key"
    put $h 'mkdir -p /etc/ssl/certs; cat >/etc/ssl/certs/ssl-cert-snakeoil.pem' <"$d/certificate"
    put $h 'sh -s' <<'H'
a2enmod -q ssl >/dev/null
a2ensite -q default-ssl >/dev/null
systemctl restart apache2
for kind in pong:6379 who:6380; do
  printf '[Socket]\nListenStream=%s\nAccept=yes\n' ${kind#*:} >/etc/systemd/system/${kind%:*}.socket
  printf '[Service]\nExecStart=/usr/local/bin/%s\nStandardInput=socket\n' ${kind%:*} >/etc/systemd/system/${kind%:*}@.service
done
printf '#!/bin/sh\nread -r _; printf "+PONG\\r\\n"\n' >/usr/local/bin/pong
printf '#!/bin/sh\nread -r _; printf "+I am %%s\\r\\n" "$(hostname)"\n' >/usr/local/bin/who
chmod +x /usr/local/bin/pong /usr/local/bin/who
systemctl daemon-reload
systemctl restart pong.socket who.socket
H
  done
}
silent() {
  for h in $one $two; do
    put $h 'sh -s' <<'H'
systemctl stop pong.socket who.socket
rm -f /etc/systemd/system/pong* /etc/systemd/system/who* /usr/local/bin/pong /usr/local/bin/who
a2dissite -q default-ssl >/dev/null
a2dismod -q ssl >/dev/null
systemctl restart apache2
H
  done
}
a3() {
  act "A.3 wlc, a UDP service, TLS and plain TCP, without a word of how to check them"
  answering
  kinds=$(with kinds <<Y
  - { name: least, address: "$vip:81", scheduler: wlc, forwarding: nat, real_servers: [{ host: $one, port: 80 }, { host: $two, port: 80 }] }
  - { name: names, address: "$vip:53", protocol: udp, scheduler: rr, forwarding: nat }
  - { name: tls, address: "$vip:443", scheduler: rr, forwarding: nat }
  - { name: cache, address: "$vip:6379", scheduler: rr, forwarding: nat }
Y
)
  MOST=24 lv deploy --lab "$kinds"; MOST=24 lv verify --lab "$kinds"; lv verify --lab --strict "$kinds"; reset
  act "A.3 the same services, told how to check"
  told=$(with told <<Y
  - { name: tls, address: "$vip:443", scheduler: rr, forwarding: nat, check: { https: { path: /, insecure: true } } }
  - { name: cache, address: "$vip:6379", scheduler: rr, forwarding: nat, check: { tcp: { send: "PING\r\n", expect: +PONG } } }
  - { name: who, address: "$vip:6380", scheduler: rr, forwarding: nat, check: { tcp: { send: "WHO\r\n", expect: +I am } } }
  - { name: names, address: "$vip:53", protocol: udp, scheduler: rr, forwarding: nat, check: none }
Y
)
  lv deploy --lab "$told"; lv verify --lab "$told"
  act "A.3 https with a certificate that nobody has signed"
  sed -i 's/insecure: true/host: shop/' "$told"; lv verify --lab "$told"
  act "A.3 a dead VIP under wrr 997:1000"
  dead=$(inv dead "s/scheduler: rr /scheduler: wrr/; s/host: $one, weight: 1/host: $one, weight: 997/; s/host: $two, weight: 1/host: $two, weight: 1000/")
  quiet deploy --lab --no-verify "$dead"; for h in $one $two; do on $h 'systemctl stop apache2'; done
  lv verify --lab "$dead"
  silent; reset
}
a4() {
  act "A.4 a service in the kernel, one in the rules file, a renamed port, a host that left"
  on $dir "ipvsadm -A -t $vip:9999 -s rr; ipvsadm -a -t $vip:9999 -r 192.168.40.101:80 -m; printf '%s\n' '-A -t $vip:7777 -s rr' >>/etc/ipvsadm.rules"
  left=$(inv left "s/$vip:80 /$vip:8080/; /^  $two:/d; /host: $two, weight/d; s/host: $one, weight: 1/host: $one, port: 80/")
  MOST=40 lv plan --lab "$left"; MOST=24 lv verify --lab "$left"
  echo '$ lvsprov plan --output json'; "$bin" plan --lab --output json "$left" 2>/dev/null | grep '"undeclared"' | cut -c1-420
  MOST=30 lv deploy --lab "$left"; reset
}
# plain [USER]: an inventory that says itself how the machines are reached
plain() {
  for h in 192.168.40.100 192.168.40.101 192.168.40.102 192.168.175.50 $vip; do
    ip netns exec lvsprov-$name ssh-keyscan -T 3 -t ed25519 $h 2>/dev/null
  done >"$d/known_hosts"
  key=$(sed -n 's/^ *IdentityFile *//p' "$XDG_STATE_HOME/lvsprov/lab/$name/ssh_config" | head -n 1)
  ssh="user: ${1:-root}, identity_file: $key, options: { UserKnownHostsFile: $d/known_hosts, GlobalKnownHostsFile: /dev/null }"
  sed "s#^ssh: .*#ssh: { $ssh }#; s#^  $dir: {#  $dir: { address: 192.168.40.100,#" "$t" >"$d/plain.yaml"
}
a5() {
  act "A.5 a login that is not root"
  for h in $all; do
    on $h 'useradd -m -s /bin/bash ops; mkdir -p /home/ops/.ssh; cp /root/.ssh/authorized_keys /home/ops/.ssh/; chown -R ops: /home/ops/.ssh'
  done
  plain ops; direct plan "$d/plain.yaml"
  act "A.5 another machine answers at a real server's address"
  plain; sed -i "s#^  $one: {#  $one: { address: 192.168.40.102,#" "$d/plain.yaml"; direct deploy --no-verify "$d/plain.yaml"
  echo "the page of $two: $(on $two 'head -n 1 /var/www/html/index.html')"; reset
  act "A.5 the VIP is on no interface"
  plain; on $dir "ip addr del $vip/24 dev vec0"
  direct verify "$d/plain.yaml"; direct deploy --no-verify "$d/plain.yaml"
  on $dir "ip addr add $vip/24 dev vec0"; for h in $all; do on $h 'userdel -r ops 2>/dev/null'; done
}
a6() {
  act "A.6 a real server is removed while six downloads run"
  big; downloads; lv plan --lab "$smaller"; MOST=24 lv deploy --lab --no-verify "$smaller"; ended; reset
  act "A.6 the same with \`drain: 4\`"
  short=$(inv short "/host: $two, weight/d; s/^    forwarding: nat .*/    forwarding: nat\n    drain: 4/")
  downloads; lv plan --lab "$short"; MOST=20 lv deploy --lab --no-verify "$short"; ended; nobig; reset
}
a7() {
  act "A.7 somebody else's index.html"
  quiet destroy --lab "$t"
  for h in $one $two; do on $h 'mkdir -p /var/www/html; echo "The shop" >/var/www/html/index.html'; done
  MOST=24 lv deploy --lab "$t"; on $one 'cat /var/www/html/index.html'
  act "A.7 \`pages: replace\`"
  replace=$(inv replace 's/^time:/pages: replace\ntime:/'); lv deploy --lab "$replace"; on $one 'head -n 2 /var/www/html/index.html'
  quiet destroy --lab "$t"; for h in $one $two; do on $h 'rm -f /var/www/html/index.html'; done; quiet deploy --lab "$t"
}
a8() {
  act "A.8 !vault"
  play vault <<'Y'
- name: A secret
  hosts: client
  tasks:
    - file: { dest: /etc/token, content: !vault "$ANSIBLE_VAULT;1.1;AES256 6162" }
Y
  lv run --lab "$d/vault.yaml" "$t"
  act "A.8 a clock that is years off"
  on $two 'systemctl stop chrony; date -s "2019-01-01 00:00:00" >/dev/null'
  MOST=22 lv plan --lab "$t"
  on $two "date -s @$(date +%s) >/dev/null; systemctl start chrony"
  act "A.8 a full disk"
  on client 'dd if=/dev/zero of=/fill bs=1M 2>/dev/null; dd if=/dev/zero of=/fill2 bs=1k 2>/dev/null; :'
  play full <<'Y'
- name: A file
  hosts: client
  tasks:
    - file: { dest: /etc/note, content: "{{ 'a line\n' * 2000 }}" }
Y
  lv run --lab "$d/full.yaml" "$t"; on client 'rm -f /fill /fill2 /etc/note'
  act "A.8 an ip that colours and an ip that warns"
  stub $one ip 'echo "Warning: this ip is old" >&2; exec /usr/sbin/ip -c=always "$@"'; lv plan --lab "$t"; unstub $one ip
  act "A.8 a curl that warns, and one that is broken"
  stub client curl 'echo "curl: /usr/local/lib/libz.so.1: no version information available" >&2; exec /usr/bin/curl "$@"'
  lv verify --lab "$t"
  stub client curl 'echo "curl: symbol lookup error: undefined symbol: nghttp2" >&2; exit 127'
  lv verify --lab "$t"; unstub client curl
  act "A.8 a dpkg-query that warns, and one that is broken"
  stub $one dpkg-query 'echo "dpkg-query: warning: parsing file /var/lib/dpkg/status near line 1" >&2; exec /usr/bin/dpkg-query "$@"'
  lv plan --lab "$t"
  stub $one dpkg-query 'echo "dpkg-query: error: cannot read the database" >&2; exit 2'
  lv plan --lab "$t"; unstub $one dpkg-query
  act "A.8 a probe that hangs"
  stub $one dpkg-query 'exec sleep 400'; lv plan --lab "$t"; left $one; unstub $one dpkg-query
  act "A.8 a change that hangs"
  play hang <<'Y'
- name: Slow
  hosts: client
  tasks:
    - name: a long moment
      command: { cmd: sleep 300, timeout: 5 }
Y
  lv run --lab "$d/hang.yaml" "$t"; left client
  act "A.8 a gateway that a DHCP server gives, and the remedy"
  put $one 'sh -s' <<'H'
cp /etc/network/interfaces /root/interfaces
sed -i "s/inet static/inet dhcp/; /gateway/d" /etc/network/interfaces
mkdir -p /var/lib/dhcp
cat >/var/lib/dhcp/dhclient.vec0.leases <<'L'
lease {
  interface "vec0";
  fixed-address 192.168.40.101;
  option routers 192.168.40.1;
  renew 2 2037/01/01 00:00:00;
  rebind 2 2037/01/01 00:00:00;
  expire 2 2037/01/01 00:00:00;
}
L
H
  lv plan --lab "$t"
  echo 'the server hands out 192.168.40.100 now:'
  on $one 'sed -i "s/routers 192.168.40.1;/routers 192.168.40.100;/" /var/lib/dhcp/dhclient.vec0.leases'
  lv plan --lab "$t"; on $one 'cp /root/interfaces /etc/network/interfaces; rm -r /root/interfaces /var/lib/dhcp/dhclient.vec0.leases'
  act "A.8 a secret word, in text, JSON and --debug"
  play secret <<'Y'
- name: Token
  hosts: client
  vars: { word: swordfish }
  tasks:
    - command: { cmd: "echo {{ word }}; false", secret: true }
    - file: { dest: /etc/token, content: "{{ word }}\n", secret: true }
Y
  for how in text json debug; do
    case $how in text) words= ;; json) words="--output json" ;; debug) words="--debug $d/debug" ;; esac
    "$bin" run --lab $words "$d/secret.yaml" "$t" </dev/null >"$d/said" 2>&1
    [ $how = debug ] && cat "$d/debug" >>"$d/said" 2>/dev/null
    echo "$how: $(grep -c swordfish "$d/said") of $(wc -l <"$d/said") lines with it"
  done
}
a8el() {
  was=$t; t=$(inv el "s/^cluster: .*/cluster: $name-el/")
  quiet lab up --image el-9 "$t"; quiet deploy --lab "$t"
  act "A.8 an rpm that warns, and one that is broken"
  stub $one rpm 'echo "warning: Found bdb_ro Packages database while attempting sqlite backend" >&2; exec /usr/bin/rpm "$@"'
  lv plan --lab "$t"
  stub $one rpm 'echo "error: cannot open Packages database in /var/lib/rpm" >&2; exit 1'
  lv plan --lab "$t"
  "$bin" lab down "$t" >/dev/null 2>&1; t=$was
}
a10() {
  act "A.10 an Ansible user's playbook"
  play ansible <<'Y'
- name: Web
  hosts: real_servers
  become: true
  gather_facts: false
  roles: [web]
  handlers:
    - name: reload
      service: { name: apache2, state: restarted }
  tasks:
    - name: one
      apt: { name: apache2, state: latest }
      register: out
    - yum: { name: httpd }
    - dnf: { name: httpd }
    - copy: { src: a, dest: /etc/a }
    - systemd: { name: apache2, state: restarted }
      notify: reload
    - file: { dest: /etc/b, contents: x, modee: "0644" }
      with_items: [1, 2]
    - block: []
    - ansible.builtin.package: { name: curl }
Y
  MOST=90 lv plan --playbook "$d/ansible.yaml" "$t"
  act "A.10 Ansible's inventories, INI and YAML"
  printf '[web]\nweb1 ansible_host=192.0.2.1\n' >"$d/hosts.ini"; lv plan "$d/hosts.ini"
  printf 'all:\n  children:\n    web:\n      hosts:\n        web1: { ansible_host: 192.0.2.1 }\n' >"$d/hosts.yaml"
  lv plan "$d/hosts.yaml"
  act "A.10 not UTF-8, an empty file, a list where text is meant, x- anchors, --dry-run"
  printf 'cluster: caf\xe9\n' >"$d/latin1.yaml"; lv plan "$d/latin1.yaml"
  : >"$d/empty.yaml"; lv plan "$d/empty.yaml"
  sed 's/^cluster: .*/cluster: [web]/' "$t" >"$d/list.yaml"; lv plan "$d/list.yaml"
  { echo 'x-common: &nat { scheduler: rr }'; cat "$t"; } >"$d/x.yaml"; lv deploy --lab --dry-run "$d/x.yaml"
}
a11() {
  act "A.11 --debug FILE"
  lv plan --lab --debug "$d/debug" "$t"; grep -m 6 exchange "$d/debug" | cut -c1-200
}
for one_act in $acts; do $one_act; done
