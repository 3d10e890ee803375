"""A thousand hosts, asked by a process with the usual soft limit of open files."""

import json
import shutil
import sys

from . import clock
from .hosts import PORT, Hosts
from .tools import Masters

HOSTS = 1000
FORKS = 20
# What a login shell has, unless somebody has raised it.
OPEN_FILES = 1024


def address(number):
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


def declared(number):
    """The director's, and those of the real servers."""
    return f"10.20.{1 + number // 250}.{1 + number % 250}" if number else "10.30.0.1"


def inventory(hosts):
    """A director and 999 real servers. They are reached at addresses of the loopback."""
    text = f"""\
cluster: thousand
ssh:
  user: root
  port: {PORT}
  identity_file: {hosts.folder}/login_key
  options: {{ UserKnownHostsFile: {hosts.folder}/known_hosts, GlobalKnownHostsFile: /dev/null }}
directors:
  director: {{ vip: {declared(0)}/24, dip: 10.20.0.1/16, address: {address(0)} }}
virtual_services:
  - {{ name: web, address: "10.30.0.1:80", scheduler: rr, forwarding: nat }}
real_servers:
"""
    return text + "".join(
        f"  real{number:03}: {{ rip: {declared(number)}/16, address: {address(number)} }}\n"
        for number in range(1, HOSTS)
    )


def measure(lvsprov, work, rounds):
    """A check, and a deploy that changes one file on each host, against as many `ssh HOST true`."""
    runs = {}
    files = work / "thousand.files"
    with Hosts(work, ((address(number), declared(number)) for number in range(HOSTS))) as hosts:
        path, playbook, names = work / "thousand.yaml", work / "thousand-file.yaml", work / "thousand.hosts"
        path.write_text(inventory(hosts))
        names.write_text("".join(f"{address(number)}\n" for number in range(HOSTS)))
        plain = hosts.plain(names, FORKS)
        for number in range(rounds):
            print(f"bench: {HOSTS} hosts, round {number + 1} of {rounds}", file=sys.stderr)
            shutil.rmtree(files, ignore_errors=True)
            files.mkdir()
            dest = f"{files}/{{{{ inventory_hostname }}}}"
            playbook.write_text(
                "- name: One file on each\n  hosts: all\n  tasks:\n"
                f'    - file: {{ dest: "{dest}", content: "round {number}\\n" }}\n'
            )

            def keep(name, command, codes=(0,), check=None):
                with Masters() as masters:
                    env = {"LVSPROV_CONTROL_DIR": str(masters)}
                    limited = ["prlimit", f"--nofile={OPEN_FILES}:", *command]
                    log = work / f"run-thousand-{name}.log"
                    done = clock.run([*hosts.inside(), *limited], env=env, codes=codes, log=log, check=check)
                print(f"  {name}: {done.seconds:.2f} s, {done.resident / 1024:.0f} MiB", file=sys.stderr)
                runs.setdefault(name, []).append(done)

            deploy = [lvsprov, "deploy", path, "--playbook", playbook, "--no-verify", "--forks", FORKS]
            deploy += ["--connect-timeout", 120, "--output", "json"]
            keep("ssh", plain)
            keep("check", [*deploy, "--check"], (3,), changed)
            keep("deploy", deploy, (0,), changed)
            if len(list(files.iterdir())) != HOSTS:
                raise clock.Failed(f"not every host has its file in {files}")
    return {name: clock.summary(of_tool) for name, of_tool in runs.items()}


def changed(text):
    """One change on each host, and none of them unreachable."""
    summary = next((line for line in text.splitlines()[::-1] if line.startswith('{"event":"summary"')), "{}")
    hosts = json.loads(summary).get("hosts", {}).values()
    return sum(host["changed"] == 1 and not host["unreachable"] for host in hosts) == HOSTS
