"""A hundred hosts: one native sshd on loopback addresses, in a network namespace of its own; plan only."""

import json
import os
import shlex
import subprocess
import sys
import time

from . import clock
from .tools import Masters

NAMESPACE = "lvsprov-bench-100"
PORT = 2200
HOSTS = 100
# lvsprov's own default, and all at once.
FORKS = (20, 100)


class Sshd:
    """The sshd, with keys and configuration of its own; leaving it ends it, and the namespace with it."""

    def __init__(self, work, declared):
        self.folder = work / "sshd"
        self.declared = declared

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("host_key", "login_key"):
            if not (self.folder / name).exists():
                keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.folder / name]
                subprocess.run(keygen, check=True)
        key = (self.folder / "host_key.pub").read_text().split()[:2]
        (self.folder / "known_hosts").write_text(f"* {' '.join(key)}\n")
        config = self.folder / "sshd_config"
        # The hosts' home is an empty one: what this machine's user has a login shell do would be measured a hundred times.
        config.write_text(
            f"SetEnv HOME={self.folder}/home\nPort {PORT}\nListenAddress 0.0.0.0\nHostKey {self.folder}/host_key\nPidFile none\n"
            f"AuthorizedKeysFile {self.folder}/login_key.pub\nStrictModes no\nUsePAM no\n"
            "PermitRootLogin prohibit-password\nPasswordAuthentication no\nMaxStartups 500\nMaxSessions 500\n"
        )
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        (self.folder / "home").mkdir(exist_ok=True)
        subprocess.call(["ip", "netns", "del", NAMESPACE], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
        subprocess.run(["ip", "-n", NAMESPACE, "link", "set", "lo", "up"], check=True)
        # A host that has none of its declared addresses is refused: this one has those of all of them.
        lines = "".join(f"address add {own}/32 dev lo\n" for own in self.declared)
        subprocess.run(["ip", "-n", NAMESPACE, "-batch", "-"], input=lines.encode(), check=True)
        command = ["ip", "netns", "exec", NAMESPACE, "/usr/sbin/sshd", "-D", "-f", config, "-E", self.folder / "log"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        for _ in range(100):
            time.sleep(0.1)
            if subprocess.call(self.ssh("127.0.1.1", "true"), stderr=subprocess.DEVNULL) == 0:
                return self
        self.__exit__()
        raise SystemExit(f"bench: sshd does not answer; see {self.folder}/log")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        subprocess.call(["ip", "netns", "del", NAMESPACE])

    def options(self):
        """ssh's options that lvsprov gives it too."""
        pairs = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": f"{self.folder}/known_hosts",
            "GlobalKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "ControlMaster": "no",
            "ControlPath": "none",
        }
        words = ["-l", "root", "-p", str(PORT), "-i", f"{self.folder}/login_key"]
        return words + [word for key, value in pairs.items() for word in ("-o", f"{key}={value}")]

    def ssh(self, host, command):
        """One plain ssh, from inside the namespace."""
        return ["ip", "netns", "exec", NAMESPACE, "ssh", *self.options(), host, command]


def address(number):
    return f"127.0.{1 + number // 200}.{1 + number % 200}"


def declared(number):
    """The director's, the client's, and those of the real servers."""
    return {0: "10.30.0.1", 1: "10.30.0.2"}.get(number, f"10.20.1.{number}")


def inventory(sshd):
    """A director, 98 real servers and a client. They are reached at addresses of the loopback."""
    text = f"""\
cluster: hundred
ssh:
  user: root
  port: {PORT}
  identity_file: {sshd.folder}/login_key
  options: {{ UserKnownHostsFile: {sshd.folder}/known_hosts, GlobalKnownHostsFile: /dev/null }}
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
    with Sshd(work, map(declared, range(HOSTS))) as sshd:
        path = work / "hundred.yaml"
        path.write_text(inventory(sshd))
        names = work / "hundred.hosts"
        names.write_text("".join(f"{address(number)}\n" for number in range(HOSTS)))
        one = shlex.join(["ssh", *sshd.options(), "{}", "true"])
        for number in range(rounds):
            print(f"bench: 100 hosts, round {number + 1} of {rounds}", file=sys.stderr)
            for forks in FORKS:
                plain = ["xargs", "-a", names, "-P", forks, "-I", "{}", *shlex.split(one)]
                runs.setdefault(f"ssh {forks}", []).append(run("plain", plain, work, (0,)))
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
    inside = ["ip", "netns", "exec", NAMESPACE, *command]
    return clock.run(inside, env=env, codes=codes, log=work / f"run-hundred-{name}.log", check=check)


def all_read(text):
    """Only of a host that was read is anything as declared, or to change; what is refused there counts as failed."""
    summary = next((line for line in text.splitlines()[::-1] if line.startswith('{"event":"summary"')), "{}")
    hosts = json.loads(summary).get("hosts", {}).values()
    return sum(host["ok"] + host["changed"] > 0 and not host["unreachable"] for host in hosts) == HOSTS
