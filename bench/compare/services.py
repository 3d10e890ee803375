"""A director with 1,000 services of 10 real servers: the whole table at once, and nothing to change."""

import subprocess
import sys

from . import clock
from .lab import HOSTS
from .tools import Masters

SERVICES = 1000
PORTS = range(8001, 8006)
REAL_SERVERS = {"lvs_real_server01": "192.168.40.101", "lvs_real_server02": "192.168.40.102"}
VIP = "192.168.175.100"

PLAYBOOK = "- name: Tables\n  hosts: directors\n  tasks:\n    - virtual_services: {}\n"


def inventory(text):
    """The tutorial's, with services of its own. Nothing listens behind them, so that nobody is asked."""
    servers = ", ".join(f"{{ host: {host}, port: {port} }}" for host in REAL_SERVERS for port in PORTS)
    services = "".join(
        f'  - {{ name: s{number}, address: "{VIP}:{10000 + number}", scheduler: rr, check: none, '
        f"real_servers: [{servers}] }}\n"
        for number in range(SERVICES)
    )
    head, rest = text.split("\nvirtual_services:\n")
    return f"{head}\nvirtual_services:\n{services}\ntime:{rest.split(chr(10) + 'time:')[1]}"


def rules():
    """The same table as `ipvsadm -R` reads it."""
    lines = []
    for number in range(SERVICES):
        service = f"-t {VIP}:{10000 + number}"
        lines.append(f"-A {service} -s rr")
        lines += [f"-a {service} -r {rip}:{port} -m -w 1" for rip in REAL_SERVERS.values() for port in PORTS]
    return "\n".join(lines) + "\n"


def measure(lab, rounds):
    """Each round begins with an empty table, once for ipvsadm and once for lvsprov, over live masters."""
    lab.fresh()
    work, runs = lab.work, {}
    path, playbook = work / "services.yaml", work / "services-table.yaml"
    path.write_text(inventory(lab.inventory.read_text()))
    playbook.write_text(PLAYBOOK)
    table = work / "services.rules"
    table.write_text(rules())
    with Masters() as masters:
        env = {"LVSPROV_CONTROL_DIR": str(masters)}
        first = [lab.lvsprov, "deploy", "--lab", lab.inventory]
        clock.run(first, env=env, log=work / "run-services-first.log")
        socket = ["-o", "ControlMaster=auto", "-o", "ControlPersist=600", "-o", f"ControlPath={masters}/%C"]
        ssh = ["ssh", "-F", lab.config, "-o", "BatchMode=yes", *socket, HOSTS[0]]

        def on_director(command):
            done = subprocess.run([*ssh, command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            return done.stdout.decode()

        def emptied():
            on_director("ipvsadm -C; rm -f /etc/ipvsadm.rules; rm -rf /var/lib/lvsprov/records; sync")

        def same():
            there = on_director("ipvsadm -Sn").splitlines()
            return len(there) == SERVICES * (1 + len(PORTS) * len(REAL_SERVERS))

        def keep(name, command, codes=(0,)):
            done = clock.run(command, env=env, codes=codes, log=work / f"run-services-{name.split()[0]}.log")
            if not same():
                raise clock.Failed(f"{name} did not leave the whole table")
            print(f"  {name}: {done.seconds:.2f} s, {done.resident / 1024:.0f} MiB", file=sys.stderr)
            runs.setdefault(name, []).append(done)

        run = [lab.lvsprov, "run", playbook, path, "--lab"]
        for number in range(rounds):
            print(f"bench: {SERVICES} services, round {number + 1} of {rounds}", file=sys.stderr)
            emptied()
            restore = f"{quoted(ssh)} 'ipvsadm -R && ipvsadm -Sn' <{table}"
            keep("ipvsadm first", ["sh", "-c", restore])
            keep("ipvsadm idle", [*ssh, "ipvsadm -Sn"])
            emptied()
            keep("lvsprov first", run)
            keep("lvsprov idle", run)
    return {name: clock.summary(of_tool) for name, of_tool in runs.items()}


def quoted(words):
    return " ".join(f"'{word}'" for word in words)
