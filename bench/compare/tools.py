"""The tools side by side: how each is called, and how its word that nothing changed is read."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import clock


class Masters:
    """A folder for the sockets of live OpenSSH masters. Leaving it ends them."""

    def __enter__(self):
        # A socket's path has at most 108 bytes, so that it can't be anywhere.
        self.folder = Path(tempfile.mkdtemp(prefix="lvsbench."))
        return self.folder

    def __exit__(self, *_):
        for socket in self.folder.rglob("*"):
            if socket.is_socket():
                subprocess.call(
                    ["ssh", "-F", "none", "-S", socket, "-O", "exit", "master"],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
        shutil.rmtree(self.folder, ignore_errors=True)


class Tools:
    """Each method makes one run, and gives its time."""

    def __init__(self, lab, work):
        self.lab = lab
        self.work = work
        self.bin = work / "venv/bin"

    def ssh(self, masters, live, ask=False):
        """The floor."""
        socket = ["auto", "-o", "ControlPersist=300", "-o", f"ControlPath={masters}/%C"]
        options = ["-F", self.lab.config, "-o", "BatchMode=yes", "-o"]
        options += [f"ControlMaster={socket[0]}", *socket[1:]] if live else ["ControlMaster=no", "-o", "ControlPath=none"]
        command = ["bench/ssh/side-by-side.sh", *(["--ask"] if ask else []), *options]
        return self._run("ssh", command)

    def lvsprov(self, masters, *words):
        """`plan` or `deploy`. A plan ends with 3 when anything would change."""
        command = [self.lab.lvsprov, *words, "--lab", self.lab.inventory]
        return self._run("lvsprov", command, env={"LVSPROV_CONTROL_DIR": str(masters)})

    def ansible(self, masters, first=False):
        """The playbook, with the curl loop."""
        env = {
            "ANSIBLE_CONFIG": "bench/ansible/ansible.cfg",
            "ANSIBLE_SSH_ARGS": f"-F {self.lab.config} -o ControlMaster=auto -o ControlPersist=300s",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(masters),
            "ANSIBLE_LOCAL_TEMP": str(self.work / "ansible"),
            "ANSIBLE_NOCOLOR": "1",
        }
        command = [self.bin / "ansible-playbook", "-i", "bench/ansible/inventory.yaml"]
        command.append(f"bench/ansible/{self.lab.playbook}")

        def unchanged(text):
            return re.findall(r"changed=(\d+) ", text) == ["0"] * 4

        return self._run("ansible", command, env=env, check=None if first else unchanged)

    def pyinfra(self, first=False):
        """The deploy, then the curl loop, which pyinfra has no way to call unchanging."""
        words = ["-y", "bench/pyinfra/inventory.py", "bench/pyinfra/deploy.py", "bench/pyinfra/ask.py"]
        command = ["ip", "netns", "exec", self.lab.namespace, self.bin / "pyinfra", *words]

        def unchanged(text):
            total = re.search(r"Grand total +(\d+) +(\S+) +(\S+) +(\d+)", text)
            return total is not None and total[2] == "1" and int(total[1]) == int(total[4]) + 1

        env = {"BENCH_LAB": str(self.lab.folder)}
        return self._run("pyinfra", command, env=env, check=None if first else unchanged)

    def converged(self):
        """Whether lvsprov finds the cluster as declared: the proof that another tool has done the same work."""
        with Masters() as masters:
            self.lvsprov(masters, "plan")

    def versions(self):
        """What was measured."""

        def says(*command):
            done = subprocess.run(command, capture_output=True, text=True)
            return (done.stdout + done.stderr).strip().splitlines()[0]

        return {
            "lvsprov": says(self.lab.lvsprov, "--version").removeprefix("lvsprov "),
            "ansible": says(self.bin / "ansible", "--version").split()[-1].rstrip("]"),
            "pyinfra": says(self.bin / "pyinfra", "--version").split()[-1].lstrip("v"),
        }

    def _run(self, name, command, **how):
        return clock.run(command, log=self.work / f"run-{name}.log", **how)
