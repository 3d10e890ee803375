# What lvsprov's playbooks/deploy.yaml does, as a user of pyinfra would write it. The files carry the
# names and texts that lvsprov's have, so that each tool finds nothing to change after the other.
from io import StringIO

from pyinfra import host
from pyinfra.facts.server import Command
from pyinfra.operations import apt, files, server, systemd

DIP = "192.168.40.100"
RULES = """\
-A -t 192.168.175.100:80 -s rr
-a -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 1
-a -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 1
"""
CHRONY = """\
include /etc/chrony/conf.d/*.conf
keyfile /etc/chrony/chrony.keys
driftfile /var/lib/chrony/chrony.drift
logdir /var/log/chrony
maxupdateskew 100.0
rtcsync
makestep 1 3
leapsectz right/UTC
"""


def chrony(head):
    conf = files.put(
        src=StringIO("# Written by lvsprov.\n" + head + CHRONY),
        dest="/etc/chrony/chrony.conf",
        mode="644",
        user="root",
        group="root",
    )
    systemd.service(service="chrony", running=True, enabled=True)
    systemd.service(service="chrony", restarted=True, _if=conf.did_change)


PACKAGES = {"directors": ["ipvsadm", "chrony", "curl"], "real_servers": ["apache2", "chrony"], "clients": ["curl"]}
apt.packages(packages=next(PACKAGES[group] for group in host.groups if group in PACKAGES), no_recommends=True)

if "real_servers" in host.groups:
    files.put(src=StringIO(host.name + "\n"), dest="/var/www/html/index.html")
    systemd.service(service="apache2", running=True, enabled=True)
    chrony(f"server {DIP} iburst\n")
    if f"via {DIP} " not in (host.get_fact(Command, "ip -4 route show default") or ""):
        server.shell(commands=[f"ip -4 route replace default via {DIP}"])
    files.line(path="/etc/network/interfaces", line=r"^\s*gateway .*$", replace=f"    gateway {DIP}")

if "directors" in host.groups:
    chrony("pool pool.ntp.org iburst\nallow 192.168.40.0/24\nlocal stratum 10\n")
    for module in ("ip_vs", "ip_vs_rr"):
        server.modprobe(module=module)
        text = StringIO(f"# Written by lvsprov.\n{module}\n")
        files.put(src=text, dest=f"/etc/modules-load.d/lvsprov-{module}.conf")
    server.sysctl(
        key="net.ipv4.ip_forward",
        value=1,
        persist=True,
        persist_file="/etc/sysctl.d/99-zz-lvsprov-net.ipv4.ip_forward.conf",
    )
    files.put(src=StringIO(RULES), dest="/etc/ipvsadm.rules")
    table = host.get_fact(Command, "[ ! -e /proc/net/ip_vs ] || ipvsadm-save -n")
    if (table or "").strip() != RULES.strip():
        server.shell(commands=["ipvsadm -C && ipvsadm-restore </etc/ipvsadm.rules"])
    files.line(path="/etc/default/ipvsadm", line=r"^AUTO=.*$", replace='AUTO="true"')
    # systemd.service takes the unit of an init script for disabled every time.
    if not host.get_fact(Command, "ls /etc/rc2.d | grep ipvsadm || true"):
        server.shell(commands=["systemctl enable ipvsadm"])
