"""A thousand hosts: as many sshds on loopback addresses of one kernel, with the usual soft limit of open files."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time

from . import clock, hundred
from .tools import Masters

HOSTS = 1000
FORKS = 20
# What a login shell has, unless somebody has raised it.
OPEN_FILES = 1024

# What a host keeps of lvsprov is a host's own: these folders are each sshd's, and its sessions'.
FOLDERS = ("/run/lvsprov", "/var/lib/lvsprov")


class Sshds(hundred.Sshd):
    """One sshd a host."""

    def __enter__(self):
        made = [folder for folder in FOLDERS if not os.path.exists(folder)]
        for folder in made:
            os.makedirs(folder, mode=0o700)
        self.made = made
        # The first one makes the keys, the configuration and the namespace, and shows that they work.
        super().__enter__()
        self.process.terminate()
        self.process.wait()
        # An address on the command line stands beside those of the file.
        config = (self.folder / "sshd_config").read_text().replace("ListenAddress 0.0.0.0\n", "")
        (self.folder / "sshd_config_each").write_text(config)
        mounts = "; ".join(f"mount -t tmpfs -o mode=700 none {folder}" for folder in FOLDERS)
        words = ["/usr/sbin/sshd", "-D", "-f", f"{self.folder}/sshd_config_each", "-E", f"{self.folder}/log", "-o"]
        one = f"unshare -m sh -c '{mounts}; exec {shlex.join(words)} ListenAddress=\"$0\"'"
        hosts = " ".join(address(number) for number in range(HOSTS))
        start = f"for host in {hosts}; do {one} \"$host\" & done; wait"
        inside = ["ip", "netns", "exec", hundred.NAMESPACE, "sh", "-c", start]
        self.process = subprocess.Popen(inside, stdin=subprocess.DEVNULL)
        for _ in range(120):
            time.sleep(1)
            listen = ["ip", "netns", "exec", hundred.NAMESPACE, "ss", "-Hltn", "sport", "=", f":{hundred.PORT}"]
            listening = subprocess.run(listen, capture_output=True, text=True).stdout
            if len(listening.splitlines()) == HOSTS:
                return self
        self.__exit__()
        raise SystemExit(f"bench: not all {HOSTS} sshds listen; see {self.folder}/log")

    def __exit__(self, *_):
        pids = subprocess.run(["ip", "netns", "pids", hundred.NAMESPACE], capture_output=True, text=True).stdout
        for pid in pids.split():
            try:
                os.kill(int(pid), signal.SIGTERM)
            except ProcessLookupError:
                pass
        self.process.wait()
        subprocess.call(["ip", "netns", "del", hundred.NAMESPACE])
        for folder in self.made:
            shutil.rmtree(folder, ignore_errors=True)


def address(number):
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


def declared(number):
    """The director's, and those of the real servers."""
    return f"10.20.{1 + number // 250}.{1 + number % 250}" if number else "10.30.0.1"


def inventory(sshds):
    """A director and 999 real servers. They are reached at addresses of the loopback."""
    text = f"""\
cluster: thousand
ssh:
  user: root
  port: {hundred.PORT}
  identity_file: {sshds.folder}/login_key
  options: {{ UserKnownHostsFile: {sshds.folder}/known_hosts, GlobalKnownHostsFile: /dev/null }}
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
    with Sshds(work, map(declared, range(HOSTS))) as sshds:
        path, playbook, names = work / "thousand.yaml", work / "thousand-file.yaml", work / "thousand.hosts"
        path.write_text(inventory(sshds))
        names.write_text("".join(f"{address(number)}\n" for number in range(HOSTS)))
        one = shlex.join(["ssh", *sshds.options(), "{}", "true"])
        plain = ["xargs", "-a", names, "-P", FORKS, "-I", "{}", *shlex.split(one)]
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
                    inside = ["ip", "netns", "exec", hundred.NAMESPACE, *limited]
                    log = work / f"run-thousand-{name.split()[0]}.log"
                    done = clock.run(inside, env=env, codes=codes, log=log, check=check)
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
