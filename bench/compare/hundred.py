"""A hundred hosts; plan only."""

import json
import sys

from . import clock
from .hosts import PORT, Hosts
from .tools import Masters

HOSTS = 100
# lvsprov's own default, and all at once.
FORKS = (20, 100)


def address(number):
    return f"127.0.{1 + number // 200}.{1 + number % 200}"


def declared(number):
    """The director's, the client's, and those of the real servers."""
    return {0: "10.30.0.1", 1: "10.30.0.2"}.get(number, f"10.20.1.{number}")


def inventory(hosts):
    """A director, 98 real servers and a client. They are reached at addresses of the loopback."""
    text = f"""\
cluster: hundred
ssh:
  user: root
  port: {PORT}
  identity_file: {hosts.folder}/login_key
  options: {{ UserKnownHostsFile: {hosts.folder}/known_hosts, GlobalKnownHostsFile: /dev/null }}
directors:
  director: {{ vip: {declared(0)}/24, dip: 10.20.0.1/16, address: {address(0)} }}
clients:
  client: {{ cip: {declared(1)}/24, address: {address(1)} }}
virtual_services:
  - {{ name: web, address: "10.30.0.1:80", scheduler: rr, forwarding: nat }}
real_servers:
"""
    return text + "".join(
        f"  real{number:03}: {{ rip: {declared(number)}/16, address: {address(number)} }}\n" for number in range(2, HOSTS)
    )


def measure(lvsprov, work, rounds):
    """lvsprov without a live master against `ssh HOST true`, as many at once."""
    runs = {}
    with Hosts(work, ((address(number), declared(number)) for number in range(HOSTS))) as hosts:
        path = work / "hundred.yaml"
        path.write_text(inventory(hosts))
        names = work / "hundred.hosts"
        names.write_text("".join(f"{address(number)}\n" for number in range(HOSTS)))
        for number in range(rounds):
            print(f"bench: 100 hosts, round {number + 1} of {rounds}", file=sys.stderr)
            for forks in FORKS:
                runs.setdefault(f"ssh {forks}", []).append(run("plain", hosts.plain(names, forks), work, (0,)))
                with Masters() as masters:
                    plan = [lvsprov, "plan", "--forks", forks, "--connect-timeout", 120, "--output", "json", path]
                    # This machine is not what the inventory declares, so that the plan is never empty; it may
                    # even be refused where no systemd runs. That all hosts were read is what counts here.
                    done = run("lvsprov", plan, work, (1, 3), {"LVSPROV_CONTROL_DIR": str(masters)}, all_read)
                    runs.setdefault(f"plan {forks}", []).append(done)
                print(f"  {forks} at once: {runs[f'ssh {forks}'][-1].seconds:.2f} s, "
                      f"{runs[f'plan {forks}'][-1].seconds:.2f} s", file=sys.stderr)  # fmt: skip
    return {name: clock.summary(of_tool) for name, of_tool in runs.items()}


def run(name, command, work, codes, env=None, check=None):
    return clock.run([*Hosts.inside(), *command], env=env, codes=codes, log=work / f"run-hundred-{name}.log", check=check)


def all_read(text):
    """Only of a host that was read is anything as declared, or to change; what is refused there counts as failed."""
    summary = next((line for line in text.splitlines()[::-1] if line.startswith('{"event":"summary"')), "{}")
    hosts = json.loads(summary).get("hosts", {}).values()
    return sum(host["ok"] + host["changed"] > 0 and not host["unreachable"] for host in hosts) == HOSTS
