"""The lab that all tools are measured on: the tutorial's cluster under a name of its own."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HOSTS = ["lvs_director", "lvs_real_server01", "lvs_real_server02", "client"]


class Lab:
    """Bare machines with python3 and python3-apt, which Ansible needs: they are brought before any clock runs, for all
    tools alike."""

    image = "debian-12"
    playbook = "site.yaml"

    def __init__(self, work, lvsprov, name="bench"):
        self.work = work
        self.lvsprov = lvsprov
        self.inventory = work / f"{name}.yaml"
        text = Path("inventories/tutorial.yaml").read_text()
        text, count = re.subn(r"(?m)^cluster: \w+", f"cluster: {name}", text)
        if count != 1:
            raise SystemExit("bench: inventories/tutorial.yaml names no cluster")
        self.inventory.write_text(text)
        # Labs are known by name, here: nobody else's `bench` is touched.
        os.environ["XDG_STATE_HOME"] = str(work / "state")
        self.folder = work / f"state/lvsprov/lab/{name}"
        self.namespace = f"lvsprov-{name}"
        self.config = self.folder / "ssh_config"

    def fresh(self):
        """Puts bare machines up, in place of those that were."""
        self.down()
        self._call("up", self.lvsprov, "lab", "up", self.inventory, "--image", self.image)
        # pyinfra's ssh library does not know OpenSSH's default key exchange: all connect by the same one.
        with open(self.config, "a") as config:
            config.write("    KexAlgorithms curve25519-sha256\n")
        self._prepare()

    def down(self):
        """Takes the machines down, if there are any."""
        self._call("down", self.lvsprov, "lab", "down", self.inventory)

    def _prepare(self):
        debs = self._debs()
        archive = subprocess.run(
            ["tar", "-C", debs, "-c", *sorted(deb.name for deb in debs.glob("*.deb"))],
            check=True, stdout=subprocess.PIPE,
        ).stdout  # fmt: skip
        install = (
            "set -e; mkdir /root/python; tar -C /root/python -x; export DEBIAN_FRONTEND=noninteractive; "
            "apt-get -y -q -o Dpkg::Use-Pty=0 -o DPkg::Options::=--force-unsafe-io install --no-install-recommends "
            "/root/python/*.deb; rm -r /root/python; python3 -c 'import apt'; sync"
        )

        def one(host):
            log = self.work / f"python-{host}.log"
            with open(log, "wb") as out:
                done = subprocess.run(self._ssh(host, install), input=archive, stdout=out, stderr=out)
            if done.returncode != 0:
                raise SystemExit(f"bench: python3 does not install on {host}; see {log}")

        with ThreadPoolExecutor() as pool:
            list(pool.map(one, HOSTS))

    def _debs(self):
        """The packages that a bare machine lacks for python3, fetched once: apt is given the machine's own status."""
        folder = self.work / "debs"
        status = self.work / "status"
        old = status.read_text() if status.exists() else None
        seen = subprocess.run(self._ssh(HOSTS[0], "cat /var/lib/dpkg/status"), check=True, stdout=subprocess.PIPE)
        new = seen.stdout.decode()
        if new == old and any(folder.glob("python3_*.deb")):
            return folder
        (folder / "partial").mkdir(parents=True, exist_ok=True)
        for deb in folder.glob("*.deb"):
            deb.unlink()
        status.write_text(new)
        fetch = [
            "apt-get", "-y", "-q", "--download-only", "--no-install-recommends", "-o", f"Dir::State::status={status}",
            "-o", f"Dir::Cache::archives={folder}", "-o", "Debug::NoLocking=1", "install", "python3", "python3-apt",
        ]  # fmt: skip
        # Where nothing was missing, nobody has fetched the lists; and old ones name packages that are gone.
        self._call("debs", "sh", "-c", '"$@" || { apt-get update -q && "$@"; }', "sh", *fetch)
        return folder

    def _ssh(self, host, command):
        return ["ssh", "-F", self.config, "-o", "ControlMaster=no", "-o", "ControlPath=none", host, command]

    def _call(self, log, *command):
        log = self.work / f"lab-{log}.log"
        with open(log, "wb") as out:
            if subprocess.call(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out) != 0:
                raise SystemExit(f"bench: {' '.join(map(str, command[:3]))} failed; see {log}")


class ElLab(Lab):
    """EL-like machines, which have python3 with their dnf. firewalld is on where the cluster has to get through it."""

    image = "el-9"
    playbook = "site-el.yaml"

    def __init__(self, work, lvsprov):
        super().__init__(work, lvsprov, "bench-el")

    def _prepare(self):
        begin = (
            "systemctl --quiet enable --now firewalld; n=0; "
            "until [ \"$(firewall-cmd --state 2>&1)\" = running ]; do n=$((n + 1)); [ $n -lt 60 ] || exit 1; sleep 1; done"
        )

        def one(host):
            if subprocess.call(self._ssh(host, begin), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) != 0:
                raise SystemExit(f"bench: firewalld does not start on {host}")

        with ThreadPoolExecutor() as pool:
            list(pool.map(one, HOSTS[:3]))
